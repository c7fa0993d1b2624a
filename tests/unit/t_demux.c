/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demultiplexer against a model: each binding asked about each packet
 * alone, in order, under churn; and rings that fill up.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/core.h"
#include "tests/support/world.h"

static struct exo_core *core;

static void setup(void)
{
	core = world_new();
}

static void teardown(void)
{
	world_end(core);
}

static uint64_t rnd_state = 42;

static uint32_t rnd(uint32_t below)
{
	rnd_state = rnd_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(rnd_state >> 33) % below;
}

/* A binding of the model: takes packets whose byte `at` is below `limit`. */
struct model {
	uint64_t name;
	uint32_t env, linktype, at, limit, snap, mode;
	int32_t priority;
	uint64_t born;
	struct exo_bind_stat stat;
};

#define MODELS 300
#define ENVS   3

static struct model models[MODELS];
static unsigned nmodels;
static struct world_env envs[ENVS];

/* What a libOS must read, in order. */
struct expect {
	uint64_t binding, packet;
	uint32_t len;
};
static struct expect want[ENVS][200000];
static unsigned nwant[ENVS], ngot[ENVS];

static void model_bind(uint64_t born)
{
	struct model *m = &models[nmodels++];
	char text[160];

	*m = (struct model){ .env = rnd(ENVS),
		.linktype = 1 + rnd(2),
		.at = rnd(6),
		.limit = rnd(256),
		.snap = rnd(3) * 40,
		.mode = rnd(4) == 0 ? EXO_BIND_FIRST : EXO_BIND_TAP,
		.priority = (int32_t)rnd(5) - 2,
		.born = born };
	snprintf(text, sizeof(text),
	    "r6 = r1\nr0 = *(u8 *)skb[%u]\nif w0 < %u goto yes\nr0 = 0\n"
	    "exit\nyes:\nr0 = 60\nexit\n",
	    m->at, m->limit);
	struct flt_image img = world_image(text, EXO_PROG_SOCKET);
	struct exo_call_bind a = world_bind_args(&envs[m->env], &img);

	a.linktype = m->linktype;
	a.mode = m->mode;
	a.snap = m->snap;
	a.priority = m->priority;
	a.tag = born;
	ck_assert_int_eq(
	    exo_call(core, envs[m->env].name, EXO_CALL_BIND_NR, &a, sizeof(a)),
	    0);
	m->name = a.out_binding;
	flt_image_free(&img);
}

static bool all_asked; /* whether the demultiplexer is the linear one */

static void model_check(const struct model *m)
{
	struct exo_bind_stat st = world_stat(core, &envs[m->env], m->name);

	if (all_asked)
		ck_assert_uint_eq(st.evaluated, m->stat.evaluated);
	else
		ck_assert_uint_le(st.evaluated, m->stat.evaluated);
	ck_assert_uint_eq(st.matched, m->stat.matched);
	ck_assert_uint_eq(st.matched_bytes, m->stat.matched_bytes);
	ck_assert_uint_eq(st.delivered, m->stat.matched);
	ck_assert_uint_eq(st.dropped, 0);
	ck_assert_uint_eq(st.differed, 0);
	ck_assert_uint_eq(st.first_ns, m->stat.first_ns);
	ck_assert_uint_eq(st.last_ns, m->stat.last_ns);
}

static void model_unbind(unsigned i)
{
	struct exo_call_unbind u = { .binding = models[i].name };

	model_check(&models[i]);
	ck_assert_int_eq(exo_call(core, envs[models[i].env].name,
	                     EXO_CALL_UNBIND_NR, &u, sizeof(u)),
	    0);
	models[i] = models[--nmodels];
}

/* The next binding to ask after `m` (NULL: the first). */
static struct model *model_next(const struct model *m, uint32_t linktype)
{
	struct model *best = NULL;

	for (unsigned i = 0; i < nmodels; i++) {
		struct model *c = &models[i];

		if (c->linktype != linktype)
			continue;
		if (m != NULL &&
		    (c->priority > m->priority ||
		        (c->priority == m->priority && c->born <= m->born)))
			continue;
		if (best == NULL || c->priority > best->priority ||
		    (c->priority == best->priority && c->born < best->born))
			best = c;
	}
	return best;
}

static uint32_t model_packet(const struct exo_pkt *p, uint64_t number)
{
	struct model *m = NULL;
	uint32_t taken = 0;

	while ((m = model_next(m, p->linktype)) != NULL) {
		m->stat.evaluated++;
		if (m->at >= p->caplen || p->data[m->at] >= m->limit)
			continue;
		if (m->stat.matched++ == 0)
			m->stat.first_ns = p->time_ns;
		m->stat.last_ns = p->time_ns;
		m->stat.matched_bytes += p->wirelen;
		taken++;
		if (m->snap != 0) {
			uint32_t len = m->snap < 60 ? m->snap : 60;

			want[m->env][nwant[m->env]++] =
			    (struct expect){ m->name, number,
				    len < p->caplen ? len : p->caplen };
		}
		if (m->mode == EXO_BIND_FIRST)
			break;
	}
	return taken;
}

static const uint8_t *batch_data; /* 64 bytes a packet */
static uint64_t batch_first;

static void see(void *user, const struct exo_rec *rec, const uint8_t *data)
{
	uint32_t e = *(uint32_t *)user;
	const struct expect *x = &want[e][ngot[e]++];

	ck_assert_uint_le(ngot[e], nwant[e]);
	ck_assert_uint_eq(rec->packet, x->packet);
	ck_assert_uint_eq(rec->binding, x->binding);
	ck_assert_uint_eq(rec->len, x->len);
	ck_assert_mem_eq(
	    data, batch_data + 64 * (rec->packet - batch_first), rec->len);
}

static void ingest(uint64_t *packets)
{
	static uint8_t data[200][64];
	struct exo_pkt pkts[200];
	uint32_t n = 1 + rnd(200), taken[200];

	for (uint32_t i = 0; i < n; i++) {
		for (int k = 0; k < 64; k++)
			data[i][k] = (uint8_t)rnd(256);
		pkts[i] = (struct exo_pkt){ .data = data[i],
			.caplen = rnd(65),
			.wirelen = 64 + rnd(100),
			.time_ns = 1000 * (*packets + i),
			.linktype = rnd(10) == 0 ? 1 + rnd(3) : 1,
			.matched = 77 };
		taken[i] = 0;
	}
	for (uint32_t i = 0; i < n; i++)
		taken[i] = model_packet(&pkts[i], *packets + i);
	batch_data = data[0];
	batch_first = *packets;
	exo_ingest(core, pkts, n);
	*packets += n;
	for (uint32_t i = 0; i < n; i++)
		ck_assert_uint_eq(pkts[i].matched, taken[i]);
	for (uint32_t e = 0; e < ENVS; e++) {
		ck_assert_int_ge(lnet_tap_poll(&envs[e].tap, see, &e), 0);
		ck_assert_uint_eq(ngot[e], nwant[e]);
		ngot[e] = nwant[e] = 0;
	}
}

START_TEST(equals_asking_each_binding_about_each_packet)
{
	uint64_t packets = 0, born = 0;
	/* by index where they are many; always; never */
	static const uint32_t linear[] = { 0, 1, UINT32_MAX };
	const struct exo_core_config cfg = { .linear = linear[_i] };
	struct exo_core_stat st;

	world_end(core);
	core = world_new_as(&cfg);
	all_asked = linear[_i] == UINT32_MAX;
	for (uint32_t e = 0; e < ENVS; e++)
		world_env(core, &envs[e], 1u << 24);
	for (int round = 0; round < 120; round++) {
		uint32_t churn = rnd(8);

		while (churn-- > 0) {
			if (nmodels > 20 && rnd(3) == 0)
				model_unbind(rnd(nmodels));
			else if (nmodels < MODELS)
				model_bind(born++);
		}
		ingest(&packets);
	}
	exo_core_stat(core, &st);
	ck_assert_uint_eq(st.packets, packets);
	ck_assert_uint_eq(st.bindings, nmodels);
	while (nmodels > 0)
		model_unbind(0);
	for (uint32_t e = 0; e < ENVS; e++)
		world_env_free(&envs[e]);
}
END_TEST

START_TEST(link_types_have_a_limit)
{
	struct flt_image img = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	struct world_env e;
	int err = 0;
	uint32_t n = 0;

	world_env(core, &e, 0);
	while (err == 0) {
		struct exo_call_bind a = world_bind_args(&e, &img);

		a.linktype = n++;
		err = exo_call(core, e.name, EXO_CALL_BIND_NR, &a, sizeof(a));
	}
	ck_assert_int_eq(err, -EXO_ELIMIT);
	ck_assert_uint_gt(n, 100);
	flt_image_free(&img);
}
END_TEST

/* Link types in which nothing was bound, or is any more, are in nobody's way. */
START_TEST(link_types_that_nobody_uses_are_forgotten)
{
	struct flt_image img = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
	struct world_env e;

	world_env(core, &e, 0);
	for (uint32_t n = 0; n < 1000; n++) {
		struct exo_call_bind a = world_bind_args(&e, &img);
		struct exo_call_unbind u;
		int err;

		a.linktype = n;
		a.image_size -= n % 2;
		err = exo_call(core, e.name, EXO_CALL_BIND_NR, &a, sizeof(a));
		ck_assert_int_eq(err, n % 2 == 0 ? 0 : -EXO_EIMAGE);
		u.binding = a.out_binding;
		if (n % 2 == 0)
			ck_assert_int_eq(exo_call(core, e.name,
			                     EXO_CALL_UNBIND_NR, &u, sizeof(u)),
			    0);
	}
	flt_image_free(&img);
}
END_TEST

static void count(void *user, const struct exo_rec *rec, const uint8_t *data)
{
	(void)data;
	ck_assert_uint_eq(rec->packet, *(uint64_t *)user);
	++*(uint64_t *)user;
}

START_TEST(a_full_ring_drops_and_counts_for_its_owner_only)
{
	static uint8_t data[1000];
	struct world_env stalled, reader;
	struct exo_bind_stat st;
	uint64_t slow, fast, read = 0;

	world_env(core, &stalled, 4096);
	world_env(core, &reader, 4096);
	slow = world_bind(
	    core, &stalled, "r0 = -1\nexit\n", 0, EXO_BIND_TAP, 2000);
	fast =
	    world_bind(core, &reader, "r0 = -1\nexit\n", 0, EXO_BIND_TAP, 2000);
	for (int i = 0; i < 50; i++) {
		struct exo_pkt p = { .data = data,
			.caplen = sizeof(data),
			.wirelen = 1500,
			.linktype = 1 };

		exo_ingest(core, &p, 1);
		ck_assert_uint_eq(p.matched, 2);
		ck_assert_int_eq(lnet_tap_poll(&reader.tap, count, &read), 1);
	}
	st = world_stat(core, &stalled, slow);
	ck_assert_uint_eq(st.matched, 50);
	ck_assert_uint_eq(st.delivered, 3);
	ck_assert_uint_eq(st.dropped, 47);
	ck_assert_uint_eq(stalled.ring->dropped, 47);
	st = world_stat(core, &reader, fast);
	ck_assert_uint_eq(st.delivered, 50);
	ck_assert_uint_eq(st.dropped, 0);
	ck_assert_int_eq(exo_env_end(core, stalled.name), 0);
	ck_assert_int_eq(exo_env_end(core, reader.name), 0);
	world_env_free(&stalled);
	world_env_free(&reader);
}
END_TEST

static void count_bytes(
    void *user, const struct exo_rec *rec, const uint8_t *data)
{
	(void)data;
	*(uint64_t *)user += 1000 + rec->len;
}

/* One that lies nowhere has a record all the same. */
START_TEST(a_packet_without_bytes_is_delivered)
{
	const struct exo_core_config cfg = { .linear = _i == 0 ? 1 : 8 };
	struct exo_pkt p = { .data = NULL, .wirelen = 60, .linktype = 1 };
	struct world_env e;
	uint64_t seen = 0;

	world_end(core);
	core = world_new_as(&cfg);
	world_env(core, &e, 4096);
	for (int i = 0; i < 2; i++)
		world_bind(core, &e, "r0 = -1\nexit\n", 0, EXO_BIND_TAP, 64);
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(p.matched, 2);
	ck_assert_int_eq(lnet_tap_poll(&e.tap, count_bytes, &seen), 2);
	ck_assert_uint_eq(seen, 2000);
	ck_assert_int_eq(exo_env_end(core, e.name), 0);
	world_env_free(&e);
}
END_TEST

static struct lnet_tap upcall_tap;
static uint64_t upcall_read;

static void upcall(void *arg)
{
	ck_assert_int_ge(lnet_tap_poll(&upcall_tap, count, arg), 0);
}

START_TEST(a_consumer_that_runs_on_notify_loses_nothing)
{
	static struct {
		_Alignas(64) struct exo_ring ring;
		uint8_t room[4096];
	} mem;
	static uint8_t data[900];
	struct plat_env space = {
		.on_notify = upcall, .arg = &upcall_read, .size = SIZE_MAX
	};
	struct exo_env_args args = {
		.plat = &space, .ring = &mem.ring, .ring_size = 4096
	};
	struct flt_image img = world_image("r0 = -1\nexit\n", EXO_PROG_SOCKET);
	struct exo_pkt pkts[300];
	struct world_env e = { 0 };

	space.base = NULL; /* the space is this process */
	ck_assert_int_eq(exo_env_new(core, &args, &e.name), 0);
	ck_assert_int_eq(
	    exo_grant(core, e.name, EXO_RIGHT_ALL, NULL, &e.key), 0);
	lnet_tap_init(&upcall_tap, &mem.ring);
	struct exo_call_bind a = world_bind_args(&e, &img);
	a.snap = UINT32_MAX;
	ck_assert_int_eq(
	    exo_call(core, e.name, EXO_CALL_BIND_NR, &a, sizeof(a)), 0);
	for (int i = 0; i < 300; i++)
		pkts[i] = (struct exo_pkt){ .data = data,
			.caplen = sizeof(data),
			.wirelen = 900,
			.linktype = 1 };
	exo_ingest(core, pkts, 300);
	ck_assert_uint_eq(upcall_read, 300);
	ck_assert_uint_eq(world_stat(core, &e, a.out_binding).dropped, 0);
	ck_assert_uint_gt(space.notified, 50);
	flt_image_free(&img);
	ck_assert_int_eq(exo_env_end(core, e.name), 0);
}
END_TEST

/* xdp and tc programs say yes with their own numbers */
static const struct {
	uint32_t type;
	int32_t r0;
	uint32_t matched;
} verdicts[] = {
	{ EXO_PROG_SOCKET, 0, 0 },
	{ EXO_PROG_SOCKET, 1, 1 },
	{ EXO_PROG_SOCKET, -1, 1 },
	{ EXO_PROG_XDP, 0, 0 },
	{ EXO_PROG_XDP, 1, 0 },
	{ EXO_PROG_XDP, 2, 1 },
	{ EXO_PROG_XDP, 3, 0 },
	{ EXO_PROG_XDP, 4, 0 },
	{ EXO_PROG_TC, 0, 1 },
	{ EXO_PROG_TC, -1, 1 },
	{ EXO_PROG_TC, 2, 0 },
	{ EXO_PROG_TC, 7, 0 },
};

START_TEST(verdicts_of_each_program_type)
{
	struct world_env e;
	uint8_t data[60] = { 0 };
	struct exo_pkt p = {
		.data = data, .caplen = 60, .wirelen = 60, .linktype = 1
	};
	char text[64];

	world_env(core, &e, 0);
	snprintf(text, sizeof(text), "r0 = %d\nexit\n", verdicts[_i].r0);
	struct flt_image img = world_image(text, verdicts[_i].type);
	struct exo_call_bind a = world_bind_args(&e, &img);
	ck_assert_int_eq(
	    exo_call(core, e.name, EXO_CALL_BIND_NR, &a, sizeof(a)), 0);
	exo_ingest(core, &p, 1);
	ck_assert_uint_eq(p.matched, verdicts[_i].matched);
	flt_image_free(&img);
}
END_TEST

static uint32_t code_of(uint64_t binding)
{
	uint32_t size = 0;

	return exo_binding_code(core, binding, &size) == NULL ? 0 : size;
}

static void unbind(const struct world_env *e, uint64_t binding)
{
	struct exo_call_unbind u = { .binding = binding };

	ck_assert_int_eq(
	    exo_call(core, e->name, EXO_CALL_UNBIND_NR, &u, sizeof(u)), 0);
}

static uint32_t takers(const uint8_t *data)
{
	struct exo_pkt p = {
		.data = data, .caplen = 60, .wirelen = 60, .linktype = 1
	};

	exo_ingest(core, &p, 1);
	return p.matched;
}

/* The index answers for those whose rules are sure, also when they have become
 * few; the first ones may be asked in order. */
START_TEST(what_is_never_run_has_no_code)
{
	static const char *const ip = "r6 = r1\nr0 = *(u16 *)skb[12]\n"
	                              "if r0 == 0x800 goto +2\n"
	                              "r0 = 0\nexit\nr0 = -1\nexit\n";
	static const char *const sums = "r6 = r1\nr0 = *(u8 *)skb[12]\n"
	                                "r1 = r0\nr0 *= r1\nexit\n";
	const struct exo_core_config cfg = { .linear = 2, .judge = _i == 1 };
	const uint8_t yes[60] = { [12] = 8 }, no[60] = { 0 };
	struct exo_core_stat st;
	struct exo_env_stat own;
	struct world_env e;
	uint64_t b[5];

	world_end(core);
	core = world_new_as(&cfg);
	world_env(core, &e, 0);
	for (int i = 0; i < 5; i++)
		b[i] = world_bind(
		    core, &e, i == 4 ? sums : ip, 0, EXO_BIND_TAP, 0);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(
		    code_of(b[i]) != 0, cfg.judge || i < 2 || i == 4);
	exo_core_stat(core, &st);
	own = world_env_stat(core, &e);
	if (!cfg.judge)
		ck_assert_uint_eq(st.code, code_of(b[0]) * 2 + code_of(b[4]));
	ck_assert_uint_eq(
	    own.code, ((uint64_t)code_of(b[0]) + 63) / 64 * 128 +
	                  (code_of(b[4]) + 63u) / 64 * 64 +
	                  ((uint64_t)code_of(b[2]) + 63) / 64 * 128);
	ck_assert_uint_eq(takers(yes), 5);
	ck_assert_uint_eq(takers(no), 0);
	unbind(&e, b[0]);
	unbind(&e, b[1]);
	unbind(&e, b[4]);
	ck_assert_uint_eq(takers(yes), 2);
	ck_assert_uint_eq(takers(no), 0);
	/* one with code among those without */
	unbind(&e, b[2]);
	b[0] = world_bind(core, &e, ip, 0, EXO_BIND_TAP, 0);
	ck_assert_uint_ne(code_of(b[0]), 0);
	ck_assert_uint_eq(takers(yes), 2);
	ck_assert_uint_eq(world_stat(core, &e, b[0]).matched, 1);
	ck_assert_uint_eq(world_stat(core, &e, b[3]).matched, 3);
	ck_assert_uint_eq(world_stat(core, &e, b[3]).differed, 0);
	ck_assert_int_eq(exo_env_end(core, e.name), 0);
	world_env_free(&e);
}
END_TEST

Suite *t_demux_suite(void)
{
	Suite *s = suite_create("demux");
	TCase *t = tcase_create("demux");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, equals_asking_each_binding_about_each_packet, 0, 3);
	tcase_add_test(t, link_types_have_a_limit);
	tcase_add_test(t, link_types_that_nobody_uses_are_forgotten);
	tcase_add_test(t, a_full_ring_drops_and_counts_for_its_owner_only);
	tcase_add_loop_test(t, a_packet_without_bytes_is_delivered, 0, 2);
	tcase_add_test(t, a_consumer_that_runs_on_notify_loses_nothing);
	tcase_add_loop_test(t, what_is_never_run_has_no_code, 0, 2);
	tcase_add_loop_test(t, verdicts_of_each_program_type, 0,
	    sizeof(verdicts) / sizeof(verdicts[0]));
	suite_add_tcase(s, t);
	return s;
}
