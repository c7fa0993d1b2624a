/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Binding the filters of a replay, link type by link type.
 *
 * A filter is compiled once for each link type, when the first packet of it
 * appears; link types are told apart as tr_link() does it, for the core as well. libpcap may refuse it there: then it matches nothing in that link
 * type. One that it refuses for the first link type and for all others that
 * filters are written for is wrong, not unsuitable.
 */
#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/replay.h"
#include "exo/hosted/signals.h"
#include "filters/filters.h"

#include <stdlib.h>
#include <string.h>

#define WARNINGS_MAX 20u /* then counted only: a trace may be hostile */

/* How to compile for a link type, as tr_link() tells them apart. */
static unsigned flags_of(const struct replay *rp, uint32_t link)
{
	unsigned flags = rp->opts->no_optimize ? FLT_EXPR_RAW : 0;

	return (link & TR_LINK_SWAPPED) != 0 ? flags | FLT_EXPR_SWAPPED : flags;
}

const char *replay_link_text(uint32_t link, char buf[64])
{
	const char *name = cmd_linktype_text(link & ~TR_LINK_SWAPPED, buf);
	char text[64];

	if ((link & TR_LINK_SWAPPED) == 0)
		return name;
	snprintf(text, sizeof(text), "%s in the other byte order", name);
	memcpy(buf, text, sizeof(text));
	return buf;
}

const char *replay_place(const struct cmd_binding *b, char buf[REPLAY_PLACE])
{
	buf[0] = '\0';
	if (b->list != NULL)
		snprintf(buf, REPLAY_PLACE, "%.400s:%u: ", b->list, b->line);
	return buf;
}

/* True when some link type takes the expression: the common ones, and those
 * that have words of their own. */
static bool fits_anywhere(const struct replay *rp, const char *expr)
{
	static const char *const types[] = { "EN10MB", "LINUX_SLL", "RAW",
		"NULL", "IEEE802_11", "PPP", "IEEE802_11_RADIO", "PFLOG",
		"SUNATM", "MTP2" };
	struct flt_error err;
	struct flt_cbpf *insns;
	uint32_t n;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		int linktype = flt_linktype_number(types[i]);

		if (linktype < 0 || flt_expr_cbpf(expr, (uint32_t)linktype,
		                        flags_of(rp, 0), &insns, &n, &err) != 0)
			continue;
		free(insns);
		return true;
	}
	return false;
}

/* libpcap's words for what is no sentence at all. */
static bool is_syntax(const char *why)
{
	return strstr(why, "syntax error") != NULL ||
	       strstr(why, "illegal token") != NULL;
}

static const char *hint_for(const struct cmd_binding *b, const char *why)
{
	bool typed = b->list == NULL && b->file == NULL;

	if (strstr(why, "rejects all packets") != NULL)
		return "its parts exclude each other; with -O it is taken as "
		       "it is, and matches nothing";
	if (is_syntax(why) && typed)
		return "quote the whole binding, as in web='tcp port 80'; "
		       "pcap-filter(7) has the grammar";
	if (is_syntax(why) && strchr(b->expr, '#') != NULL)
		return "a comment takes a line of its own, which begins with "
		       "'#'; pcap-filter(7) has the grammar";
	return "pcap-filter(7) has the grammar";
}

static int wrong_everywhere(
    struct replay *rp, const struct cmd_binding *b, const char *why)
{
	char place[REPLAY_PLACE], shown[CMD_EXPR_SHOWN + 4];
	const char *expr = cmd_expr_text(b->expr, shown);

	if (b->file != NULL)
		replay_error(rp, "%s%s: in %s: '%s': %s; %s",
		    replay_place(b, place), b->name, b->file, expr, why,
		    hint_for(b, why));
	else
		replay_error(rp, "%s%s: '%s': %s; %s", replay_place(b, place),
		    b->name, expr, why, hint_for(b, why));
	return CMD_FAULT;
}

static int remember_refusal(struct replay *rp, const struct cmd_binding *b,
    uint32_t linktype, const char *why)
{
	size_t room = rp->refusals_room == 0 ? 16 : rp->refusals_room * 2;
	struct replay_refusal *r = rp->refusals;

	if (rp->nrefusals == rp->refusals_room) {
		r = realloc(r, room * sizeof(*r));
		if (r == NULL)
			return -EXO_ENOMEM;
		rp->refusals = r;
		rp->refusals_room = room;
	}
	r += rp->nrefusals;
	*r = (struct replay_refusal){ b->index, linktype, strdup(why) };
	if (r->why == NULL)
		return -EXO_ENOMEM;
	rp->nrefusals++;
	return 0;
}

static int no_memory(struct replay *rp)
{
	replay_error(rp, "out of memory");
	return CMD_FAULT;
}

/* libpcap refused b for this link type. */
static int refused(struct replay *rp, const struct cmd_binding *b,
    uint32_t linktype, const char *why)
{
	char name[64];
	bool fits = true;

	if (rp->nlinks == 1) {
		cmd_ahead_hold(rp->ahead);
		fits = fits_anywhere(rp, b->expr);
		cmd_ahead_go_on(rp->ahead);
	}
	if (!fits)
		return wrong_everywhere(rp, b, why);
	if (rp->nrefusals < WARNINGS_MAX)
		replay_warn(rp,
		    "%s: matches nothing in packets of link type "
		    "%s: %s",
		    b->name, replay_link_text(linktype, name), why);
	else if (rp->nrefusals == WARNINGS_MAX)
		replay_warn(rp, "more filters are refused for a link type; "
		                "--json names them all");
	return remember_refusal(rp, b, linktype, why) == 0 ? 0 : no_memory(rp);
}

/* The verifier refused a program: its author's, or what libpcap made, and then
 * one of them is wrong. */
static int verifier_refused(struct replay *rp, const struct cmd_binding *b,
    const struct flt_image *img, const struct exo_report *report)
{
	struct exo_image parsed = { .ninsns = 0 };
	char text[960];
	struct exo_fmt f;
	uint32_t bad;

	(void)exo_image_parse(img->bytes, img->size, &parsed, &bad);
	exo_fmt_init(&f, text, sizeof(text));
	cmd_diag_write(&f, report, parsed.insns, parsed.total);
	if (b->object.bytes != NULL) {
		replay_error(rp,
		    "%s: %s is refused: %s; 'exopf verify %s' tells more",
		    b->name, b->expr, text, b->expr);
		return CMD_FAULT;
	}
	replay_error(rp,
	    "%s: '%s': the verifier refuses what libpcap made of "
	    "it, which is a mistake of ours: %s",
	    b->name, b->expr, text);
	return CMD_DISAGREE;
}

/* Tell perf what runs there, if something does. It is told nothing more once
 * that failed. */
static void name_code(
    struct replay *rp, const struct cmd_binding *b, uint64_t binding)
{
	uint32_t size;
	const uint8_t *code = exo_binding_code(rp->core, binding, &size);
	int err = 0;

	if (code != NULL)
		err = cmd_perf_map_add(&rp->perf_map, code, size, b->name);
	if (err == 0)
		return;
	replay_error(rp, "%s: %s; not all filters are named there",
	    rp->perf_map.path, strerror(err));
	cmd_perf_map_close(&rp->perf_map);
}

/* The BIND call, as the owner's libOS makes it. rank: 0 is asked first. */
static int bind_image(struct replay *rp, const struct cmd_binding *b,
    uint32_t rank, const struct flt_image *img, struct replay_link *link)
{
	const struct replay_owner *o = &rp->owners[rp->owner_of[b->index]];
	struct exo_report report = { .code = 0 };
	struct exo_call_bind call = {
		.image = (uintptr_t)img->bytes,
		.image_size = img->size,
		.linktype = link->linktype,
		.priority = (int32_t)(INT32_MAX - (int64_t)rank),
		.mode = replay_mode(rp),
		.flags = b->fragments ? EXO_BIND_FOLLOW : 0,
		/* records say which packets; their bytes are in the trace */
		.snap = rp->out_of != NULL ? 1 : 0,
		.tag = b->index,
		.report = (uintptr_t)&report,
	};
	char name[64];
	int ret = replay_bind_call(rp, o, b, &call);

	if (ret == 0) {
		link->bound[b->index] = call.out_binding;
		name_code(rp, b, call.out_binding);
		return 0;
	}
	if (ret == -EXO_EREFUSED)
		return verifier_refused(rp, b, img, &report);
	if (replay_is_denied(ret, report.code))
		return replay_denied(rp, b, link->linktype, ret);
	replay_error(rp, "%s: cannot be bound for link type %s: %s%s", b->name,
	    replay_link_text(link->linktype, name), cmd_diag_error(ret),
	    ret == -EXO_ENOMEM ? ", or no executable memory; 'exopf doctor' "
	                         "tells which"
	                       : "");
	return CMD_FAULT;
}

/* A filter compiled for a link type: what is made ahead. */
struct made {
	int ret; /* or LEFT */
	struct flt_image img;
	struct flt_error err;
};

#define LEFT 1 /* it takes long, or a process: not made ahead */

struct making {
	const struct replay *rp;
	uint32_t linktype;
};

static int copy_image(const struct flt_image *from, struct flt_image *to)
{
	to->bytes = malloc(from->size);
	if (to->bytes == NULL)
		return -EXO_ENOMEM;
	memcpy(to->bytes, from->bytes, from->size);
	to->size = from->size;
	return 0;
}

static void make(
    const struct replay *rp, uint32_t rank, uint32_t linktype, struct made *m)
{
	const struct cmd_binding *b = &rp->set.v[rp->order[rank]];
	char label[EXO_NAME_MAX + 1];

	if (b->object.bytes != NULL) {
		m->ret = copy_image(&b->object, &m->img);
		return;
	}
	/* The image's name is a label for diagnostics, and shorter than a
	 * binding's may be; bindings are told apart by their tags. */
	snprintf(label, sizeof(label), "%.*s", (int)EXO_NAME_MAX, b->name);
	m->ret = flt_expr_image(b->expr, linktype & ~TR_LINK_SWAPPED,
	    flags_of(rp, linktype), label, &m->img, &m->err);
}

static void make_ahead(void *user, uint32_t rank, void *slot)
{
	const struct making *how = user;
	const struct replay *rp = how->rp;
	struct made *m = slot;

	if (flt_expr_is_small(rp->set.v[rp->order[rank]].expr))
		make(rp, rank, how->linktype, m);
	else
		m->ret = LEFT;
}

static void drop_made(void *user, void *slot)
{
	struct made *m = slot;

	(void)user;
	flt_image_free(&m->img);
}

/* The filter of this rank; they are taken in order. */
static void take(
    struct replay *rp, uint32_t rank, uint32_t linktype, struct made *m)
{
	*m = (struct made){ .ret = LEFT };
	if (rp->ahead != NULL)
		*m = *(const struct made *)cmd_ahead_take(rp->ahead);
	if (m->ret != LEFT)
		return;
	cmd_ahead_hold(rp->ahead);
	make(rp, rank, linktype, m);
	cmd_ahead_go_on(rp->ahead);
}

static int bind_one(struct replay *rp, uint32_t rank, struct replay_link *link)
{
	const struct cmd_binding *b = &rp->set.v[rp->order[rank]];
	char place[REPLAY_PLACE], shown[CMD_EXPR_SHOWN + 4];
	struct made m;
	int ret;

	take(rp, rank, link->linktype, &m);
	if (m.ret == -EXO_ENOMEM)
		return no_memory(rp);
	if (m.ret == -EXO_ESYNTAX)
		return refused(rp, b, link->linktype, m.err.text);
	if (m.ret != 0) {
		replay_error(rp, "%s%s: '%s': %s", replay_place(b, place),
		    b->name, cmd_expr_text(b->expr, shown), m.err.text);
		return CMD_FAULT;
	}
	ret = bind_image(rp, b, rank, &m.img, link);
	flt_image_free(&m.img);
	return ret;
}

static int stopped(struct replay *rp)
{
	rp->interrupted = (int)cmd_signal_stop;
	return 128 + rp->interrupted;
}

/* Bind everything for a link type that was just added. What libpcap does of
 * it is done ahead, by another processor if there is one. */
static int bind_all(struct replay *rp, struct replay_link *link)
{
	size_t before = rp->ndenials;
	struct making making = { rp, link->linktype };
	const struct cmd_ahead_how how = { rp->set.n, sizeof(struct made),
		make_ahead, drop_made, &making };
	uint32_t i;
	int ret = 0;

	link->bound = calloc(rp->set.n, sizeof(*link->bound));
	if (link->bound == NULL)
		return no_memory(rp);
	for (i = 0; i < rp->set.n; i++)
		link->bound[i] = REPLAY_UNBOUND;
	/* what authority refuses is told of all bindings at once */
	rp->ahead = cmd_ahead_new(&how);
	for (i = 0; ret == 0 && i < rp->set.n; i++) {
		ret =
		    cmd_signal_stop != 0 ? stopped(rp) : bind_one(rp, i, link);
		if (ret == CMD_NO)
			ret = 0;
	}
	cmd_ahead_free(rp->ahead);
	rp->ahead = NULL;
	if (ret != 0 || rp->ndenials == before)
		return ret;
	ret = replay_witnesses(rp);
	return ret != 0 ? ret : CMD_NO;
}

/*
 * libpcap looks at no flag of ours: a signal that stops us must end it. When
 * nothing was done yet, the first one may; afterwards the first only asks,
 * and the outputs are made whole, for the second may come.
 */
static int bind_all_stoppable(struct replay *rp, struct replay_link *link)
{
	int ret;

	if (rp->outs != NULL)
		tr_outs_flush(rp->outs);
	cmd_progress_clear(&rp->progress);
	cmd_signal_schema = rp->opts->json ? "exopf.replay/1" : NULL;
	cmd_signal_fatal = rp->base == 0 ? 1 : 2;
	ret = bind_all(rp, link);
	cmd_signal_fatal = 0;
	return ret;
}

int replay_bind_link(struct replay *rp, uint32_t linktype)
{
	struct replay_link *link =
	    realloc(rp->links, (rp->nlinks + 1) * sizeof(*rp->links));

	if (link == NULL)
		return no_memory(rp);
	rp->links = link;
	link += rp->nlinks++;
	*link = (struct replay_link){ .linktype = linktype };
	rp->link_of[linktype] = rp->nlinks;
	if (rp->nlinks <= REPLAY_LINKS_MAX)
		return bind_all_stoppable(rp, link);
	if (rp->nlinks == REPLAY_LINKS_MAX + 1)
		replay_error(rp,
		    "packets of more than %u link types: nothing "
		    "matches in those that come later",
		    REPLAY_LINKS_MAX);
	return 0;
}

/* How many packets of the batch, from i on, are of one link type. */
static uint32_t same_link(const struct replay *rp, uint32_t i)
{
	uint32_t link = tr_pkt_link(&rp->batch[i]), n = 1;

	while (i + n < rp->nbatch && tr_pkt_link(&rp->batch[i + n]) == link)
		n++;
	return n;
}

int replay_bind_batch(struct replay *rp)
{
	uint32_t n = 0, i, link;
	int ret = 0;

	for (i = 0; ret == 0 && i < rp->nbatch; i += n) {
		link = tr_pkt_link(&rp->batch[i]);
		n = same_link(rp, i);
		if (rp->link_of[link] == 0)
			ret = replay_bind_link(rp, link);
	}
	/* a batch that cannot be bound is not counted: nobody will get it */
	for (i = 0; ret == 0 && i < rp->nbatch; i += n) {
		link = tr_pkt_link(&rp->batch[i]);
		if (n != rp->nbatch) /* there are several */
			n = same_link(rp, i);
		rp->links[rp->link_of[link] - 1].packets += n;
	}
	return ret;
}

/* Each binding that was refused for every link type that there was. */
void replay_bind_check(struct replay *rp)
{
	char place[REPLAY_PLACE];
	uint32_t i, k;

	for (i = 0; i < rp->set.n && rp->nrefusals != 0 && rp->ndenials == 0;
	     i++) {
		const struct cmd_binding *b = &rp->set.v[i];

		for (k = 0; k < rp->nlinks; k++) {
			if (rp->links[k].bound == NULL ||
			    rp->links[k].bound[i] != REPLAY_UNBOUND)
				break;
		}
		if (k == rp->nlinks && rp->nlinks != 0)
			replay_error(rp,
			    "%s%s: libpcap refused '%s' for every link type "
			    "of the trace",
			    replay_place(b, place), b->name, b->expr);
	}
}

void replay_bind_free(struct replay *rp)
{
	size_t i;

	for (i = 0; i < rp->nlinks; i++)
		free(rp->links[i].bound);
	free(rp->links);
	for (i = 0; i < rp->nrefusals; i++)
		free(rp->refusals[i].why);
	free(rp->refusals);
}
