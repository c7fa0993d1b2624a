/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a neighbour can do to a victim.
 *
 *	bench_adversary [-r ROUNDS]
 *
 * The victim has the grant `tcp` and 256 filters of a host and a port; the
 * neighbour has the grant `udp`. Two cores, one with the neighbour's bindings
 * and one without, take turns on the same packets. `own` is the time of
 * packets of the victim alone, as a ratio of the two; `flood` is that of the
 * victim's packets with as many of the neighbour's between them, to the
 * victim's alone in the core without: it tells what the neighbour's packets
 * cost everybody, where they have no budget. Ratios are medians with the
 * least and the greatest; times are the processor's.
 *	masks	4,000 filters of an odd mask each
 *	slow	20 opaque filters of 4,000 steps
 *	ranges	1,000 ranges of ports on one host
 *	slow_paid	as slow, and the neighbour has a rate of a step a packet:
 *		`own` is the time of both's packets, as a ratio of the two cores
 *	masks_lent	as masks, but both keys were derived from one grant
 *	one_lender	one filter, and the neighbour's key was derived from the
 *		victim's: what lending costs
 *	masks_lender	as masks, but the neighbour's key was derived from the
 *		victim's, which is a grant of every packet's region
 *	masks_all_lent	as masks_lender, from a key of every packet
 *	masks_lent_on	as masks_lender, and the neighbour derives eight keys of
 *		regions that overlap, with as many masks under each
 * The victim's time may grow by a tenth: rows of masks, slow filters, ranges,
 * and a secret key say where it grows by more; what a lender lends is his choice.
 * The last two rows are about the index itself: 1,000 rules, and packets of
 * them, that were chosen so that all are in one bucket under a key that is
 * known; and what they do under one that is not. 1 is the time of 1,000 rules
 * that were not chosen.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exo/core/core.h"
#include "exo/core/index_int.h"
#include "exo/hosted/heap.h"
#include "exo/lib/bytes.h"
#include "exo/space/text.h"
#include "exo/space/wire.h"
#include "filters/filters.h"

#define ROUNDS_MAX 99u
#define VICTIMS    256u
#define PACKETS    1024u
#define FRAME      60u
#define RULES      1000u
#define BUCKETS    4096u /* that are known to be the same */

static uint32_t rounds = 15;
static uint64_t seed = 1;

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "bench_adversary: %s\n", what);
	exit(2);
}

static uint32_t chance(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 32);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int smaller(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* --- packets ------------------------------------------------------------------ */

struct stream {
	uint8_t frame[2 * PACKETS][FRAME];
	struct exo_pkt pkt[2 * PACKETS];
	uint32_t n;
};

static void add(struct stream *s, uint32_t proto, uint32_t to, uint32_t sport,
    uint32_t port)
{
	uint8_t *f = s->frame[s->n];

	memset(f, 0, FRAME);
	exo_put_be16(f + 12, 0x0800);
	f[14] = 0x45;
	exo_put_be16(f + 16, FRAME - 14);
	f[22] = 64;
	f[23] = (uint8_t)proto;
	exo_put_be32(f + 26, chance());
	exo_put_be32(f + 30, to);
	exo_put_be16(f + 34, (uint16_t)sport);
	exo_put_be16(f + 36, (uint16_t)port);
	f[46] = 0x50;
	s->pkt[s->n++] = (struct exo_pkt){
		.data = f, .caplen = FRAME, .wirelen = FRAME, .linktype = 1
	};
}

static void add_victim(struct stream *s)
{
	uint32_t i = chance() % VICTIMS;

	add(s, 6, 0x0a000000 + i, chance(), 1000 + i);
}

static void add_flood(struct stream *s)
{
	add(s, 17, 0x0a090909, chance(), chance());
}

/* --- bindings ----------------------------------------------------------------- */

struct side {
	struct exo_core *core;
	uint64_t env[2];
	struct exo_key key[2];
	uint32_t bound, refused;
};

static struct sp_region region(struct exo_arena *arena, const char *text)
{
	struct sp_work w = { arena, 1000000, &sp_packets, NULL, NULL };
	struct sp_text_error err;
	struct sp_region r;

	if (sp_text_parse(&w, text, (uint32_t)strlen(text), &r, &err) != 0)
		give_up(text);
	return r;
}

/* A key of less than another one. */
static struct exo_key lesser(
    struct side *s, int who, const struct exo_key *from, struct sp_region r)
{
	_Alignas(8) uint8_t bytes[4096];
	struct exo_call_derive a = { .key = *from, .rights = from->rights };

	if (sp_wire_size(r) > sizeof(bytes))
		give_up("a long region");
	sp_wire_write(r, bytes);
	a.region = (struct exo_span){ (uintptr_t)bytes, sp_wire_size(r), 0 };
	if (exo_call(s->core, s->env[who], EXO_CALL_DERIVE_NR, &a, sizeof(a)) !=
	    0)
		give_up("no lesser key");
	return a.out_key;
}

/* Whose keys they are: two grants, two keys of one grant, one of which the other
 * is derived, or the same where it is of every packet. */
enum how {
	APART,
	SIBLINGS,
	LENDER,
	ALL_LENT
};

static void side_new(struct side *s, enum how how, uint32_t rate)
{
	static const char *const grants[] = { "tcp", "udp" };
	const struct exo_core_config cfg = { 0 };
	struct exo_env_args args = { .rate = 0 };
	struct exo_mem mem = cmd_heap();
	struct exo_arena arena;
	struct exo_key top;
	struct sp_region r;

	memset(s, 0, sizeof(*s));
	exo_arena_init(&arena, &mem);
	if (exo_core_new(&cfg, &s->core) != 0)
		give_up("no core");
	for (int i = 0; i < 2; i++) {
		r = region(&arena, how != APART ? "any" : grants[i]);
		args.rate = i == 1 ? rate : 0;
		if (exo_env_new(s->core, &args, &s->env[i]) != 0 ||
		    exo_grant(s->core, s->env[i], EXO_RIGHT_ALL,
		        how == ALL_LENT ? NULL : &r, &s->key[i]) != 0)
			give_up("no grant");
	}
	top = s->key[0];
	for (int i = how == SIBLINGS ? 0 : 1; how != APART && i < 2; i++)
		s->key[i] = lesser(s, i, &top, region(&arena, grants[i]));
	exo_arena_free(&arena);
}

/* Bind an image for the victim (0) or the neighbour (1). */
static int bind(struct side *s, int who, struct flt_image *img)
{
	struct exo_call_bind a = {
		.key = s->key[who],
		.image = (uintptr_t)img->bytes,
		.image_size = img->size,
		.linktype = 1,
		.mode = EXO_BIND_TAP,
	};
	int err =
	    exo_call(s->core, s->env[who], EXO_CALL_BIND_NR, &a, sizeof(a));

	flt_image_free(img);
	return err;
}

static void bind_expr(struct side *s, int who, const char *expr)
{
	struct flt_image img;
	struct flt_error err;

	if (flt_expr_image(expr, 1, 0, NULL, &img, &err) != 0)
		give_up(err.text);
	if (bind(s, who, &img) != 0)
		give_up(expr);
}

static void bind_text(struct side *s, const char *text)
{
	struct flt_image img;
	struct flt_error err;

	if (flt_asm_image(
	        text, strlen(text), EXO_PROG_SOCKET, NULL, &img, &err) != 0)
		give_up(err.text);
	if (bind(s, 1, &img) == 0)
		s->bound++;
	else
		s->refused++;
}

static void victims(struct side *s)
{
	char text[100];

	for (uint32_t i = 0; i < VICTIMS; i++) {
		snprintf(text, sizeof(text),
		    "dst host 10.0.0.%u and tcp dst port %u", i, 1000 + i);
		bind_expr(s, 0, text);
	}
}

static void masks(struct side *s)
{
	char text[256];

	for (uint32_t i = 0; i < 4000; i++) {
		uint32_t mask = chance();

		snprintf(text, sizeof(text),
		    "r6 = r1\nr0 = *(u16 *)skb[12]\nif w0 != 2048 goto no\n"
		    "r0 = *(u32 *)skb[26]\nw0 &= %d\nif w0 == %d goto yes\n"
		    "no:\nr0 = 0\nexit\nyes:\nr0 = 9\nexit\n",
		    (int32_t)mask, (int32_t)(mask & chance()));
		bind_text(s, text);
	}
}

static void just_one(struct side *s)
{
	bind_text(s, "r0 = 1\nexit\n");
}

static void lent_on(struct side *s)
{
	struct exo_mem mem = cmd_heap();
	struct exo_key own = s->key[1];
	struct exo_arena arena;
	char text[100];

	exo_arena_init(&arena, &mem);
	for (uint32_t i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "udp and len in 0-%u", 9000 + i);
		s->key[1] = lesser(s, 1, &own, region(&arena, text));
		masks(s);
	}
	s->key[1] = own;
	masks(s);
	exo_arena_free(&arena);
}

static void slow(struct side *s)
{
	char text[256];

	for (uint32_t i = 0; i < 20; i++) {
		snprintf(text, sizeof(text),
		    "r6 = r1\nr0 = *(u8 *)skb[%u]\nr8 = r0\nr7 = 0\nmore:\n"
		    "r8 *= 3\nr8 ^= r7\nr7 += 1\nif r7 < 1000 goto more\n"
		    "r0 = r8\nr0 &= 1\nexit\n",
		    i);
		bind_text(s, text);
	}
}

static void ranges(struct side *s)
{
	char text[100];

	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t lo = chance() % 60000;

		snprintf(text, sizeof(text),
		    "udp and dst host 10.9.9.9 and dst portrange %u-%u", lo,
		    lo + 1 + chance() % 5000);
		bind_expr(s, 1, text);
		s->bound++;
	}
}

/* --- ratios ------------------------------------------------------------------- */

struct ratio {
	double median, least, most;
};

static struct ratio sorted(double *v)
{
	qsort(v, rounds, sizeof(*v), smaller);
	return (struct ratio){ v[rounds / 2], v[0], v[rounds - 1] };
}

static double time_of(struct side *s, struct stream *p, uint32_t times)
{
	double from = seconds();

	while (times-- > 0)
		exo_ingest(s->core, p->pkt, p->n);
	return seconds() - from;
}

static struct ratio row(const char *name, void (*attack)(struct side *),
    enum how how, uint32_t rate)
{
	static struct stream own, mixed;
	double a[ROUNDS_MAX], b[ROUNDS_MAX], ns[ROUNDS_MAX], t;
	struct side with, without;
	struct ratio x, y;

	side_new(&with, how, rate);
	side_new(&without, how, rate);
	victims(&with);
	victims(&without);
	attack(&with);
	own.n = mixed.n = 0;
	for (uint32_t i = 0; i < PACKETS; i++) {
		add_victim(&own);
		add_victim(&mixed);
		add_flood(&mixed);
	}
	for (uint32_t i = 0; i < rounds; i++) {
		t = time_of(&without, &own, 20);
		ns[i] = t / 20 / PACKETS * 1e9;
		a[i] = time_of(&with, &own, 20) / t;
		b[i] = time_of(&with, &mixed, 1) * 20 / t;
		if (rate != 0)
			a[i] = time_of(&with, &mixed, 20) /
			       time_of(&without, &mixed, 20);
	}
	x = sorted(a);
	y = sorted(b);
	printf("%s,%u,%u,%.1f,%.3f,%.3f,%.3f,%.2f,%.2f,%.2f\n", name,
	    with.bound, with.refused, sorted(ns).median, x.median, x.least,
	    x.most, y.median, y.least, y.most);
	fflush(stdout);
	exo_core_free(with.core);
	exo_core_free(without.core);
	return x;
}

/* --- a key that is known ------------------------------------------------------- */

struct rules {
	uint32_t to[RULES], port[RULES];
};

static struct exo_index *index_new(
    struct exo_mem *mem, struct exo_epoch *epoch, bool known)
{
	struct exo_index_config cfg = { .mem = mem,
		.epoch = epoch,
		.shapes = 64,
		.records = 1u << 20,
		.scanned = 0 };
	struct exo_index *ix;

	for (uint32_t i = 0; i < EXO_INDEX_KEY; i++)
		cfg.key[i] = i * 0x9e3779b97f4a7c15u + 1;
	if (!known && plat_random(cfg.key, sizeof(cfg.key)) != 0)
		give_up("no random bytes");
	if (exo_index_new(&cfg, &ix) != 0)
		give_up("no index");
	return ix;
}

static uint32_t insert(
    struct exo_index *ix, uint32_t to, uint32_t port, uint32_t id)
{
	const struct sp_atom a[] = { sp_is(SP_TYPE0, 0x0800),
		sp_is(SP_IP_PROTO, 17), sp_is(SP_IP_DST, to),
		sp_is(SP_L4_2, port) };
	const struct sp_cube c = { a, 4 };
	uint32_t handle;

	if (exo_index_insert(ix, &c, 0, id, &handle) != 0)
		give_up("no rule");
	return handle;
}

/* Rules of one bucket of an index whose key is known, or any. */
static void choose(struct rules *r, bool of_one)
{
	struct exo_mem mem = cmd_heap();
	struct exo_epoch epoch;
	struct exo_index *ix;
	uint32_t n = 0, h;

	exo_epoch_init(&epoch);
	ix = index_new(&mem, &epoch, true);
	while (n < RULES) {
		struct ix_rec *rec;

		r->to[n] = 0x0a000000 | (chance() & 0xffffff);
		r->port[n] = chance() & 0xffff;
		h = insert(ix, r->to[n], r->port[n], 0);
		rec = ix_rec(ix, h);
		if (!of_one ||
		    ix_hash(ix->key, *ix_table(ix, rec->table), rec->w) %
		            BUCKETS ==
		        7)
			n++;
		(void)exo_index_delete(ix, h);
	}
	exo_index_free(ix);
}

static void ignore(void *arg, uint32_t packet, uint64_t rank)
{
	*(uint64_t *)arg += packet + rank;
}

/* Seconds of lookups of packets of the rules, which are in an index. */
static double look(const struct exo_index *ix, struct exo_look *l,
    const struct rules *r, uint32_t times)
{
	static struct stream s;
	struct sp_packet p[EXO_LOOK_BATCH];
	double took = 0, from;
	uint64_t sink = 0;

	s.n = 0;
	for (uint32_t i = 0; i < RULES; i++)
		add(&s, 17, r->to[i], chance(), r->port[i]);
	while (times-- > 0) {
		from = seconds();
		for (uint32_t i = 0; i + EXO_LOOK_BATCH <= RULES;
		     i += EXO_LOOK_BATCH) {
			for (uint32_t k = 0; k < EXO_LOOK_BATCH; k++)
				p[k] = (struct sp_packet){ s.frame[i + k],
					FRAME, FRAME, 1 };
			exo_look_begin(l, p, EXO_LOOK_BATCH);
			exo_index_all(ix, l, UINT64_MAX, ignore, &sink);
			exo_look_end(l);
		}
		took += seconds() - from;
	}
	if (sink == 0)
		give_up("no rule was found");
	return took;
}

static struct ratio crafted(const char *name, bool known)
{
	static struct rules chosen, any;
	struct exo_mem mem = cmd_heap();
	struct exo_epoch epoch;
	struct exo_index *ix[2];
	struct exo_look *l;
	double v[ROUNDS_MAX], ns[ROUNDS_MAX], t;
	struct ratio x;

	choose(&chosen, true);
	choose(&any, false);
	exo_epoch_init(&epoch);
	if (exo_look_new(&mem, &epoch, 0, &l) != 0)
		give_up("memory");
	for (int i = 0; i < 2; i++) {
		const struct rules *r = i == 0 ? &any : &chosen;

		ix[i] = index_new(&mem, &epoch, known);
		for (uint32_t k = 0; k < RULES; k++)
			(void)insert(ix[i], r->to[k], r->port[k], k + 1);
	}
	for (uint32_t i = 0; i < rounds; i++) {
		t = look(ix[0], l, &any, 20);
		ns[i] = t / 20 / RULES * 1e9;
		v[i] = look(ix[1], l, &chosen, 20) / t;
	}
	x = sorted(v);
	printf("%s,%u,0,%.1f,%.3f,%.3f,%.3f,,,\n", name, RULES,
	    sorted(ns).median, x.median, x.least, x.most);
	exo_look_free(l);
	exo_index_free(ix[0]);
	exo_index_free(ix[1]);
	return x;
}

/* What a neighbour that attacks may cost a victim. */
#define LIMIT 1.10

static void target(const char *what, struct ratio is)
{
	if (is.median > LIMIT)
		printf("missed: %s is %.3f, not %.2f or less\n", what,
		    is.median, LIMIT);
}

int main(int argc, char **argv)
{
	struct ratio m, s, paid, r, lent, one, lender, all, on, known, secret;
	int c;

	while ((c = getopt(argc, argv, "r:")) != -1) {
		if (c != 'r')
			return 2;
		rounds = (uint32_t)atoi(optarg);
	}
	if (rounds < 1 || rounds > ROUNDS_MAX)
		return 2;
	puts("attack,bound,refused,alone_ns,own,own_least,own_most,flood,"
	     "flood_least,flood_most");
	m = row("masks", masks, APART, 0);
	s = row("slow", slow, APART, 0);
	paid = row("slow_paid", slow, APART, 1);
	r = row("ranges", ranges, APART, 0);
	lent = row("masks_lent", masks, SIBLINGS, 0);
	one = row("one_lender", just_one, LENDER, 0);
	lender = row("masks_lender", masks, LENDER, 0);
	all = row("masks_all_lent", masks, ALL_LENT, 0);
	on = row("masks_lent_on", lent_on, LENDER, 0);
	known = crafted("crafted_known_key", true);
	secret = crafted("crafted_secret_key", false);
	target("masks", m);
	target("slow", s);
	target("slow_paid", paid);
	target("ranges", r);
	target("masks_lent", lent);
	target("secret_key", secret);
	printf("summary: masks=%.3f slow=%.3f slow_paid=%.3f ranges=%.3f "
	       "masks_lent=%.3f one_lender=%.3f masks_lender=%.3f "
	       "masks_all_lent=%.3f "
	       "masks_lent_on=%.3f known_key=%.2f secret_key=%.2f\n",
	    m.median, s.median, paid.median, r.median, lent.median, one.median,
	    lender.median, all.median, on.median, known.median, secret.median);
	return 0;
}
