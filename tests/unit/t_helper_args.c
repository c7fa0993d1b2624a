/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile arguments for every helper, by its row.
 *
 * From arguments that a row allows, one at a time is replaced by each value
 * that its kind forbids: the call must fail before the body runs. The values
 * come from the kinds of exo/isa/helpers.h, not from the code under test.
 */
#include <check.h>
#include <string.h>

#include "exo/core/world_int.h"
#include "tests/support/map_bit.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

enum {
	ARRAY,
	HASH,
	RING,
	PROGS,
	EVENTS,
	ARRAY_RO,
	ARRAY_WO,
	QUEUE,
	QUEUE_RO,
	MAPS
};

static const struct exo_map_def defs[MAPS] = {
	[ARRAY] = { EXO_MAP_ARRAY, 4, 16, 2, 0 },
	[HASH] = { EXO_MAP_HASH, 8, 16, 2, 0 },
	[RING] = { EXO_MAP_RINGBUF, 0, 0, 4096, 0 },
	[PROGS] = { EXO_MAP_PROG_ARRAY, 4, 4, 2, 0 },
	[EVENTS] = { EXO_MAP_PERF_EVENT_ARRAY, 4, 4, 2, 0 },
	[ARRAY_RO] = { EXO_MAP_ARRAY, 4, 16, 2, EXO_MAP_RDONLY_PROG },
	[ARRAY_WO] = { EXO_MAP_ARRAY, 4, 16, 2, EXO_MAP_WRONLY_PROG },
	[QUEUE] = { EXO_MAP_QUEUE, 0, 16, 2, 0 },
	[QUEUE_RO] = { EXO_MAP_QUEUE, 0, 16, 2, EXO_MAP_RDONLY_PROG },
};

#define AT(region, off) ((uint64_t)(region) << 32 | (uint32_t)(off))
#define PKT(off)        AT(ISA_REGION_PKT, ISA_PKT_START + (off))
#define STACK(off)      AT(ISA_REGION_STACK, off)
#define VALUE(map, off) AT(WORLD_ID_VALUE | (uint32_t)(map) << 24, off)
#define MAP(map)        AT(WORLD_ID_MAP | (uint32_t)(map), 0)
#define SIZE            8u
#define BAD_MAX         64u

static struct tworld t;

/* A world in the middle of a run: frame 0, a packet of 64 bytes. */
static void world(uint32_t type)
{
	memset(&t, 0, sizeof(t));
	tworld_new(&t, defs, MAPS);
	tworld_pkt(&t, 64);
	ck_assert_uint_eq(tworld_exit(&t, type, "r0 = 0\nexit"), 0);
}

static uint64_t good_map(uint32_t bit)
{
	uint32_t i = 0;

	while ((map_can(defs[i].kind) & bit) == 0)
		i++;
	return MAP(i);
}

/* A held record, as ringbuf_reserve would give it. */
static uint64_t reserve(void)
{
	uint64_t r[16] = { 0, MAP(RING), SIZE, 0 };

	ck_assert_int_eq(world_helper(exo_world_vm(t.w), 131, r), 0);
	ck_assert_uint_ne(r[0], 0);
	return r[0];
}

static uint64_t good(enum isa_arg kind)
{
	switch (kind) {
	case ISA_ARG_CTX:
		return AT(ISA_REGION_CTX, 0);
	case ISA_ARG_KEY:
	case ISA_ARG_VALUE:
	case ISA_ARG_OUT_VALUE:
	case ISA_ARG_MEM:
	case ISA_ARG_MEM_OR_NULL:
	case ISA_ARG_OUT:
	case ISA_ARG_STACK_OR_NULL:
		return STACK(EXO_STACK_SIZE - 64);
	case ISA_ARG_SIZE:
	case ISA_ARG_SIZE0:
	case ISA_ARG_CONST_SIZE:
		return SIZE;
	case ISA_ARG_RING:
		return reserve();
	case ISA_ARG_FUNC:
		return AT(ISA_ID_FUNC, 0);
	case ISA_ARG_NONE:
	case ISA_ARG_SCALAR:
	case ISA_ARG_PRINTED:
		return 0;
	default:
		return good_map(map_bit(kind));
	}
}

static unsigned bad_maps(
    const struct isa_helper *row, uint32_t bit, uint64_t *v)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < MAPS; i++) {
		if ((map_can(defs[i].kind) & bit) == 0)
			v[n++] = MAP(i);
	}
	if ((bit & (EXO_MAP_UPDATE | EXO_MAP_DELETE)) != 0)
		v[n++] = MAP(ARRAY_RO);
	if (bit == EXO_MAP_PUSH && (row->fx & ISA_FX_WRITES) != 0)
		v[n++] = MAP(QUEUE_RO);
	v[n++] = good_map(bit) + 1;
	v[n++] = MAP(MAPS);
	v[n++] = MAP(UINT32_MAX);
	v[n++] = 0;
	v[n++] = VALUE(ARRAY, 0);
	v[n++] = AT(ISA_REGION_CTX, 0);
	return n;
}

/* Addresses where size bytes may not be read, or written. */
static unsigned bad_memory(uint32_t size, bool write, uint64_t *v)
{
	const struct isa_vm *vm = exo_world_vm(t.w);
	unsigned n = 0;

	v[n++] = 0;
	v[n++] = 4096;
	v[n++] = UINT64_MAX;
	v[n++] = STACK(EXO_STACK_SIZE - size + 1);
	v[n++] = STACK(EXO_STACK_SIZE);
	v[n++] = STACK(-1);
	v[n++] = AT(ISA_REGION_CTX, 0);
	v[n++] = PKT(64 - size + 1);
	v[n++] = AT(ISA_ID_PKT | 1, 0); /* it has never moved */
	v[n++] = VALUE(ARRAY, 16 - size + 1);
	v[n++] = VALUE(ARRAY, 16);
	v[n++] = VALUE(ARRAY, -1);
	v[n++] = AT(WORLD_ID_VALUE | ARRAY << 24 | 2, 0);
	v[n++] = AT(WORLD_ID_VALUE | MAPS << 24, 0);
	v[n++] = VALUE(RING, 0);
	v[n++] = VALUE(PROGS, 0);
	v[n++] = write ? VALUE(ARRAY_RO, 0) : VALUE(ARRAY_WO, 0);
	v[n++] = AT(WORLD_ID_RECORD, 0);
	v[n++] = AT(WORLD_ID_RECORD | 99, 0);
	v[n++] = AT(WORLD_ID_KEY, 0);
	v[n++] = AT(WORLD_ID_KEY | 1, 0);
	v[n++] = MAP(ARRAY);
	v[n++] = AT(ISA_ID_FUNC, 0);
	v[n++] = AT(vm->nregion, 0);
	return n;
}

static unsigned bad_func(uint64_t *v)
{
	v[0] = 0;
	v[1] = 1;
	v[2] = STACK(0);
	v[3] = AT(ISA_ID_FUNC + 1, 0);
	return 4;
}

static unsigned bad(const struct isa_helper *row, unsigned reg, uint64_t *v)
{
	enum isa_arg kind = (enum isa_arg)row->arg[reg - 1];
	const struct exo_map_def *def = &defs[ARRAY];
	unsigned n = 0;

	switch (kind) {
	case ISA_ARG_NONE:
	case ISA_ARG_SCALAR:
	case ISA_ARG_PRINTED:
		return 0;
	case ISA_ARG_CTX:
		v[n++] = AT(ISA_REGION_CTX, 4);
		v[n++] = PKT(0);
		v[n++] = AT(ISA_REGION_MEM, 0);
		v[n++] = 0;
		return n;
	case ISA_ARG_KEY:
		return bad_memory(def->key_size, false, v);
	case ISA_ARG_VALUE:
		return bad_memory(def->value_size, false, v);
	case ISA_ARG_OUT_VALUE:
		return bad_memory(def->value_size, true, v);
	case ISA_ARG_MEM:
	case ISA_ARG_MEM_OR_NULL:
	case ISA_ARG_OUT:
		n = bad_memory(SIZE, kind == ISA_ARG_OUT, v);
		if ((row->fx & (ISA_FX_PACKET | ISA_FX_READS)) != 0)
			v[n++] = PKT(0);
		return n;
	case ISA_ARG_SIZE:
	case ISA_ARG_SIZE0:
		if (kind == ISA_ARG_SIZE)
			v[n++] = 0;
		v[n++] = 65; /* past the stack */
		v[n++] = UINT32_MAX;
		v[n++] = (UINT64_C(1) << 32) + SIZE;
		v[n++] = UINT64_MAX;
		return n;
	case ISA_ARG_CONST_SIZE:
		v[n++] = 0;
		return n;
	case ISA_ARG_RING:
		v[n++] = reserve() + 1;
		v[n++] = reserve() - 8;
		v[n++] = AT(WORLD_ID_RECORD, 0);
		v[n++] = AT(WORLD_ID_RECORD | 0xffffff, 0);
		v[n++] = STACK(0);
		v[n++] = 0;
		return n;
	case ISA_ARG_FUNC:
		return bad_func(v);
	case ISA_ARG_STACK_OR_NULL:
		v[n++] = 1;
		v[n++] = PKT(0);
		v[n++] = VALUE(ARRAY, 0);
		return n;
	default:
		return bad_maps(row, map_bit(kind), v);
	}
}

static void good_args(const struct isa_helper *row, uint64_t r[16])
{
	memset(r, 0, 16 * sizeof(r[0]));
	for (unsigned reg = 1; reg <= ISA_ARGS; reg++)
		r[reg] = good((enum isa_arg)row->arg[reg - 1]);
}

static uint32_t type_of(const struct isa_helper *row)
{
	uint32_t type = EXO_PROG_TYPE_MAX;

	while ((row->types >> type & 1) == 0)
		type--;
	return type;
}

/* Each row: good arguments do, each bad one does not. */
START_TEST(t_row)
{
	const struct isa_helper *row = &isa_helpers[_i];
	uint32_t type = type_of(row);
	uint64_t r[16], v[BAD_MAX];
	unsigned n, i;

	world(type);
	good_args(row, r);
	ck_assert_msg(world_helper(exo_world_vm(t.w), row->nr, r) >= 0,
	    "%s refused what its row allows", row->name);
	tworld_end(&t);
	for (unsigned reg = 1; reg <= ISA_ARGS; reg++) {
		world(type);
		n = bad(row, reg, v);
		ck_assert_uint_le(n, BAD_MAX);
		for (i = 0; i < n; i++) {
			good_args(row, r);
			r[reg] = v[i];
			ck_assert_msg(
			    world_helper(exo_world_vm(t.w), row->nr, r) < 0,
			    "%s took 0x%llx as argument %u", row->name,
			    (unsigned long long)v[i], reg);
			ck_assert_int_le(exo_world_run(t.w, 100, r), 1);
		}
		tworld_end(&t);
	}
}
END_TEST

/* Each row in each type that it is not for, and numbers that are no row's. */
START_TEST(t_types)
{
	bool exists;

	for (uint32_t type = 1; type <= EXO_PROG_TYPE_MAX; type++) {
		world(type);
		for (uint32_t nr = 0; nr < 300; nr++) {
			uint64_t r[16] = { 0 };

			if (isa_helper(nr, type, &exists) == NULL)
				ck_assert_int_lt(
				    world_helper(exo_world_vm(t.w), nr, r), 0);
		}
		tworld_end(&t);
	}
}
END_TEST

/* A context address is a number like any other where there is no context. */
START_TEST(t_no_context)
{
	uint64_t r[16] = { 0, AT(ISA_REGION_CTX, 0), MAP(PROGS), 0 };

	world(EXO_PROG_MEM);
	ck_assert_int_lt(world_helper(exo_world_vm(t.w), 12, r), 0);
	tworld_end(&t);
}
END_TEST

/* What rows allow at their edges. */
START_TEST(t_edges)
{
	struct isa_vm *vm;
	uint64_t null[16] = { 0, 0, 0, 0, 0, 7 };
	uint64_t lookup[16] = { 0, MAP(ARRAY), STACK(EXO_STACK_SIZE - 4) };
	uint64_t wo[16] = { 0, MAP(ARRAY_WO), STACK(0) };
	uint64_t pkt[16] = { 0, MAP(ARRAY), PKT(60) };
	uint64_t out[16] = { 0, AT(ISA_REGION_CTX, 0), 0, VALUE(ARRAY_WO, 0),
		16 };
	uint64_t empty[16] = { 0, MAP(RING), 0, 0, 0 };

	world(EXO_PROG_TC);
	vm = exo_world_vm(t.w);
	ck_assert_int_eq(world_helper(vm, 28, null), 0);
	ck_assert_uint_eq(null[0], 7);
	ck_assert_int_eq(world_helper(vm, 1, lookup), 0);
	ck_assert_uint_eq(lookup[0], VALUE(ARRAY, 0));
	ck_assert_int_eq(world_helper(vm, 1, wo), 0);
	ck_assert_uint_eq(wo[0], VALUE(ARRAY_WO, 0));
	ck_assert_int_eq(world_helper(vm, 1, pkt), 0);
	ck_assert_uint_eq(pkt[0], 0); /* 0x3f3e3d3c is no index */
	ck_assert_int_eq(world_helper(vm, 26, out), 0);
	ck_assert_uint_eq(out[0], 0);
	ck_assert_int_eq(world_helper(vm, 130, empty), 0);
	ck_assert_uint_eq(empty[0], 0);
	tworld_end(&t);
}
END_TEST

Suite *t_helper_args_suite(void)
{
	Suite *s = suite_create("helper_args");
	TCase *tc = tcase_create("args");

	tcase_add_loop_test(tc, t_row, 0, (int)isa_nhelpers);
	tcase_add_test(tc, t_types);
	tcase_add_test(tc, t_no_context);
	tcase_add_test(tc, t_edges);
	suite_add_tcase(s, tc);
	return s;
}
