/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an environment leaves in the processor is not there when another one runs: with
 * the argument "leaves" it writes into all that ring 3 can write and nobody names its
 * own, gives up its turn, and has it taken; "looks" never writes, and must find what it
 * began with. Any other argument is something that ring 3 must not be able to do, which
 * ends it.
 */
#include "tests/bare/fpu.h"

#define ROUNDS 40
#define SPIN   3000000u /* turns of a loop: some slots of time */
/* Flags of ring 3's own: NT, AC, ID. */
#define FLAGS  0x244000u
#define NOT_DF (FLAGS | 0x400u)

struct selectors {
	uint16_t ds, es, fs, gs;
};

/* x87's environment [Intel SDM, volume 1, figure 8-9]. */
struct x87 {
	uint32_t control, status, tag, ip, cs_and_op, data, data_sel;
};

static struct selectors selectors(void)
{
	struct selectors s;

	__asm__ volatile("movw %%ds, %0; movw %%es, %1\n"
	                 "movw %%fs, %2; movw %%gs, %3"
	                 : "=rm"(s.ds), "=rm"(s.es), "=rm"(s.fs), "=rm"(s.gs));
	return s;
}

static uint64_t flags(void)
{
	uint64_t v;

	__asm__ volatile("pushfq; popq %0" : "=r"(v) : : "memory");
	return v;
}

static struct x87 x87(void)
{
	struct x87 s;

	/* it masks exceptions, which were masked */
	__asm__ volatile("fnstenv %0" : "=m"(s));
	return s;
}

/* As it began. */
static void clean(void)
{
	struct selectors has = selectors();
	struct x87 s;

	CHECK(has.ds == 0 && has.es == 0 && has.fs == 0 && has.gs == 0);
	CHECK((flags() & NOT_DF) == 0);
	fpu_fresh();
	s = x87();
	CHECK((s.status & 0xffff) == 0 && (s.tag & 0xffff) == 0xffff);
	CHECK(s.ip == 0 && s.cs_and_op == 0);
	CHECK(s.data == 0 && (s.data_sel & 0xffff) == 0);
}

static void mark(void)
{
	static const uint16_t data = 0x1b, code = 0x23, two = 2, three = 3;
	static double one = 1;

	fpu_fill('M');
	/* an address of an instruction and one of data, for x87 to keep */
	__asm__ volatile("fninit; fldl %0; fmull %0" : : "m"(one));
	__asm__ volatile("movw %0, %%ds; movw %1, %%es\n"
	                 "movw %2, %%fs; movw %3, %%gs"
	                 :
	                 : "r"(data), "r"(code), "r"(two), "r"(three));
	__asm__ volatile("pushfq; orq %0, (%%rsp); popfq"
	                 :
	                 : "r"((uint64_t)FLAGS)
	                 : "memory", "cc");
}

static void unmark(void)
{
	__asm__ volatile("pushfq; andq %0, (%%rsp); popfq"
	                 :
	                 : "r"(~(uint64_t)FLAGS)
	                 : "memory", "cc");
}

static void spin(void)
{
	for (volatile uint32_t i = 0; i < SPIN; i++)
		continue;
}

/* Vectors are its own still, and flags. */
static void leaves(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct fpu_state s;

		mark();
		(void)lnet_yield();
		fpu_keep(&s);
		CHECK(fpu_all(s.fx + 160, 256, 'M'));
		CHECK(s.fx[4] == 0x80); /* one number of x87's */
		mark();
		spin();
		CHECK((flags() & FLAGS) == FLAGS);
		unmark();
	}
}

static void looks(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		clean();
		(void)lnet_yield();
		clean();
		for (int k = 0; k < 10; k++) {
			for (volatile uint32_t n = 0; n < SPIN / 10; n++)
				continue;
			clean();
		}
	}
}

static void fsbase(void)
{
	__asm__ volatile("wrfsbase %0" : : "r"((uint64_t)1));
}

static void gsbase(void)
{
	__asm__ volatile("wrgsbase %0" : : "r"((uint64_t)1));
}

static void pkru(void)
{
	__asm__ volatile("wrpkru" : : "a"(0), "c"(0), "d"(0));
}

static void xsave(void)
{
	__asm__ volatile("xgetbv" : : "c"(0) : "rax", "rdx");
}

static void ymm(void)
{
	__asm__ volatile("vzeroupper");
}

static void debug(void)
{
	__asm__ volatile("movq %0, %%dr0" : : "r"((uint64_t)1));
}

static void counters(void)
{
	__asm__ volatile("rdpmc" : : "c"(0) : "rax", "rdx");
}

static const struct {
	const char *name;
	void (*fn)(void);
} ways[] = { { "leaves", leaves }, { "looks", looks }, { "fsbase", fsbase },
	{ "gsbase", gsbase }, { "pkru", pkru }, { "xsave", xsave },
	{ "ymm", ymm }, { "debug", debug }, { "counters", counters } };

int lnet_main(struct exo_pe *pe)
{
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (same_text(pe->arg, ways[i].name)) {
			ways[i].fn();
			return 0;
		}
	return 1;
}
