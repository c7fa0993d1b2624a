/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiled code under guard: see guard.h. */
#include "tests/support/guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP,
	SIGVTALRM };
#define FATALS (sizeof(fatal) / sizeof(fatal[0]))

static struct {
	sigjmp_buf way_out;
	struct sigaction before[FATALS];
	volatile sig_atomic_t running;
	volatile sig_atomic_t ticks; /* since the run began */
	bool ready;
} guard;

static void pass_on(int sig)
{
	unsigned i;

	for (i = 0; i < FATALS; i++) {
		if (fatal[i] == sig)
			(void)sigaction(sig, &guard.before[i], NULL);
	}
}

static void on_signal(int sig)
{
	if (guard.running == 0) {
		if (sig != SIGVTALRM)
			pass_on(sig); /* it comes again */
		return;
	}
	if (sig == SIGVTALRM && ++guard.ticks < GUARD_SECONDS)
		return;
	siglongjmp(guard.way_out, sig);
}

/* A stack of its own: compiled code may have spoiled the other one. */
static void get_ready(void)
{
	static _Alignas(16) uint8_t stack[1 << 16];
	const stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const struct itimerval tick = { { 1, 0 }, { 1, 0 } };
	struct sigaction sa;
	unsigned i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sa.sa_flags = SA_ONSTACK | SA_NODEFER | SA_RESTART;
	if (sigaltstack(&alt, NULL) != 0)
		abort();
	for (i = 0; i < FATALS; i++) {
		if (sigaction(fatal[i], &sa, &guard.before[i]) != 0)
			abort();
	}
	(void)setitimer(ITIMER_VIRTUAL, &tick, NULL);
	guard.ready = true;
}

int guard_exec(
    struct exo_world *w, const struct exo_world_code *code, uint64_t *r0)
{
	int sig;

	if (!guard.ready)
		get_ready();
	sig = sigsetjmp(guard.way_out, 0);
	if (sig == 0) {
		guard.ticks = 0;
		guard.running = 1;
		*r0 = exo_world_exec(w, code);
	}
	guard.running = 0;
	return sig;
}
