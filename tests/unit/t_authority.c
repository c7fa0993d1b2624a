/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Authority: keys that name regions, claims inside them, exclusive ones apart,
 * what is lent, and the witnesses of refusals.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/core.h"
#include "exo/space/text.h"
#include "exo/space/wire.h"
#include "tests/support/mem.h"
#include "tests/support/oom.h"
#include "tests/support/spacegen.h"
#include "tests/support/world.h"

#define ACCEPT  "r0 = 1\nexit\n"
#define NO_TELL (EXO_RIGHT_ALL & ~EXO_RIGHT_TELL)

static struct exo_core *core;
static struct world_env a, b;
static struct exo_mem mem;
static struct exo_arena arena;
static _Alignas(8) uint8_t seen[EXO_WITNESS_BYTES]; /* the last witness */

static void setup(void)
{
	core = world_new();
	world_env(core, &a, 0);
	world_env(core, &b, 0);
	mem = mem_heap(NULL);
	exo_arena_init(&arena, &mem);
}

static void teardown(void)
{
	world_end(core);
	exo_arena_free(&arena);
}

static struct sp_region region(const char *text)
{
	struct sp_work w = { &arena, 10000000, &sp_packets, NULL, NULL };
	struct sp_text_error err;
	struct sp_region r;

	ck_assert_msg(
	    sp_text_parse(&w, text, (uint32_t)strlen(text), &r, &err) == 0,
	    "%s: %u at %u", text, err.code, err.at);
	return r;
}

/* NULL: none. */
static struct exo_span span(const char *text)
{
	struct sp_region r;
	uint32_t size;
	void *p;

	if (text == NULL)
		return (struct exo_span){ 0 };
	r = region(text);
	size = sp_wire_size(r);
	p = exo_arena_get(&arena, size);
	sp_wire_write(r, p);
	return (struct exo_span){ (uintptr_t)p, size, 0 };
}

static struct exo_span seen_span(void)
{
	memset(seen, 0, sizeof(seen));
	return (struct exo_span){ (uintptr_t)seen, sizeof(seen), 0 };
}

/* Whether the last witness is in a region. */
static bool witness_in(const char *text)
{
	const struct exo_witness *x = (const void *)seen;
	const struct sp_packet p = { x->data, x->caplen, x->wirelen,
		x->linktype };
	struct sp_view v;

	ck_assert_uint_gt(x->caplen, 0);
	sp_parse(&p, &v);
	return sp_region_has(region(text), &v);
}

static struct exo_key grant(
    const struct world_env *e, uint32_t rights, const char *text)
{
	struct sp_region r = region(text);
	struct exo_key k;

	ck_assert_int_eq(exo_grant(core, e->name, rights, &r, &k), 0);
	return k;
}

static int bind_as(const struct world_env *e, const struct exo_key *key,
    uint32_t mode, const char *claim, uint64_t *name)
{
	struct flt_image img = world_image(ACCEPT, EXO_PROG_SOCKET);
	struct exo_call_bind args = world_bind_args(e, &img);
	int err;

	args.key = *key;
	args.mode = mode;
	args.claim = span(claim);
	args.witness = seen_span();
	args.tag = 4711;
	err = exo_call(core, e->name, EXO_CALL_BIND_NR, &args, sizeof(args));
	flt_image_free(&img);
	if (name != NULL)
		*name = args.out_binding;
	return err;
}

static int exclusive(
    const struct world_env *e, const struct exo_key *key, const char *claim)
{
	return bind_as(e, key, EXO_BIND_EXCLUSIVE, claim, NULL);
}

static int derive(const struct world_env *e, const struct exo_key *from,
    uint32_t rights, const char *text, struct exo_key *out)
{
	struct exo_call_derive args = { .key = *from,
		.rights = rights,
		.region = span(text),
		.witness = seen_span() };
	int err =
	    exo_call(core, e->name, EXO_CALL_DERIVE_NR, &args, sizeof(args));

	*out = args.out_key;
	return err;
}

static int revoke(const struct exo_key *key)
{
	struct exo_call_revoke args = { .key = *key };

	return exo_call(core, a.name, EXO_CALL_REVOKE_NR, &args, sizeof(args));
}

/* --- claims are inside keys --------------------------------------------------- */

/* For each field a key about one number of it: a claim of the same is granted,
 * one of another number, of no such packet, or of all is not. */
START_TEST(claims_stay_inside_in_every_field)
{
	const enum sp_field f = (enum sp_field)_i;
	struct sp_work w = { &arena, 10000000, &sp_packets, NULL, NULL };
	struct sp_region key, other, gone;
	struct sp_atom is = sp_is(f, 1), less = sp_between(f, 0, 1);
	struct sp_atom absent = sp_absent(f);
	struct exo_key k;
	struct exo_call_bind args;
	struct flt_image img = world_image(ACCEPT, EXO_PROG_SOCKET);
	struct sp_region *const claims[] = { &key, &other, &gone };
	static const int want[] = { 0, -EXO_EOUTSIDE, -EXO_EOUTSIDE };

	ck_assert_int_eq(sp_conj(&w, &is, 1, &key), 0);
	ck_assert_int_eq(sp_conj(&w, &less, 1, &other), 0);
	ck_assert_int_eq(sp_conj(&w, &absent, 1, &gone), 0);
	ck_assert_uint_eq(key.n, 1);
	ck_assert_int_eq(exo_grant(core, a.name, EXO_RIGHT_ALL, &key, &k), 0);
	for (int i = 0; i < 3; i++) {
		uint32_t size = sp_wire_size(*claims[i]);
		void *p = exo_arena_get(&arena, size);

		if (claims[i]->n == 0)
			continue; /* a field that each packet has */
		sp_wire_write(*claims[i], p);
		args = world_bind_args(&a, &img);
		args.key = k;
		args.mode = EXO_BIND_EXCLUSIVE;
		args.claim = (struct exo_span){ (uintptr_t)p, size, 0 };
		ck_assert_int_eq(exo_call(core, a.name, EXO_CALL_BIND_NR, &args,
		                     sizeof(args)),
		    want[i]);
	}
	flt_image_free(&img);
}
END_TEST

START_TEST(a_claim_outside_shows_a_packet)
{
	struct exo_key k = grant(&a, EXO_RIGHT_ALL, "udp dst port 53");

	ck_assert_int_eq(
	    exclusive(&a, &k, "udp and dst portrange 53-54"), -EXO_EOUTSIDE);
	ck_assert(witness_in("udp dst port 54"));
	ck_assert_int_eq(exclusive(&a, &k, "any"), -EXO_EOUTSIDE);
	ck_assert(witness_in("not udp dst port 53"));
	ck_assert_uint_eq(((const struct exo_witness *)seen)->flaws, 0);
	ck_assert_int_eq(
	    exclusive(&a, &k, "udp dst port 53 and host 10.0.0.1"), 0);
	ck_assert_int_eq(exclusive(&a, &k, "none"), 0);
}
END_TEST

/* --- exclusive claims are apart -------------------------------------------------- */

START_TEST(whose_it_is_decides_who_came_first)
{
	const struct exo_witness *x = (const void *)seen;
	uint64_t first;

	ck_assert_int_eq(bind_as(&a, &a.key, EXO_BIND_EXCLUSIVE,
	                     "dst host 10.0.0.0/8", &first),
	    0);
	ck_assert_int_eq(
	    exclusive(&b, &b.key, "tcp dst port 80"), -EXO_ECONFLICT);
	ck_assert(witness_in("tcp dst port 80 and dst host 10.0.0.0/8"));
	ck_assert_uint_eq(x->other, first);
	ck_assert_uint_eq(x->tag, 4711);
	/* without the right to be told, only the packet */
	struct exo_key quiet = grant(&b, NO_TELL, "any");

	ck_assert_int_eq(
	    exclusive(&b, &quiet, "tcp dst port 80"), -EXO_ECONFLICT);
	ck_assert(witness_in("tcp dst port 80 and dst host 10.0.0.0/8"));
	ck_assert_uint_eq(x->other, 0);
	ck_assert_uint_eq(x->tag, 0);
	ck_assert_int_eq(
	    bind_as(&b, &b.key, EXO_BIND_FIRST, NULL, NULL), -EXO_ECONFLICT);
	ck_assert_int_eq(exclusive(&b, &b.key, "dst host 11.0.0.0/8"), 0);
	ck_assert_int_eq(exclusive(&b, &b.key, "arp"), 0);
	/* the same owner may; a copy is another matter; so are other links */
	ck_assert_int_eq(exclusive(&a, &a.key, "dst host 10.1.0.0/16"), 0);
	ck_assert_int_eq(bind_as(&b, &b.key, EXO_BIND_TAP, NULL, NULL), 0);
	ck_assert_int_eq(
	    exclusive(&b, &b.key, "link = 101 and dst host 10.0.0.1"), 0);
}
END_TEST

START_TEST(those_that_share_do_not_exclude)
{
	ck_assert_int_eq(bind_as(&a, &a.key, EXO_BIND_FIRST, NULL, NULL), 0);
	ck_assert_int_eq(bind_as(&b, &b.key, EXO_BIND_FIRST, NULL, NULL), 0);
	ck_assert_int_eq(exclusive(&b, &b.key, "arp"), -EXO_ECONFLICT);
}
END_TEST

START_TEST(what_is_withdrawn_is_free)
{
	struct exo_key k = grant(&a, EXO_RIGHT_ALL, "udp");
	struct exo_call_unbind u;

	ck_assert_int_eq(
	    bind_as(&a, &k, EXO_BIND_EXCLUSIVE, NULL, &u.binding), 0);
	ck_assert_int_eq(exclusive(&a, &k, NULL), 0);
	ck_assert_int_eq(exclusive(&b, &b.key, "udp"), -EXO_ECONFLICT);
	ck_assert_int_eq(
	    exo_call(core, a.name, EXO_CALL_UNBIND_NR, &u, sizeof(u)), 0);
	ck_assert_int_eq(exclusive(&b, &b.key, "udp"), -EXO_ECONFLICT);
	ck_assert_int_eq(revoke(&k), 0);
	ck_assert_int_eq(exclusive(&b, &b.key, "udp"), 0);
	ck_assert_int_eq(exclusive(&a, &k, NULL), -EXO_ESTALE);
}
END_TEST

/* Claims of numbers, of several, of none: who is in whose way is what the
 * algebra says of each pair, while claims come and go. */
#define NEAR_CLAIMS 150

/* A text, with numbers for its marks. */
static const char *some_claim(struct spacegen *g)
{
	static const char *const how[] = { "dst host 10.0.0.#",
		"udp dst port #", "src host 10.0.0.# and tcp",
		"dst host 10.0.0.# and udp dst port #", "dst port #",
		"dst host 10.0.0.# or dst host 10.0.0.#",
		"ip6.dst2 = # and ip6.src2 = #", "vlan #",
		"dst net 10.0.#.0/24", "eth.dst = #", "ip.ttl = #",
		"tci0 = # and sport = #" };
	static char text[128];
	size_t n = 0;

	for (const char *p = how[sg_below(g, 12)]; *p != '\0'; p++) {
		if (*p == '#')
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%u",
			    1 + sg_below(g, 12));
		else
			text[n++] = *p;
	}
	text[n] = '\0';
	return text;
}

START_TEST(near_claims_are_found)
{
	struct spacegen g = { .seed = 4 };
	struct sp_region r[NEAR_CLAIMS];
	uint64_t name[NEAR_CLAIMS], mine;
	uint32_t n = 0, refused = 0;

	for (uint32_t i = 0; i < 700; i++) {
		struct sp_work w = { &arena, 10000000, &sp_packets, NULL,
			NULL };
		const char *text = some_claim(&g);
		struct sp_region x = region(text);
		struct exo_call_unbind u;
		int want = 0, got;

		if (n < NEAR_CLAIMS && sg_below(&g, 2) == 0) {
			r[n] = x;
			ck_assert_int_eq(bind_as(&a, &a.key, EXO_BIND_EXCLUSIVE,
			                     text, &name[n]),
			    0);
			n++;
			continue;
		}
		for (uint32_t k = 0; k < n && want == 0; k++)
			want = sp_overlap(&w, x, r[k], NULL);
		got = bind_as(&b, &b.key, EXO_BIND_EXCLUSIVE, text, &mine);
		ck_assert_msg(got == (want != 0 ? -EXO_ECONFLICT : 0),
		    "%s: %d, not %d", text, got, want);
		refused += got != 0;
		u.binding = got == 0 ? mine : name[--n];
		ck_assert_int_eq(exo_call(core, got == 0 ? b.name : a.name,
		                     EXO_CALL_UNBIND_NR, &u, sizeof(u)),
		    0);
	}
	ck_assert_uint_gt(refused, 100);
}
END_TEST

/* --- delegation --------------------------------------------------------------- */

START_TEST(lesser_keys_are_inside)
{
	struct exo_key k = grant(&a, EXO_RIGHT_ALL, "tcp or udp"), less, none;

	ck_assert_int_eq(
	    derive(&b, &k, EXO_RIGHT_ALL, "udp portrange 1-9", &less), 0);
	ck_assert_uint_ne(less.region, k.region);
	ck_assert_int_eq(
	    derive(&b, &k, EXO_RIGHT_ALL, "udp or sctp", &none), -EXO_EOUTSIDE);
	ck_assert(witness_in("sctp"));
	ck_assert_int_eq(
	    derive(&b, &less, EXO_RIGHT_ALL, "udp", &none), -EXO_EOUTSIDE);
	ck_assert(witness_in("udp and not udp portrange 1-9"));
	ck_assert_int_eq(exclusive(&b, &less, "tcp"), -EXO_EOUTSIDE);
	ck_assert_int_eq(exclusive(&b, &less, "udp src port 7"), 0);
}
END_TEST

START_TEST(what_is_lent_cannot_be_bound)
{
	struct exo_key k = grant(&a, EXO_RIGHT_ALL, "udp"), lent, tap;

	ck_assert_int_eq(derive(&b, &k, EXO_RIGHT_TAP, "udp", &tap), 0);
	ck_assert_int_eq(
	    derive(&b, &k, EXO_RIGHT_EXCLUSIVE, "udp dst port 53", &lent), 0);
	ck_assert_int_eq(exclusive(&a, &k, NULL), -EXO_ELENT);
	ck_assert(witness_in("udp dst port 53"));
	ck_assert_int_eq(
	    bind_as(&a, &k, EXO_BIND_FIRST, "dst port 53 and udp", NULL),
	    -EXO_ELENT);
	ck_assert_int_eq(exclusive(&a, &k, "udp dst port 54"), 0);
	ck_assert_int_eq(bind_as(&a, &k, EXO_BIND_TAP, NULL, NULL), 0);
	ck_assert_int_eq(exclusive(&b, &lent, NULL), 0);
	ck_assert_int_eq(revoke(&lent), 0);
	ck_assert_int_eq(exclusive(&a, &k, NULL), 0);
}
END_TEST

START_TEST(the_first_of_siblings_wins)
{
	struct exo_key k = grant(&a, EXO_RIGHT_ALL, "udp"), x, y;

	ck_assert_int_eq(derive(&a, &k, EXO_RIGHT_ALL, NULL, &x), 0);
	ck_assert_int_eq(
	    derive(&b, &k, EXO_RIGHT_ALL, "udp dst port 53", &y), 0);
	ck_assert_int_eq(exclusive(&a, &x, NULL), 0);
	ck_assert_int_eq(exclusive(&b, &y, NULL), -EXO_ECONFLICT);
}
END_TEST

/* --- bombs and damage --------------------------------------------------------- */

START_TEST(bombs_are_refused)
{
	struct exo_region_hdr *h =
	    calloc(1, sizeof(*h) + 4096 * sizeof(struct exo_atom));
	struct exo_atom *atom = (void *)(h + 1);
	struct exo_call_derive args = { .key = a.key, .rights = EXO_RIGHT_ALL };
	struct exo_core_stat before, after;
	uint32_t n = 0;
	int err;

	/* 1,024 cubes of single bits, all of them different: what is outside
	 * has more cubes than there is memory */
	for (uint32_t i = 0; i < 1024; i++)
		for (uint32_t k = 0; k < 4; k++)
			atom[n++] = (struct exo_atom){ i,
				(uint16_t)(SP_SPORT + (k & 1)), 0,
				UINT64_C(1) << (i * 7 + k * 5) % 16,
				(i >> k & 1) << (i * 7 + k * 5) % 16, 0,
				UINT64_MAX };
	*h = (struct exo_region_hdr){ EXO_REGION_VERSION, 1024, n, 0 };
	args.region = (struct exo_span){ (uintptr_t)h,
		(uint32_t)(sizeof(*h) + n * sizeof(*atom)), 0 };
	exo_core_stat(core, &before);
	err = exo_call(core, a.name, EXO_CALL_DERIVE_NR, &args, sizeof(args));
	ck_assert_int_eq(err, 0);
	args.key = args.out_key;
	for (uint32_t i = 0; i < n; i++)
		atom[i].field ^= 1;
	err = exo_call(core, a.name, EXO_CALL_DERIVE_NR, &args, sizeof(args));
	ck_assert(err == -EXO_EBUDGET || err == -EXO_EOUTSIDE || err == 0);
	exo_core_stat(core, &after);
	ck_assert_uint_lt(after.mem, before.mem + (1u << 20));
	free(h);
}
END_TEST

START_TEST(damaged_regions_are_refused)
{
	struct exo_span good = span("udp dst port 53 and host 10.0.0.1");
	uint8_t *bytes = (uint8_t *)(uintptr_t)good.at;
	struct exo_call_derive args = { .key = a.key };
	struct exo_region_hdr *h = (void *)bytes;
	struct exo_atom *atom = (void *)(h + 1);

#define REFUSED(how, back)                                                  \
	do {                                                                \
		args.region = good;                                         \
		how;                                                        \
		ck_assert_int_lt(exo_call(core, a.name, EXO_CALL_DERIVE_NR, \
		                     &args, sizeof(args)),                  \
		    0);                                                     \
		back;                                                       \
	} while (0)
	REFUSED(h->version++, h->version--);
	REFUSED(h->ncubes--, h->ncubes++);
	REFUSED(h->natoms++, h->natoms--);
	REFUSED(h->zero++, h->zero--);
	REFUSED(atom->field = SP_FIELDS, atom->field = 0);
	REFUSED(atom->absent = 2, atom->absent = 0);
	REFUSED(atom[1].cube = 9, atom[1].cube = 0);
	REFUSED(args.region.size--, (void)0);
	REFUSED(args.region.size += 8, (void)0);
	REFUSED(args.region.size = 0, (void)0);
	REFUSED(args.region.size = UINT32_MAX, (void)0);
	REFUSED(args.region.zero = 1, (void)0);
	REFUSED(args.witness.zero = 1, args.witness.zero = 0);
	REFUSED(
	    (args.witness.at = 8, args.witness.size = 8), args.witness.at = 0);
#undef REFUSED
}
END_TEST

/* --- packets ------------------------------------------------------------------ */

#define MODELS 24

static const char *const claims[] = { "any", "tcp", "udp", "ip6", "arp",
	"udp dst port 53", "frag = 2", "vlan", "dst net 10.0.0.0/8",
	"caplen = 60", "ip.ttl in 0-63", "no proto", "sport in 0-1023",
	"ip and not tcp", "type0 = 0x86dd or l4.0 & 1 = 1", "none" };

#define NCLAIMS (sizeof(claims) / sizeof(claims[0]))

struct model {
	const struct world_env *e;
	uint64_t name;
	uint32_t mode, born, claim;
	int32_t priority;
	uint64_t matched;
};

static int by_order(const void *x, const void *y)
{
	const struct model *p = x, *q = y;

	if (p->priority != q->priority)
		return p->priority > q->priority ? -1 : 1;
	return p->born < q->born ? -1 : 1;
}

/* What a packet does to the models, in order; returns how many take it. */
static uint32_t foretell(struct model *m, unsigned n, const struct sp_region *r,
    const struct sp_view *v)
{
	bool owned = false, gone = false;
	uint32_t taken = 0;

	for (unsigned k = 0; k < n && !gone; k++) {
		if ((owned && m[k].mode != EXO_BIND_TAP) ||
		    !sp_region_has(r[m[k].claim], v))
			continue;
		m[k].matched++;
		taken++;
		owned |= m[k].mode == EXO_BIND_EXCLUSIVE;
		gone = m[k].mode == EXO_BIND_FIRST;
	}
	return taken;
}

/* Bind what may be bound; returns how many that was. */
static unsigned bind_some(struct spacegen *g, struct model *m)
{
	struct exo_key keys[4][2];
	struct flt_image img = world_image(ACCEPT, EXO_PROG_SOCKET);
	unsigned n = 0;

	for (int i = 0; i < 2; i++) {
		const struct world_env *e = i == 0 ? &a : &b;

		keys[0][i] = e->key;
		keys[1][i] = grant(e, EXO_RIGHT_ALL, "ip or ip6 or arp");
		keys[2][i] = grant(e, EXO_RIGHT_ALL, "caplen < 100");
		ck_assert_int_eq(derive(e, &keys[1][i], EXO_RIGHT_ALL,
		                     "udp or tcp", &keys[3][i]),
		    0);
	}
	for (unsigned i = 0; i < MODELS; i++) {
		const struct world_env *e = sg_below(g, 2) == 0 ? &a : &b;
		struct exo_call_bind args = world_bind_args(e, &img);

		m[n] = (struct model){ .e = e,
			.mode = 1 + sg_below(g, 3),
			.born = i,
			.priority = (int32_t)sg_below(g, 3),
			.claim = sg_below(g, NCLAIMS) };
		args.key = keys[sg_below(g, 4)][e == &b];
		args.mode = m[n].mode;
		args.priority = m[n].priority;
		args.claim = span(claims[m[n].claim]);
		if (exo_call(core, e->name, EXO_CALL_BIND_NR, &args,
		        sizeof(args)) == 0)
			m[n++].name = args.out_binding;
	}
	flt_image_free(&img);
	qsort(m, n, sizeof(m[0]), by_order);
	return n;
}

/* A filter that accepts everything gets what is in its claim, and nothing else;
 * what an exclusive one took its owner's later ones do not get. */
START_TEST(filters_run_inside_their_claims)
{
	/* by index, and by asking all */
	const struct exo_core_config cfg = { .linear =
		                                 _i % 2 == 0 ? 1 : UINT32_MAX };
	struct spacegen g = { .seed = 99 + (uint64_t)_i / 2 };
	struct model m[MODELS];
	struct sp_region r[NCLAIMS];
	uint8_t buf[SG_PACKET_MAX];
	unsigned n;

	world_end(core);
	core = world_new_as(&cfg);
	world_env(core, &a, 0);
	world_env(core, &b, 0);
	n = bind_some(&g, m);
	ck_assert_uint_gt(n, 2);
	for (unsigned i = 0; i < NCLAIMS; i++)
		r[i] = region(claims[i]);
	for (unsigned i = 0; i < 3000; i++) {
		struct sp_packet p = sg_packet(&g, buf);
		struct exo_pkt pkt = { .data = buf,
			.caplen = p.caplen,
			.wirelen = p.len,
			.linktype = 1 };
		struct sp_view v;

		p.link = 1;
		sp_parse(&p, &v);
		exo_ingest(core, &pkt, 1);
		ck_assert_uint_eq(pkt.matched, foretell(m, n, r, &v));
	}
	for (unsigned k = 0; k < n; k++)
		ck_assert_uint_eq(
		    world_stat(core, m[k].e, m[k].name).matched, m[k].matched);
}
END_TEST

#define MANY 200u
#define EACH 40u

/* A packet is in more cubes than there is room to find them all: each binding
 * is asked once, in order. */
START_TEST(a_packet_in_many_cubes_of_many_bindings)
{
	const struct exo_pkt ping = {
		.data = seen, .caplen = 60, .wirelen = 60, .linktype = 1
	};
	uint64_t name[MANY], first;
	char text[EACH * 20 + 1];
	struct exo_pkt pkt = ping;
	size_t n = 0;

	for (uint32_t k = 0; k < EACH; k++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%slen in %u-1000", k == 0 ? "" : " or ", k + 1);
	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < MANY; i++)
		ck_assert_int_eq(
		    bind_as(&a, &a.key, EXO_BIND_TAP, text, &name[i]), 0);
	exo_ingest(core, &pkt, 1);
	ck_assert_uint_eq(pkt.matched, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		struct exo_bind_stat st = world_stat(core, &a, name[i]);

		ck_assert_uint_eq(st.matched, 1);
		ck_assert_uint_eq(st.evaluated, 1);
	}
	/* it is the youngest, so that it takes it from nobody */
	ck_assert_int_eq(bind_as(&a, &a.key, EXO_BIND_FIRST, text, &first), 0);
	exo_ingest(core, &pkt, 1);
	ck_assert_uint_eq(pkt.matched, MANY + 1);
}
END_TEST

Suite *t_authority_suite(void)
{
	Suite *s = suite_create("authority");
	TCase *t = tcase_create("authority");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, claims_stay_inside_in_every_field, 0, SP_FIELDS);
	tcase_add_test(t, a_claim_outside_shows_a_packet);
	tcase_add_test(t, whose_it_is_decides_who_came_first);
	tcase_add_test(t, those_that_share_do_not_exclude);
	tcase_add_test(t, near_claims_are_found);
	tcase_add_test(t, what_is_withdrawn_is_free);
	tcase_add_test(t, lesser_keys_are_inside);
	tcase_add_test(t, what_is_lent_cannot_be_bound);
	tcase_add_test(t, the_first_of_siblings_wins);
	tcase_add_test(t, bombs_are_refused);
	tcase_add_test(t, damaged_regions_are_refused);
	tcase_add_test(t, a_packet_in_many_cubes_of_many_bindings);
	tcase_add_loop_test(t, filters_run_inside_their_claims, 0, 8);
	suite_add_tcase(s, t);
	return s;
}
