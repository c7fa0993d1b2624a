/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pass `lookup`: elements of arrays without a call, of other maps with one.
 *
 * Argument: map_lookup_elem of an array gives the address of the element whose
 * index the key is, or 0 past the end; where the elements lie never changes
 * while the map is there (exo/maps/map.h), and it outlives the code. That r1
 * to r5 are not spoilt, as a call would, nobody sees: the verifier lets no
 * program read them.
 *
 * For another kind of map, map_finder() gives a function that does what the
 * helper does: same map, same key, same result, and nothing beside that. Which it
 * is never changes while the map is there. It takes its arguments where the helper
 * does, without a context, and is a call to everybody else in here.
 */
#include "exo/jit/flow.h"

#include "exo/lib/mem.h"
#include "exo/maps/map.h"

#define LOOKUP 1 /* bpf-helpers(7): map_lookup_elem */

/* The number of an array in ir->arrays; false: no memory. */
static bool find(struct jit_ir *ir, const struct jit_array *a, int64_t *number)
{
	uint32_t i, room = ir->arrays_room;
	struct jit_array *more;

	for (i = 0; i < ir->narrays; i++)
		if (ir->arrays[i].values == a->values)
			break;
	*number = i;
	if (i < ir->narrays)
		return true;
	if (i == room) {
		room = room * 2 + 8;
		more = exo_arena_get(&ir->arena, room * sizeof(*more));
		if (more == NULL)
			return false;
		if (i != 0)
			memcpy(more, ir->arrays, i * sizeof(*more));
		ir->arrays = more;
		ir->arrays_room = room;
	}
	ir->arrays[ir->narrays++] = *a;
	return true;
}

void jit_lookup(
    struct jit_ir *ir, const struct jit_state *st, struct jit_ins *in)
{
	const struct jit_val *map = &st->r[1];
	const struct map *m;
	struct jit_array a;
	int64_t number;

	if (in->op != JIT_CALL || in->k != LOOKUP || map->kind != JIT_V_CONST)
		return;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	m = (const struct map *)(uintptr_t)map->k;
	if (!map_array(m, &a.values, &a.stride, &a.n)) {
		in->op = JIT_FIND;
		in->k = (int64_t)(uintptr_t)map_finder(m);
		return;
	}
	if (!find(ir, &a, &number))
		return;
	*in = (struct jit_ins){
		.op = JIT_LOOKUP, .d = 0, .s = 2, .k = number, .pc = in->pc
	};
}
