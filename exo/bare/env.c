/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Environments in ring 3: see env.h.
 *
 *	0x400000 ..          the program
 *	EXO_RING_AT          its packet ring
 *	STACK_TO - 64 KiB .. its stack, below a page that is not there
 *	EXO_PE_AT            the page that it shares with the kernel
 */
#include "exo/bare/env.h"

#include "exo/abi/err.h"
#include "exo/bare/fiber.h"
#include "exo/bare/frames.h"
#include "exo/bare/heap.h"
#include "exo/bare/paging.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define STACK_TO    0x00007ffffe000000u
#define STACK_PAGES 16u
#define DATA        (PT_PRESENT | PT_USER | PT_WRITE | PT_NX)
#define OWN         ((uint64_t)1 << 9) /* of an entry: the frame is its own */
/* What an environment's filters may take of each packet that comes, on the average. */
#define STEPS_A_PACKET 1024u
#define STEPS_SAVED    65536u
#define MEM_DEFAULT    ((uint64_t)64 << 20)
#define FCW            0x037fu /* of a processor that was reset, and masked */
#define MXCSR          0x1f80u
#define IF             0x202u

static struct plat_env *all[ENVS_MAX];
static unsigned places; /* of these have been in use */
static unsigned dead;   /* wait to be taken apart */

struct plat_env *env_at(unsigned i)
{
	return i < ENVS_MAX ? all[i] : NULL;
}

unsigned env_places(void)
{
	return places;
}

unsigned env_count(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < places; i++)
		n += all[i] != NULL;
	return n;
}

/* --- its memory --------------------------------------------------------------- */

uint8_t *env_at_user(const struct plat_env *e, uint64_t va, bool write)
{
	uint64_t want = PT_PRESENT | PT_USER | (write ? PT_WRITE : 0), entry;

	if (va >= USER_END)
		return NULL;
	entry = paging_entry(e->root, va);
	if ((entry & want) != want)
		return NULL;
	return (uint8_t *)paging_direct(entry & PT_FRAME) + va % FRAME_SIZE;
}

/* Bytes up to the end of the page, n at most. */
static uint64_t on_page(uint64_t va, uint64_t n)
{
	uint64_t left = FRAME_SIZE - va % FRAME_SIZE;

	return n < left ? n : left;
}

int env_copy_in(const struct plat_env *e, void *to, uint64_t from, uint64_t n)
{
	uint8_t *p = to;

	while (n > 0) {
		const uint8_t *at = env_at_user(e, from, false);
		uint64_t k = on_page(from, n);

		if (at == NULL)
			return -EXO_EINVAL;
		memcpy(p, at, k);
		p += k;
		from += k;
		n -= k;
	}
	return 0;
}

int env_copy_out(
    const struct plat_env *e, uint64_t to, const void *from, uint64_t n)
{
	const uint8_t *p = from;

	while (n > 0) {
		uint8_t *at = env_at_user(e, to, true);
		uint64_t k = on_page(to, n);

		if (at == NULL)
			return -EXO_EINVAL;
		memcpy(at, p, k);
		p += k;
		to += k;
		n -= k;
	}
	return 0;
}

bool env_map_new(struct plat_env *e, uint64_t va, uint64_t bits)
{
	uint64_t at;

	if (va >= USER_END || paging_entry(e->root, va) != 0)
		return false;
	at = frames_get(0);
	if (at == 0)
		return false;
	memset(paging_direct(at), 0, FRAME_SIZE);
	if (paging_map(e->root, va, at, bits | OWN))
		return true;
	frames_put(at, 0);
	return false;
}

/* --- birth -------------------------------------------------------------------- */

static bool map_stack(struct plat_env *e)
{
	for (uint64_t i = 1; i <= STACK_PAGES; i++)
		if (!env_map_new(e, STACK_TO - i * FRAME_SIZE, DATA))
			return false;
	return true;
}

static bool map_ring(struct plat_env *e, uint32_t size)
{
	uint64_t bytes = sizeof(*e->ring) + size, at;

	if (size == 0)
		return true;
	e->ring_order = frames_order(bytes);
	at = frames_get(e->ring_order);
	if (at == 0)
		return false;
	e->ring = paging_direct(at);
	e->ring_size = size;
	memset(e->ring, 0, (uint64_t)FRAME_SIZE << e->ring_order);
	for (uint64_t off = 0; off < bytes; off += FRAME_SIZE)
		if (!paging_map(e->root, EXO_RING_AT + off, at + off, DATA))
			return false;
	return true;
}

static bool map_pe(struct plat_env *e, const struct env_args *args)
{
	uint32_t n = 0;

	if (!env_map_new(e, EXO_PE_AT, DATA))
		return false;
	e->pe = (void *)env_at_user(e, EXO_PE_AT, true);
	if (e->pe == NULL)
		return false;
	e->pe->ring_size = args->ring_size;
	while (args->arg != NULL && args->arg[n] != '\0' &&
	       n + 1 < sizeof(e->pe->arg)) {
		e->pe->arg[n] = args->arg[n];
		n++;
	}
	e->pe->arg_size = n;
	return true;
}

/* What the core knows of it. */
static int enter_core(struct plat_env *e, const struct env_args *args)
{
	struct exo_env_args a = { .plat = e,
		.ring = e->ring,
		.ring_size = args->ring_size,
		.rate = STEPS_A_PACKET,
		.burst = STEPS_SAVED,
		.mem = args->mem == 0 ? MEM_DEFAULT : args->mem };
	int err = exo_env_new(e->core, &a, &e->name);

	if (err == 0)
		err = exo_grant(
		    e->core, e->name, args->rights, args->region, &e->pe->key);
	if (err == 0 && args->send != NULL)
		err = exo_grant(e->core, e->name, EXO_RIGHT_TRANSMIT,
		    args->send, &e->pe->send);
	if (args->mac != NULL)
		memcpy(e->pe->mac, args->mac, sizeof(e->pe->mac));
	e->pe->env = e->name;
	e->pe->disk = args->disk;
	e->disk = args->disk.epoch;
	return err;
}

/* Registers that tell nothing. */
static void begin_at(struct plat_env *e, uint64_t entry)
{
	memset(&e->regs, 0, sizeof(e->regs));
	memset(e->fpu, 0, sizeof(e->fpu));
	memcpy(e->fpu, &(uint16_t){ FCW }, 2);
	memcpy(e->fpu + 24, &(uint32_t){ MXCSR }, 4);
	e->regs.rip = entry;
	e->regs.rflags = IF;
	e->regs.rsp = STACK_TO;
	e->regs.rdi = EXO_PE_AT;
	e->state = ENV_RUNNABLE;
}

static unsigned free_place(void)
{
	unsigned i = 0;

	while (i < ENVS_MAX && all[i] != NULL)
		i++;
	return i;
}

int env_new(
    struct exo_core *core, const struct env_args *args, struct plat_env **out)
{
	unsigned i = free_place();
	struct plat_env *e = i < ENVS_MAX ? heap_get(sizeof(*e)) : NULL;
	uint64_t entry = 0;
	int err = -EXO_ENOMEM;

	*out = NULL;
	if (e == NULL)
		return i < ENVS_MAX ? -EXO_ENOMEM : -EXO_ELIMIT;
	memset(e, 0, sizeof(*e));
	all[i] = e;
	e->place = i;
	places = i >= places ? i + 1 : places;
	e->core = core;
	e->expected = args->expected == 0 ? ENV_EXIT : args->expected;
	e->expected_code = args->expected_code;
	for (unsigned k = 0; args->label[k] != '\0' && k + 1 < sizeof(e->label);
	     k++)
		e->label[k] = args->label[k];
	e->root = paging_new();
	if (e->root != 0 && map_stack(e) && map_ring(e, args->ring_size) &&
	    map_pe(e, args))
		err = elf_load(e, args->elf, args->elf_size, &entry);
	if (err == 0)
		err = enter_core(e, args);
	if (err != 0) {
		env_free(e);
		return err;
	}
	begin_at(e, entry);
	*out = e;
	return 0;
}

/* --- death -------------------------------------------------------------------- */

void env_die(struct plat_env *e, enum env_end end, uint64_t code)
{
	if (e->state == ENV_DEAD || e->doomed)
		return;
	e->end = end;
	e->code = code;
	if (e->state == ENV_CALLING) {
		e->doomed = true;
		return;
	}
	e->state = ENV_DEAD;
	dead++;
}

bool env_any_dead(void)
{
	return dead > 0;
}

/* Its own frames; the ring's are one run. */
static void free_frame(void *arg, uint64_t va, uint64_t entry)
{
	(void)arg;
	(void)va;
	if ((entry & OWN) != 0)
		frames_put(entry & PT_FRAME, 0);
}

void env_free(struct plat_env *e)
{
	for (unsigned i = 0; i < ENVS_MAX; i++)
		if (all[i] == e)
			all[i] = NULL;
	dead -= e->state == ENV_DEAD;
	if (e->name != 0)
		(void)exo_env_end(e->core, e->name);
	if (e->root != 0) {
		paging_each(e->root, free_frame, NULL);
		paging_free(e->root);
	}
	if (e->ring != NULL)
		frames_put(paging_phys(e->ring), e->ring_order);
	fiber_free(e);
	heap_put(e, sizeof(*e));
}
