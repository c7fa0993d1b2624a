/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small world for tests of the core: one core, environments with rings,
 * and calls with the arguments that most tests want.
 *
 * Every function stops the test when what it does for granted fails.
 */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include <stdint.h>

#include "exo/core/core.h"
#include "filters/filters.h"
#include "libos-net/tap.h"
#include "tests/support/plat_test.h"

#define WORLD_RING 65536u

struct world_env {
	uint64_t name;
	struct exo_key key; /* every right */
	struct exo_ring *ring;
	struct lnet_tap tap;
};

/** Make a core on the test platform. */
struct exo_core *world_new(void);
struct exo_core *world_new_as(const struct exo_core_config *cfg);

/** End it; the test fails when the platform did not get everything back. */
void world_end(struct exo_core *core);

/** Make an environment with a ring of this size (0: none) and a key. */
void world_env(struct exo_core *core, struct world_env *e, uint32_t ring);

/** Free the ring; the environment has ended. */
void world_env_free(struct world_env *e);

/** Assemble text into an image that flt_image_free() frees. */
struct flt_image world_image(const char *text, uint32_t type);

/** The same with maps, which the text names by index. */
struct flt_image world_image_maps(const char *text, uint32_t type,
    const struct exo_map_def *maps, uint32_t nmaps);

/** Arguments for binding img: Ethernet, TAP, priority 0, count only. */
/** The same with programs for its slots. */
struct world_tail {
	const char *text;
	uint32_t map, slot;
};
struct flt_image world_image_tails(const char *text, uint32_t type,
    const struct exo_map_def *maps, uint32_t nmaps,
    const struct world_tail *tails, uint32_t ntails);

struct exo_call_bind world_bind_args(
    const struct world_env *e, const struct flt_image *img);

/** Bind a socket filter given as text; returns the binding's name. */
uint64_t world_bind(struct exo_core *core, const struct world_env *e,
    const char *text, int32_t priority, uint32_t mode, uint32_t snap);

/** What an environment has used. */
struct exo_env_stat world_env_stat(
    struct exo_core *core, const struct world_env *e);

/** A core with one environment and a key of every right, where memory may fail. */
struct world_life {
	struct exo_core *core; /* to be freed, whatever was returned; or NULL */
	uint64_t env;
	struct exo_key key;
};

/** Make one: mem as in struct exo_env_args, a key of this region (NULL: of all).
 * Returns 0 or a negated EXO_E*. */
int world_life(struct world_life *life, const struct exo_core_config *cfg,
    uint64_t mem, const struct sp_region *where);

/** Counters of a binding. */
struct exo_bind_stat world_stat(
    struct exo_core *core, const struct world_env *e, uint64_t binding);

#endif
