/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests of exo/bare/space.c share: a machine in a process, and how to press for room. */
#ifndef TESTS_UNIT_SPACE_H
#define TESTS_UNIT_SPACE_H

#include <check.h>

#include "exo/bare/frames.h"
#include "exo/bare/space.h"
#include "tests/support/bare_unit.h"
#include "tests/support/walk.h"

#include "exo/bare/paging.h"

#define VA     ((uint64_t)0x40000000)
#define LEAF   ((uint64_t)0x200000) /* bytes that a table of pages shows */
#define PRESS  ((uint64_t)100 * FRAME_SIZE)
#define ALL    120u /* tables of all, where they are bounded */
#define OTHER  (VA + LEAF + 2 * FRAME_SIZE)
#define MARKED (EXO_PTE_ACCESSED | EXO_PTE_DIRTY)

/** The machine. */
static struct bare b;

static inline void setup(void)
{
	bare_unit_new(&b, 0, false);
}

static inline void setup_bounded(void)
{
	bare_unit_new(&b, ALL, false);
}

static inline void setup_forget(void)
{
	bare_unit_new(&b, 0, true);
}

static inline void teardown(void)
{
	bare_unit_free(&b);
}

static inline struct plat_env *env(uint32_t tables, uint32_t entries)
{
	const struct env_args a = { .tables = tables, .entries = entries };
	struct plat_env *e = bare_env(&b, &a);

	ck_assert_ptr_nonnull(e);
	return e;
}

static inline bool present(const struct plat_env *e, uint64_t va)
{
	return paging_entry(e->root, va) != 0;
}

static inline uint64_t frame_at(const struct plat_env *e, uint64_t va)
{
	return (paging_entry(e->root, va) & PT_FRAME) / FRAME_SIZE;
}

static inline bool refill(struct plat_env *e, uint64_t va)
{
	return exo_phys_refill(e->phys, e->holder, va, false, false);
}

/* Leaf tables until the first are dropped. All of these pages have one place in the
 * S-TLB, as have any that lie a multiple of LEAF apart. */
static inline void press(struct plat_env *e, uint64_t from)
{
	uint64_t drops = e->drops;

	for (uint64_t i = 0; e->drops == drops; i++)
		(void)bare_map(e, from + PRESS + i * LEAF, BARE_READ);
}

/** A case of a suite, each test of which begins with that. */
static inline TCase *part(Suite *s, const char *name, void (*begin_with)(void))
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, begin_with, teardown);
	suite_add_tcase(s, t);
	return t;
}

#endif
