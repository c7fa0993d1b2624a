/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that read and change their packet; pointers to what it was. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

#define LEN 64u

static struct tworld t;

static void setup(void)
{
	memset(&t, 0, sizeof(t));
	tworld_new(&t, NULL, 0);
	tworld_pkt(&t, LEN);
}

static void setup_compiled(void)
{
	setup();
	t.compiles = true;
}

static void teardown(void)
{
	tworld_end(&t);
}

static const struct isa_pkt *pkt(void)
{
	return &exo_world_vm(t.w)->pkt;
}

static int64_t tc(const char *text)
{
	return (int64_t)tworld_exit(&t, EXO_PROG_TC, text);
}

static int64_t xdp(const char *text)
{
	return (int64_t)tworld_exit(&t, EXO_PROG_XDP, text);
}

static void read_only(void)
{
	static uint8_t bytes[LEN];
	struct isa_pkt p = { bytes, LEN, LEN, 0, 0x0800 };

	for (uint32_t i = 0; i < LEN; i++)
		bytes[i] = (uint8_t)i;
	isa_set_pkt(exo_world_vm(t.w), &p);
}

#define LOAD(off, size)                                                 \
	"r2 = " off "\nr3 = r10\nr3 += -8\nr4 = " size "\n*(u64 *)(r3 " \
	"+0) = -1\ncall skb_load_bytes\n"

START_TEST(t_load)
{
	ck_assert_int_eq(tc(LOAD("4", "8") "r0 = *(u64 *)(r10 -8)\nexit"),
	    0x0b0a090807060504);
	ck_assert_int_eq(tc(LOAD("60", "4") "exit"), 0);
	/* Past the end: an error, and zeros. */
	ck_assert_int_eq(tc(LOAD("61", "4") "exit"), -14);
	ck_assert_int_eq(tc(LOAD("61", "4") "r0 = *(u32 *)(r10 -8)\nexit"), 0);
	ck_assert_int_eq(tc(LOAD("-1", "1") "exit"), -14);
	ck_assert_int_eq(tc(LOAD("0x80000000 ll", "1") "exit"), -14);
	ck_assert_int_eq(tc(LOAD("0x7fffffff", "8") "exit"), -14);
	ck_assert_int_eq(
	    tworld_run(&t, EXO_PROG_TC, LOAD("0", "9") "exit"), ISA_END_HELPER);
	/* A load changes nothing. */
	ck_assert_int_eq(tc("r6 = r1\n" LOAD("0", "4") "r0 = *(u32 *)(r6 +76)\n"
	                                               "r0 = *(u8 *)(r0 +9)\n"
	                                               "exit"),
	    9);
}
END_TEST

/* So many bytes, each in its place, and the next one is left alone. */
START_TEST(t_load_sizes)
{
	int n = _i, len, w, at;
	char text[1024];

	for (at = 0; at <= n; at++) {
		len = 0;
		for (w = 1; w <= 9; w++)
			len += snprintf(text + len, sizeof(text) - (size_t)len,
			    "*(u64 *)(r10 -%d) = -1\n", 8 * w);
		snprintf(text + len, sizeof(text) - (size_t)len,
		    "r2 = 1\nr3 = r10\nr3 += -72\nr4 = %d\n"
		    "call skb_load_bytes\nr0 = *(u8 *)(r10 -%d)\nexit",
		    n, 72 - at);
		ck_assert_int_eq(tc(text), at < n ? at + 1 : 0xff);
	}
}
END_TEST

#define STORE(off, size, flags)                             \
	"*(u64 *)(r10 -8) = 0x77\nr2 = " off "\nr3 = r10\n" \
	"r3 += -8\nr4 = " size "\nr5 = " flags "\ncall skb_store_bytes\n"

START_TEST(t_store)
{
	ck_assert_int_eq(tc(STORE("10", "2", "0") "exit"), 0);
	ck_assert_uint_eq(pkt()->data[9], 9);
	ck_assert_uint_eq(pkt()->data[10], 0x77);
	ck_assert_uint_eq(pkt()->data[11], 0);
	ck_assert_uint_eq(pkt()->data[12], 12);
	ck_assert_int_eq(tc(STORE("0", "2", "3") "exit"), 0);
	ck_assert_int_eq(tc(STORE("0", "2", "4") "exit"), -22);
	ck_assert_int_eq(tc(STORE("63", "2", "0") "exit"), -14);
	ck_assert_int_eq(tc(STORE("-1", "2", "0") "exit"), -14);
	read_only();
	ck_assert_int_eq(tc(STORE("0", "2", "0") "exit"), -14);
	ck_assert_uint_eq(pkt()->data[0], 0);
}
END_TEST

/* Direct stores: in tc and xdp, and only with room. */
START_TEST(t_direct)
{
	static const char write_xdp[] = "r2 = *(u32 *)(r1 +0)\n"
	                                "*(u8 *)(r2 +1) = 99\nr0 = 2\nexit";
	static const char write_tc[] = "r2 = *(u32 *)(r1 +76)\n"
	                               "*(u8 *)(r2 +2) = 98\nr0 = 0\nexit";

	ck_assert_int_eq(xdp(write_xdp), 2);
	ck_assert_int_eq(tc(write_tc), 0);
	ck_assert_uint_eq(pkt()->data[1], 99);
	ck_assert_uint_eq(pkt()->data[2], 98);
	ck_assert_int_eq(
	    tworld_run(&t, EXO_PROG_SOCKET, write_tc), ISA_END_STORE);
	read_only();
	ck_assert_int_eq(
	    tworld_run(&t, EXO_PROG_XDP, write_xdp), ISA_END_STORE);
	ck_assert_int_eq(tworld_run(&t, EXO_PROG_TC, write_tc), ISA_END_STORE);
}
END_TEST

/* Every pointer from before a change traps, whatever came of the change, and
 * those taken after it do not. */
START_TEST(t_stale)
{
	static const char *const changes[] = {
		STORE("10", "2", "0"),
		STORE("99", "2", "0"), /* fails */
		"r2 = 0\nr3 = 1\ncall skb_vlan_push\n",
		"call skb_vlan_pop\n",
	};
	static const char *const xdp_changes[] = {
		"r2 = 0\ncall xdp_adjust_head\n",
		"r2 = 8\ncall xdp_adjust_head\n",
		"r2 = -1000\ncall xdp_adjust_head\n", /* fails */
		"r2 = -4\ncall xdp_adjust_meta\n",
		"r2 = -4\ncall xdp_adjust_tail\n",
	};
	char text[600];

	for (unsigned i = 0; i < 9; i++) {
		bool is_tc = i < 4;
		uint32_t type = is_tc ? EXO_PROG_TC : EXO_PROG_XDP;
		const char *change = is_tc ? changes[i] : xdp_changes[i - 4];
		unsigned off = is_tc ? 76 : 0;

		tworld_pkt(&t, LEN);
		snprintf(text, sizeof(text),
		    "r6 = r1\nr7 = *(u32 *)(r1 +%u)\n%s"
		    "r0 = *(u8 *)(r7 +0)\nexit",
		    off, change);
		ck_assert_int_eq(tworld_run(&t, type, text), ISA_END_LOAD);
		snprintf(text, sizeof(text),
		    "r6 = r1\nr7 = *(u32 *)(r1 +%u)\n%sr1 = r6\n%s"
		    "r7 = *(u32 *)(r6 +%u)\nr0 = *(u8 *)(r7 +0)\n"
		    "*(u8 *)(r7 +0) = 1\nr8 = *(u32 *)(r6 +%u)\n"
		    "r8 -= r7\nr0 = r8\nexit",
		    off, change, change, off, off + 4);
		ck_assert_int_eq(tworld_run(&t, type, text), ISA_END_EXIT);
		ck_assert_uint_eq(t.r0, pkt()->caplen);
	}
}
END_TEST

/* The end of the packet is the end also after it moved. */
START_TEST(t_moved_bounds)
{
	ck_assert_int_eq(tworld_run(&t, EXO_PROG_XDP,
	                     "r6 = r1\nr2 = 8\ncall xdp_adjust_head\n"
	                     "r7 = *(u32 *)(r6 +4)\nr0 = *(u8 *)(r7 +0)\nexit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(tworld_run(&t, EXO_PROG_XDP,
	                     "r6 = r1\nr2 = 8\ncall xdp_adjust_head\n"
	                     "r7 = *(u32 *)(r6 +0)\nr0 = *(u8 *)(r7 -1)\nexit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(xdp("r6 = r1\nr2 = 8\ncall xdp_adjust_head\n"
	                     "r7 = *(u32 *)(r6 +4)\nr0 = *(u8 *)(r7 -1)\nexit"),
	    63);
	/* Read-only stays so. */
	read_only();
	ck_assert_int_eq(tworld_run(&t, EXO_PROG_XDP,
	                     "r6 = r1\nr2 = 0\ncall xdp_adjust_head\n"
	                     "r7 = *(u32 *)(r6 +0)\n*(u8 *)(r7 +0) = 1\nexit"),
	    ISA_END_STORE);
}
END_TEST

#define HEAD(by) "r6 = r1\nr2 = " by "\ncall xdp_adjust_head\n"

START_TEST(t_head)
{
	ck_assert_int_eq(xdp(HEAD("8") "exit"), 0);
	ck_assert_uint_eq(pkt()->caplen, LEN - 8);
	ck_assert_uint_eq(pkt()->wirelen, LEN - 8);
	ck_assert_uint_eq(pkt()->data[0], 8);
	ck_assert_int_eq(xdp(HEAD("-8") "exit"), 0);
	ck_assert_uint_eq(pkt()->data[0], 0);
	ck_assert_int_eq(xdp(HEAD("51") "exit"), -22);
	ck_assert_int_eq(xdp(HEAD("50") "exit"), 0);
	ck_assert_uint_eq(pkt()->caplen, 14);
	tworld_pkt(&t, LEN);
	ck_assert_int_eq(xdp(HEAD("-513") "exit"), -22);
	ck_assert_int_eq(xdp(HEAD("-512") "exit"), 0);
	ck_assert_uint_eq(pkt()->caplen, LEN + 512);
	ck_assert_int_eq(xdp(HEAD("0x80000000 ll") "exit"), -22);
	ck_assert_int_eq(xdp(HEAD("0x7fffffff") "exit"), -22);
	/* Without room the packet may still be made shorter. */
	read_only();
	ck_assert_int_eq(xdp(HEAD("-1") "exit"), -22);
	ck_assert_int_eq(xdp(HEAD("4") "r1 = *(u32 *)(r6 +0)\n"
	                               "r0 = *(u8 *)(r1 +0)\nexit"),
	    4);
	tworld_pkt(&t, 13);
	ck_assert_int_eq(xdp(HEAD("0") "exit"), -22);
	tworld_pkt(&t, 0);
	ck_assert_int_eq(xdp(HEAD("0") "exit"), -22);
}
END_TEST

#define META(by) "r6 = r1\nr2 = " by "\ncall xdp_adjust_meta\n"

START_TEST(t_meta)
{
	/* The context shows it, it is before the packet, it may be written. */
	ck_assert_int_eq(
	    xdp(META("-8") "r1 = *(u32 *)(r6 +8)\nr2 = *(u32 *)(r6 +0)\n"
	                   "*(u64 *)(r1 +0) = 0x66\nr0 = r2\nr0 -= r1\nexit"),
	    8);
	/* It moves along with the head. */
	ck_assert_int_eq(
	    xdp(HEAD("4") "r1 = *(u32 *)(r6 +8)\nr0 = *(u64 *)(r1 +0)\nexit"),
	    0x66);
	ck_assert_uint_eq(pkt()->data[0], 4);
	ck_assert_int_eq(tworld_run(&t, EXO_PROG_XDP,
	                     "r1 = *(u32 *)(r1 +8)\nr0 = *(u8 *)(r1 -1)\nexit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(xdp(META("4") "exit"), 0);
	ck_assert_int_eq(xdp(META("8") "exit"), -22);
	ck_assert_int_eq(xdp(META("-2") "exit"), -13);
	ck_assert_int_eq(xdp(META("-252") "exit"), -13);
	ck_assert_int_eq(xdp(META("-248") "exit"), 0);
	ck_assert_int_eq(xdp(META("-1000") "exit"), -22);
	read_only();
	ck_assert_int_eq(xdp(META("-4") "exit"), -22);
	ck_assert_int_eq(xdp(META("0") "exit"), 0);
	/* The head moves no further than metadata has room. */
	tworld_pkt(&t, LEN);
	ck_assert_int_eq(xdp(META("-8") "exit"), 0);
	ck_assert_int_eq(xdp(HEAD("-505") "exit"), -22);
	ck_assert_int_eq(xdp(HEAD("-504") "exit"), 0);
}
END_TEST

#define TAIL(by) "r6 = r1\nr2 = " by "\ncall xdp_adjust_tail\n"

START_TEST(t_tail)
{
	ck_assert_int_eq(xdp(TAIL("-4") "exit"), 0);
	ck_assert_uint_eq(pkt()->caplen, LEN - 4);
	/* What comes back is zero. */
	ck_assert_int_eq(xdp(TAIL("8") "exit"), 0);
	ck_assert_uint_eq(pkt()->caplen, LEN + 4);
	ck_assert_uint_eq(pkt()->wirelen, LEN + 4);
	ck_assert_uint_eq(pkt()->data[59], 59);
	ck_assert(memcmp(pkt()->data + 60, "\0\0\0\0\0\0\0", 8) == 0);
	ck_assert_int_eq(xdp(TAIL("509") "exit"), -22);
	ck_assert_int_eq(xdp(TAIL("508") "exit"), 0);
	ck_assert_int_eq(xdp(TAIL("1") "exit"), -22);
	tworld_pkt(&t, LEN);
	ck_assert_int_eq(xdp(TAIL("-51") "exit"), -22);
	ck_assert_int_eq(xdp(TAIL("-50") "exit"), 0);
	ck_assert_int_eq(xdp(TAIL("0x80000000 ll") "exit"), -22);
	/* how long it is then */
	tworld_pkt(&t, LEN);
	ck_assert_int_eq(xdp(TAIL("-7") "r1 = r6\ncall xdp_get_buff_len\n"
	                                "exit"),
	    LEN - 7);
	read_only();
	ck_assert_int_eq(xdp(TAIL("-4") "exit"), 0);
	ck_assert_int_eq(xdp(TAIL("4") "exit"), -22);
}
END_TEST

#define PUSH(type, tci) \
	"r6 = r1\nr2 = " type "\nr3 = " tci "\ncall skb_vlan_push\n"
#define POP "r6 = r1\ncall skb_vlan_pop\n"

START_TEST(t_vlan)
{
	static const uint8_t tagged[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
		0x81, 0, 0x12, 0x34, 12, 13, 14 };

	ck_assert_int_eq(tc(POP "exit"), 0);
	ck_assert_uint_eq(pkt()->caplen, LEN);
	ck_assert_int_eq(tc(PUSH("0x81", "0x1234") "exit"), 0);
	ck_assert_uint_eq(pkt()->caplen, LEN + 4);
	ck_assert_uint_eq(pkt()->wirelen, LEN + 4);
	ck_assert_uint_eq(pkt()->protocol, 0x8100);
	ck_assert(memcmp(pkt()->data, tagged, sizeof(tagged)) == 0);
	/* 802.1ad, and what is neither. */
	ck_assert_int_eq(tc(PUSH("0xa888", "1") "exit"), 0);
	ck_assert_uint_eq(pkt()->protocol, 0x88a8);
	ck_assert_int_eq(tc(POP "exit"), 0);
	ck_assert_uint_eq(pkt()->protocol, 0x8100);
	ck_assert_int_eq(tc(PUSH("1", "2") "exit"), 0);
	ck_assert_uint_eq(pkt()->protocol, 0x8100);
	ck_assert_int_eq(tc(POP "exit"), 0);
	ck_assert(memcmp(pkt()->data, tagged, sizeof(tagged)) == 0);
	ck_assert_int_eq(tc(POP "exit"), 0);
	ck_assert_uint_eq(pkt()->caplen, LEN);
	for (uint32_t i = 0; i < LEN; i++)
		ck_assert_uint_eq(pkt()->data[i], i);
	/* Packet loads see the change. */
	ck_assert_int_eq(
	    tc("r6 = r1\n" PUSH("0x81", "7") "r0 = *(u16 *)skb[12]\nexit"),
	    0x8100);
}
END_TEST

START_TEST(t_vlan_room)
{
	ck_assert_int_eq(tc("r6 = r1\nr7 = 128\nl: r1 = r6\nr2 = 0\nr3 = 0\n"
	                    "call skb_vlan_push\nif r0 != 0 goto o\n"
	                    "r7 += -1\nif r7 != 0 goto l\no: exit"),
	    0);
	ck_assert_uint_eq(pkt()->caplen, LEN + 512);
	ck_assert_int_eq(tc(PUSH("0", "0") "exit"), -12);
	tworld_pkt(&t, 13);
	ck_assert_int_eq(tc(PUSH("0", "0") "exit"), -22);
	ck_assert_int_eq(tc(POP "exit"), 0);
	tworld_pkt(&t, 14);
	ck_assert_int_eq(tc(PUSH("0", "0") "exit"), 0);
	ck_assert_int_eq(tc(POP "exit"), 0);
	read_only();
	ck_assert_int_eq(tc(PUSH("0", "0") "exit"), -12);
	/* A tag that is cut. */
	uint8_t cut[17] = { [12] = 0x81 };
	struct isa_pkt p = { cut, sizeof(cut), 60, 0, 0x8100 };
	ck_assert_int_eq(exo_world_pkt(t.w, &p), 0);
	ck_assert_int_eq(tc(POP "exit"), -12);
}
END_TEST

#define CSUM(from, nfrom, to, nto, seed)                                       \
	"r6 = 0x4433221188776655 ll\n*(u64 *)(r10 -8) = r6\n"                  \
	"*(u64 *)(r10 -16) = 0\nr7 = r10\nr7 += -8\nr8 = r10\nr8 += -16\n"     \
	"r1 = " from "\nr2 = " nfrom "\nr3 = " to "\nr4 = " nto "\nr5 = " seed \
	" ll\ncall csum_diff\nexit"

/* Ones' complement of 0x6655 0x8877 0x2211 0x4433, by hand. */
START_TEST(t_csum)
{
	ck_assert_int_eq(tc(CSUM("0", "0", "r7", "8", "0")), 0x5511);
	ck_assert_int_eq(tc(CSUM("0", "0", "r7", "4", "0")), 0xeecc);
	ck_assert_int_eq(tc(CSUM("r7", "4", "0", "0", "0")), 0x1133);
	ck_assert_int_eq(tc(CSUM("r7", "8", "r7", "8", "0x1234")), 0x1234);
	ck_assert_int_eq(tc(CSUM("0", "0", "0", "0", "0x5678")), 0x5678);
	ck_assert_int_eq(tc(CSUM("0", "0", "0", "0", "0")), 0);
	ck_assert_int_eq(tc(CSUM("r8", "8", "0", "0", "0")), 0);
	ck_assert_int_eq(tc(CSUM("0", "0", "0", "0", "0xffffffff")), 0xffff);
	ck_assert_int_eq(tc(CSUM("0", "0", "r7", "4", "0x10001")), 0xeece);
	ck_assert_int_eq(tc(CSUM("r7", "3", "0", "0", "0")), -22);
	ck_assert_int_eq(tc(CSUM("0", "0", "r7", "6", "0")), -22);
	ck_assert_int_eq(
	    tworld_run(&t, EXO_PROG_TC, CSUM("0", "4", "0", "0", "0")),
	    ISA_END_HELPER);
}
END_TEST

/* An update of bytes under a checksum, the way programs do it: the sum over
 * the new bytes is the old sum with the difference. */
START_TEST(t_csum_update)
{
	int64_t old, new, diff;

	old = tc(CSUM("0", "0", "r7", "8", "0"));
	new = tc(CSUM("0", "0", "r8", "8", "0"));
	diff = tc(CSUM("r7", "8", "r8", "8", "0x5511"));
	ck_assert_int_eq(old, 0x5511);
	ck_assert_int_eq(new, 0);
	ck_assert_int_eq(diff, 0xffff); /* the other zero */
}
END_TEST

/* The tests of interpreted programs, and of the same compiled. */
static TCase *tests(const char *name, void (*begin)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, begin, teardown);
	tcase_add_test(tc, t_load);
	tcase_add_loop_test(tc, t_load_sizes, 1, LEN);
	tcase_add_test(tc, t_store);
	tcase_add_test(tc, t_direct);
	tcase_add_test(tc, t_stale);
	tcase_add_test(tc, t_moved_bounds);
	tcase_add_test(tc, t_head);
	tcase_add_test(tc, t_meta);
	tcase_add_test(tc, t_tail);
	tcase_add_test(tc, t_vlan);
	tcase_add_test(tc, t_vlan_room);
	tcase_add_test(tc, t_csum);
	tcase_add_test(tc, t_csum_update);
	return tc;
}

Suite *t_helper_packet_suite(void)
{
	Suite *s = suite_create("helper_packet");

	suite_add_tcase(s, tests("packet", setup));
	suite_add_tcase(s, tests("compiled", setup_compiled));
	return s;
}
