/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protected control transfer: one environment goes on in another, at an entry point that
 * that one chose, with registers as the message [D. R. Engler, M. F. Kaashoek,
 * J. O'Toole, "Exokernel", SOSP 1995, section 5.2]. No scheduler is in between.
 *
 *	SYSCALL		rax the call; rdi PCT: the name of whom to call, PCT_RETURN:
 *			of whom to answer; rsi PCT: 0, wait for the answer (synchronous);
 *			1, do not
 *	there		rdi the caller's name, which is true; rsi as above
 *	both		rdx, rbx, rbp, r8, r9, r10, r12 to r15: the message
 *
 * Who can be called has said so by ACCEPT, and nothing of its own goes on then: a call
 * begins at pe->entry_sync or entry_async with rsp as pe->call_stack, and ends with
 * PCT_RETURN, after which it accepts again, or with ACCEPT. Whatever else comes for it
 * (packets, revocation) has it return from either call with -EXO_EAGAIN.
 *
 * Time: who calls gives what is left of its slot; synchronously its later ones, too, until
 * the answer.
 */
#ifndef EXO_BARE_PCT_H
#define EXO_BARE_PCT_H

#include "exo/bare/env.h"

/** The calls PCT, PCT_RETURN and ACCEPT of an environment, whose registers have
 * everything. Go on with what runs next. */
_Noreturn void pct_call(struct plat_env *e);
_Noreturn void pct_return(struct plat_env *e);
_Noreturn void pct_accept(struct plat_env *e);

/** It ended: who waits for its answer gets none, and it gets none any more. */
void pct_ended(struct plat_env *e);

/** Who runs in the time of one that waits for an answer; itself, if it does not. */
struct plat_env *pct_runs_for(struct plat_env *e);

#endif
