/* SPDX-License-Identifier: BSD-2-Clause */
/* Handlers: what they may send, when, and how much; with a judge and without. */
#include "tests/unit/suites.h"
#include "tests/unit/theft.h"
#include "verifier/verifier.h"

#define BURST 1000u

/* Ethernet, IPv4, UDP from 10.0.0.9 to 10.0.0.5, whose answer goes from there. */
static uint8_t packet[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0,
	0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 9, 10, 0, 0, 5, 0, 53, 0, 99,
	0, 8, 0, 0 };

/* The first 34 bytes are there, then ... */
#define BEGIN                                                              \
	"r9 = r1\nr6 = *(u32 *)(r1 + 0)\nr7 = *(u32 *)(r1 + 4)\nr2 = r6\n" \
	"r2 += 34\nif r2 <= r7 goto there\nr0 = 1\nexit\nthere:\n"
/* ... both addresses change places. */
#define SWAP                                               \
	"r2 = *(u32 *)(r6 + 26)\nr3 = *(u32 *)(r6 + 30)\n" \
	"*(u32 *)(r6 + 30) = r2\n*(u32 *)(r6 + 26) = r3\n"
#define TX   "r0 = 3\nexit\n"
#define PASS "r0 = 2\nexit\n"
#define DROP "r0 = 1\nexit\n"

static uint8_t wire[EXO_TRANSMIT_MAX];
static uint32_t on_wire, times;
static struct plat_env *sender; /* that is expected */
static struct exo_key sends;
static uint64_t bound;

static int send(void *arg, struct plat_env *env, const uint8_t *p, uint32_t n)
{
	(void)arg;
	ck_assert_ptr_eq(env, sender);
	memcpy(wire, p, n);
	on_wire = n;
	times++;
	return 0;
}

static void fresh(int judge)
{
	const struct exo_core_config cfg = { .send = send,
		.judge = judge != 0 };

	end();
	begin(&cfg);
	sends = grant(&thief, "src host 10.0.0.5");
	on_wire = times = 0;
	sender = NULL;
}

static struct exo_call_bind args_for(const struct flt_image *img)
{
	struct exo_call_bind a = world_bind_args(&thief, img);

	a.mode = EXO_BIND_EXCLUSIVE;
	a.flags = EXO_BIND_ASH;
	a.snap = 2000;
	a.send = sends;
	a.claim = span_of(region("dst host 10.0.0.5"));
	return a;
}

static int bind_ash(const char *text, uint32_t type, uint32_t mode)
{
	struct flt_image img = world_image(text, type);
	struct exo_call_bind a = args_for(&img);
	int err;

	a.mode = mode;
	err = exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a));
	bound = a.out_binding;
	flt_image_free(&img);
	return err;
}

static uint32_t ingest_at(uint64_t ns, uint32_t caplen, uint32_t wirelen)
{
	struct exo_pkt p = { .data = packet,
		.caplen = caplen,
		.wirelen = wirelen,
		.time_ns = ns,
		.linktype = 1 };

	exo_ingest(core, &p, 1);
	return p.matched;
}

static uint32_t ingest(void)
{
	return ingest_at(1, sizeof(packet), sizeof(packet));
}

static uint8_t got[2048];
static uint32_t ngot;

static void see(void *user, const struct exo_rec *rec, const uint8_t *data)
{
	(void)user;
	ngot = rec->len;
	memcpy(got, data, rec->len);
}

static int64_t records(void)
{
	return lnet_tap_poll(&thief.tap, see, NULL);
}

static struct exo_bind_stat stat(void)
{
	struct exo_bind_stat st = world_stat(core, &thief, bound);

	ck_assert_uint_eq(st.differed, 0);
	return st;
}

START_TEST(it_answers)
{
	uint8_t want[sizeof(packet)];

	fresh(_i);
	ck_assert_int_eq(
	    bind_ash(BEGIN SWAP TX, EXO_PROG_XDP, EXO_BIND_EXCLUSIVE), 0);
	ck_assert_uint_eq(ingest(), 1);
	memcpy(want, packet, sizeof(want));
	want[29] = 5;
	want[33] = 9;
	ck_assert_uint_eq(on_wire, sizeof(want));
	ck_assert_mem_eq(wire, want, sizeof(want));
	ck_assert_int_eq(records(), 0);
	ck_assert_uint_eq(stat().replied, 1);
	ck_assert_uint_eq(stat().matched, 1);
	ck_assert_uint_eq(stat().withheld, 0);
	ck_assert_uint_eq(packet[29], 9); /* the packet is as it came */
}
END_TEST

/* What goes to the ring is the packet as it came. */
START_TEST(it_passes_or_leaves)
{
	fresh(_i);
	ck_assert_int_eq(
	    bind_ash(BEGIN SWAP PASS, EXO_PROG_XDP, EXO_BIND_EXCLUSIVE), 0);
	ck_assert_uint_eq(ingest(), 1);
	ck_assert_int_eq(records(), 1);
	ck_assert_uint_eq(ngot, sizeof(packet));
	ck_assert_mem_eq(got, packet, sizeof(packet));
	ck_assert_int_eq(unbind(&thief, bound), 0);
	ck_assert_int_eq(
	    bind_ash(BEGIN SWAP DROP, EXO_PROG_XDP, EXO_BIND_EXCLUSIVE), 0);
	ck_assert_uint_eq(ingest(), 0);
	ck_assert_int_eq(records(), 0);
	ck_assert_uint_eq(times, 0);
}
END_TEST

/* Longer than it came: the room before it is the handler's, and it is empty. */
START_TEST(it_may_grow)
{
	static const uint8_t nought[8];

	fresh(_i);
	ck_assert_int_eq(
	    bind_ash("r6 = r1\nr2 = 8\ncall xdp_adjust_tail\n"
	             "r7 = *(u32 *)(r6 + 0)\nr8 = *(u32 *)(r6 + 4)\n"
	             "r2 = r7\nr2 += 34\nif r2 <= r8 goto ok\nr0 = 1\nexit\n"
	             "ok:\n*(u8 *)(r7 + 29) = 5\nr0 = 3\nexit\n",
	        EXO_PROG_XDP, EXO_BIND_FIRST),
	    0);
	ck_assert_uint_eq(ingest(), 1);
	ck_assert_uint_eq(on_wire, sizeof(packet) + 8);
	ck_assert_mem_eq(wire + sizeof(packet), nought, 8);
}
END_TEST

/* --- who may not ---------------------------------------------------------------- */

START_TEST(it_sends_as_nobody_else)
{
	fresh(_i);
	ck_assert_int_eq(
	    bind_ash(BEGIN TX, EXO_PROG_XDP, EXO_BIND_EXCLUSIVE), 0);
	ck_assert_uint_eq(ingest(), 1); /* from 10.0.0.9: not its own */
	ck_assert_uint_eq(times, 0);
	ck_assert_uint_eq(stat().withheld, 1);
	ck_assert_uint_eq(stat().replied, 0);
}
END_TEST

/* What comes too late for its packet does nothing, and neither does a key that is no
 * more. */
START_TEST(it_is_too_late)
{
	struct flt_image img = world_image("r0 = -1\nexit", EXO_PROG_SOCKET);
	struct exo_call_bind a;

	fresh(_i);
	a = world_bind_args(&thief, &img);
	a.mode = EXO_BIND_FIRST;
	a.priority = 9;
	ck_assert_int_eq(
	    bind_ash(BEGIN SWAP TX, EXO_PROG_XDP, EXO_BIND_FIRST), 0);
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a)), 0);
	ck_assert_uint_eq(ingest(), 1);
	ck_assert_uint_eq(times, 0);
	ck_assert_int_eq(unbind(&thief, a.out_binding), 0);
	ck_assert_uint_eq(ingest(), 1);
	ck_assert_uint_eq(times, 1);
	ck_assert_int_eq(revoke(&thief, &sends), 0);
	ck_assert_uint_eq(ingest(), 1);
	ck_assert_uint_eq(times, 1);
	ck_assert_uint_eq(stat().withheld, 1);
	flt_image_free(&img);
}
END_TEST

START_TEST(it_has_a_rate)
{
	fresh(0);
	ck_assert_int_eq(
	    bind_ash(BEGIN SWAP TX, EXO_PROG_XDP, EXO_BIND_EXCLUSIVE), 0);
	for (uint32_t i = 0; i < BURST + 100; i++)
		ck_assert_uint_eq(ingest_at(1000, 60, 60), 1);
	ck_assert_uint_eq(times, BURST);
	ck_assert_uint_eq(stat().withheld, 100);
	/* a hundred thousand a second */
	ck_assert_uint_eq(ingest_at(1000 + 9999, 60, 60), 1);
	ck_assert_uint_eq(times, BURST);
	ck_assert_uint_eq(ingest_at(1000 + 10000, 60, 60), 1);
	ck_assert_uint_eq(times, BURST + 1);
	ck_assert_uint_eq(ingest_at(500, 60, 60), 1); /* time goes back */
	ck_assert_uint_eq(times, BURST + 1);
	for (uint32_t i = 0; i < 50; i++)
		(void)ingest_at(1000 + 10000 + 200000, 60, 60);
	ck_assert_uint_eq(times, BURST + 1 + 20);
}
END_TEST

/* A packet that is not whole cannot be answered. */
START_TEST(what_is_cut_short_goes_to_the_ring)
{
	fresh(_i);
	ck_assert_int_eq(
	    bind_ash(BEGIN SWAP TX, EXO_PROG_XDP, EXO_BIND_EXCLUSIVE), 0);
	ck_assert_uint_eq(ingest_at(1, 50, 60), 1);
	ck_assert_uint_eq(times, 0);
	ck_assert_int_eq(records(), 1);
	ck_assert_uint_eq(ngot, 50);
}
END_TEST

/* It is its owner's, whoever runs. */
START_TEST(whose_it_is_is_said)
{
	struct plat_env plat = { .size = 0 };

	fresh(_i);
	ck_assert_int_eq(
	    bind_ash(BEGIN SWAP TX, EXO_PROG_XDP, EXO_BIND_EXCLUSIVE), 0);
	call_it(&thief, &plat);
	sender = &plat;
	ck_assert_uint_eq(ingest(), 1);
	ck_assert_uint_eq(times, 1);
	call_it(&thief, NULL);
}
END_TEST

START_TEST(arguments_are_looked_at)
{
	const struct exo_core_config plain = { 0 };
	struct exo_call_derive weak = { .rights = EXO_RIGHT_TAP };
	struct flt_image img = world_image(BEGIN SWAP TX, EXO_PROG_XDP);
	struct exo_call_bind a;

	fresh(0);
	ck_assert_int_eq(
	    bind_ash(BEGIN TX, EXO_PROG_XDP, EXO_BIND_TAP), -EXO_EINVAL);
	ck_assert_int_eq(
	    bind_ash("r0 = 1\nexit", EXO_PROG_SOCKET, EXO_BIND_EXCLUSIVE),
	    -EXO_EINVAL);
	a = args_for(&img);
	a.linktype = 101;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a)),
	    -EXO_EINVAL);
	a.linktype = 1;
	weak.key = sends;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_DERIVE_NR, &weak, sizeof(weak)),
	    0);
	a.send = weak.out_key;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a)),
	    -EXO_EPERM);
	a.send = sends;
	a.send.mac[0] ^= 1;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a)),
	    -EXO_EBADKEY);
	/* without the flag nobody writes */
	a.send = sends;
	a.flags = 0;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a)),
	    -EXO_EREFUSED);
	end();
	begin(&plain);
	sends = grant(&thief, "src host 10.0.0.5");
	ck_assert_int_eq(
	    bind_ash(BEGIN TX, EXO_PROG_XDP, EXO_BIND_EXCLUSIVE), -EXO_ENOSYS);
	flt_image_free(&img);
}
END_TEST

Suite *t_ash_suite(void)
{
	Suite *s = suite_create("ash");
	TCase *t = tcase_create("ash");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, it_answers, 0, 2);
	tcase_add_loop_test(t, it_passes_or_leaves, 0, 2);
	tcase_add_loop_test(t, it_may_grow, 0, 2);
	tcase_add_loop_test(t, it_sends_as_nobody_else, 0, 2);
	tcase_add_loop_test(t, it_is_too_late, 0, 2);
	tcase_add_test(t, it_has_a_rate);
	tcase_add_loop_test(t, what_is_cut_short_goes_to_the_ring, 0, 2);
	tcase_add_loop_test(t, whose_it_is_is_said, 0, 2);
	tcase_add_test(t, arguments_are_looked_at);
	suite_add_tcase(s, t);
	return s;
}
