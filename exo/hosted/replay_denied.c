/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What authority refuses: told with a packet that shows it, and kept.
 */
#include "exo/abi/err.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/replay.h"

#include <stdlib.h>
#include <string.h>

#define TOLD_MAX 20u /* then counted only; --json has them all */

static const char *const why_texts[] = {
	[REPLAY_NO_GRANT] = "no grant",
	[REPLAY_NO_RIGHT] = "no right",
	[REPLAY_OUTSIDE] = "outside",
	[REPLAY_CONFLICT] = "conflict",
	[REPLAY_LENT] = "lent",
	[REPLAY_BUDGET] = "budget",
};

const char *replay_why_text(enum replay_why why)
{
	return why_texts[why];
}

bool replay_is_denied(int err, uint32_t report_code)
{
	return err == -EXO_EPERM || err == -EXO_EOUTSIDE ||
	       err == -EXO_ECONFLICT || err == -EXO_ELENT ||
	       (err == -EXO_EBUDGET && report_code == 0);
}

static enum replay_why why_of(const struct replay_owner *o, int err)
{
	switch (err) {
	case -EXO_EOUTSIDE:
		return REPLAY_OUTSIDE;
	case -EXO_ECONFLICT:
		return REPLAY_CONFLICT;
	case -EXO_ELENT:
		return REPLAY_LENT;
	case -EXO_EBUDGET:
		return REPLAY_BUDGET;
	default:
		return o->grants == 0 ? REPLAY_NO_GRANT : REPLAY_NO_RIGHT;
	}
}

/* Keep the witness that the last BIND wrote. */
static int keep_witness(struct replay *rp, struct replay_denial *d)
{
	const struct exo_witness *w = (const void *)rp->witness;
	struct cmd_witness x = cmd_witness_of(w, sizeof(rp->witness));
	uint8_t *bytes;

	if (w->other != 0 && w->tag < rp->set.n)
		d->other = (uint32_t)w->tag;
	if (!x.made)
		return 0;
	bytes = malloc(x.p.caplen);
	if (bytes == NULL)
		return -EXO_ENOMEM;
	memcpy(bytes, x.p.data, x.p.caplen);
	x.p.data = bytes;
	d->x = x;
	return 0;
}

static int remember(struct replay *rp, struct replay_denial d)
{
	size_t room = rp->denials_room == 0 ? 16 : rp->denials_room * 2;
	struct replay_denial *v = rp->denials;

	if (rp->ndenials == rp->denials_room) {
		v = realloc(v, room * sizeof(*v));
		if (v == NULL)
			return -EXO_ENOMEM;
		rp->denials = v;
		rp->denials_room = room;
	}
	if ((d.why == REPLAY_OUTSIDE || d.why == REPLAY_CONFLICT ||
	        d.why == REPLAY_LENT) &&
	    keep_witness(rp, &d) != 0)
		return -EXO_ENOMEM;
	v[rp->ndenials++] = d;
	return 0;
}

static bool has_right(
    const struct replay *rp, const struct replay_owner *o, uint32_t right)
{
	const struct cmd_grants *g = &rp->set.grants;

	for (uint32_t i = 0; i < g->n; i++)
		if (strcmp(g->v[i].owner, o->name) == 0 &&
		    (g->v[i].rights & right) != 0)
			return true;
	return false;
}

static void tell_grant(struct replay *rp, const struct cmd_binding *b,
    struct replay_owner *o, const char *place, enum replay_why why)
{
	const char *right = cmd_right_word(replay_right(rp));

	if (o->told)
		return;
	o->told = true;
	if (why == REPLAY_NO_GRANT)
		replay_error(rp,
		    "%s%s: nothing is granted to its owner, %s: write\n"
		    "  grant %s 'REGION' %s\n"
		    "in a file of bindings, or say --grant \"%s 'REGION' %s\"",
		    place, b->name, o->name, o->name, right, o->name, right);
	else if (b->fragments && has_right(rp, o, replay_right(rp)))
		replay_error(rp,
		    "%s%s: what is granted to its owner, %s, is without the "
		    "right fragments: add it to the grant of its claim, or "
		    "leave fragments out of the binding",
		    place, b->name, o->name);
	else
		replay_error(rp,
		    "%s%s: what is granted to its owner, %s, is without the "
		    "right %s, which --policy %s asks for: add it to a grant, "
		    "as in\n"
		    "  grant %s 'REGION' %s",
		    place, b->name, o->name, right,
		    replay_policy_text(rp->opts->policy), o->name, right);
}

/* In whose way it is, if that may be known. */
static void tell_conflict(struct replay *rp, const struct cmd_binding *b,
    const struct replay_denial *d, const char *place, const char *line)
{
	const struct cmd_binding *other =
	    d->other == REPLAY_NOBODY ? NULL : &rp->set.v[d->other];

	if (other != NULL)
		replay_error(rp,
		    "%s%s: %s, of owner %s, claims some of its packets "
		    "exclusively\n"
		    "  both: %s\n"
		    "  make one of the claims smaller; 'exopf conflicts' shows "
		    "all that they share",
		    place, b->name, other->name, other->owner, line);
	else
		replay_error(rp,
		    "%s%s: another owner claims some of its packets "
		    "exclusively\n"
		    "  both: %s\n"
		    "  with the right tell in its grant it would be told whose "
		    "binding it is",
		    place, b->name, line);
}

static void tell(struct replay *rp, const struct cmd_binding *b,
    const struct replay_denial *d, const char *place)
{
	char line[CMD_WITNESS_LINE];
	struct exo_fmt f;

	exo_fmt_init(&f, line, sizeof(line));
	cmd_witness_line(&f, &d->x);
	switch (d->why) {
	case REPLAY_OUTSIDE:
		replay_error(rp,
		    "%s%s: its claim is not inside what is granted to its "
		    "owner, %s, with the right %s\n"
		    "  outside: %s\n"
		    "  make the claim smaller, or the grant larger",
		    place, b->name, b->owner, cmd_right_word(replay_right(rp)),
		    line);
		break;
	case REPLAY_CONFLICT:
		tell_conflict(rp, b, d, place, line);
		break;
	case REPLAY_LENT:
		replay_error(rp,
		    "%s%s: some of its packets are lent to others\n"
		    "  lent: %s\n"
		    "  make the claim smaller, or take back what is lent",
		    place, b->name, line);
		break;
	case REPLAY_BUDGET:
		replay_error(rp,
		    "%s%s: what it claims is too intricate to be compared: "
		    "write claims and grants with fewer parts",
		    place, b->name);
		break;
	case REPLAY_NO_GRANT:
	case REPLAY_NO_RIGHT:
		tell_grant(
		    rp, b, &rp->owners[rp->owner_of[b->index]], place, d->why);
		break;
	}
}

int replay_denied(
    struct replay *rp, const struct cmd_binding *b, uint32_t linktype, int err)
{
	const struct replay_owner *o = &rp->owners[rp->owner_of[b->index]];
	struct replay_denial d = { .why = why_of(o, err),
		.binding = b->index,
		.linktype = linktype,
		.other = REPLAY_NOBODY };
	char place[REPLAY_PLACE];

	if (remember(rp, d) != 0) {
		replay_error(rp, "out of memory");
		return CMD_FAULT;
	}
	if (rp->ndenials <= TOLD_MAX)
		tell(rp, b, &rp->denials[rp->ndenials - 1],
		    replay_place(b, place));
	else if (rp->ndenials == TOLD_MAX + 1)
		replay_error(rp, "more bindings are refused; --json names "
		                 "them all");
	return CMD_NO;
}

/* --- witnesses in files ---------------------------------------------------------- */

static int write_one(struct replay *rp, struct tr_outs *set,
    const struct replay_denial *d, char path[REPLAY_PATH])
{
	const struct cmd_binding *b = &rp->set.v[d->binding];
	struct tr_error err;

	if (!replay_out_name(rp->opts->emit, b, path)) {
		replay_error(rp,
		    "%s: the name of its witness's file is too long", b->name);
		return CMD_FAULT;
	}
	if (cmd_witness_file(set, path, &d->x, &err) == 0)
		return 0;
	replay_error(rp, "--emit-witness %s", err.msg);
	return CMD_FAULT;
}

static int write_all(struct replay *rp, struct tr_outs *set)
{
	bool each = strstr(rp->opts->emit, "{name}") != NULL;
	char *path = malloc(REPLAY_PATH);
	size_t n = 0;
	int ret = 0;

	if (path == NULL) {
		replay_error(rp, "out of memory");
		return CMD_FAULT;
	}
	for (size_t i = 0; ret == 0 && i < rp->ndenials; i++) {
		const struct replay_denial *d = &rp->denials[i];

		if (!d->x.made || (n > 0 && !each))
			continue;
		ret = write_one(rp, set, d, path);
		n++;
	}
	free(path);
	if (ret == 0 && n == 0)
		replay_warn(rp, "--emit-witness: there is no witness to write");
	return ret;
}

int replay_witnesses(struct replay *rp)
{
	struct tr_outs *set = rp->outs;
	struct tr_error err;
	int ret;

	if (rp->opts->emit == NULL)
		return 0;
	if (set == NULL) /* no output is open that it could be */
		set = replay_out_set(rp);
	if (set == NULL) {
		replay_error(rp, "out of memory");
		return CMD_FAULT;
	}
	ret = write_all(rp, set);
	if (set == rp->outs)
		return ret;
	if (tr_outs_close(set, &err) != 0 && ret == 0) {
		replay_error(rp, "--emit-witness %s", err.msg);
		ret = CMD_FAULT;
	}
	tr_outs_free(set);
	return ret;
}

void replay_denied_free(struct replay *rp)
{
	for (size_t i = 0; i < rp->ndenials; i++)
		if (rp->denials[i].x.made)
			/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
			free((void *)(uintptr_t)rp->denials[i].x.p.data);
	free(rp->denials);
}
