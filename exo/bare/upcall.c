/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Upcalls: the kernel writes the frame by its own mapping, so it never faults; the
 * handler resumes without the kernel. See exo/abi/pe.h.
 */
#include "exo/bare/env.h"

#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/lib/mem.h"

/* Flags that ring 3 may not choose, and those that a handler begins without. */
#define FLAGS_KEPT  0x240dd5u /* CF PF AF ZF SF TF DF OF AC ID */
#define FLAGS_FRESH 0x202u    /* IF */

/* Where the frame goes: below the stack pointer if that is on the upcall stack, else
 * at its top. 0: it is no stack. */
static uint64_t place(const struct plat_env *e)
{
	/* read once: the environment may not write meanwhile, but it may have
	 * written anything */
	uint64_t from = e->pe->stack_from, to = e->pe->stack_to, at;

	if (to % 16 != 0 || to > USER_END || from > to)
		return 0;
	at = e->regs.rsp > from && e->regs.rsp <= to ? e->regs.rsp - 128 : to;
	if (at < sizeof(struct exo_frame) + from || at > to)
		return 0;
	return (at - sizeof(struct exo_frame)) & ~(uint64_t)15;
}

static void fill(const struct plat_env *e, struct exo_frame *f)
{
	memcpy(&f->r15, &e->regs, EXO_X64_REGS_SIZE);
	f->rflags = (e->regs.rflags & FLAGS_KEPT) | FLAGS_FRESH;
	f->rsp = e->regs.rsp;
	f->rip = e->regs.rip;
}

/* Write the frame, in its place if that is on one page. False: it has none. */
static bool write_frame(struct plat_env *e, uint64_t at, uint64_t cause,
    uint64_t vector, uint64_t code, uint64_t address)
{
	struct exo_frame copy, *f = &copy;
	bool one = at % FRAME_SIZE <= FRAME_SIZE - sizeof(*f);

	if (one)
		f = (struct exo_frame *)(void *)env_at_user(e, at, true);
	if (f == NULL)
		return false;
	f->cause = cause;
	f->vector = vector;
	f->code = code;
	f->address = address;
	fill(e, f);
	return one || env_copy_out(e, at, f, sizeof(*f)) == 0;
}

bool upcall(struct plat_env *e, uint64_t entry, enum exo_cause cause,
    uint64_t vector, uint64_t code, uint64_t address)
{
	uint64_t at;

	if (entry == 0)
		return false;
	at = place(e);
	if (entry >= USER_END || at == 0 ||
	    !write_frame(e, at, cause, vector, code, address)) {
		env_die(e, ENV_BAD_STACK, cause);
		return true;
	}
	e->regs.rip = entry;
	e->regs.rsp = at;
	e->regs.rdi = at;
	e->regs.rflags = FLAGS_FRESH;
	e->upcalls++;
	return true;
}
