/* SPDX-License-Identifier: BSD-2-Clause */
/* A snapshot of the kernel for people: see top_show.h. */
#include "exo/hosted/top_show.h"

#include "exo/hosted/human.h"
#include "exo/hosted/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS (2 * EXO_STATE_ENVS)

enum kind {
	PLACE,
	LABEL,
	STATE,
	NAME,  /* a number that counts nothing */
	COUNT, /* a total */
	RATE,  /* what it grew by, a second */
	SHARE, /* nanoseconds of it, of a second's */
	FILL,  /* ring_used of ring_size */
	KIB,
};

struct column {
	const char *head;
	enum kind kind;
	unsigned weight; /* those of least weight go first */
	bool quiet;      /* it says nothing when it is 0 everywhere */
	size_t at, size; /* the number in the row, where there is one */
};

/* An environment, or a binding. */
struct row {
	const char *now, *was; /* struct exo_env_row, exo_bind_row */
	const char *label;
	unsigned place;    /* 0: it has none */
	uint64_t order[4]; /* larger comes first; then by where it is */
};

struct list {
	const struct top *t;
	const struct column *cols;
	unsigned ncols, nrows;
	struct row *rows;
	bool on[CMD_TABLE_COLS]; /* the column is shown */
};

#define NUMBER(type, field) \
	offsetof(struct type, field), sizeof(((struct type *)0)->field)
#define ENV(field)  NUMBER(exo_env_row, field)
#define BIND(field) NUMBER(exo_bind_row, field)

static const struct column env_cols[] = {
	{ "#", PLACE, 15, false, 0, 0 },
	{ "environment", LABEL, 99, false, 0, 0 },
	{ "does", STATE, 15, false, ENV(state) },
	{ "slots", COUNT, 14, true, ENV(slots) },
	{ "owed", COUNT, 6, true, ENV(owed) },
	{ "cpu", SHARE, 18, true, ENV(ran_ns) },
	{ "over", SHARE, 6, true, ENV(excess_ns) },
	{ "packets/s", RATE, 20, false, ENV(delivered) },
	{ "packets", COUNT, 13, false, ENV(delivered) },
	{ "dropped", COUNT, 19, false, ENV(dropped) },
	{ "unpaid", COUNT, 16, true, ENV(unpaid) },
	{ "ring", FILL, 17, false, ENV(ring_used) },
	{ "upcalls/s", RATE, 12, false, ENV(upcalls) },
	{ "turns/s", RATE, 8, false, ENV(turns) },
	{ "frames", COUNT, 11, false, ENV(frames) },
	{ "guaranteed", COUNT, 2, false, ENV(guaranteed) },
	{ "faults/s", RATE, 7, false, ENV(faults) },
	{ "refills/s", RATE, 10, false, ENV(refills) },
	{ "preloads/s", RATE, 1, true, ENV(preloaded) },
	{ "tables", COUNT, 5, false, ENV(tables) },
	{ "lost", COUNT, 16, true, ENV(lost) },
	{ "kernel", KIB, 3, false, ENV(kernel) },
	{ "bindings", COUNT, 4, false, ENV(bindings) },
};

static const struct column bind_cols[] = {
	{ "binding", NAME, 1, false, BIND(binding) },
	{ "owner", LABEL, 99, false, 0, 0 },
	{ "asked/s", RATE, 4, false, BIND(evaluated) },
	{ "matched/s", RATE, 9, false, BIND(matched) },
	{ "matched", COUNT, 7, false, BIND(matched) },
	{ "delivered/s", RATE, 6, false, BIND(delivered) },
	{ "delivered", COUNT, 5, false, BIND(delivered) },
	{ "dropped", COUNT, 8, false, BIND(dropped) },
	{ "unpaid", COUNT, 7, true, BIND(unpaid) },
	{ "steps", COUNT, 2, false, BIND(max_steps) },
};

#define COUNT_OF(a) (unsigned)(sizeof(a) / sizeof((a)[0]))
_Static_assert(COUNT_OF(env_cols) <= CMD_TABLE_COLS &&
                   COUNT_OF(bind_cols) <= CMD_TABLE_COLS,
    "they are tables");

static uint64_t value(const char *row, size_t at, size_t size)
{
	uint64_t v = 0;

	memcpy(&v, row + at, size); /* of the lower half: x86-64 */
	return v;
}

/* --- cells ------------------------------------------------------------------------ */

/* Few are shown with a digit behind the point. */
static void rate_cell(uint64_t milli, char buf[CMD_HUMAN])
{
	if (milli == 0 || milli >= 9950)
		cmd_human_u64((milli + 500) / 1000, buf);
	else
		snprintf(buf, CMD_HUMAN, "%" PRIu64 ".%" PRIu64,
		    (milli + 50) / 1000, (milli + 50) % 1000 / 100);
}

static void grown_cell(const struct list *l, const struct column *c,
    const struct row *r, char buf[CMD_HUMAN])
{
	uint64_t milli;

	if (!top_rate(l->t, value(r->was, c->at, c->size),
	        value(r->now, c->at, c->size), &milli))
		snprintf(buf, CMD_HUMAN, "-");
	else if (c->kind == RATE)
		rate_cell(milli, buf);
	else
		cmd_human_share(milli / 1000, 1000000000, buf);
}

static const char *cell(const struct list *l, const struct column *c,
    const struct row *r, char buf[CMD_HUMAN])
{
	uint64_t v = value(r->now, c->at, c->size);

	switch (c->kind) {
	case PLACE:
		if (r->place == 0)
			return "-";
		return cmd_human_u64(r->place, buf);
	case LABEL:
		return r->label;
	case STATE:
		return top_state_text((uint32_t)v);
	case NAME:
		snprintf(buf, CMD_HUMAN, "%" PRIx64, v);
		return buf;
	case COUNT:
		return cmd_human_u64(v, buf);
	case RATE:
	case SHARE:
		grown_cell(l, c, r, buf);
		return buf;
	case FILL:
		return cmd_human_share(v, value(r->now, ENV(ring_size)), buf);
	case KIB:
		cmd_human_u64(v / 1024 + (v % 1024 != 0), buf);
		strcat(buf, "K");
		return buf;
	}
	return "?";
}

/* --- tables ----------------------------------------------------------------------- */

static bool says_nothing(const struct list *l, const struct column *c)
{
	if (!c->quiet)
		return false;
	for (unsigned i = 0; i < l->nrows; i++)
		if (value(l->rows[i].now, c->at, c->size) != 0)
			return false;
	return true;
}

/* With the columns that are on. Returns how wide it is. */
static size_t build(struct cmd_table *t, const struct list *l)
{
	char align[CMD_TABLE_COLS + 1], buf[CMD_HUMAN];
	unsigned n = 0;
	size_t width = 0;

	for (unsigned k = 0; k < l->ncols; k++)
		if (l->on[k])
			align[n++] =
			    l->cols[k].kind == LABEL || l->cols[k].kind == STATE
			        ? 'l'
			        : 'r';
	align[n] = '\0';
	cmd_table_init(t, align);
	for (unsigned k = 0; k < l->ncols; k++)
		if (l->on[k])
			cmd_table_cell(t, l->cols[k].head);
	for (unsigned i = 0; i < l->nrows; i++)
		for (unsigned k = 0; k < l->ncols; k++)
			if (l->on[k])
				cmd_table_cell(
				    t, cell(l, &l->cols[k], &l->rows[i], buf));
	for (unsigned k = 0; k < n; k++)
		width += t->width[k] + (k > 0 ? 2 : 0);
	return width;
}

/* Of those that are on the least important; the last one stays. */
static bool drop_column(struct list *l)
{
	unsigned least = l->ncols, n = 0;

	for (unsigned k = 0; k < l->ncols; k++) {
		if (!l->on[k])
			continue;
		n++;
		if (least == l->ncols ||
		    l->cols[k].weight < l->cols[least].weight)
			least = k;
	}
	if (n <= 1)
		return false;
	l->on[least] = false;
	return true;
}

static void fit(struct cmd_table *t, struct list *l, unsigned width)
{
	for (unsigned k = 0; k < l->ncols; k++)
		l->on[k] = !says_nothing(l, &l->cols[k]);
	while (build(t, l) > width && width != 0 && drop_column(l))
		cmd_table_free(t);
}

static int by_order(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	for (unsigned i = 0; i < 4; i++)
		if (x->order[i] != y->order[i])
			return x->order[i] > y->order[i] ? -1 : 1;
	return (x->now > y->now) - (x->now < y->now);
}

/* --- the page --------------------------------------------------------------------- */

struct out {
	FILE *f;
	const struct top_page *page;
	unsigned lines;
};

static unsigned room(const struct out *o)
{
	if (o->page->height == 0)
		return UINT32_MAX;
	return o->page->height > o->lines ? o->page->height - o->lines : 0;
}

static void put_line(struct out *o, const char *p, size_t n, bool bold)
{
	if (o->page->width != 0 && n > o->page->width)
		n = o->page->width;
	if (room(o) == 0)
		return;
	bold = bold && o->page->colour;
	fprintf(o->f, "%s%.*s%s\n", bold ? "\033[1m" : "", (int)n, p,
	    bold ? "\033[0m" : "");
	o->lines++;
}

/* The table's lines; where they are too many, the last one says so. */
static bool put_table(struct out *o, struct list *l, const char *what)
{
	unsigned most = room(o), n = l->nrows + 1, i = 0;
	struct cmd_table t;
	char *text = NULL, more[64];
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool good = f != NULL;

	qsort(l->rows, l->nrows, sizeof(l->rows[0]), by_order);
	fit(&t, l, o->page->width);
	good = good && cmd_table_print(&t, f, false);
	if (f != NULL)
		good = fclose(f) == 0 && good;
	cmd_table_free(&t);
	for (const char *p = text; good && *p != '\0'; i++) {
		size_t len = strcspn(p, "\n");

		if (i + 1 == most && n > most)
			break;
		put_line(o, p, len, i == 0);
		p += len + 1;
	}
	if (good && i < n) {
		snprintf(more, sizeof(more), "... and %u more %s", n - i, what);
		put_line(o, more, strlen(more), false);
	}
	free(text);
	return good;
}

static void put_machine(struct out *o, const struct exo_state *s)
{
	char total[CMD_HUMAN], used[CMD_HUMAN], tables[CMD_HUMAN], text[256];
	char slots[64] = "";

	if (s->slots != 0)
		snprintf(slots, sizeof(slots),
		    "; slot %" PRIu32 " of %" PRIu32 ", %" PRIu64 " us each",
		    s->slot, s->slots, s->slot_ns / 1000);
	snprintf(text, sizeof(text),
	    "up %" PRIu64 ".%" PRIu64
	    " s; frames %s of %s used; page tables %s%s",
	    s->now / 1000000000, s->now / 100000000 % 10,
	    cmd_human_u64(
	        s->frames > s->frames_free ? s->frames - s->frames_free : 0,
	        used),
	    cmd_human_u64(s->frames, total), cmd_human_u64(s->tables, tables),
	    slots);
	put_line(o, text, strlen(text), false);
}

/* A letter a slot, which is its owner's place. */
static char owner_letter(uint32_t place)
{
	static const char letters[] = ".123456789abcdefghijklmnopqrstuvwxyz"
	                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return place < sizeof(letters) - 1 ? letters[place] : '+';
}

static void put_vector(struct out *o, const struct top_shot *s)
{
	static const char head[] = "slots ";
	char text[sizeof(head) + TOP_SLOTS];
	unsigned width = o->page->width, at = 0;

	while (at < s->nslots && s->owner[at] == 0)
		at++;
	at = at == s->nslots ? at : 0; /* of nobody's nothing is said */
	while (at < s->nslots && room(o) > 0) {
		size_t n = strlen(head);

		memcpy(text, at == 0 ? head : "      ", n);
		do
			text[n++] = owner_letter(s->owner[at++]);
		while (at < s->nslots && (width == 0 || n < width));
		put_line(o, text, n, false);
	}
}

/* --- rows ------------------------------------------------------------------------- */

static uint64_t grown(uint64_t was, uint64_t is)
{
	return is > was ? is - was : 0;
}

static struct row env_row(
    const struct top *t, const struct exo_env_row *r, unsigned place)
{
	static const struct exo_env_row none;
	const struct exo_env_row *was = top_env_before(t, r->env);

	if (was == NULL)
		was = &none;
	return (struct row){ (const char *)r, (const char *)was, r->label,
		place,
		{ r->state != EXO_IS_ENDED, grown(was->ran_ns, r->ran_ns),
		    grown(was->delivered, r->delivered),
		    grown(was->upcalls, r->upcalls) } };
}

static void add_envs(struct list *l)
{
	const struct top_shot *s = &l->t->now;

	for (unsigned i = 0; i < EXO_STATE_ENVS; i++)
		if (s->state.env[i].env != 0)
			l->rows[l->nrows++] =
			    env_row(l->t, &s->state.env[i], i + 1);
	for (unsigned i = 0; i < s->nended; i++)
		l->rows[l->nrows++] = env_row(l->t, &s->ended[i], 0);
}

static void add_binds(struct list *l)
{
	static const struct exo_bind_row none;
	const struct top_shot *s = &l->t->now;

	for (unsigned i = 0; i < s->nbinds; i++) {
		const struct exo_bind_row *r = &s->bind[i];
		const struct exo_bind_row *was =
		    top_bind_before(l->t, r->binding);
		const char *label = top_label(s, r->env);

		if (was == NULL)
			was = &none;
		l->rows[l->nrows++] = (struct row){ (const char *)r,
			(const char *)was, label == NULL ? "?" : label, 0,
			{ grown(was->matched, r->matched), r->matched,
			    r->evaluated, 0 } };
	}
}

int top_show(FILE *f, const struct top *t, const struct top_page *page)
{
	struct out o = { .f = f, .page = page };
	struct list envs = {
		.t = t, .cols = env_cols, .ncols = COUNT_OF(env_cols)
	};
	struct list binds = {
		.t = t, .cols = bind_cols, .ncols = COUNT_OF(bind_cols)
	};
	bool good = true;

	envs.rows = calloc(ROWS + TOP_BINDS, sizeof(envs.rows[0]));
	if (envs.rows == NULL)
		return -1;
	binds.rows = envs.rows + ROWS;
	add_envs(&envs);
	add_binds(&binds);
	put_machine(&o, &t->now.state);
	if (envs.nrows > 0 && room(&o) > 1)
		good = put_table(&o, &envs, "environments");
	put_vector(&o, &t->now);
	if (good && binds.nrows > 0 && room(&o) > 1)
		good = put_table(&o, &binds, "bindings");
	free(envs.rows);
	return good ? (int)o.lines : -1;
}
