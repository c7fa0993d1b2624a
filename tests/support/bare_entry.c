/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine around the way in from ring 3: see bare_entry.h. */
#include "tests/support/bare_entry.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/bare/clock.h"
#include "exo/bare/code.h"
#include "exo/bare/cpu.h"
#include "exo/bare/entropy.h"
#include "exo/bare/env.h"
#include "exo/bare/fiber.h"
#include "exo/bare/heap.h"
#include "exo/bare/sched.h"
#include "exo/bare/serial.h"
#include "exo/bare/slots.h"
#include "exo/lib/bug.h"

void syscall_enter(void);
extern const uint8_t syscall_entry[];
const uint8_t syscall_entry[1];

struct cpu cpus[CPUS];
uint64_t bare_clock = 1;
uint64_t bare_heap, bare_heap_most = (uint64_t)512 << 20;
const struct bare_number *bare_numbers;
static jmp_buf out;

int bare_enter_kernel(void)
{
	int way = setjmp(out);

	if (way == 0)
		syscall_enter();
	return way;
}

/* --- who runs ------------------------------------------------------------------- */

_Noreturn void sched_next(void)
{
	longjmp(out, 2);
}

_Noreturn void sched_switch(struct plat_env *to, const struct plat_env *from)
{
	if (to == NULL)
		longjmp(out, 2);
	cpus[0].current = to;
	longjmp(out, to == from ? 1 : 4);
}

_Noreturn void sched_return(void)
{
	longjmp(out, 1);
}

/* No call pauses here, so any stack will do. */
bool fiber_run(
    struct plat_env *e, void (*fn)(struct plat_env *e, void *arg), void *arg)
{
	fn(e, arg);
	return true;
}

bool fiber_here(const struct plat_env *e)
{
	(void)e;
	return false;
}

bool fiber_pause(struct plat_env *e)
{
	(void)e;
	abort();
}

_Noreturn void sched_given(void)
{
	longjmp(out, 3);
}

/* Nobody else comes to run. */
int sched_yield_to(struct plat_env *e, uint64_t name)
{
	struct plat_env *to;

	return name == e->name ? 0 : slots_whom(name, &to);
}

bool sched_can_run(struct plat_env *e)
{
	return e->state == ENV_RUNNABLE;
}

void sched_longer(uint64_t ns)
{
	(void)ns;
}

uint64_t sched_left(void)
{
	return 0;
}

uint64_t sched_end(void)
{
	return 0;
}

bool sched_look(void)
{
	abort();
}

/* --- the command line ------------------------------------------------------------- */

int machine_option(const struct machine *m, const char *name, const char **v)
{
	(void)m;
	(void)name;
	(void)v;
	return -1;
}

uint64_t machine_number(
    const struct machine *m, const char *name, uint64_t otherwise)
{
	const struct bare_number *n = bare_numbers;

	(void)m;
	for (; n != NULL && n->name != NULL; n++)
		if (strcmp(n->name, name) == 0)
			return n->value;
	return otherwise;
}

/* --- devices ------------------------------------------------------------------------ */

void serial_str(const char *text)
{
	(void)text;
	abort();
}

void serial_u64(uint64_t v)
{
	(void)v;
	abort();
}

uint64_t clock_ns(void)
{
	return bare_clock;
}

uint64_t clock_ns_of(uint64_t ticks)
{
	return ticks;
}

/* No two secrets are the same. */
bool entropy_fill(void *p, size_t n)
{
	static int last;

	memset(p, ++last, n);
	return true;
}

/* --- memory ------------------------------------------------------------------------- */

void *heap_get(size_t size)
{
	void *p = size > bare_heap_most
	              ? NULL
	              : aligned_alloc(64, (size + 64) / 64 * 64);

	bare_heap += p != NULL ? size : 0;
	return p;
}

void heap_put(void *p, size_t size)
{
	bare_heap -= size;
	free(p);
}

/* Nothing is run. */
const void *code_install(const void *code, size_t size)
{
	void *p = heap_get(size);

	return p == NULL ? NULL : memcpy(p, code, size);
}

void code_remove(const void *code, size_t size)
{
	void *p;

	memcpy(&p, &code, sizeof(p));
	heap_put(p, size);
}

_Noreturn void plat_panic(const char *file, int line, const char *why)
{
	fprintf(stderr, "panic: %s:%d: %s\n", file, line, why);
	abort();
}
