/* SPDX-License-Identifier: BSD-2-Clause */
/* Protected control transfer: see pct.h. */
#include "exo/bare/pct.h"

#include "exo/abi/err.h"
#include "exo/bare/paging.h"

#define FLAGS_FRESH 0x202u /* IF */

static struct plat_env *answer(struct plat_env *e, int64_t ret)
{
	e->regs.rax = (uint64_t)ret;
	return e;
}

/* Where it can be entered now: 0 with *entry, or why not. */
static int ready(const struct plat_env *to, bool sync, uint64_t *entry)
{
	if (to == NULL || to->state == ENV_DEAD)
		return -EXO_ESTALE;
	if (to->state != ENV_ACCEPTS)
		return -EXO_EAGAIN;
	/* read once: it may write it when it runs */
	*entry = sync ? to->pe->entry_sync : to->pe->entry_async;
	return *entry == 0 || *entry >= USER_END ? -EXO_EINVAL : 0;
}

struct plat_env *pct_call(struct plat_env *e, struct plat_env *to)
{
	bool sync = e->regs.rsi == 0;
	uint64_t entry = 0;
	int err = e->regs.rsi > 1 ? -EXO_EINVAL : ready(to, sync, &entry);

	if (err != 0)
		return answer(e, err);
	to->regs.rax = 0;
	to->regs.rdi = e->name;
	to->regs.rsi = e->regs.rsi;
	to->regs.rip = entry;
	to->regs.rsp = to->pe->call_stack;
	to->regs.rflags = FLAGS_FRESH;
	to->state = ENV_RUNNABLE;
	e->regs.rax = 0;
	if (sync) {
		e->state = ENV_AWAITS;
		e->callee = to;
		to->caller = e;
	}
	return to;
}

/* From now on it can be called; what comes for it otherwise has it go on here. */
static void accept(struct plat_env *e)
{
	e->regs.rax = (uint64_t)-EXO_EAGAIN;
	e->state = ENV_ACCEPTS;
}

struct plat_env *pct_return(struct plat_env *e)
{
	struct plat_env *to = e->caller;

	if (to == NULL || to->name != e->regs.rdi)
		return answer(e, -EXO_ESTALE);
	e->caller = NULL;
	to->callee = NULL;
	to->state = ENV_RUNNABLE;
	to->regs.rax = 0;
	accept(e);
	return to;
}

struct plat_env *pct_accept(struct plat_env *e)
{
	if (e->caller != NULL)
		return answer(e, -EXO_EINVAL); /* it waits */
	accept(e);
	return NULL;
}

void pct_keep(struct plat_env *to, const struct plat_env *from)
{
	to->regs.rdx = from->regs.rdx;
	to->regs.rbx = from->regs.rbx;
	to->regs.rbp = from->regs.rbp;
	to->regs.r8 = from->regs.r8;
	to->regs.r9 = from->regs.r9;
	to->regs.r10 = from->regs.r10;
	to->regs.r12 = from->regs.r12;
	to->regs.r13 = from->regs.r13;
	to->regs.r14 = from->regs.r14;
	to->regs.r15 = from->regs.r15;
	/* as behind SYSCALL, by IRETQ */
	to->regs.rcx = to->regs.rip;
	to->regs.r11 = to->regs.rflags;
}

void pct_ended(struct plat_env *e)
{
	struct plat_env *to = e->caller;

	if (e->callee != NULL)
		e->callee->caller = NULL;
	if (to != NULL) {
		to->callee = NULL;
		to->state = ENV_RUNNABLE;
		(void)answer(to, -EXO_ESTALE);
	}
	e->callee = e->caller = NULL;
}

struct plat_env *pct_runs_for(struct plat_env *e)
{
	while (e->state == ENV_AWAITS)
		e = e->callee; /* who waits cannot be called: it ends */
	return e;
}
