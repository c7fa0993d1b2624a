/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of ring 3 while the kernel runs, for C and for entry.S.
 */
#ifndef EXO_BARE_REGS_H
#define EXO_BARE_REGS_H

#include "exo/abi/regs.h"

/* Places in struct user_regs, behind EXO_X64_REGS. */
#define USER_RIP    EXO_X64_REGS_SIZE
#define USER_RFLAGS (USER_RIP + 8)
#define USER_RSP    (USER_RIP + 16)

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct user_regs {
	uint64_t EXO_X64_REGS;
	uint64_t rip, rflags, rsp;
};
_Static_assert(offsetof(struct user_regs, r15) == 0, "entry.S");
_Static_assert(offsetof(struct user_regs, rip) == USER_RIP, "entry.S");
_Static_assert(offsetof(struct user_regs, rflags) == USER_RFLAGS, "entry.S");
_Static_assert(offsetof(struct user_regs, rsp) == USER_RSP, "entry.S");
#endif

#endif
