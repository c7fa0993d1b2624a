/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accept conditions: what they are of expressions and of programs, and what
 * becomes of them when something ends.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/isa/text.h"
#include "filters/filters.h"
#include "tests/support/region_world.h"
#include "verifier/accept.h"

#define MAX_INSNS 4096u

static struct region_world world;
static uint64_t held;
static struct vf_prog *prog;
static struct exo_insn insns[MAX_INSNS];

static void setup(void)
{
	held = 0;
	prog = NULL;
	region_world_init(&world, &held);
}

static void teardown(void)
{
	vf_prog_free(prog, &world.mem);
	region_world_free(&world);
	ck_assert_uint_eq(held, 0);
}

static const struct exo_map_def maps[] = {
	{ .kind = EXO_MAP_ARRAY,
	    .key_size = 4,
	    .value_size = 8,
	    .max_entries = 1 },
};

static void verify(const struct exo_insn *in, uint32_t n, uint32_t type)
{
	struct vf_input input = {
		.insns = in,
		.ninsns = n,
		.type = type,
		.refuse_leaks = true,
		.maps = maps,
		.nmaps = 1,
	};
	struct vf_limits limits = VF_LIMITS_TOOL;
	struct exo_report report;

	vf_prog_free(prog, &world.mem);
	ck_assert_msg(
	    vf_verify(&input, &limits, &world.mem, &prog, &report) == 0,
	    "refused: VF%u at %u", report.code, report.insn);
}

static void assemble(uint32_t type, const char *text)
{
	struct isa_asm_error err;
	uint32_t n;

	ck_assert_msg(
	    isa_asm(text, strlen(text), insns, MAX_INSNS, &n, &err) == 0,
	    "line %u: %s", err.line, err.what);
	verify(insns, n, type);
}

static void compile(const char *expr, uint32_t link)
{
	struct flt_code code = { NULL, 0, 0 };
	struct flt_cbpf *classic;
	struct flt_error err;
	uint32_t n;

	ck_assert_msg(flt_expr_cbpf(expr, link, 0, &classic, &n, &err) == 0,
	    "%s: %s", expr, err.text);
	ck_assert_int_eq(flt_cbpf_convert(classic, n, &code, &err), 0);
	verify(code.insns, code.n, EXO_PROG_SOCKET);
	flt_code_free(&code);
	free(classic);
}

static struct vf_accept accept_of(uint32_t link)
{
	struct vf_accept acc;

	world.w.left = 10000000;
	ck_assert_int_eq(vf_accept(prog, link, &world.w, &acc), 0);
	ck_assert_uint_le(acc.where.n, VF_ACCEPT_CUBES_MAX);
	ck_assert_uint_le(acc.sure, acc.where.n);
	ck_assert_int_eq(acc.exact, acc.sure == acc.where.n);
	ck_assert_int_eq(acc.exact, acc.why == VF_ACCEPT_NONE);
	return acc;
}

static struct sp_region region(const char *text)
{
	struct sp_text_error err;
	struct sp_region r = { NULL, 0 };

	if (text[0] != '\0')
		ck_assert_msg(sp_text_parse(&world.w, text,
		                  (uint32_t)strlen(text), &r, &err) == 0,
		    "%s: error %u at %u", text, err.code, err.at);
	return r;
}

static const char *text_of(struct sp_region r)
{
	static char text[8192];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	(void)sp_text_print(&f, r);
	return text;
}

/* The same packets. Of a text like "A and B" the region may be other cubes. */
static void same(const char *what, struct sp_region got, const char *want)
{
	struct sp_region r = region(want);
	bool same = sp_inside(&world.w, got, r, NULL) == 1 &&
	            sp_inside(&world.w, r, got, NULL) == 1;

	ck_assert_msg(same, "%s\ngives %s\nnot   %s", what, text_of(got), want);
}

static void sure_and_maybe(const char *what, const struct vf_accept *acc,
    const char *sure, const char *maybe)
{
	struct sp_region s = { acc->where.v, acc->sure };
	struct sp_region m = { acc->where.v + acc->sure,
		acc->where.n - acc->sure };

	same(what, s, sure);
	same(what, m, maybe);
}

/* --- expressions: of each the sure cubes, then the others; but for the link
 * type -------------------------------------------------------------------- */

#define E "link = 1 and "

static const struct {
	uint32_t link;
	const char *expr, *sure, *maybe;
} exprs[] = {
	{ 1, "ip", E "type0 = 0x0800", "" },
	{ 1, "ip6", E "type0 = 0x86dd", "" },
	{ 1, "not ip", E "has type0 and not type0 = 0x0800", "" },
	{ 1, "ip or arp", E "(type0 = 0x0800 or type0 = 0x0806)", "" },
	{ 1, "len <= 100", E "len in 0-100", "" },
	{ 1, "greater 100", E "len in 100-4294967295", "" },
	{ 1, "ether src 1:2:3:4:5:6", E "eth.src = 01:02:03:04:05:06", "" },
	{ 1, "ether broadcast", E "eth.dst = ff:ff:ff:ff:ff:ff", "" },
	{ 1, "ip src 10.0.0.1", E "type0 = 0x0800 and ip.src = 10.0.0.1", "" },
	{ 1, "src host 10.0.0.1",
	    E "((type0 = 0x0800 and ip.src = 10.0.0.1) or ((type0 = 0x0806 or "
	      "type0 = 0x8035) and arp.spa = 10.0.0.1))",
	    "" },
	{ 1, "host 10.0.0.1",
	    E "((type0 = 0x0800 and (ip.src = 10.0.0.1 or ip.dst = 10.0.0.1)) "
	      "or ((type0 = 0x0806 or type0 = 0x8035) and "
	      "(arp.spa = 10.0.0.1 or arp.tpa = 10.0.0.1)))",
	    "" },
	{ 1, "ip net 10.0.0.0/8",
	    E "type0 = 0x0800 and (ip.src in 10.0.0.0-10.255.255.255 or "
	      "ip.dst in 10.0.0.0-10.255.255.255)",
	    "" },
	{ 1, "ip6 src fe80::1",
	    E "type0 = 0x86dd and ip6.src = 0xfe80000000000000 and "
	      "ip6.src2 = 0x1",
	    "" },
	/* all of ip6.src is not captured where its upper half is */
	{ 1, "ip6 src net fe80::/32",
	    E "type0 = 0x86dd and ip6.src & 0xffffffff00000000 = "
	      "0xfe80000000000000",
	    E "type0 = 0x86dd and caplen in 26-29" },
	{ 1, "tcp",
	    E "((type0 = 0x0800 and ip.proto = 6) or (type0 = 0x86dd and "
	      "(ip6.nh = 6 or (ip6.nh = 44 and ip6.xnh = 6))))",
	    "" },
	{ 1, "tcp port 80",
	    E "((type0 = 0x0800 and ip.proto = 6 and ip.frag & 0x1fff = 0) or "
	      "(type0 = 0x86dd and ip6.nh = 6)) and (l4.0 = 80 or l4.2 = 80)",
	    "" },
	{ 1, "udp dst portrange 10-20",
	    E "((type0 = 0x0800 and ip.proto = 17 and ip.frag & 0x1fff = 0) or "
	      "(type0 = 0x86dd and ip6.nh = 17)) and l4.2 in 10-20",
	    "" },
	{ 1, "not tcp port 80",
	    E
	    "has type0 and ((not type0 = 0x0800 and not type0 = 0x86dd) or "
	    "(type0 = 0x86dd and has ip6.nh and (not ip6.nh = 6 or "
	    "(has l4.2 and has l4.0 and not l4.0 = 80 and not l4.2 = 80))) or "
	    "(type0 = 0x0800 and has ip.proto and (not ip.proto = 6 or "
	    "(has ip.frag and not ip.frag & 0x1fff = 0) or (has l4.0 and has "
	    "l4.2 and "
	    "ip.frag & 0x1fff = 0 and not l4.0 = 80 and not l4.2 = 80))))",
	    "" },
	{ 1, "ip[0] & 0xf != 5",
	    E "type0 = 0x0800 and has ip.vhl and not ip.vhl & 0x0f = 5", "" },
	{ 1, "ip[0] & 0xf > 5",
	    E "type0 = 0x0800 and (ip.vhl & 0x08 = 8 or ip.vhl & 0x0e = 6)",
	    "" },
	{ 1, "ip[8] < 5", E "type0 = 0x0800 and ip.ttl in 0-4", "" },
	{ 1, "ip[8] - 3 = 5", E "type0 = 0x0800 and ip.ttl = 8", "" },
	{ 1, "ip[8] + 3 > 200", E "type0 = 0x0800 and ip.ttl in 198-255", "" },
	{ 1, "ip[8] - 3 > 200",
	    E "type0 = 0x0800 and (ip.ttl in 0-2 or ip.ttl in 204-255)", "" },
	{ 1, "ip[2:2] >> 4 = 5", E "type0 = 0x0800 and ip.len in 80-95", "" },
	{ 1, "ip[6:2] & 0x2000 != 0",
	    E "type0 = 0x0800 and ip.frag & 0x2000 = 0x2000", "" },
	{ 1, "ip[8:2] = 0x4006",
	    E "type0 = 0x0800 and ip.ttl = 0x40 and ip.proto = 6", "" },
	{ 1, "ip[8] << 2 > 20", E "type0 = 0x0800 and ip.ttl in 6-255", "" },
	{ 1, "(ip[8] << 2) - 3 < 100", E "type0 = 0x0800 and ip.ttl in 1-25",
	    "" },
	{ 1, "ip[1] * 3 - ip[8] * 3 = 0", "",
	    E "type0 = 0x0800 and caplen in 23-4294967295" },
	{ 1, "ip[8] = ip[9]", "",
	    E "type0 = 0x0800 and caplen in 24-4294967295" },
	{ 1, "ether[20] = 3", "", E "caplen in 21-4294967295" },
	{ 1, "icmp[icmptype] = 8",
	    E "type0 = 0x0800 and ip.proto = 1 and ip.frag & 0x1fff = 0 and "
	      "l4.0 & 0xff00 = 0x0800",
	    E "type0 = 0x0800 and ip.proto = 1 and ip.frag & 0x1fff = 0 and "
	      "l4.left = 1" },
	{ 1, "tcp[tcpflags] & tcp-syn != 0",
	    E "type0 = 0x0800 and ip.proto = 6 and ip.frag & 0x1fff = 0 and "
	      "l4.12 & 0x00020000 = 0x00020000",
	    E "type0 = 0x0800 and ip.proto = 6 and ip.frag & 0x1fff = 0 and "
	      "l4.left in 14-15" },
	{ 1, "tcp[4:4] = 7",
	    E "type0 = 0x0800 and ip.proto = 6 and ip.frag & 0x1fff = 0 and "
	      "l4.4 = 7",
	    "" },
	{ 1, "vlan", E "(type0 = 0x8100 or type0 = 0x88a8 or type0 = 0x9100)",
	    "" },
	{ 1, "vlan 5 and arp",
	    E "(type0 = 0x8100 or type0 = 0x88a8 or type0 = 0x9100) and "
	      "tci0 & 0x0fff = 5 and type1 = 0x0806",
	    "" },
	{ 1, "vlan and vlan 7 and udp",
	    E "(type0 = 0x8100 or type0 = 0x88a8 or type0 = 0x9100) and "
	      "(type1 = 0x8100 or type1 = 0x88a8 or type1 = 0x9100) and "
	      "tci1 & 0x0fff = 7 and ((type2 = 0x0800 and ip.proto = 17) or "
	      "(type2 = 0x86dd and (ip6.nh = 17 or (ip6.nh = 44 and "
	      "ip6.xnh = 17))))",
	    "" },
	{ 1, "arp[6:2] = 2", E "type0 = 0x0806 and arp.op = 2", "" },
	{ 1, "ip[2:2] > len", "",
	    E "type0 = 0x0800 and caplen in 18-4294967295" },
	{ 113, "tcp dst port 80",
	    "link = 113 and ((type0 = 0x0800 and ip.proto = 6 and ip.frag & "
	    "0x1fff = 0) or (type0 = 0x86dd and ip6.nh = 6)) and l4.2 = 80",
	    "" },
	{ 276, "ip src 1.2.3.4",
	    "link = 276 and type0 = 0x0800 and ip.src = 1.2.3.4", "" },
	{ 101, "ip src 1.2.3.4",
	    "link = 101 and type = 0x0800 and ip.src = 1.2.3.4", "" },
	{ 101, "udp dst port 53",
	    "link = 101 and ((type = 0x0800 and ip.proto = 17 and ip.frag & "
	    "0x1fff = 0) or (type = 0x86dd and ip6.nh = 17)) and l4.2 = 53",
	    "" },
	{ 228, "ip[8] = 1", "link = 228 and ip.ttl = 1", "" },
	{ 229, "ip6[6] = 59", "link = 229 and ip6.nh = 59", "" },
	{ 0, "ip", "link = 0 and af = 0x02000000", "" },
	{ 108, "ip6 and ip6[7] = 1",
	    "link = 108 and (af = 24 or af = 28 or af = 30) and ip6.hlim = 1",
	    "" },
	{ 1, "1 = 1", "link = 1", "" },
	{ 105, "len = 7", "link = 105 and len = 7", "" },
};

START_TEST(expressions)
{
	struct vf_accept acc;

	compile(exprs[_i].expr, exprs[_i].link);
	acc = accept_of(exprs[_i].link);
	sure_and_maybe(exprs[_i].expr, &acc, exprs[_i].sure, exprs[_i].maybe);
	ck_assert(acc.pure);
	ck_assert(!acc.opaque);
}
END_TEST

static const struct {
	const char *expr;
	uint8_t why;
} reasons[] = {
	{ "tcp port 80", VF_ACCEPT_NONE },
	{ "ether[20] = 3", VF_ACCEPT_BYTES },
	{ "ip[ip[8]] = 3", VF_ACCEPT_PLACE },
	{ "ip[8] * 3 > 100", VF_ACCEPT_SUMS },
	{ "ip6 protochain 6", VF_ACCEPT_WAYS },
};

START_TEST(why)
{
	struct vf_accept acc;

	compile(reasons[_i].expr, 1);
	acc = accept_of(1);
	ck_assert_uint_eq(acc.why, reasons[_i].why);
	ck_assert(!acc.opaque);
}
END_TEST

/* --- programs ----------------------------------------------------------------*/

#define XDP_HEAD                  \
	"r2 = *(u32 *)(r1 + 4)\n" \
	"r1 = *(u32 *)(r1 + 0)\n" \
	"r0 = 1\n"
#define TO_MAP_VALUE              \
	"*(u32 *)(r10 - 4) = 0\n" \
	"r2 = r10\n"              \
	"r2 += -4\n"              \
	"r1 = map[idx:0]\n"       \
	"call map_lookup_elem\n"

static const struct {
	const char *name;
	uint32_t type;
	const char *text, *sure, *maybe;
	bool pure;
	uint8_t why; /* of an opaque one */
} progs[] = {
	{ "nothing is accepted", EXO_PROG_SOCKET, "r0 = 0\nexit", "", "", true,
	    0 },
	{ "a mem program sees no packet", EXO_PROG_MEM, "r0 = 1\nexit", "", "",
	    true, 0 },
	{ "xdp: only PASS", EXO_PROG_XDP, "r0 = 3\nexit", "", "", true, 0 },
	{ "tc: OK", EXO_PROG_TC, "r0 = 0\nexit", "link = 1", "", true, 0 },
	{ "tc: UNSPEC", EXO_PROG_TC, "r0 = -1\nexit", "link = 1", "", true, 0 },
	{ "tc: SHOT", EXO_PROG_TC, "r0 = 2\nexit", "", "", true, 0 },
	{ "only 32 bits of the result count", EXO_PROG_SOCKET,
	    "r0 = 0x100000000 ll\nexit", "", "", true, 0 },
	{ "xdp: a type in the order of the machine", EXO_PROG_XDP,
	    XDP_HEAD "r3 = r1\nr3 += 14\nif r3 > r2 goto out\n"
	             "r4 = *(u16 *)(r1 + 12)\nif r4 != 8 goto out\nr0 = 2\n"
	             "out:\nexit",
	    E "type0 = 0x0800", "", true, 0 },
	{ "xdp: a type in bytes", EXO_PROG_XDP,
	    XDP_HEAD "r3 = r1\nr3 += 14\nif r3 > r2 goto out\n"
	             "r4 = *(u8 *)(r1 + 12)\nr5 = *(u8 *)(r1 + 13)\nr4 <<= 8\n"
	             "r4 |= r5\nif r4 != 0x86dd goto out\nr0 = 2\nout:\nexit",
	    E "type0 = 0x86dd", "", true, 0 },
	{ "xdp: PASS where it is too short", EXO_PROG_XDP,
	    XDP_HEAD "r0 = 2\nr3 = r1\nr3 += 34\nif r3 > r2 goto out\nr0 = 1\n"
	             "out:\nexit",
	    E "caplen in 0-33", "", true, 0 },
	{ "xdp: how much is there, as a number", EXO_PROG_XDP,
	    XDP_HEAD "r2 -= r1\nif r2 s< 60 goto out\nr0 = 2\nout:\nexit",
	    E "caplen in 60-4294967295", "", true, 0 },
	{ "xdp: a port behind options", EXO_PROG_XDP,
	    XDP_HEAD "r3 = r1\nr3 += 34\nif r3 > r2 goto out\n"
	             "r4 = *(u16 *)(r1 + 12)\nif r4 != 8 goto out\n"
	             "r4 = *(u8 *)(r1 + 23)\nif r4 != 17 goto out\n"
	             "r4 = *(u8 *)(r1 + 14)\nr4 <<= 2\nr4 &= 60\nr1 += 14\n"
	             "r1 += r4\nr3 = r1\nr3 += 8\nif r3 > r2 goto out\n"
	             "r4 = *(u16 *)(r1 + 2)\nr4 = be16 r4\n"
	             "if r4 != 53 goto out\nr0 = 2\nout:\nexit",
	    E "type0 = 0x0800 and ip.proto = 17 and caplen in 34-4294967295 "
	      "and l4.2 = 53 "
	      "and l4.left in 8-4294967295",
	    "", true, 0 },
	{ "xdp: a switch, as compilers make it", EXO_PROG_XDP,
	    XDP_HEAD "r3 = r1\nr3 += 34\nif r3 > r2 goto out\n"
	             "r4 = *(u16 *)(r1 + 12)\nif r4 != 8 goto out\n"
	             "r4 = *(u8 *)(r1 + 23)\nif r4 > 50 goto out\nr5 = 1\n"
	             "r5 <<= r4\nr3 = 0x4800000020040 ll\nr5 &= r3\n"
	             "if r5 == 0 goto out\nr0 = 2\nout:\nexit",
	    E "type0 = 0x0800 and caplen in 34-4294967295 and (ip.proto = 6 or "
	      "ip.proto = 17 or ip.proto = 47 or ip.proto = 50)",
	    "", true, 0 },
	{ "xdp: all numbers of a switch but two", EXO_PROG_XDP,
	    XDP_HEAD "r3 = r1\nr3 += 34\nif r3 > r2 goto out\n"
	             "r4 = *(u16 *)(r1 + 12)\nif r4 != 8 goto out\n"
	             "r4 = *(u8 *)(r1 + 23)\nif r4 > 63 goto out\nr5 = 1\n"
	             "r5 <<= r4\nr3 = 0xfffffffffffdffbf ll\nr5 &= r3\n"
	             "if r5 == 0 goto out\nr0 = 2\nout:\nexit",
	    E "type0 = 0x0800 and caplen in 34-4294967295 and "
	      "ip.proto in 0-63 and not ip.proto = 6 and not ip.proto = 17",
	    "", true, 0 },
	{ "xdp: a shift by more than there is", EXO_PROG_XDP,
	    XDP_HEAD "r3 = r1\nr3 += 34\nif r3 > r2 goto out\n"
	             "r4 = *(u16 *)(r1 + 12)\nif r4 != 8 goto out\n"
	             "r4 = *(u8 *)(r1 + 23)\nr5 = 1\nr5 <<= r4\nr5 &= 64\n"
	             "if r5 == 0 goto out\nr0 = 2\nout:\nexit",
	    E "type0 = 0x0800 and caplen in 34-4294967295 and "
	      "ip.proto & 0x3f = 6",
	    "", true, 0 },
	{ "xdp: a range of 16 bits, as compilers make it", EXO_PROG_XDP,
	    XDP_HEAD "r3 = r1\nr3 += 34\nif r3 > r2 goto out\n"
	             "r4 = *(u16 *)(r1 + 12)\nif r4 != 8 goto out\n"
	             "r4 = *(u16 *)(r1 + 16)\nr4 = be16 r4\nw4 += -8000\n"
	             "w4 &= 0xffff\nif w4 >= 100 goto out\nr0 = 2\nout:\n"
	             "exit",
	    E "type0 = 0x0800 and caplen in 34-4294967295 and "
	      "ip.len in 8000-8099",
	    "", true, 0 },
	{ "tc: protocol", EXO_PROG_TC,
	    "r2 = *(u32 *)(r1 + 16)\nr0 = 0\nif r2 == 8 goto out\nr0 = 2\n"
	    "out:\nexit",
	    E "type0 = 0x0800", "", true, 0 },
	{ "tc: the protocol of a length", EXO_PROG_TC,
	    "r2 = *(u32 *)(r1 + 16)\nr0 = 0\nif r2 == 0x400 goto out\nr0 = 2\n"
	    "out:\nexit",
	    E "type0 in 0-0x05ff", "", true, 0 },
	{ "tc: a load past the end gives 0, which is OK", EXO_PROG_TC,
	    "r6 = r1\nr0 = *(u8 *)skb[13]\nr0 = 2\nexit", E "caplen in 0-13",
	    "", true, 0 },
	{ "the result is a byte", EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u16 *)skb[12]\nexit",
	    E "has type0 and not type0 = 0", "", true, 0 },
	{ "a short shift leaves the upper half 0", EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u32 *)skb[0]\nw0 s>>= 8\nr2 = r0\nr0 = 1\n"
	    "r1 = 0x100000000 ll\nif r2 < r1 goto out\nr0 = 0\nout:\nexit",
	    E "caplen in 4-4294967295", "", true, 0 },
	{ "through the stack", EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u16 *)skb[12]\n*(u64 *)(r10 - 8) = r0\n"
	    "*(u64 *)(r10 - 16) = r6\nr0 = 0\nr6 = *(u64 *)(r10 - 16)\n"
	    "r1 = *(u64 *)(r10 - 8)\nif r1 == 0x0806 goto yes\nexit\n"
	    "yes:\nr0 = 1\nexit",
	    E "type0 = 0x0806", "", true, 0 },
	{ "a loop of three rounds", EXO_PROG_SOCKET,
	    "r6 = r1\nr7 = 0\nr8 = 0\nagain:\nr0 = *(u8 *)skb[r7 + 12]\n"
	    "r8 <<= 8\nr8 |= r0\nr7 += 1\nif r7 < 2 goto again\nr0 = 0\n"
	    "if r8 != 0x86dd goto out\nr0 = 1\nout:\nexit",
	    E "type0 = 0x86dd", "", true, 0 },
	{ "a store through what is not known", EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u8 *)skb[0]\nr0 &= 4\n*(u64 *)(r10 - 8) = 0\n"
	    "r2 = r10\nr2 += -8\nr2 += r0\n*(u32 *)(r2 + 0) = 1\n"
	    "r0 = *(u32 *)(r10 - 4)\nexit",
	    "", E "caplen in 1-4294967295", true, 0 },
	{ "an interface is not in the packet", EXO_PROG_SOCKET,
	    "r6 = r1\nr7 = *(u32 *)(r1 + 40)\nr0 = *(u16 *)skb[12]\n"
	    "if r0 == 0x0800 goto yes\nr0 = 0\nexit\nyes:\nr0 = r7\nexit",
	    "", E "type0 = 0x0800", true, 0 },
	{ "the time is not", EXO_PROG_SOCKET,
	    "r6 = r1\ncall ktime_get_ns\nr7 = r0\nr0 = *(u16 *)skb[12]\n"
	    "if r0 == 0x0800 goto yes\nr0 = 0\nexit\nyes:\nr0 = r7\nexit",
	    "", E "type0 = 0x0800", false, 0 },
	{ "a map is not", EXO_PROG_SOCKET,
	    "r6 = r1\n" TO_MAP_VALUE
	    "if r0 == 0 goto out\nr7 = *(u64 *)(r0 + 0)\n"
	    "r0 = *(u16 *)skb[12]\nif r0 == 0x0806 goto yes\nout:\nr0 = 0\n"
	    "exit\nyes:\nr0 = r7\nexit",
	    "", E "type0 = 0x0806", false, 0 },
	{ "bytes that a helper puts on the stack", EXO_PROG_SOCKET,
	    "*(u64 *)(r10 - 8) = 0\nr2 = 12\nr3 = r10\nr3 += -8\nr4 = 8\n"
	    "call skb_load_bytes\nr0 = *(u64 *)(r10 - 8)\nexit",
	    "", "link = 1", true, VF_ACCEPT_OTHER },
	{ "a local function", EXO_PROG_SOCKET, "call f\nexit\nf:\nr0 = 0\nexit",
	    "", "link = 1", true, VF_ACCEPT_CALLS },
	{ "a packet that is changed", EXO_PROG_XDP,
	    XDP_HEAD "r3 = r1\nr3 += 1\nif r3 > r2 goto out\n"
	             "*(u8 *)(r1 + 0) = 0\nr0 = 2\nout:\nexit",
	    "", "link = 1", false, VF_ACCEPT_CHANGES },
};

START_TEST(programs)
{
	struct vf_accept acc;

	assemble(progs[_i].type, progs[_i].text);
	acc = accept_of(1);
	sure_and_maybe(progs[_i].name, &acc, progs[_i].sure, progs[_i].maybe);
	ck_assert_msg(acc.pure == progs[_i].pure, "%s", progs[_i].name);
	ck_assert_int_eq(acc.opaque, progs[_i].why != 0);
	if (acc.opaque)
		ck_assert_uint_eq(acc.why, progs[_i].why);
}
END_TEST

/* --- too much ----------------------------------------------------------------*/

static void many_hosts(char *text, unsigned n)
{
	text[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		sprintf(text + strlen(text), "%sip src 10.%u.%u.7",
		    i == 0 ? "" : " or ", i / 250, i % 250);
}

static bool has(const struct vf_accept *acc, const uint8_t *data, uint32_t n)
{
	struct sp_packet p = { data, n, n, 1 };
	struct sp_view v;

	sp_parse(&p, &v);
	return sp_region_has(acc->where, &v);
}

/* As many cubes as there may be; then fewer that have more. */
START_TEST(hosts)
{
	static const struct {
		unsigned n;
		bool exact;
	} rows[] = { { 50, true }, { 257, true }, { 2000, false } };
	uint8_t packet[34] = { 0 };
	char *text = malloc(rows[_i].n * 32);
	struct vf_accept acc;

	packet[12] = 8;
	packet[26] = 10;
	packet[29] = 7;
	ck_assert_ptr_nonnull(text);
	many_hosts(text, rows[_i].n);
	compile(text, 1);
	free(text);
	acc = accept_of(1);
	ck_assert_int_eq(acc.exact, rows[_i].exact);
	ck_assert_int_eq(acc.why == VF_ACCEPT_CUBES, !rows[_i].exact);
	ck_assert(!acc.opaque);
	for (unsigned i = 0; i < rows[_i].n; i++) {
		packet[27] = (uint8_t)(i / 250);
		packet[28] = (uint8_t)(i % 250);
		ck_assert(has(&acc, packet, sizeof(packet)));
	}
	packet[26] = 11;
	ck_assert(!has(&acc, packet, sizeof(packet)));
}
END_TEST

/* The steps end anywhere: the answer is larger, and right. */
START_TEST(any_budget)
{
	struct sp_region all = region(E "type0 = 0x0800 and ip.proto = 6 and "
	                                "ip.frag = 0 and l4.2 = 80");
	struct vf_accept acc;
	unsigned opaque = 0;

	compile("tcp port 80 or tcp port 443", 1);
	for (uint64_t left = 0; left < 4000; left += 7) {
		world.w.left = left;
		ck_assert_int_eq(vf_accept(prog, 1, &world.w, &acc), 0);
		ck_assert_uint_le(world.w.left, left);
		opaque += acc.opaque;
		world.w.left = 1000000;
		ck_assert_int_eq(sp_inside(&world.w, all, acc.where, NULL), 1);
	}
	ck_assert_uint_gt(opaque, 2);
	ck_assert(acc.exact);
}
END_TEST

/* Memory ends anywhere: the same, or -EXO_ENOMEM when there is none at all. */
START_TEST(any_memory)
{
	struct vf_accept acc;
	struct exo_arena arena;
	struct sp_work w = world.w;
	struct exo_mem mem = mem_heap(NULL);
	unsigned ends = 0, opaque = 0;

	compile("tcp port 80 or tcp port 443", 1);
	acc.exact = false;
	for (mem.limit = 1; !acc.exact; mem.limit += 512) {
		exo_arena_init(&arena, &mem);
		w.arena = &arena;
		w.left = 1000000;
		acc.exact = false;
		acc.opaque = false;
		if (vf_accept(prog, 1, &w, &acc) != 0)
			ends++;
		opaque += acc.opaque;
		exo_arena_free(&arena);
		ck_assert_uint_eq(mem.used, 0);
		ck_assert_uint_lt(mem.limit, 1 << 22);
	}
	ck_assert_uint_gt(ends, 0);
	ck_assert_uint_gt(opaque, 0);
}
END_TEST

/* Nothing is left behind in the arena but the answer. */
START_TEST(small_answer)
{
	uint64_t before;

	compile("tcp port 80", 1);
	(void)accept_of(1);
	before = world.mem.used;
	for (unsigned i = 0; i < 20; i++)
		(void)accept_of(1);
	ck_assert_uint_lt(world.mem.used - before, 65536);
}
END_TEST

Suite *t_vf_accept_suite(void)
{
	Suite *s = suite_create("t_vf_accept");
	TCase *tc = tcase_create("accept");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, expressions, 0, (int)(sizeof(exprs) / sizeof(exprs[0])));
	tcase_add_loop_test(
	    tc, programs, 0, (int)(sizeof(progs) / sizeof(progs[0])));
	tcase_add_loop_test(
	    tc, why, 0, (int)(sizeof(reasons) / sizeof(reasons[0])));
	tcase_add_loop_test(tc, hosts, 0, 3);
	tcase_add_test(tc, any_budget);
	tcase_add_test(tc, any_memory);
	tcase_add_test(tc, small_answer);
	suite_add_tcase(s, tc);
	return s;
}
