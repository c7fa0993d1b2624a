/* SPDX-License-Identifier: BSD-2-Clause */
/* The way in from ring 3: see call.h. */
#include "exo/bare/call.h"

#include "exo/abi/call.h"
#include "exo/abi/err.h"
#include "exo/bare/clock.h"
#include "exo/bare/cpu.h"
#include "exo/bare/disk.h"
#include "exo/bare/family.h"
#include "exo/bare/fiber.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/pct.h"
#include "exo/bare/sched.h"
#include "exo/bare/serial.h"
#include "exo/bare/sleep.h"
#include "exo/bare/slots.h"
#include "exo/bare/trap.h"
#include "exo/bare/x86.h"
#include "exo/core/core.h"
#include "exo/lib/mem.h"

#define STAR_VALUE ((uint64_t)0x10 << 48 | (uint64_t)0x08 << 32)
#define FLAGS_OFF  0x257fd5u /* all but what is always 1 */
#define LINES_MAX \
	10000u /* of one environment and its children, on the console */

extern const uint8_t syscall_entry[];
void syscall_enter(void);

/* Arguments of any call. */
union args {
#define EXO_CALL_ROW(name, number, type, meaning) struct type of_##name;
#include "exo/abi/call.inc"
#include "exo/abi/machine.inc"
#undef EXO_CALL_ROW
};

/* They are copied by words. */
#define EXO_CALL_ROW(name, number, type, meaning) \
	_Static_assert(sizeof(struct type) % 8 == 0, #name);
#include "exo/abi/call.inc"
#include "exo/abi/machine.inc"
#undef EXO_CALL_ROW

void call_init(void)
{
	x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | 1);
	x86_wrmsr(MSR_STAR, STAR_VALUE);
	x86_wrmsr(MSR_LSTAR, (uintptr_t)syscall_entry);
	x86_wrmsr(MSR_SFMASK, FLAGS_OFF);
	x86_set_cr4(x86_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
}

/* Bytes of a call's arguments; 0: there is no such call. */
static uint64_t size_of(uint64_t nr)
{
	switch (nr) {
#define EXO_CALL_ROW(name, number, type, meaning) \
	case number:                              \
		return sizeof(struct type);
#include "exo/abi/call.inc"
#include "exo/abi/machine.inc"
#undef EXO_CALL_ROW
	default:
		return 0;
	}
}

/* A block of the disk, into a frame or from there. The kernel waits for it. */
static int disk_call(struct plat_env *e, const struct exo_call_disk *a)
{
	uint64_t from = clock_ns();
	uint32_t frame = 0, generation;
	int err = a->write > 1
	              ? -EXO_EINVAL
	              : exo_phys_frame(e->phys, &a->frame,
	                    a->write != 0 ? EXO_FRAME_READ : EXO_FRAME_WRITE,
	                    &frame, &generation);

	if (err == 0)
		err = disk_page(&a->disk, a->block,
		    paging_direct((uint64_t)frame * FRAME_SIZE), a->write != 0);
	slots_waited(e, clock_ns() - from);
	return err;
}

/* Lines of a text, in which all that is no character is '?' afterwards. */
static uint32_t lines_of(char *text, uint32_t n)
{
	uint32_t lines = n == 0 || text[n - 1] != '\n';

	for (uint32_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			lines++;
		else if (text[i] < 0x20 || text[i] > 0x7e)
			text[i] = '?';
	}
	return lines;
}

/* A console takes its time for each byte, and the kernel waits for it: a call is of a few
 * lines, and what they take behind the end of the caller's turn is its debt (slots.h). */
static int print(struct plat_env *e, const struct exo_call_print *a)
{
	char text[EXO_PRINT_MAX];
	uint32_t n = (uint32_t)a->size, lines;
	struct plat_env *of = e->child ? env_named(e->maker) : e;

	if (a->size > sizeof(text))
		return -EXO_E2BIG;
	if (env_copy_in(e, text, a->text, n) != 0)
		return -EXO_EINVAL;
	lines = lines_of(text, n);
	if (lines > EXO_PRINT_LINES)
		return -EXO_E2BIG;
	if (of == NULL)
		of = e; /* its maker has ended */
	if (of->lines >= LINES_MAX)
		return -EXO_ELIMIT;
	of->lines += lines;
	serial_lines(e->label, text, n);
	return 0;
}

/* Sleep, unless there is something to wake up for. It may be that packets came after
 * the libOS looked, and that it was told, or interrupted, before this call. Both
 * numbers are in its reach: who forges them has its own sleep spoilt. */
static int wait(struct plat_env *e)
{
	if (e->ring == NULL)
		return -EXO_EINVAL;
	e->wake = false;
	if (__atomic_load_n(&e->ring->head, __ATOMIC_RELAXED) ==
	    __atomic_load_n(&e->ring->tail, __ATOMIC_RELAXED))
		e->state = ENV_WAITING;
	return 0;
}

/* What SYSCALL leaves; for IRETQ, should another one run meanwhile. */
static void result(struct plat_env *e, int64_t err)
{
	e->regs.rax = (uint64_t)err;
	e->regs.rcx = 0;
	e->regs.r11 = 0;
}

/* A call of the core that may make something that can be revoked. */
static int making_call(
    struct plat_env *e, uint64_t nr, union args *a, uint64_t size)
{
	int err = exo_call(e->core, e->name, (uint32_t)nr, a, size);

	if (err == 0 && nr == EXO_CALL_BIND_NR)
		exo_holder_got(e->holder, EXO_KIND_BINDING);
	if (err == 0 && nr == EXO_CALL_DERIVE_NR)
		exo_holder_got(e->holder, EXO_KIND_KEY);
	return err;
}

/* One that may take long, from its arguments to its result. Until it has ended ring 3
 * does not run, so that its registers still say where the results go. */
static void slow_call(struct plat_env *e, void *arg)
{
	union args a = *(const union args *)arg;
	uint64_t nr = e->regs.rax, at = e->regs.rdi, size = e->regs.rsi;
	int err = making_call(e, nr, &a, size);

	if (err == 0)
		(void)env_copy_out(e, at, &a, size);
	result(e, err);
}

/* It ends here, or later. */
static int slowly(struct plat_env *e, union args *a)
{
	if (!fiber_run(e, slow_call, a))
		return -EXO_ENOMEM;
	if (e->state != ENV_RUNNABLE)
		sched_next();
	sched_return();
}

bool call_pause(void *arg, struct plat_env *e)
{
	(void)arg;
	if (e == NULL || !fiber_here(e) || sched_look())
		return true;
	return fiber_pause(e);
}

/* Calls that are of the machine; the others are the core's. */
static int machine_call(struct plat_env *e, uint64_t nr, union args *a)
{
	switch (nr) {
	case EXO_CALL_YIELD_NR:
		return 0;
	case EXO_CALL_WAIT_NR:
		return wait(e);
	case EXO_CALL_EXIT_NR:
		env_die(e, ENV_EXIT, a->of_EXIT.status);
		return 0;
	case EXO_CALL_PRINT_NR:
		return print(e, &a->of_PRINT);
	case EXO_CALL_FRAMES_NR:
	case EXO_CALL_RELEASE_NR:
	case EXO_CALL_KEY_OF_NR:
	case EXO_CALL_PTE_NR:
	case EXO_CALL_SURRENDER_NR:
	case EXO_CALL_SEED_NR:
		return exo_phys_call(e->phys, e->holder, (uint32_t)nr, a);
	case EXO_CALL_LESSEN_NR:
		if (a->of_LESSEN.key.res == EXO_RES_DISK)
			return disk_lessen(&a->of_LESSEN);
		return exo_phys_call(e->phys, e->holder, (uint32_t)nr, a);
	case EXO_CALL_DISK_NR:
		return disk_call(e, &a->of_DISK);
	case EXO_CALL_WAKE_NR:
		return sleep_wake(e, &a->of_WAKE);
	case EXO_CALL_SLEEP_NR:
		return sleep_begin(e, &a->of_SLEEP);
	case EXO_CALL_ENV_NEW_NR:
		return family_new(e, &a->of_ENV_NEW);
	case EXO_CALL_ENV_START_NR:
		return family_start(e, &a->of_ENV_START);
	case EXO_CALL_ENV_END_NR:
		return family_end(e, &a->of_ENV_END);
	case EXO_CALL_DERIVE_NR:
		if (a->of_DERIVE.region.at == 0) /* nothing is compared */
			return making_call(e, nr, a, sizeof(a->of_DERIVE));
		return slowly(e, a);
	case EXO_CALL_BIND_NR:
	case EXO_CALL_SLOT_NR:
		return slowly(e, a);
	case EXO_CALL_TIME_TAKE_NR:
		return slots_take(e, &a->of_TIME_TAKE);
	case EXO_CALL_TIME_GIVE_NR:
		return slots_give(e, &a->of_TIME_GIVE);
	case EXO_CALL_YIELD_TO_NR:
		return sched_yield_to(e, a->of_YIELD_TO.env);
	default:
		return exo_call(e->core, e->name, (uint32_t)nr, a, size_of(nr));
	}
}

/* Whether results can be written where the arguments are, before anything is done. */
static bool writable(struct plat_env *e, uint64_t at, uint64_t n)
{
	return env_at_user(e, at, true) != NULL &&
	       env_at_user(e, at + n - 1, true) != NULL;
}

/* Where the arguments of a call are. */
struct place {
	uint64_t at, n;
	uint8_t *p;       /* all of them; NULL: they are on two pages */
	uint64_t changes; /* of the address space, before */
};

/* Copy the arguments in, if results can be written there. */
static bool take(struct plat_env *e, union args *a, struct place *w)
{
	w->p = NULL;
	if (w->at % FRAME_SIZE > FRAME_SIZE - w->n)
		return w->at < UINT64_MAX - w->n && writable(e, w->at, w->n) &&
		       env_copy_in(e, a, w->at, w->n) == 0;
	w->p = env_at_user(e, w->at, true);
	w->changes = e->changes;
	if (w->p != NULL)
		x86_copy(a, w->p, w->n / 8);
	return w->p != NULL;
}

/* Results, to where the arguments were, or to what is there by now. */
static void give(struct plat_env *e, const union args *a, const struct place *w)
{
	if (w->p != NULL && w->changes == e->changes)
		x86_copy(w->p, a, w->n / 8);
	else
		(void)env_copy_out(e, w->at, a, w->n);
}

static int64_t call(struct plat_env *e, uint64_t nr, uint64_t at, uint64_t size)
{
	struct place w = { .at = at, .n = size };
	union args a;
	uint64_t want = size_of(nr);
	int err;

	_Static_assert(sizeof(a) <= 4096, "arguments are on two pages at most");
	if (want == 0)
		return -EXO_ENOSYS;
	if (size != want || !take(e, &a, &w))
		return -EXO_EINVAL;
	err = machine_call(e, nr, &a);
	if (err == 0 && e->state != ENV_DEAD)
		give(e, &a, &w);
	return err;
}

/* Not inlined: what it needs of the stack and of registers is not for those below. */
static _Noreturn __attribute__((noinline)) void with_arguments(
    struct plat_env *e, uint64_t nr)
{
	result(e, call(e, nr, e->regs.rdi, e->regs.rsi));
	if (nr == EXO_CALL_YIELD_NR)
		sched_next();
	if (nr == EXO_CALL_YIELD_TO_NR)
		sched_given(); /* who was interrupted somewhere */
	sched_return();
}

void syscall_enter(void)
{
	struct plat_env *e = cpu_here()->current;
	uint64_t nr = e->regs.rax;

	trap_own_flags();
	if (nr == EXO_CALL_PCT_NR)
		sched_switch(pct_call(e, env_named(e->regs.rdi)), e);
	if (nr == EXO_CALL_PCT_RETURN_NR)
		sched_switch(pct_return(e), e);
	if (nr == EXO_CALL_ACCEPT_NR)
		sched_switch(pct_accept(e), e);
	with_arguments(e, nr);
}
