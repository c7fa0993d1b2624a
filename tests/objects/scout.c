/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which keys a program asks for and does not find: runs in a world that only
 * serves for it, whose look-ups are watched.
 */
#include "tests/objects/objects.h"

#include <linux/bpf.h>
#include <string.h>

#define KEYS   1024u /* that are remembered at most, and of one map */
#define OF_MAP 128u
#define SHOWN  500u /* frames, of all */

static struct {
	const struct isa_ops *ops; /* of the world */
	const struct ob_ours *ours;
	struct ob_key keys[KEYS];
	uint32_t n;
} scout;

static bool is_known(uint32_t map, const uint8_t *key, uint32_t size)
{
	uint32_t of_map = 0;

	for (uint32_t i = 0; i < scout.n; i++) {
		if (scout.keys[i].map != map)
			continue;
		if (memcmp(scout.keys[i].key, key, size) == 0)
			return true;
		of_map++;
	}
	return of_map == OF_MAP || scout.n == KEYS;
}

static int watch(struct isa_vm *vm, uint32_t nr, uint64_t regs[16])
{
	struct ob_key k = { .map = scout.ours->nmaps };
	const uint8_t *key = NULL;
	uint32_t size = 0;
	int does;

	for (uint32_t i = 0; nr == BPF_FUNC_map_lookup_elem && key == NULL &&
	                     i < scout.ours->nmaps;
	     i++) {
		size = scout.ours->maps[i].key_size;
		if (regs[1] != scout.ops->map(vm, EXO_LDDW_MAP_IDX, i) ||
		    size > sizeof(k.key))
			continue;
		k.map = i;
		key = isa_mem(vm, regs[2], size, false);
	}
	if (key != NULL)
		memcpy(k.key, key, size);
	does = scout.ops->helper(vm, nr, regs);
	if (key != NULL && regs[0] == 0 && !is_known(k.map, k.key, size))
		scout.keys[scout.n++] = k;
	return does;
}

const struct ob_key *ob_scout(
    struct ob_ours *o, const struct ob_frames *frames, uint32_t *n)
{
	struct isa_vm *vm = exo_world_vm(o->world[OB_SCOUT]);
	struct isa_ops ops = *vm->ops;
	uint32_t step = frames->n / SHOWN + 1;
	struct ob_result out;

	scout.ops = vm->ops;
	scout.ours = o;
	scout.n = 0;
	ops.helper = watch;
	vm->ops = &ops;
	for (uint32_t i = 0; i < frames->n; i += step)
		ob_ours_run(o, OB_SCOUT, &frames->at[i], &out);
	vm->ops = scout.ops;
	*n = scout.n;
	return scout.keys;
}
