/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compiler as tools know it: its passes by name, and the processor.
 *
 * Passes are bits of exo_core_config.without and of exo_world_compile(); this
 * processor's instructions are bits of exo_world_config.no_cpu.
 */
#ifndef EXO_CORE_CODE_H
#define EXO_CORE_CODE_H

#include <stdint.h>

/** A pass: a row of exo/jit/passes.inc. */
struct exo_pass {
	const char *name; /* "fold" */
	const char *what; /* what it does */
	uint32_t bit;
};

/** The pass at index i in the order of the table; NULL past its end. */
const struct exo_pass *exo_pass_at(uint32_t i);

/** Hardening of compiled code, as bits: SECURITY.md. */
enum exo_harden {
	EXO_HARDEN_BLIND = 1, /* constants are blinded */
	EXO_HARDEN_FENCE = 2, /* nothing runs ahead of a check */
};

/** Instructions beyond x86-64's first set: those that this processor has of
 * what the compiler makes use of. */
enum exo_cpu {
	EXO_CPU_MOVBE = 1,
	EXO_CPU_BMI2 = 2,
};
uint32_t exo_cpu_has(void);

#endif
