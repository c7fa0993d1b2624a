/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers that call a function of the program, and tail calls. */
#include "exo/core/world_int.h"

#include "exo/abi/prog_err.h"

#define LOOPS_MAX (1u << 23) /* Linux's BPF_MAX_LOOPS */

/* function(index, context) */
static bool next_index(
    struct isa_vm *vm, struct isa_loop *loop, uint64_t regs[16])
{
	(void)vm;
	if (loop->calls >= loop->limit)
		return false;
	regs[1] = loop->calls;
	regs[2] = loop->ctx;
	return true;
}

int helper_loop(struct helper *h)
{
	uint32_t n = (uint32_t)h->r[1];

	if (h->r[4] != 0)
		return helper_gives(h, -EXO_P_EINVAL);
	if (n > LOOPS_MAX)
		return helper_gives(h, -EXO_P_E2BIG);
	h->vm->loop = (struct isa_loop){
		.next = next_index,
		.ctx = h->r[3],
		.limit = n,
		.pc = (uint32_t)h->r[2],
	};
	return ISA_HELPER_LOOP;
}

/* The key that a function was handed is no longer there. */
static void forget_key(struct isa_vm *vm, const struct isa_loop *loop)
{
	struct exo_world *w = vm->user;

	w->keys[loop->depth].serial = 0;
}

/* function(map, key, value, context); limit is the map's index. The key is a
 * copy: the function may delete the element. */
static bool next_element(
    struct isa_vm *vm, struct isa_loop *loop, uint64_t regs[16])
{
	struct exo_world *w = vm->user;
	struct world_key *k = &w->keys[loop->depth];
	const struct map *m = loop->of;
	const uint8_t *value = map_next(m, &loop->pos, k->bytes);

	if (value == NULL) {
		forget_key(vm, loop);
		return false;
	}
	k->serial = world_serial(w);
	k->size = map_def(m)->key_size;
	regs[1] = world_gives(w, m, world_addr(WORLD_ID_MAP | loop->limit));
	regs[2] =
	    world_gives(w, k->bytes, world_addr(WORLD_ID_KEY | k->serial));
	regs[3] =
	    world_gives(w, value, world_value_addr(m, loop->limit, value));
	regs[4] = loop->ctx;
	return true;
}

int helper_for_each_map_elem(struct helper *h)
{
	if (h->r[4] != 0)
		return helper_gives(h, -EXO_P_EINVAL);
	h->vm->loop = (struct isa_loop){
		.next = next_element,
		.stop = forget_key,
		.of = h->map,
		.ctx = h->r[3],
		.limit = h->map_nr,
		.pc = (uint32_t)h->r[2],
	};
	return ISA_HELPER_LOOP;
}

/* An attempt counts also when it finds nothing, as in Linux. */
int helper_tail_call(struct helper *h)
{
	uint32_t index = (uint32_t)h->r[3];
	const struct exo_world_prog *prog;

	if (index >= map_def(h->map)->max_entries ||
	    h->vm->tails >= ISA_TAILS_MAX)
		return helper_gives(h, -EXO_P_E2BIG);
	h->vm->tails++;
	prog = map_slot(h->map, index);
	if (prog == NULL || prog->type != h->vm->type ||
	    (h->w->running != NULL && prog->code == NULL))
		return helper_gives(h, -EXO_P_ENOENT);
	h->vm->tail = (struct isa_code){ prog->insns, prog->ninsns };
	return ISA_HELPER_TAIL;
}
