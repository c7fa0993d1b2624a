/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A core with a thief and a victim, keys, claims and calls, for the tests
 * that hold one owner against another.
 */
#ifndef TESTS_UNIT_THEFT_H
#define TESTS_UNIT_THEFT_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/demux_int.h"
#include "exo/space/text.h"
#include "exo/space/wire.h"
#include "tests/support/mem.h"
#include "tests/support/world.h"

static struct exo_core *core;
static struct world_env thief, victim;
static struct exo_mem mem;
static struct exo_arena arena;

static inline void begin(const struct exo_core_config *cfg)
{
	core = world_new_as(cfg);
	world_env(core, &thief, 1u << 20);
	world_env(core, &victim, 1u << 20);
}

static inline void setup(void)
{
	const struct exo_core_config cfg = { 0 };

	begin(&cfg);
	mem = mem_heap(NULL);
	exo_arena_init(&arena, &mem);
}

static inline void end(void)
{
	world_end(core);
	world_env_free(&thief);
	world_env_free(&victim);
}

/** What the platform calls this one from now on; names are the core's. */
static inline void call_it(const struct world_env *e, struct plat_env *plat)
{
	((struct env *)exo_pool_find(&core->envs, e->name))->plat = plat;
}

static inline void teardown(void)
{
	end();
	exo_arena_free(&arena);
}

static inline struct sp_region region(const char *text)
{
	struct sp_work w = { &arena, 10000000, &sp_packets, NULL, NULL };
	struct sp_text_error err;
	struct sp_region r;

	ck_assert_msg(
	    sp_text_parse(&w, text, (uint32_t)strlen(text), &r, &err) == 0,
	    "%s: %u at %u", text, err.code, err.at);
	return r;
}

static inline struct exo_span span_of(struct sp_region r)
{
	uint32_t size = sp_wire_size(r);
	void *p = exo_arena_get(&arena, size);

	ck_assert_uint_ne(size, 0);
	sp_wire_write(r, p);
	return (struct exo_span){ (uintptr_t)p, size, 0 };
}

static inline struct exo_key grant(const struct world_env *e, const char *text)
{
	struct sp_region r = region(text);
	struct exo_key k;

	ck_assert_int_eq(exo_grant(core, e->name, EXO_RIGHT_ALL, &r, &k), 0);
	return k;
}

static inline int derive(const struct world_env *e, const struct exo_key *from,
    struct exo_span where, struct exo_key *out)
{
	struct exo_call_derive a = {
		.key = *from, .rights = from->rights, .region = where
	};
	int err = exo_call(core, e->name, EXO_CALL_DERIVE_NR, &a, sizeof(a));

	*out = a.out_key;
	return err;
}

static inline int revoke(const struct world_env *e, const struct exo_key *k)
{
	struct exo_call_revoke a = { .key = *k };

	return exo_call(core, e->name, EXO_CALL_REVOKE_NR, &a, sizeof(a));
}

static inline int unbind(const struct world_env *e, uint64_t name)
{
	struct exo_call_unbind a = { .binding = name };

	return exo_call(core, e->name, EXO_CALL_UNBIND_NR, &a, sizeof(a));
}

static inline int bind(const struct world_env *e, const struct exo_key *key,
    const struct flt_image *img, uint32_t mode, struct exo_span claim,
    uint64_t *name)
{
	struct exo_call_bind a = world_bind_args(e, img);
	int err;

	a.key = *key;
	a.mode = mode;
	a.claim = claim;
	a.snap = 64;
	err = exo_call(core, e->name, EXO_CALL_BIND_NR, &a, sizeof(a));
	if (name != NULL)
		*name = a.out_binding;
	return err;
}

static const struct exo_span none;

static inline uint64_t held(void)
{
	struct exo_core_stat st;

	exo_core_stat(core, &st);
	return st.mem;
}

static inline uint32_t bindings(void)
{
	struct exo_core_stat st;

	exo_core_stat(core, &st);
	return st.bindings;
}

/* Bytes that are charged to an environment. */
static inline uint64_t spent(const struct world_env *e)
{
	return env_find(core, e->name)->mem.used;
}

/* A test of 32 bits under the i-th mask. */
static inline struct flt_image odd_mask(uint32_t i)
{
	char text[256];
	uint32_t mask = (i + 1) * 2654435761u;

	snprintf(text, sizeof(text),
	    "r6 = r1\nr0 = *(u16 *)skb[12]\nif w0 != 2048 goto no\n"
	    "r0 = *(u32 *)skb[26]\nw0 &= %d\nif w0 == %d goto yes\n"
	    "no:\nr0 = 0\nexit\nyes:\nr0 = 9\nexit\n",
	    (int32_t)mask, (int32_t)(mask & (i * 40503u)));
	return world_image(text, EXO_PROG_SOCKET);
}

#endif
