/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report of a refusal: a fixed-size record of numbers.
 *
 * The kernel carries codes, the tool carries prose: the text of a code is a
 * row of verifier/diag.inc, which only tools print.
 */
#ifndef EXO_ABI_REPORT_H
#define EXO_ABI_REPORT_H

#include <stdint.h>

#define EXO_REPORT_NOWHERE UINT32_MAX /* insn: no instruction is to blame */
#define EXO_REPORT_NOREG   0xffu      /* reg: no register is to blame */

/** What a register held when a program was refused. */
enum exo_reg_kind {
	EXO_REG_UNINIT,
	EXO_REG_SCALAR,
	EXO_REG_CTX,
	EXO_REG_STACK,
	EXO_REG_PKT,
	EXO_REG_PKT_END,
	EXO_REG_PKT_META,
	EXO_REG_MEM,
	EXO_REG_MAP,
	EXO_REG_MAP_VALUE,
	EXO_REG_MAP_VALUE_OR_NULL,
	EXO_REG_RING, /* memory of a ring buffer */
	EXO_REG_RING_OR_NULL,
	EXO_REG_FUNC,
	EXO_REG_MAP_KEY,
};

/** One refusal. All fields are valid; those without meaning are 0. */
struct exo_report {
	uint32_t code;    /* VF number, 0: nothing was refused */
	uint32_t insn;    /* index of the instruction, or NOWHERE */
	uint8_t reg;      /* register to blame, or NOREG */
	uint8_t reg_kind; /* enum exo_reg_kind */
	uint16_t size;    /* bytes of the access */
	uint32_t widened; /* instruction that gave reg its value, or NOWHERE */
	int64_t off;      /* fixed offset of the access from its object */
	int64_t smin;     /* range of the register as a signed number */
	int64_t smax;
	uint64_t umin; /* the same as an unsigned number */
	uint64_t umax;
	uint64_t limit;    /* bytes proven accessible; or the budget */
	uint64_t explored; /* instructions explored until then */
};

#endif
