/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protected control transfer: one environment goes on in another, at an entry point that
 * that one chose, with registers as the message [D. R. Engler, M. F. Kaashoek,
 * J. O'Toole, "Exokernel", SOSP 1995, section 5.2]. No scheduler is in between.
 *
 *	SYSCALL		rax the call; rdi PCT: the name of whom to call, PCT_RETURN:
 *			of whom to answer; rsi PCT: 0, wait for the answer (synchronous);
 *			1, do not
 *	there		rdi the caller's name, which is true; rsi as above; rax 0; rsp
 *			pe->call_stack; rcx and r11 are SYSRET's
 *	both		rdx, rbx, rbp, r8, r9, r10, r12 to r15: the message
 *
 * Who can be called has said so by ACCEPT, and nothing of its own goes on then: a call
 * begins at pe->entry_sync or entry_async, and ends with PCT_RETURN, after which it
 * accepts again, or, if it was asynchronous, with ACCEPT. Whatever else comes for it
 * (packets, if it has an entry point for them; revocation) has it return from either call
 * with -EXO_EAGAIN. pe->critical does not hold up calls.
 *
 * Time: who calls gives what is left of its slot; synchronously its later ones, too, until
 * the answer.
 *
 * Invariants, between any two steps of these: who is ENV_AWAITS has a callee, and nobody
 * else has; the callee's caller is that one, and nobody else's is; a dead one is neither.
 * As nobody is called who does not accept, and who accepts waits for nobody, the chain of
 * callees ends.
 *
 * All of this is pure. Who runs next, with the message in the registers, is sched.c's:
 * it goes there from those of who sends it, and is written nowhere else.
 */
#ifndef EXO_BARE_PCT_H
#define EXO_BARE_PCT_H

#include "exo/bare/env.h"

/** The calls PCT, PCT_RETURN and ACCEPT of the one that runs, whose registers have
 * everything; `to` has the name in its rdi, and is NULL if nobody has. Returns who is to
 * run now, ENV_RUNNABLE and behind a call, with e's message; NULL: another one. */
struct plat_env *pct_call(struct plat_env *e, struct plat_env *to);
struct plat_env *pct_return(struct plat_env *e);
struct plat_env *pct_accept(struct plat_env *e);

/** `to` does not go on now: it finds the message of `from` when it does. */
void pct_keep(struct plat_env *to, const struct plat_env *from);

/** It is ENV_DEAD: who waits for its answer gets none, and it gets none any more. */
void pct_ended(struct plat_env *e);

/** Who runs in the time of one that waits for an answer; itself, if it does not. */
struct plat_env *pct_runs_for(struct plat_env *e);

#endif
