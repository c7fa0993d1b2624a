/* SPDX-License-Identifier: BSD-2-Clause */
/* Delivery records: see records.h. */
#include "exo/bare/records.h"

#include "exo/abi/image.h"
#include "exo/abi/map.h"
#include "exo/bare/capture.h"
#include "exo/bare/cpio.h"
#include "exo/bare/word.h"
#include "exo/core/core.h"
#include "exo/lib/arena.h"
#include "exo/lib/bytes.h"
#include "exo/lib/fmt.h"
#include "exo/lib/siphash.h"
#include "exo/space/text.h"
#include "libos-net/tap.h"

#define OWNERS   8u
#define BINDINGS 256u
#define NAME     24u
#define BATCH    16u
#define RING     1048576u
#define WHOLE    65535u
#define STEPS    10000000u /* for a region's text */

struct owner {
	char name[NAME];
	uint64_t env;
	struct exo_key key;
	struct exo_ring *ring;
	struct lnet_tap tap;
};

struct bound {
	char label[NAME];
	uint64_t name; /* the core's */
	uint64_t env;
	const uint8_t *image;
};

struct records {
	const struct records_args *args;
	struct exo_core *core;
	uint32_t nowners, nbound;
	struct owner owner[OWNERS];
	struct bound bound[BINDINGS];
	struct exo_pkt batch[BATCH];
	struct word said; /* the line of records.conf */
};

/* Everybody's: digests tell apart, they keep no secret. */
static const struct exo_sipkey plain = { 1, 2 };

/* --- lines ------------------------------------------------------------------- */

struct line {
	struct exo_fmt f;
	char text[160];
};

static void begin(struct line *l, const char *first)
{
	exo_fmt_init(&l->f, l->text, sizeof(l->text));
	exo_fmt_str(&l->f, first);
}

static void word(struct line *l, const char *text)
{
	exo_fmt_char(&l->f, ' ');
	exo_fmt_str(&l->f, text);
}

static void number(struct line *l, const char *what, uint64_t v)
{
	word(l, what);
	exo_fmt_char(&l->f, ' ');
	exo_fmt_u64(&l->f, v);
}

static void end(const struct records *r, struct line *l)
{
	exo_fmt_char(&l->f, '\n');
	r->args->line(r->args->arg, l->text, (uint32_t)l->f.len);
}

/* What cannot be done. */
static bool fail(const struct records *r, const char *why)
{
	struct line l;

	begin(&l, "records.conf:");
	for (uint32_t i = 0; i < r->said.n && i < 64; i++)
		exo_fmt_char(&l.f, i == 0 ? ' ' : r->said.p[i - 1]);
	exo_fmt_str(&l.f, ": ");
	exo_fmt_str(&l.f, why);
	end(r, &l);
	return false;
}

static void *get(void *ctx, size_t n)
{
	(void)ctx;
	return plat_alloc(n);
}

static void put(void *ctx, void *p, size_t n)
{
	(void)ctx;
	plat_free(p, n);
}

/* --- owners ------------------------------------------------------------------ */

/* A key for a region that is written out; all packets when nothing is. */
static bool grant(struct records *r, struct owner *o, struct word text)
{
	const uint32_t rights = EXO_RIGHT_ALL & ~EXO_RIGHT_TRANSMIT;
	struct exo_mem mem = { .get = get, .put = put };
	struct exo_arena arena;
	struct sp_work work = { &arena, STEPS, &sp_packets, NULL, NULL };
	struct sp_text_error why;
	struct sp_region region;
	bool good;

	if (text.n == 0)
		return exo_grant(r->core, o->env, rights, NULL, &o->key) == 0;
	exo_arena_init(&arena, &mem);
	good = sp_text_parse(&work, text.p, text.n, &region, &why) == 0 &&
	       exo_grant(r->core, o->env, rights, &region, &o->key) == 0;
	exo_arena_free(&arena);
	return good;
}

static bool take_owner(struct records *r, struct word line)
{
	struct exo_env_args a = { .ring_size = RING };
	struct owner *o = &r->owner[r->nowners];

	if (r->nowners == OWNERS)
		return fail(r, "too many owners");
	word_copy(o->name, NAME, word_next(&line));
	while (line.n > 0 && *line.p == ' ') {
		line.p++;
		line.n--;
	}
	o->ring = plat_alloc(sizeof(*o->ring) + RING);
	if (o->ring == NULL)
		return fail(r, "no memory");
	r->nowners++; /* the ring goes with it */
	a.ring = o->ring;
	if (exo_env_new(r->core, &a, &o->env) != 0)
		return fail(r, "no environment");
	if (!grant(r, o, line))
		return fail(r, "no key, or that is no region");
	lnet_tap_init(&o->tap, o->ring);
	return true;
}

static struct owner *find_owner(struct records *r, struct word name)
{
	for (uint32_t i = 0; i < r->nowners; i++)
		if (word_is(name, r->owner[i].name))
			return &r->owner[i];
	return NULL;
}

/* --- bindings ---------------------------------------------------------------- */

static bool options(struct records *r, struct word line,
    struct exo_call_bind *a, struct owner **o)
{
	uint32_t priority = 0;
	bool good = true;

	while (good) {
		struct word w = word_next(&line);

		if (w.n == 0)
			break;
		if (word_is(w, "tap"))
			a->mode = EXO_BIND_TAP;
		else if (word_is(w, "first"))
			a->mode = EXO_BIND_FIRST;
		else if (word_is(w, "exclusive"))
			a->mode = EXO_BIND_EXCLUSIVE;
		else if (word_option(&w, "snap"))
			good = word_u32(w, &a->snap);
		else if (word_option(&w, "priority"))
			good = word_u32(w, &priority) && priority <= INT32_MAX;
		else if (word_option(&w, "owner"))
			*o = find_owner(r, w);
		else
			good = false;
	}
	a->priority = (int32_t)priority;
	return good && *o != NULL;
}

/* A refusal is a result like others. */
static bool bind(struct records *r, struct bound *b, const struct owner *o,
    struct exo_call_bind *a)
{
	struct exo_report report = { 0 };
	struct line l;
	int err;

	a->key = o->key;
	a->tag = r->nbound;
	a->report = (uintptr_t)&report;
	err = exo_call(r->core, o->env, EXO_CALL_BIND_NR, a, sizeof(*a));
	if (err == 0) {
		b->name = a->out_binding;
		b->env = o->env;
		r->nbound++;
		return true;
	}
	begin(&l, "refused");
	word(&l, b->label);
	exo_fmt_char(&l.f, ' ');
	exo_fmt_u64(&l.f, (uint64_t)-err);
	number(&l, "VF", report.code);
	end(r, &l);
	return true;
}

static bool take_bind(struct records *r, struct word line)
{
	struct exo_call_bind a = {
		.linktype = 1, .mode = EXO_BIND_TAP, .snap = WHOLE
	};
	struct owner *o = r->nowners > 0 ? &r->owner[r->nowners - 1] : NULL;
	struct bound *b = &r->bound[r->nbound];
	struct cpio_file file;
	struct word w;

	if (r->nbound == BINDINGS)
		return fail(r, "too many bindings");
	word_copy(b->label, NAME, word_next(&line));
	w = word_next(&line);
	if (!cpio_find(r->args->files, r->args->size, w.p, w.n, &file))
		return fail(r, "there is no such image");
	b->image = file.data;
	a.image = (uintptr_t)file.data;
	a.image_size = file.size;
	if (!options(r, line, &a, &o))
		return fail(r, "an option is malformed, or there is no owner");
	return bind(r, b, o, &a);
}

/* --- packets ----------------------------------------------------------------- */

/* lnet_tap_fn */
static void show_record(
    void *user, const struct exo_rec *rec, const uint8_t *data)
{
	const struct records *r = user;
	struct line l;

	begin(&l, "");
	exo_fmt_u64(&l.f, rec->packet);
	word(&l, rec->tag < r->nbound ? r->bound[rec->tag].label : "?");
	exo_fmt_char(&l.f, ' ');
	exo_fmt_u64(&l.f, rec->len);
	exo_fmt_char(&l.f, ' ');
	exo_fmt_hex(&l.f, exo_siphash64(&plain, data, rec->len), 16);
	end(r, &l);
}

static bool feed(struct records *r, uint32_t n)
{
	exo_ingest(r->core, r->batch, n);
	for (uint32_t i = 0; i < r->nowners; i++)
		if (lnet_tap_poll(&r->owner[i].tap, show_record, r) < 0)
			return fail(r, "a ring is malformed");
	return true;
}

static bool take_trace(struct records *r, struct word line)
{
	struct word w = word_next(&line);
	struct cpio_file file;
	struct capture c;
	uint32_t n = 0;

	if (!cpio_find(r->args->files, r->args->size, w.p, w.n, &file) ||
	    !capture_begin(&c, file.data, file.size))
		return fail(r, "there is no such capture");
	while (capture_next(&c, &r->batch[n]))
		if (++n == BATCH) {
			if (!feed(r, n))
				return false;
			n = 0;
		}
	return feed(r, n);
}

/* --- what is left ------------------------------------------------------------ */

/* The maps that an image has; it was bound, so its numbers are right. */
static const uint8_t *maps_of(const uint8_t *image, uint32_t *n)
{
	uint16_t sections = exo_le16(image + 12);

	for (uint32_t i = 0; i < sections; i++) {
		struct exo_image_section s;

		memcpy(&s, image + sizeof(struct exo_image_hdr) + i * sizeof(s),
		    sizeof(s));
		if (s.kind != EXO_SEC_MAPS)
			continue;
		*n = s.size / (uint32_t)sizeof(struct exo_map_def);
		return image + s.off;
	}
	*n = 0;
	return NULL;
}

/* Elements come in an order that a secret decides: their digests are added. */
static uint64_t sum_elements(struct records *r, const struct bound *b,
    uint32_t map, const struct exo_map_def *def, uint64_t *n)
{
	uint32_t size = def->key_size + def->value_size, pos = 0;
	uint8_t *p = plat_alloc(size);
	uint64_t sum = 0;

	*n = 0;
	while (p != NULL && exo_binding_next(r->core, b->name, map, &pos, p,
	                        p + def->key_size) == 0) {
		sum += exo_siphash64(&plain, p, size);
		++*n;
	}
	plat_free(p, size);
	return sum;
}

static uint64_t sum_records(
    struct records *r, const struct bound *b, uint32_t map, uint64_t *n)
{
	const uint8_t *p;
	uint64_t sum = 0;
	uint32_t size;

	*n = 0;
	while ((p = exo_binding_record(r->core, b->name, map, &size)) != NULL) {
		sum = sum * 3 + exo_siphash64(&plain, p, size);
		++*n;
	}
	return sum;
}

static void show_maps(struct records *r, const struct bound *b)
{
	uint32_t n;
	const uint8_t *defs = maps_of(b->image, &n);

	for (uint32_t i = 0; i < n; i++) {
		struct exo_map_def def;
		uint64_t sum, found;
		struct line l;

		memcpy(&def, defs + i * sizeof(def), sizeof(def));
		sum = def.kind == EXO_MAP_RINGBUF
		          ? sum_records(r, b, i, &found)
		          : sum_elements(r, b, i, &def, &found);
		begin(&l, "map");
		number(&l, b->label, i);
		number(&l, "elements", found);
		exo_fmt_char(&l.f, ' ');
		exo_fmt_hex(&l.f, sum, 16);
		end(r, &l);
	}
}

static void show_end(struct records *r)
{
	struct exo_core_stat all;
	uint64_t differed = 0;
	struct line l;

	for (uint32_t i = 0; i < r->nbound; i++) {
		const struct bound *b = &r->bound[i];
		struct exo_call_stat s;

		show_maps(r, b);
		s = (struct exo_call_stat){ .binding = b->name };
		(void)exo_call(
		    r->core, b->env, EXO_CALL_STAT_NR, &s, sizeof(s));
		begin(&l, "binding");
		word(&l, b->label);
		number(&l, "matched", s.out_stat.matched);
		number(&l, "delivered", s.out_stat.delivered);
		number(&l, "dropped", s.out_stat.dropped);
		number(&l, "differed", s.out_stat.differed);
		end(r, &l);
		differed += s.out_stat.differed;
	}
	exo_core_stat(r->core, &all);
	begin(&l, "core");
	number(&l, "packets", all.packets);
	number(&l, "unmatched", all.unmatched);
	number(&l, "differed", differed);
	end(r, &l);
}

/* --- all of it --------------------------------------------------------------- */

static bool take(struct records *r, struct word line)
{
	struct word first = word_next(&line);

	if (first.n == 0 || first.p[0] == '#')
		return true;
	if (word_is(first, "owner"))
		return take_owner(r, line);
	if (word_is(first, "bind"))
		return take_bind(r, line);
	if (word_is(first, "trace"))
		return take_trace(r, line);
	return fail(r, "a line begins with owner, bind or trace");
}

static bool take_all(struct records *r)
{
	struct cpio_file conf;
	struct word text;
	bool good = true;

	if (!cpio_find(
	        r->args->files, r->args->size, "records.conf", 12, &conf))
		return fail(r, "it is not there");
	text = (struct word){ (const char *)conf.data, conf.size };
	while (good && word_line(&text, &r->said))
		good = take(r, r->said);
	if (good)
		show_end(r);
	return good;
}

bool records_run(const struct records_args *args)
{
	const struct exo_core_config cfg = { .judge = args->judge };
	struct records *r = plat_alloc(sizeof(*r));
	bool good = false;

	if (r == NULL)
		return false;
	memset(r, 0, sizeof(*r));
	r->args = args;
	if (exo_core_new(&cfg, &r->core) == 0)
		good = take_all(r);
	exo_core_free(r->core);
	for (uint32_t i = 0; i < r->nowners; i++)
		plat_free(r->owner[i].ring, sizeof(struct exo_ring) + RING);
	plat_free(r, sizeof(*r));
	return good;
}
