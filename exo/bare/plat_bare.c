/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port contract on bare metal: see exo/plat/plat.h.
 *
 * An environment without an address space of its own (plat is NULL) is the kernel's
 * own test: its addresses are the kernel's.
 */
#include "exo/plat/plat.h"

#include "exo/abi/err.h"
#include "exo/bare/clock.h"
#include "exo/bare/code.h"
#include "exo/bare/entropy.h"
#include "exo/bare/env.h"
#include "exo/bare/heap.h"
#include "exo/bare/serial.h"
#include "exo/bare/space.h"
#include "exo/lib/mem.h"

void *plat_alloc(size_t size)
{
	return space_may(size) ? heap_get(size) : NULL;
}

void plat_free(void *p, size_t size)
{
	heap_put(p, size);
}

const void *plat_code_install(const void *code, size_t size)
{
	return space_may(size) ? code_install(code, size) : NULL;
}

void plat_code_remove(const void *code, size_t size)
{
	code_remove(code, size);
}

uint64_t plat_clock_ns(void)
{
	return clock_ns();
}

int plat_random(void *p, size_t n)
{
	return entropy_fill(p, n) ? 0 : -EXO_ENOENTROPY;
}

int plat_copy_in(struct plat_env *env, void *to, uint64_t from, size_t n)
{
	if (env != NULL)
		return env_copy_in(env, to, from, n);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	memcpy(to, (const void *)(uintptr_t)from, n);
	return 0;
}

int plat_copy_out(struct plat_env *env, uint64_t to, const void *from, size_t n)
{
	if (env != NULL)
		return env_copy_out(env, to, from, n);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	memcpy((void *)(uintptr_t)to, from, n);
	return 0;
}

void plat_notify(struct plat_env *env)
{
	if (env != NULL)
		env->wake = true;
}

void plat_print(struct plat_env *env, const char *line, uint32_t n)
{
	serial_lines(env != NULL ? env->label : "kernel", line, n);
}
