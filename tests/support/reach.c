/* SPDX-License-Identifier: BSD-2-Clause */
/* What helpers do in the runs of generated programs: see reach.h. */
#include "tests/support/reach.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/world_int.h"
#include "tests/support/map_bit.h"
#include "tests/support/progen.h"
#include "tests/support/tails.h"

#define HELPERS 32u
#define MAPS    (PROGEN_MAPS + 1u) /* the last stands for none */
#define SLOTS   (HELPERS * MAPS)
#define ROWS    (SLOTS + TAILS + 2u)
#define LOAD    (ROWS - 1)
#define DEEP    (ROWS - 2)

struct pair {
	uint64_t did, failed;
};
static struct pair sums[ROWS];
static struct {
	bool did, failed;
} now[ROWS];
static struct isa_ops real;

static void add(unsigned row, bool did)
{
	now[row].did |= did;
	now[row].failed |= !did;
}

void reach_load(bool found)
{
	add(LOAD, found);
}

void reach_begin(void)
{
	memset(now, 0, sizeof(now));
}

void reach_end(bool counts)
{
	unsigned i;

	for (i = 0; i < ROWS && counts; i++) {
		sums[i].did += now[i].did;
		sums[i].failed += now[i].failed;
	}
}

/* The argument that is a map, counted from 1; 0: none is. */
static unsigned map_arg(const struct isa_helper *h)
{
	unsigned i;

	for (i = 0; i < ISA_ARGS; i++) {
		if (map_bit((enum isa_arg)h->arg[i]) != 0)
			return i + 1;
	}
	return 0;
}

/* Does r0 say that it was done? A walk is one if there is an element. */
static bool done(
    const struct isa_helper *h, int does, uint64_t r0, const struct map *m)
{
	uint8_t key[EXO_MAP_KEY_MAX];
	uint32_t pos = 0;

	if (does == ISA_HELPER_LOOP)
		return m == NULL || map_next(m, &pos, key) != NULL;
	if (does != ISA_HELPER_DONE)
		return does == ISA_HELPER_TAIL;
	if (h->ret == ISA_RET_INT)
		return (int64_t)r0 >= 0;
	return h->ret == ISA_RET_VOID || r0 != 0;
}

static int helper(struct isa_vm *vm, uint32_t nr, uint64_t regs[16])
{
	const struct exo_world *w = vm->user;
	bool counts = vm->tails == 0; /* else it may be another's */
	uint64_t slot = regs[3];
	const struct isa_helper *h;
	uint32_t map = PROGEN_MAPS;
	struct map *m = NULL;
	bool exists, did;
	int does;

	h = isa_helper(nr, vm->type, &exists);
	if (h != NULL && map_arg(h) != 0)
		m = world_map_at(w, regs[map_arg(h)], &map);
	does = real.helper(vm, nr, regs);
	if (h == NULL || does < 0 || !counts)
		return does;
	did = done(h, does, regs[0], m);
	add((unsigned)(h - isa_helpers) * MAPS + map, did);
	if ((h->fx & ISA_FX_TAIL) != 0 && slot < TAILS)
		add(SLOTS + (unsigned)slot, did);
	if ((h->fx & ISA_FX_TAIL) != 0 && vm->depth != 0)
		add(DEEP, did);
	return does;
}

void reach_watch(struct exo_world *w)
{
	static struct isa_ops ops;
	struct isa_vm *vm = exo_world_vm(w);

	if (isa_nhelpers > HELPERS)
		abort();
	real = *vm->ops;
	ops = real;
	ops.helper = helper;
	vm->ops = &ops;
}

/*
 * Rows, those that there may be
 */

static const char *text_of(uint32_t kind)
{
	switch (kind) {
#define EXO_MAP_KIND(nr, NAME, text, can) \
	case (nr):                        \
		return (text);
#include "exo/abi/map.inc"
#undef EXO_MAP_KIND
	default:
		return "?";
	}
}

static bool helper_row(unsigned row, char name[48])
{
	const struct isa_helper *h = &isa_helpers[row / MAPS];
	unsigned map = row % MAPS, arg;
	bool writes;

	if (row / MAPS >= isa_nhelpers)
		return false;
	arg = map_arg(h);
	writes = (h->fx & ISA_FX_WRITES) != 0;
	if (map == PROGEN_MAPS) {
		snprintf(name, 48, "%s", h->name);
		return arg == 0;
	}
	snprintf(
	    name, 48, "%s %s#%u", h->name, text_of(progen_maps[map].kind), map);
	if (arg == 0 || (writes && map == PROGEN_RDONLY))
		return false;
	return (map_can(progen_maps[map].kind) &
	           map_bit((enum isa_arg)h->arg[arg - 1])) != 0;
}

static bool is_row(unsigned row, char name[48])
{
	if (row == LOAD) {
		snprintf(name, 48, "callback ld_abs");
		return true;
	}
	if (row == DEEP) {
		snprintf(name, 48, "tail_call in a function");
		return true;
	}
	if (row < SLOTS)
		return helper_row(row, name);
	snprintf(name, 48, "tail_call slot %u", row - SLOTS);
	return true;
}

bool reach_row(unsigned i, char name[48], uint64_t *did, uint64_t *failed)
{
	unsigned row;

	for (row = 0; row < ROWS; row++) {
		if (!is_row(row, name) || i-- > 0)
			continue;
		*did = sums[row].did;
		*failed = sums[row].failed;
		return true;
	}
	return false;
}

void reach_print(void)
{
	uint64_t did, failed;
	char name[48];
	unsigned i;

	fprintf(stderr, "reached, did (failed):");
	for (i = 0; reach_row(i, name, &did, &failed); i++)
		fprintf(stderr, "%s %s %" PRIu64 " (%" PRIu64 ")",
		    i == 0 ? "" : ",", name, did, failed);
	fprintf(stderr, "\n");
}
