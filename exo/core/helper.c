/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of helpers: arguments against rows of exo/isa/helpers.inc.
 *
 * A row is what the verifier relies on. This is the same promise, kept at run
 * time for programs that nobody has verified: an argument that is not what its
 * row says ends the run. It is written from the rows alone, so that it can
 * judge the verifier.
 */
#include "exo/core/world_int.h"

#include "exo/abi/err.h"

static helper_body *const bodies[] = {
#define ISA_HELPER(nr, name, types, ret, a, b, c, d, e, fx, steps) \
	helper_##name,
#include "exo/isa/helpers.inc"
#undef ISA_HELPER
};

/* The map of an argument: it can do that, and this program may do it. */
static bool map_arg(
    struct helper *h, const struct isa_helper *row, uint64_t v, uint32_t can)
{
	const struct exo_map_def *def;

	h->map = world_map_at(h->w, v, &h->map_nr);
	if (h->map == NULL)
		return false;
	def = map_def(h->map);
	if ((map_can(def->kind) & can) == 0)
		return false;
	if ((can & (EXO_MAP_UPDATE | EXO_MAP_DELETE | EXO_MAP_PUSH)) == 0)
		return true;
	return (row->fx & ISA_FX_WRITES) == 0 ||
	       (def->flags & EXO_MAP_RDONLY_PROG) == 0;
}

/* Keys and values: bytes that the map knows how many of. */
static bool element_arg(
    struct helper *h, unsigned reg, uint32_t size, bool write)
{
	h->p[reg] = isa_mem(h->vm, h->r[reg], size, write);
	return h->p[reg] != NULL;
}

/* Memory whose size is in the next register, which has its own check. A helper
 * that reads or changes the packet takes none of its bytes. */
static bool mem_arg(
    struct helper *h, const struct isa_helper *row, unsigned reg, bool write)
{
	uint64_t addr = h->r[reg], size = h->r[reg + 1];

	if (size > UINT32_MAX)
		return false;
	if ((row->fx & (ISA_FX_PACKET | ISA_FX_READS)) != 0 &&
	    isa_in_pkt(h->vm, addr))
		return false;
	h->p[reg] = size == 0 ? &h->nothing
	                      : isa_mem(h->vm, addr, (uint32_t)size, write);
	return h->p[reg] != NULL;
}

static bool record_arg(struct helper *h, uint64_t v)
{
	h->record = world_record_at(h->w, v);
	return h->record != NULL;
}

static bool arg_ok(struct helper *h, const struct isa_helper *row, unsigned reg)
{
	uint64_t v = h->r[reg];

	switch ((enum isa_arg)row->arg[reg - 1]) {
	case ISA_ARG_NONE:
	case ISA_ARG_SCALAR:
	case ISA_ARG_PRINTED:
		return true;
	case ISA_ARG_CTX:
		return h->vm->type != EXO_PROG_MEM &&
		       v == world_addr(ISA_REGION_CTX);
	case ISA_ARG_MAP_LOOKUP:
		return map_arg(h, row, v, EXO_MAP_LOOKUP);
	case ISA_ARG_MAP_UPDATE:
		return map_arg(h, row, v, EXO_MAP_UPDATE);
	case ISA_ARG_MAP_DELETE:
		return map_arg(h, row, v, EXO_MAP_DELETE);
	case ISA_ARG_MAP_EACH:
		return map_arg(h, row, v, EXO_MAP_EACH);
	case ISA_ARG_MAP_RING:
		return map_arg(h, row, v, EXO_MAP_RING);
	case ISA_ARG_MAP_TAIL:
		return map_arg(h, row, v, EXO_MAP_TAIL);
	case ISA_ARG_MAP_PERF:
		return map_arg(h, row, v, EXO_MAP_PERF);
	case ISA_ARG_MAP_QUEUE:
		return map_arg(h, row, v, EXO_MAP_PUSH);
	case ISA_ARG_KEY:
		return element_arg(h, reg, map_def(h->map)->key_size, false);
	case ISA_ARG_VALUE:
		return element_arg(h, reg, map_def(h->map)->value_size, false);
	case ISA_ARG_OUT_VALUE:
		return element_arg(h, reg, map_def(h->map)->value_size, true);
	case ISA_ARG_MEM:
	case ISA_ARG_MEM_OR_NULL:
		return mem_arg(h, row, reg, false);
	case ISA_ARG_OUT:
		return mem_arg(h, row, reg, true);
	case ISA_ARG_SIZE:
	case ISA_ARG_CONST_SIZE:
		return v != 0;
	case ISA_ARG_SIZE0:
		return v <= UINT32_MAX;
	case ISA_ARG_RING:
		return record_arg(h, v);
	case ISA_ARG_FUNC:
		return v >> 32 == ISA_ID_FUNC;
	case ISA_ARG_STACK_OR_NULL:
		/* it may be moved out of the stack, but not far */
		return v == 0 ||
		       (v + ((uint64_t)1 << 31)) >> 32 == ISA_REGION_STACK;
	}
	return false;
}

int world_helper(struct isa_vm *vm, uint32_t nr, uint64_t regs[16])
{
	struct helper h = { .w = vm->user, .vm = vm, .r = regs };
	const struct isa_helper *row;
	bool exists;
	int does;

	row = isa_helper(nr, vm->type, &exists);
	if (row == NULL)
		return -EXO_ENOENT;
	for (unsigned reg = 1; reg <= ISA_ARGS; reg++) {
		if (!arg_ok(&h, row, reg))
			return -EXO_EINVAL;
	}
	does = bodies[row - isa_helpers](&h);
	if ((row->fx & ISA_FX_PACKET) != 0)
		isa_pkt_moved(vm);
	return does;
}
