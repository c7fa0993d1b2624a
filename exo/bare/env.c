/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Environments in ring 3: see env.h.
 *
 *	0x400000 ..          the program
 *	EXO_RING_AT          its packet ring
 *	STACK_TO - 64 KiB .. its stack, below a page that is not there
 *	EXO_STATE_AT ..      windows for reading (exo/abi/phys.h)
 *	EXO_PE_AT            the page that it shares with the kernel
 */
#include "exo/bare/env.h"

#include "exo/abi/err.h"
#include "exo/bare/family.h"
#include "exo/bare/fiber.h"
#include "exo/bare/frames.h"
#include "exo/bare/heap.h"
#include "exo/bare/paging.h"
#include "exo/bare/pct.h"
#include "exo/bare/slots.h"
#include "exo/bare/space.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define STACK_TO    0x00007d0000000000u
#define STACK_PAGES 16u
#define SHOWN       (PT_PRESENT | PT_USER | PT_NX)
#define DATA        (PT_PRESENT | PT_USER | PT_WRITE | PT_NX)
/* What an environment's filters may take of each packet that comes, on the average. */
#define STEPS_A_PACKET 1024u
#define STEPS_SAVED    65536u
#define MEM_DEFAULT    ((uint64_t)64 << 20)
#define FCW            0x037fu /* of a processor that was reset, and masked */
#define MXCSR          0x1f80u
#define IF             0x202u

static struct plat_env *all[ENVS_MAX];
static struct plat_env *named[ENVS_MAX]; /* by the low bits of their names */
static unsigned places;                  /* of these have been in use */
static unsigned dead;                    /* wait to be taken apart */

struct plat_env *env_at(unsigned i)
{
	return i < ENVS_MAX ? all[i] : NULL;
}

unsigned env_places(void)
{
	return places;
}

/* A core that has no other environments names them by numbers that are used again. */
struct plat_env *env_named(uint64_t name)
{
	struct plat_env *e = named[(uint32_t)name % ENVS_MAX];

	return e != NULL && e->name == name ? e : NULL;
}

unsigned env_count(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < places; i++)
		n += all[i] != NULL;
	return n;
}

/* --- its memory --------------------------------------------------------------- */

bool env_map_new(struct plat_env *e, uint64_t va, uint64_t bits)
{
	uint32_t frame;

	if (va >= EXO_MAP_END || paging_entry(e->root, va) != 0)
		return false;
	frame = exo_holder_frame(e->phys, e->holder);
	return frame != EXO_FRAME_NONE &&
	       exo_holder_pin(e->phys, e->holder, va, frame, bits);
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
		if (!space_show(e, EXO_RING_AT + off, at + off, DATA))
			return false;
	return true;
}

static bool map_losses(struct plat_env *e)
{
	uint64_t at = frames_get(0);

	if (at == 0)
		return false;
	e->losses = paging_direct(at);
	memset(e->losses, 0, FRAME_SIZE);
	return space_show(e, EXO_LOSSES_AT, at, SHOWN);
}

static bool map_pe(struct plat_env *e, const struct env_args *args)
{
	uint32_t n = 0;

	uint64_t at = frames_get(0);

	if (at == 0)
		return false;
	e->pe = paging_direct(at);
	memset(e->pe, 0, FRAME_SIZE);
	if (!space_show(e, EXO_PE_AT, at, DATA))
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

/* What the machine has for it. */
static int hold(struct plat_env *e, const struct env_args *args, unsigned place)
{
	const struct exo_holder_args a = { .plat = e,
		.name = e->name,
		.place = place,
		.most = args->most,
		.kin = args->maker == NULL ? NULL : args->maker->holder,
		.entries = args->entries,
		.losses = e->losses };

	return exo_holder_new(e->phys, &a, &e->holder);
}

/* What the core knows of it. */
static int enter_core(struct plat_env *e, const struct env_args *args)
{
	struct exo_env_args a = { .plat = e,
		.ring = e->ring,
		.ring_size = args->ring_size,
		.rate = STEPS_A_PACKET,
		.burst = STEPS_SAVED,
		.mem = args->mem == 0 ? MEM_DEFAULT : args->mem,
		.kin = args->maker == NULL ? 0 : args->maker->name };
	int err = exo_env_new(e->core, &a, &e->name);

	if (err == 0 && !args->child)
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
	if (err == 0)
		named[(uint32_t)e->name % ENVS_MAX] = e;
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
	e->state = e->child ? ENV_MADE : ENV_RUNNABLE;
}

static unsigned free_place(void)
{
	unsigned i = 0;

	while (i < ENVS_MAX && all[i] != NULL)
		i++;
	return i;
}

static void name(struct plat_env *e, const char *label)
{
	for (unsigned k = 0; label[k] != '\0' && k + 1 < sizeof(e->label); k++)
		e->label[k] = label[k];
}

/* All that it begins with; *entry is where. */
static int build(struct plat_env *e, const struct env_args *args,
    unsigned place, uint64_t *entry)
{
	struct exo_holder_stat has;
	int err;

	if (!space_new(e) || !map_ring(e, args->ring_size) ||
	    !map_pe(e, args) || !map_losses(e))
		return -EXO_ENOMEM;
	err = enter_core(e, args);
	if (err == 0)
		err = hold(e, args, place);
	if (err != 0 || args->child)
		return err == 0 ? space_born(e, args->maker) : err;
	err = map_stack(e) ? 0 : -EXO_ENOMEM;
	if (err == 0)
		err = elf_load(e, args->elf, args->elf_size, entry);
	if (err != 0)
		return err;
	exo_holder_stat(e->holder, &has);
	err = exo_holder_guarantee(
	    e->phys, e->holder, args->frames == 0 ? has.owned : args->frames);
	return err == 0 ? space_born(e, args->maker) : err;
}

int env_new(struct exo_core *core, struct exo_phys *phys,
    const struct env_args *args, struct plat_env **out)
{
	unsigned i = free_place();
	struct plat_env *e = i < ENVS_MAX ? heap_get(sizeof(*e)) : NULL;
	uint64_t entry = 0;
	int err;

	*out = NULL;
	if (e == NULL)
		return i < ENVS_MAX ? -EXO_ENOMEM : -EXO_ELIMIT;
	memset(e, 0, sizeof(*e));
	all[i] = e;
	e->place = i;
	places = i >= places ? i + 1 : places;
	e->core = core;
	e->phys = phys;
	e->tables_most = args->tables;
	e->child = args->child;
	e->children = args->children;
	e->maker = args->maker == NULL ? 0 : args->maker->name;
	e->mem = args->mem;
	e->most = args->most;
	e->entries = args->entries;
	e->expected = args->expected == 0 ? ENV_EXIT : args->expected;
	e->expected_code = args->expected_code;
	name(e, args->label);
	err = build(e, args, i, &entry);
	e->first = e->name;
	if (err == 0)
		err = slots_begin(e, &args->slots);
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
	pct_ended(e);
}

bool env_any_dead(void)
{
	return dead > 0;
}

void env_free(struct plat_env *e)
{
	for (unsigned i = 0; i < ENVS_MAX; i++)
		if (all[i] == e)
			all[i] = NULL;
	dead -= e->state == ENV_DEAD;
	slots_end(e);
	if (e->name != 0)
		(void)exo_env_end(e->core, e->name);
	space_free(e);
	if (e->holder != NULL)
		family_end_holder(e);
	family_ended(e);
	if (env_named(e->name) == e)
		named[(uint32_t)e->name % ENVS_MAX] = NULL;
	if (e->losses != NULL)
		frames_put(paging_phys(e->losses), 0);
	if (e->pe != NULL)
		frames_put(paging_phys(e->pe), 0);
	if (e->ring != NULL)
		frames_put(paging_phys(e->ring), e->ring_order);
	fiber_free(e);
	heap_put(e, sizeof(*e));
}
