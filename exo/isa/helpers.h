/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers as data: what each takes, gives and changes.
 *
 * A row of helpers.inc is all that the verifier knows of a helper; whoever
 * runs one (exo/isa/interp.h: struct isa_ops) keeps what the row promises.
 */
#ifndef EXO_ISA_HELPERS_H
#define EXO_ISA_HELPERS_H

#include <stdbool.h>
#include <stdint.h>

/** What an argument must be. */
enum isa_arg {
	ISA_ARG_NONE,       /* no argument: the register is not looked at */
	ISA_ARG_SCALAR,     /* any number */
	ISA_ARG_CTX,        /* the context, not moved */
	ISA_ARG_MAP_LOOKUP, /* a map that can do this: see exo/abi/map.h */
	ISA_ARG_MAP_UPDATE,
	ISA_ARG_MAP_DELETE,
	ISA_ARG_MAP_EACH,
	ISA_ARG_MAP_RING,
	ISA_ARG_MAP_TAIL,
	ISA_ARG_MAP_PERF,
	ISA_ARG_MAP_QUEUE,
	ISA_ARG_KEY,       /* as many readable bytes as the map's keys have */
	ISA_ARG_VALUE,     /* as many readable bytes as its values have */
	ISA_ARG_OUT_VALUE, /* as many bytes to be written */
	ISA_ARG_MEM,       /* readable bytes; the next argument says how many */
	ISA_ARG_MEM_OR_NULL, /* the same, or 0 when the size is 0 */
	ISA_ARG_OUT,         /* bytes to be written; likewise */
	ISA_ARG_SIZE,        /* how many, at least 1 */
	ISA_ARG_SIZE0,       /* how many, maybe 0 */
	ISA_ARG_CONST_SIZE, /* a known number, at least 1: the result's bytes */
	ISA_ARG_RING,       /* ring buffer memory, not moved; it is given up */
	ISA_ARG_FUNC,       /* a function of the program, to be called back */
	ISA_ARG_STACK_OR_NULL, /* handed to the function */
	ISA_ARG_PRINTED, /* any number that the format has a place for; else
	                    the register is not looked at */
};

/** Whether the helper writes what an argument points to. */
static inline bool isa_arg_writes(enum isa_arg arg)
{
	return arg == ISA_ARG_OUT || arg == ISA_ARG_OUT_VALUE;
}

/** What r0 holds afterwards. */
enum isa_ret {
	ISA_RET_VOID,          /* nothing */
	ISA_RET_INT,           /* some number of 64 bits */
	ISA_RET_VALUE_OR_NULL, /* a value of the map, or 0 */
	ISA_RET_RING_OR_NULL,  /* memory of the size asked for, or 0; the
	                          program must give it up before it ends */
};

/** What else happens: bits. */
#define ISA_FX_WRITES 0x01u /* changes what outlives the run */
#define ISA_FX_VARIES 0x02u /* the result differs from run to run */
#define ISA_FX_PACKET 0x04u /* the packet changes: pointers to it are void */
#define ISA_FX_READS  0x08u /* the packet is read */
#define ISA_FX_TAIL   0x10u /* another program may take over for good */
#define ISA_FX_CALLS  0x20u /* a function of the program is called */

#define ISA_ARGS 5u

/** One row of helpers.inc. */
struct isa_helper {
	const char *name;
	uint32_t nr;
	uint8_t types;         /* bit t: enum exo_prog_type t may call it */
	uint8_t ret;           /* enum isa_ret */
	uint8_t arg[ISA_ARGS]; /* enum isa_arg, for r1 to r5 */
	uint8_t fx;
	uint16_t steps; /* that a call counts for, beside its own */
};

/** All rows, in order of number. */
extern const unsigned isa_nhelpers;
extern const struct isa_helper isa_helpers[];

/** The helper of this number that programs of this type may call, or NULL;
 * *exists tells whether other types may. Constant time. */
const struct isa_helper *isa_helper(uint32_t nr, uint32_t type, bool *exists);

/** The steps of a call of this number's, 0 if there is no such helper. */
uint32_t isa_helper_steps(uint32_t nr);

#endif
