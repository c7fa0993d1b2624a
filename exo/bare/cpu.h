/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each processor has of its own. There is one now: with more, cpu_here() and the
 * places in entry.S ask the processor which it is, and what is not here is locked.
 */
#ifndef EXO_BARE_CPU_H
#define EXO_BARE_CPU_H

/* Places in struct cpu, for entry.S. */
#define CPU_CURRENT  0
#define CPU_STACK    8
#define CPU_USER_RSP 16

/* Selectors of ring 3, where SYSRET takes them from. */
#define USER_CODE 0x23
#define USER_DATA 0x1b

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPUS    1u
#define CPU_GDT 7u /* null; code, data; of ring 3; its task, in two */

struct plat_env;

/** Where it finds its stacks [Intel SDM, volume 3A, section 8.7]. */
struct cpu_tss {
	uint32_t zero;
	uint64_t rsp[3], none, ist[7];
	uint64_t none2;
	uint16_t none3, iomap;
} __attribute__((packed));

struct cpu {
	struct plat_env *current; /* the one that runs, or ran last; NULL */
	uint64_t stack;    /* where its stack begins, entered from ring 3 */
	uint64_t user_rsp; /* ring 3's, for some instructions */
	struct plat_env
	    *mapped; /* whose tables are in use; NULL: the kernel's */
	struct plat_env *fpu_of; /* whose registers are in the processor */
	uint64_t spent;          /* nanoseconds of this turn, on packets */
	uint64_t turn_end;       /* when it ends */
	bool overran;            /* that, in a call */
	uint64_t ran_since;      /* when who runs began to, in ticks */
	uint64_t switches;       /* from one environment to another */
	uint64_t gdt[CPU_GDT];
	struct cpu_tss tss;
};
_Static_assert(offsetof(struct cpu, current) == CPU_CURRENT, "entry.S");
_Static_assert(offsetof(struct cpu, stack) == CPU_STACK, "entry.S");
_Static_assert(offsetof(struct cpu, user_rsp) == CPU_USER_RSP, "entry.S");

extern struct cpu cpus[CPUS];

/** The one that runs this. */
static inline struct cpu *cpu_here(void)
{
	return &cpus[0];
}

#endif
#endif
