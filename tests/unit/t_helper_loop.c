/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions called back, and tail calls: order, results, bounds, frames. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

enum {
	ARRAY,
	HASH,
	PROGS
};

static const struct exo_map_def defs[] = {
	[ARRAY] = { EXO_MAP_ARRAY, 4, 8, 5, 0 },
	[HASH] = { EXO_MAP_HASH, 8, 8, 8, 0 },
	[PROGS] = { EXO_MAP_PROG_ARRAY, 4, 4, 4, 0 },
};

static struct tworld t;

static void setup(void)
{
	memset(&t, 0, sizeof(t));
	tworld_new(&t, defs, sizeof(defs) / sizeof(defs[0]));
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

static uint64_t result(const char *text)
{
	return tworld_exit(&t, EXO_PROG_SOCKET, text);
}

static enum isa_end end(const char *text)
{
	return tworld_run(&t, EXO_PROG_SOCKET, text);
}

/* r1 calls of f, which finds a sum at fp-8. */
#define LOOP(n, flags)                                                 \
	"r1 = " n "\nr2 = subprog[f]\nr3 = r10\nr3 += -8\nr4 = " flags \
	"\ncall loop\n"
/* Adds 1 + its index. */
#define ADD                                            \
	"f: r3 = *(u64 *)(r2 +0)\nr3 += r1\nr3 += 1\n" \
	"*(u64 *)(r2 +0) = r3\nr0 = 0\nexit"

START_TEST(t_loop)
{
	ck_assert_uint_eq(result(LOOP("10", "0") "exit\n" ADD), 10);
	ck_assert_uint_eq(
	    result(LOOP("10", "0") "r0 = *(u64 *)(r10 -8)\nexit\n" ADD), 55);
	ck_assert_uint_eq(result(LOOP("0", "0") "exit\n" ADD), 0);
	ck_assert_uint_eq(
	    result(LOOP("0", "0") "r0 = *(u64 *)(r10 -8)\nexit\n" ADD), 0);
	ck_assert_int_eq((int64_t)result(LOOP("10", "1") "exit\n" ADD), -22);
	ck_assert_int_eq(
	    (int64_t)result(LOOP("8388609", "0") "exit\n" ADD), -7);
	ck_assert_int_eq((int64_t)result(LOOP("-1", "0") "exit\n" ADD), -7);
	ck_assert_uint_eq(
	    result(LOOP("8388608", "0") "exit\nf: r0 = 0\nexit"), 8388608);
	/* The number has 32 bits. */
	ck_assert_uint_eq(result("r1 = 0x100000003 ll\nr2 = subprog[f]\n"
	                         "r3 = 0\nr4 = 0\ncall loop\nexit\n"
	                         "f: r0 = 0\nexit"),
	    3);
}
END_TEST

START_TEST(t_stop)
{
	ck_assert_uint_eq(result(LOOP("100", "0") "exit\n"
	                                          "f: r0 = 0\n"
	                                          "if r1 != 4 goto +1\n"
	                                          "r0 = 1\nexit"),
	    5);
	ck_assert_uint_eq(result(LOOP("100", "0") "exit\nf: r0 = 2\nexit"), 1);
	ck_assert_uint_eq(result(LOOP("100", "0") "exit\n"
	                                          "f: r0 = 0x100000000 ll\n"
	                                          "exit"),
	    1);
}
END_TEST

/* The caller keeps r6 to r9 and its frame; each call begins anew. */
START_TEST(t_frames)
{
	ck_assert_uint_eq(
	    result("r6 = 60\nr9 = 9\n*(u64 *)(r10 -16) = 16\n" LOOP("3",
	        "0") "r0 += r6\nr0 += r9\nr1 = *(u64 *)(r10 -16)\nr0 += r1\n"
	             "r1 = *(u64 *)(r10 -8)\nr0 += r1\nexit\n"
	             "f: r0 = *(u64 *)(r2 +0)\nr0 += r6\nr0 += r9\nr0 += r3\n"
	             "r0 += r4\nr0 += r5\nr3 = *(u64 *)(r10 -8)\nr0 += r3\n"
	             "*(u64 *)(r2 +0) = r0\n*(u64 *)(r10 -8) = 1\n"
	             "r6 = 5\nr9 = 5\nr0 = 0\nexit"),
	    3 + 60 + 9 + 16);
	ck_assert_uint_eq(result(LOOP("1", "0") "r0 = r1\nr0 |= r2\nr0 |= r3\n"
	                                        "r0 |= r4\nr0 |= r5\nexit\n"
	                                        "f: r0 = 0\nexit"),
	    0);
}
END_TEST

/* Loops in loops, as deep as there are frames, and one deeper. */
static void nest(char *text, size_t size, unsigned depth)
{
	size_t n = 0;

	for (unsigned i = 0; i < depth; i++) {
		n += (size_t)snprintf(text + n, size - n,
		    "%c: r1 = 2\nr2 = subprog[%c]\nr3 = 0\nr4 = 0\n"
		    "call loop\n%sexit\n",
		    'a' + i, 'b' + i, i == 0 ? "" : "r0 = 0\n");
	}
	snprintf(text + n, size - n,
	    "%c: r1 = map[id:0][0]+0\nr2 = *(u64 *)(r1 +0)\nr2 += 1\n"
	    "*(u64 *)(r1 +0) = r2\nr0 = 0\nexit",
	    'a' + depth);
}

START_TEST(t_nested)
{
	struct exo_map_def one = { EXO_MAP_ARRAY, 4, 8, 1, 0 };
	uint32_t key = 0;
	uint64_t count;
	char text[2000];

	tworld_end(&t);
	tworld_new(&t, &one, 1);
	nest(text, sizeof(text), 7);
	ck_assert_uint_eq(result(text), 2);
	ck_assert_int_eq(exo_world_lookup(t.w, 0, &key, &count), 0);
	ck_assert_uint_eq(count, 128);
	nest(text, sizeof(text), 8);
	ck_assert_int_eq(end(text), ISA_END_FRAMES);
}
END_TEST

/* A function called back calls others; a trap in it is the run's; fuel ends
 * what never ends. */
START_TEST(t_inside)
{
	ck_assert_uint_eq(
	    result(LOOP("4", "0") "r0 = *(u64 *)(r10 -8)\nexit\n"
	                          "f: r6 = r2\nr7 = r1\nr1 = r7\ncall g\n"
	                          "r1 = *(u64 *)(r6 +0)\nr1 += r0\n"
	                          "*(u64 *)(r6 +0) = r1\nr0 = 0\nexit\n"
	                          "g: r0 = r1\nr0 *= r0\nexit"),
	    0 + 1 + 4 + 9);
	ck_assert_int_eq(
	    end(LOOP("4", "0") "exit\nf: r0 = *(u64 *)(r2 +520)\nexit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(end(LOOP("4", "0") "exit\nf: goto -1"), ISA_END_FUEL);
	ck_assert_int_eq(end("r1 = 1\nr2 = 0x0e00000000000063 ll\nr3 = 0\n"
	                     "r4 = 0\ncall loop\nexit"),
	    ISA_END_PC);
	/* A pointer into a frame that was left. */
	ck_assert_int_eq(
	    end(LOOP("1", "0") "r1 = *(u64 *)(r10 -8)\n"
	                       "r0 = *(u64 *)(r1 +0)\nexit\n"
	                       "f: r1 = r10\nr1 += -8\n"
	                       "*(u64 *)(r2 +0) = r1\nr0 = 0\nexit"),
	    ISA_END_LOAD);
}
END_TEST

/* The address of a function is no memory. */
START_TEST(t_function_address)
{
	ck_assert_int_eq(
	    end("r1 = subprog[f]\nr0 = *(u8 *)(r1 +0)\nexit\nf: exit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(
	    end("r1 = subprog[f]\n*(u8 *)(r1 +0) = 1\nexit\nf: exit"),
	    ISA_END_STORE);
}
END_TEST

#define EACH(map, flags)                                      \
	"r1 = map[id:" map                                    \
	"]\nr2 = subprog[f]\nr3 = r10\nr3 += -8\nr4 = " flags \
	"\ncall for_each_map_elem\n"

START_TEST(t_each_array)
{
	uint64_t value;

	for (uint32_t key = 0; key < 5; key++) {
		value = key * 100;
		ck_assert_int_eq(exo_world_update(t.w, ARRAY, &key, &value), 0);
	}
	ck_assert_uint_eq(result(EACH("0", "0") "exit\nf: r0 = 0\nexit"), 5);
	/* value - 100 * key, and that the map is the map. */
	ck_assert_uint_eq(
	    result(EACH("0", "0") "r0 = *(u64 *)(r10 -8)\nexit\n"
	                          "f: r0 = *(u64 *)(r3 +0)\n"
	                          "r5 = *(u32 *)(r2 +0)\nr5 *= 100\nr0 -= r5\n"
	                          "r5 = *(u64 *)(r4 +0)\nr0 += r5\nr0 += 1\n"
	                          "r5 = map[id:0]\nif r5 == r1 goto +1\n"
	                          "r0 += 1000\n*(u64 *)(r4 +0) = r0\n"
	                          "r0 = 0\nexit"),
	    5);
	ck_assert_uint_eq(result(EACH("0", "0") "exit\n"
	                                        "f: r0 = *(u32 *)(r2 +0)\n"
	                                        "r0 >>= 1\nexit"),
	    3);
	ck_assert_int_eq((int64_t)result(EACH("0", "1") "exit\nf: exit"), -22);
}
END_TEST

START_TEST(t_each_hash)
{
	uint64_t key, value;

	ck_assert_uint_eq(result(EACH("1", "0") "exit\nf: r0 = 0\nexit"), 0);
	for (key = 1; key <= 6; key++) {
		value = key << 8;
		ck_assert_int_eq(exo_world_update(t.w, HASH, &key, &value), 0);
	}
	/* Delete each on the way; its key stays readable. */
	ck_assert_uint_eq(
	    result(EACH("1", "0") "r1 = *(u64 *)(r10 -8)\nr0 += r1\nexit\n"
	                          "f: r6 = r2\nr7 = r3\nr8 = r4\n"
	                          "call map_delete_elem\n"
	                          "r1 = *(u64 *)(r6 +0)\nr1 <<= 8\n"
	                          "r2 = *(u64 *)(r7 +0)\nr1 -= r2\n"
	                          "r0 |= r1\nr2 = *(u64 *)(r8 +0)\nr0 |= r2\n"
	                          "*(u64 *)(r8 +0) = r0\nr0 = 0\nexit"),
	    6);
	uint32_t pos = 0;
	ck_assert_int_ne(exo_world_next(t.w, HASH, &pos, &key, &value), 0);
}
END_TEST

/* Keys: read-only, of their size, and for that one call. */
START_TEST(t_each_key)
{
	ck_assert_int_eq(
	    end(EACH("0", "0") "exit\nf: *(u8 *)(r2 +0) = 0\nexit"),
	    ISA_END_STORE);
	ck_assert_int_eq(
	    end(EACH("0", "0") "exit\nf: r0 = *(u8 *)(r2 +4)\nexit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(
	    end(EACH("0", "0") "r1 = *(u64 *)(r10 -8)\n"
	                       "r0 = *(u32 *)(r1 +0)\nexit\n"
	                       "f: *(u64 *)(r4 +0) = r2\nr0 = 1\nexit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(end(EACH("0", "0") "exit\n"
	                                    "f: r1 = *(u64 *)(r4 +0)\n"
	                                    "*(u64 *)(r4 +0) = r2\nr0 = 0\n"
	                                    "if r1 == 0 goto +1\n"
	                                    "r0 = *(u32 *)(r1 +0)\nexit"),
	    ISA_END_LOAD);
	/* Nor for another function in the frame where it was one. */
	ck_assert_int_eq(
	    end(EACH("0", "0") "r1 = *(u64 *)(r10 -8)\ncall g\nexit\n"
	                       "g: r0 = *(u32 *)(r1 +0)\nexit\n"
	                       "f: *(u64 *)(r4 +0) = r2\nr0 = 0\nexit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(
	    end(EACH("0", "0") "r1 = *(u64 *)(r10 -8)\ncall g\nexit\n"
	                       "g: r0 = *(u32 *)(r1 +0)\nexit\n"
	                       "f: *(u64 *)(r4 +0) = r2\nr0 = 1\nexit"),
	    ISA_END_LOAD);
}
END_TEST

static struct exo_insn other[3][TWORLD_INSNS];
static struct exo_world_prog progs[3];

static void slot(uint32_t i, uint32_t type, const char *text)
{
	uint32_t n = tworld_asm(text, other[i]);

	progs[i] = (struct exo_world_prog){ other[i], n, type,
		tworld_code(&t, type, other[i], n) };
	ck_assert_int_eq(exo_world_slot(t.w, PROGS, i, &progs[i]), 0);
}

#define TAIL(index) "r2 = map[id:2]\nr3 = " index "\ncall tail_call\n"

START_TEST(t_tail)
{
	slot(0, EXO_PROG_SOCKET, "r0 = 42\nexit");
	slot(1, EXO_PROG_XDP, "r0 = 43\nexit");
	ck_assert_uint_eq(result(TAIL("0") "r0 = 1\nexit"), 42);
	if (!t.compiles)
		ck_assert_ptr_eq(exo_world_vm(t.w)->end_insns, other[0]);
	ck_assert_uint_eq(
	    result("r6 = r1\n" TAIL("1") "r0 = 1\nexit"), 1); /* its type */
	ck_assert_uint_eq(result(TAIL("2") "r0 = 1\nexit"), 1);
	ck_assert_uint_eq(result(TAIL("4") "r0 = 1\nexit"), 1);
	ck_assert_int_eq((int64_t)result(TAIL("4") "exit"), -7);
	ck_assert_int_eq((int64_t)result(TAIL("2") "exit"), -2);
	ck_assert_uint_eq(
	    result("r2 = map[id:2]\nr3 = 0x700000000 ll\ncall tail_call\n"
	           "r0 = 1\nexit"),
	    42);
	ck_assert_int_eq(exo_world_slot(t.w, PROGS, 0, NULL), 0);
	ck_assert_uint_eq(result(TAIL("0") "r0 = 1\nexit"), 1);
	ck_assert_int_ne(exo_world_slot(t.w, PROGS, 4, NULL), 0);
	ck_assert_int_ne(exo_world_slot(t.w, ARRAY, 0, NULL), 0);
	ck_assert_int_ne(exo_world_slot(t.w, 9, 0, NULL), 0);
}
END_TEST

/* 33 in a row, then it falls through. The counter is in the map. */
START_TEST(t_tail_limit)
{
	uint32_t key = 0;
	uint64_t count = 0;

	tworld_end(&t);
	struct exo_map_def maps[] = { { EXO_MAP_ARRAY, 4, 8, 1, 0 }, defs[1],
		defs[2] };
	tworld_new(&t, maps, 3);
	slot(1, EXO_PROG_SOCKET,
	    "r3 = map[id:0][0]+0\nr4 = *(u64 *)(r3 +0)\nr4 += 1\n"
	    "*(u64 *)(r3 +0) = r4\n" TAIL("1") "r0 = 41\nexit");
	ck_assert_uint_eq(result(TAIL("1") "r0 = 1\nexit"), 41);
	ck_assert_int_eq(exo_world_lookup(t.w, 0, &key, &count), 0);
	ck_assert_uint_eq(count, 33);
	ck_assert_uint_eq(result(TAIL("1") "r0 = 1\nexit"), 41);
}
END_TEST

/* The other program: its stack is clear, r1 the context, the scratch words
 * are those of the first; a trap in it is the run's. */
/* What the first program wrote of its context is there in the second. */
START_TEST(t_tail_own)
{
	slot(0, EXO_PROG_SOCKET, "r0 = *(u32 *)(r1 +48)\nexit");
	ck_assert_uint_eq(
	    result("*(u32 *)(r1 +48) = 8\n" TAIL("0") "r0 = 0\nexit"), 8);
	ck_assert_uint_eq(result(TAIL("0") "r0 = 1\nexit"), 0);
}
END_TEST

START_TEST(t_tail_state)
{
	slot(0, EXO_PROG_SOCKET,
	    "r0 = *(u32 *)(r1 +48)\nr2 = *(u64 *)(r10 -8)\nr0 += r2\n"
	    "r0 += r6\nr0 += r7\nexit");
	ck_assert_uint_eq(
	    result("*(u32 *)(r1 +48) = 8\n*(u64 *)(r10 -8) = 1\nr6 = 1\n"
	           "r7 = 1\n" TAIL("0") "r0 = 0\nexit"),
	    8);
	slot(0, EXO_PROG_SOCKET, "r0 = *(u64 *)(r0 +0)\nexit");
	ck_assert_int_eq(end(TAIL("0") "r0 = 0\nexit"), ISA_END_LOAD);
	ck_assert_uint_eq(exo_world_vm(t.w)->end_pc, 0);
}
END_TEST

/* From a local function, the other program returns to that one's caller, in
 * the first program. */
START_TEST(t_tail_in_function)
{
	slot(0, EXO_PROG_SOCKET,
	    "r6 = 1\nr7 = 1\ncall g\nexit\n"
	    "g: r0 = 40\nexit");
	ck_assert_uint_eq(result("r6 = 2\nr7 = 3\ncall f\nr0 += r6\nexit\n"
	                         "f: r6 = 9\n" TAIL("0") "r0 = 5\nexit"),
	    42);
	ck_assert_uint_eq(result("r6 = 2\nr7 = 3\ncall f\nr0 += r6\nexit\n"
	                         "f: r6 = 9\n" TAIL("1") "r0 = 5\nexit"),
	    7);
}
END_TEST

/* 34 programs, each waits for the next one in a function; the last finds that
 * it is too much. Then the same from as deep as a program may be: all of their
 * frames are there at once. */
START_TEST(t_tail_nested)
{
	static const char one[] = "r6 = 7\ncall f\nr0 += r6\nexit\n"
	                          "f: r6 = 1\n" TAIL("1") "r0 = 0\nexit";
	static const char deep[] =
	    "r6 = 7\n*(u64 *)(r10 -8) = 5\ncall a\nr0 += r6\n"
	    "r1 = *(u64 *)(r10 -8)\nr0 += r1\nexit\n"
	    "a: call b\nexit\nb: call c\nexit\nc: call d\nexit\n"
	    "d: call e\nexit\ne: call g\nexit\n"
	    "g: r6 = 9\ncall f\nr0 += r6\nr0 -= 9\nexit\n"
	    "f: " TAIL("1") "r0 = 0\nexit";

	slot(1, EXO_PROG_SOCKET, one);
	ck_assert_uint_eq(result(one), UINT64_C(34) * 7);
	slot(1, EXO_PROG_SOCKET, deep);
	ck_assert_uint_eq(result(deep), UINT64_C(34) * 12);
	ck_assert_uint_eq(result(one), 7 + UINT64_C(33) * 12);
}
END_TEST

/* A packet that is too short ends the function that looks at it: the other
 * program where that is its first one, but not the one that waits for it. */
START_TEST(t_tail_too_short)
{
	static const char main[] = "r6 = 2\ncall f\nr0 += r6\nexit\n"
	                           "f: " TAIL("0") "r0 = 5\nexit";

	tworld_pkt(&t, 20);
	slot(0, EXO_PROG_SOCKET, "r6 = r1\nr0 = *(u8 *)skb[19]\nexit");
	ck_assert_uint_eq(result(main), 21);
	slot(0, EXO_PROG_SOCKET, "r6 = r1\nr0 = *(u8 *)skb[20]\nexit");
	ck_assert_uint_eq(result(main), 2);
	slot(0, EXO_PROG_SOCKET,
	    "call g\nr0 = 9\nexit\n"
	    "g: r6 = r1\nr0 = *(u8 *)skb[20]\nr0 = 8\nexit");
	ck_assert_uint_eq(result(main), 11);
	/* one that took the place of another */
	slot(0, EXO_PROG_SOCKET, "r6 = r1\nr0 = *(u8 *)skb[20]\nexit");
	slot(1, EXO_PROG_SOCKET, TAIL("0") "r0 = 5\nexit");
	ck_assert_uint_eq(result("r6 = 2\ncall f\nr0 += r6\nexit\n"
	                         "f: " TAIL("1") "r0 = 5\nexit"),
	    2);
}
END_TEST

/* The same in a function that a helper calls, which goes on, for it is 0. The
 * one that waited may call as deep as before. */
START_TEST(t_tail_short_loop)
{
	static const char each[] = "r1 = map[id:0]\nr2 = subprog[g]\nr3 = 0\n"
	                           "r4 = 0\ncall for_each_map_elem\n"
	                           "r0 += r7\nexit\n"
	                           "f: " TAIL("0") "r0 = 5\nexit\n"
	                                           "g: r0 = 0\nexit";
	char text[1024] = "r6 = r1\nr7 = 0\n";

	tworld_pkt(&t, 20);
	slot(0, EXO_PROG_SOCKET,
	    "*(u64 *)(r10 -8) = r1\nr1 = 3\nr2 = subprog[g]\nr3 = r10\n"
	    "r3 += -8\nr4 = 0\ncall loop\nexit\n"
	    "g: r6 = *(u64 *)(r2 +0)\nr0 = *(u8 *)skb[20]\nr0 = 1\nexit");
	for (int i = 0; i < 20; i++)
		strcat(text, "r1 = r6\ncall f\nr7 += r0\n");
	strcat(text, each);
	ck_assert_uint_eq(result(text), 20 * 3 + defs[ARRAY].max_entries);
}
END_TEST

/* What was known of the packet is not known of what another program left. */
START_TEST(t_tail_changes_packet)
{
	tworld_pkt(&t, 64);
	slot(0, EXO_PROG_XDP, "r2 = 30\ncall xdp_adjust_head\nr0 = 1\nexit");
	tworld_pkt(&t, 64);
	ck_assert_uint_eq(
	    tworld_exit(&t, EXO_PROG_XDP,
	        "r6 = r1\nr7 = *(u32 *)(r6 +0)\nr8 = *(u32 *)(r6 +4)\nr2 = r7\n"
	        "r2 += 60\nr0 = 1\nif r2 > r8 goto out\nr0 = *(u8 *)(r7 +59)\n"
	        "r1 = r6\ncall f\nr7 = *(u32 *)(r6 +0)\nr8 = *(u32 *)(r6 +4)\n"
	        "r2 = r7\nr2 += 60\nr0 = 77\nif r2 > r8 goto out\n"
	        "r0 = *(u8 *)(r7 +59)\nout: exit\n"
	        "f: " TAIL("0") "r0 = 5\nexit"),
	    77);
}
END_TEST

/* The program goes on as the one that it is: its functions are called back. */
START_TEST(t_tail_then_loop)
{
	slot(0, EXO_PROG_SOCKET, "r0 = 40\nexit");
	ck_assert_uint_eq(result("call f\nr6 = r0\nr1 = 3\nr2 = subprog[g]\n"
	                         "r3 = 0\nr4 = 0\ncall loop\nr0 += r6\nexit\n"
	                         "f: " TAIL("0") "r0 = 5\nexit\n"
	                                         "g: r0 = 0\nexit"),
	    43);
}
END_TEST

/* The tests of interpreted programs, and of the same compiled. */
static TCase *tests(const char *name, void (*begin)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, begin, teardown);
	tcase_add_test(tc, t_loop);
	tcase_add_test(tc, t_stop);
	tcase_add_test(tc, t_frames);
	tcase_add_test(tc, t_nested);
	tcase_add_test(tc, t_inside);
	tcase_add_test(tc, t_function_address);
	tcase_add_test(tc, t_each_array);
	tcase_add_test(tc, t_each_hash);
	tcase_add_test(tc, t_each_key);
	tcase_add_test(tc, t_tail);
	tcase_add_test(tc, t_tail_limit);
	if (begin == setup) /* what it runs is not verified */
		tcase_add_test(tc, t_tail_state);
	tcase_add_test(tc, t_tail_own);
	tcase_add_test(tc, t_tail_in_function);
	tcase_add_test(tc, t_tail_nested);
	tcase_add_test(tc, t_tail_too_short);
	tcase_add_test(tc, t_tail_short_loop);
	tcase_add_test(tc, t_tail_changes_packet);
	tcase_add_test(tc, t_tail_then_loop);
	return tc;
}

Suite *t_helper_loop_suite(void)
{
	Suite *s = suite_create("helper_loop");

	suite_add_tcase(s, tests("loop", setup));
	suite_add_tcase(s, tests("compiled", setup_compiled));
	return s;
}
