/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's numbers from lines of its console: see top.h. */
#include "exo/hosted/top.h"

#include "exo/hosted/cmd.h"

#include <string.h>

/* A number of a structure, by its name there. */
struct field {
	const char *name;
	size_t at, size;
};

#define FIELD(type, field)                                                \
	{                                                                 \
#field, offsetof(type, field), sizeof(((type *)0)->field) \
	}

static const struct field state_fields[] = {
#define EXO_STATE_FIELD(field, meaning) FIELD(struct exo_state, field),
#include "exo/abi/state.inc"
#undef EXO_STATE_FIELD
	{ NULL, 0, 0 },
};

static const struct field env_fields[] = {
#define EXO_ENV_FIELD(field, meaning) FIELD(struct exo_env_row, field),
#include "exo/abi/state.inc"
#undef EXO_ENV_FIELD
	{ NULL, 0, 0 },
};

static const struct field bind_fields[] = {
#define EXO_BIND_FIELD(field, meaning) FIELD(struct exo_bind_row, field),
#include "exo/abi/state.inc"
#undef EXO_BIND_FIELD
	{ NULL, 0, 0 },
};

/* What is left of a line. */
struct rest {
	const char *p;
	size_t n;
};

/* Whether it begins with this, which is taken off then. */
static bool begins(struct rest *r, const char *with)
{
	size_t n = strlen(with);

	if (r->n < n || memcmp(r->p, with, n) != 0)
		return false;
	r->p += n;
	r->n -= n;
	return true;
}

/* What is before the next of such a character, taken off. */
static struct rest word(struct rest *r, char end)
{
	struct rest w = { r->p, 0 };

	while (w.n < r->n && w.p[w.n] != end)
		w.n++;
	r->p += w.n;
	r->n -= w.n;
	return w;
}

static bool number(struct rest w, uint64_t max, uint64_t *out)
{
	char digits[24];

	if (w.n >= sizeof(digits) || memchr(w.p, '\0', w.n) != NULL)
		return false;
	memcpy(digits, w.p, w.n);
	digits[w.n] = '\0';
	return cmd_number(digits, 0, max, out);
}

/* One NAME=NUMBER, into the structure at `to` unless that is NULL; a name that is not
 * known is of a newer kernel. */
static bool put(const struct field *f, void *to, struct rest w)
{
	struct rest name = word(&w, '=');
	uint64_t v;
	uint32_t v32;

	if (name.n == 0 || !begins(&w, "=") || !number(w, UINT64_MAX, &v))
		return false;
	while (f->name != NULL && (strlen(f->name) != name.n ||
	                              memcmp(f->name, name.p, name.n) != 0))
		f++;
	v32 = (uint32_t)v;
	if (f->name != NULL && f->size == sizeof(v32) && v32 != v)
		return false;
	if (f->name != NULL && to != NULL)
		memcpy((char *)to + f->at,
		    f->size == sizeof(v32) ? (const void *)&v32 : &v, f->size);
	return true;
}

/* Such words up to the end, or to one that begins with `last`. */
static bool put_all(
    const struct field *f, void *to, struct rest *r, const char *last)
{
	while (r->n > 0) {
		if (!begins(r, " "))
			return false;
		if (last != NULL && begins(r, last))
			return true;
		if (!put(f, to, word(r, ' ')))
			return false;
	}
	return last == NULL;
}

/* --- lines ------------------------------------------------------------------------ */

static bool take_label(struct exo_env_row *row, struct rest r)
{
	if (r.n >= sizeof(row->label))
		return false;
	for (size_t i = 0; i < r.n; i++)
		row->label[i] = r.p[i] > ' ' && r.p[i] <= '~' ? r.p[i] : '?';
	return true;
}

static void add_ended(struct top_shot *s, const struct exo_env_row *row)
{
	if (s->nended < EXO_STATE_ENVS)
		s->ended[s->nended++] = *row;
}

static bool take_env(struct top_shot *s, struct rest r)
{
	struct exo_env_row row = { .env = 0 };
	uint64_t place;

	if (!number(word(&r, ' '), EXO_STATE_ENVS, &place) || place == 0 ||
	    !put_all(env_fields, &row, &r, "label=") || !take_label(&row, r) ||
	    row.env == 0)
		return false;
	if (row.state == EXO_IS_ENDED)
		add_ended(s, &row);
	else
		s->state.env[place - 1] = row;
	return true;
}

static bool take_bind(struct top_shot *s, struct rest r)
{
	struct exo_bind_row row = { .binding = 0 };

	if (s->nbinds == TOP_BINDS || !put_all(bind_fields, &row, &r, NULL) ||
	    row.binding == 0)
		return false;
	s->bind[s->nbinds++] = row;
	return true;
}

static bool take_slots(struct top_shot *s, struct rest r)
{
	uint64_t first, owner;

	if (!number(word(&r, ' '), TOP_SLOTS, &first) || first != s->nslots)
		return false;
	while (begins(&r, " ")) {
		if (s->nslots == TOP_SLOTS ||
		    !number(word(&r, ' '), EXO_STATE_ENVS, &owner)) {
			s->nslots = (uint32_t)first;
			return false;
		}
		s->owner[s->nslots++] = (uint32_t)owner;
	}
	return s->nslots > first;
}

/* The numbers of one line are taken all, or none. */
static bool take_state(struct top_shot *s, struct rest r)
{
	struct rest again = r;

	return r.n > 0 && put_all(state_fields, NULL, &r, NULL) &&
	       put_all(state_fields, &s->state, &again, NULL);
}

static const struct exo_env_row *find(const struct top_shot *s, uint64_t env)
{
	for (unsigned i = 0; i < EXO_STATE_ENVS; i++)
		if (s->state.env[i].env == env)
			return &s->state.env[i];
	for (unsigned i = 0; i < s->nended; i++)
		if (s->ended[i].env == env)
			return &s->ended[i];
	return NULL;
}

/* Those that ended are remembered as long as there is room. */
static void whole(struct top *t)
{
	for (unsigned i = 0; i < t->now.nended; i++)
		if (find(&t->next, t->now.ended[i].env) == NULL)
			add_ended(&t->next, &t->now.ended[i]);
	t->before = t->now;
	t->now = t->next;
	memset(&t->next, 0, sizeof(t->next));
	t->shots++;
}

enum top_line top_take(struct top *t, const char *line, size_t n)
{
	struct rest r = { line, n };
	bool good = false;

	if (n >= TOP_LINE)
		return TOP_TEXT;
	if (begins(&r, "@env "))
		good = take_env(&t->next, r);
	else if (begins(&r, "@bind"))
		good = take_bind(&t->next, r);
	else if (begins(&r, "@slots "))
		good = take_slots(&t->next, r);
	else if (begins(&r, "@top") && take_state(&t->next, r)) {
		whole(t);
		return TOP_WHOLE;
	}
	return good ? TOP_PART : TOP_TEXT;
}

/* --- what is made of them --------------------------------------------------------- */

const struct exo_env_row *top_env_before(const struct top *t, uint64_t env)
{
	return find(&t->before, env);
}

const struct exo_bind_row *top_bind_before(
    const struct top *t, uint64_t binding)
{
	for (unsigned i = 0; i < t->before.nbinds; i++)
		if (t->before.bind[i].binding == binding)
			return &t->before.bind[i];
	return NULL;
}

const char *top_label(const struct top_shot *s, uint64_t env)
{
	const struct exo_env_row *r = env == 0 ? NULL : find(s, env);

	return r == NULL ? NULL : r->label;
}

bool top_rate(const struct top *t, uint64_t was, uint64_t is, uint64_t *milli)
{
	uint64_t from = t->before.state.now, to = t->now.state.now;
	double rate;

	if (t->shots < 2 || to <= from)
		return false;
	rate = is <= was ? 0 : (double)(is - was) * 1e12 / (double)(to - from);
	*milli = rate < 1e18 ? (uint64_t)(rate + 0.5) : (uint64_t)1e18;
	return true;
}

const char *top_state_text(uint32_t state)
{
	static const char *const text[] = {
		[EXO_IS_MADE] = "made",
		[EXO_IS_RUNNING] = "runs",
		[EXO_IS_WAITING] = "waits",
		[EXO_IS_CALLING] = "calls",
		[EXO_IS_ACCEPTING] = "accepts",
		[EXO_IS_AWAITING] = "awaits",
		[EXO_IS_SLEEPING] = "sleeps",
		[EXO_IS_ENDED] = "ended",
	};

	return state == 0 || state >= sizeof(text) / sizeof(text[0])
	           ? "?"
	           : text[state];
}
