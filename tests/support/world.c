/* SPDX-License-Identifier: BSD-2-Clause */
/* A small world for tests of the core: see world.h. */
#include "tests/support/world.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/isa/text.h"

struct exo_core *world_new(void)
{
	const struct exo_core_config cfg = { 0 };

	return world_new_as(&cfg);
}

struct exo_core *world_new_as(const struct exo_core_config *cfg)
{
	struct exo_core *core = NULL;

	plat_test_reset(1);
	ck_assert_int_eq(exo_core_new(cfg, &core), 0);
	return core;
}

void world_end(struct exo_core *core)
{
	exo_core_free(core);
	plat_test_check_leaks();
}

void world_env(struct exo_core *core, struct world_env *e, uint32_t ring)
{
	struct exo_env_args args = { .ring_size = ring };

	memset(e, 0, sizeof(*e));
	if (ring != 0) {
		e->ring = aligned_alloc(64, sizeof(*e->ring) + ring);
		ck_assert_ptr_nonnull(e->ring);
		args.ring = e->ring;
	}
	ck_assert_int_eq(exo_env_new(core, &args, &e->name), 0);
	ck_assert_int_eq(
	    exo_grant(core, e->name, EXO_RIGHT_ALL, NULL, &e->key), 0);
	if (ring != 0)
		lnet_tap_init(&e->tap, e->ring);
}

void world_env_free(struct world_env *e)
{
	free(e->ring);
	e->ring = NULL;
}

struct flt_image world_image(const char *text, uint32_t type)
{
	struct flt_image img = { 0 };
	struct flt_error err = { "" };

	ck_assert_msg(
	    flt_asm_image(text, strlen(text), type, "test", &img, &err) == 0,
	    "%s", err.text);
	return img;
}

#define INSNS 2048u

/* One more program behind the others. */
static void assemble(const char *text, struct exo_insn *insns, uint32_t *n)
{
	struct isa_asm_error where;
	uint32_t more;

	ck_assert_msg(isa_asm(text, strlen(text), insns + *n, INSNS - *n, &more,
	                  &where) == 0,
	    "line %u: %s", where.line, where.what);
	*n += more;
}

struct flt_image world_image_tails(const char *text, uint32_t type,
    const struct exo_map_def *maps, uint32_t nmaps,
    const struct world_tail *tails, uint32_t ntails)
{
	static struct exo_insn insns[INSNS];
	struct exo_image_tail rows[8];
	struct flt_image img;
	struct flt_error err;
	uint32_t n = 0;

	assemble(text, insns, &n);
	ck_assert_uint_le(ntails, 8);
	for (uint32_t i = 0; i < ntails; i++) {
		rows[i] = (struct exo_image_tail){ n, tails[i].map,
			tails[i].slot, 0 };
		assemble(tails[i].text, insns, &n);
	}
	const struct flt_whole parts = { .type = type,
		.insns = insns,
		.n = n,
		.maps = maps,
		.nmaps = nmaps,
		.name = "test",
		.tails = rows,
		.ntails = ntails };
	ck_assert_msg(flt_image_whole(&parts, &img, &err) == 0, "%s", err.text);
	return img;
}

struct flt_image world_image_maps(const char *text, uint32_t type,
    const struct exo_map_def *maps, uint32_t nmaps)
{
	return world_image_tails(text, type, maps, nmaps, NULL, 0);
}

struct exo_call_bind world_bind_args(
    const struct world_env *e, const struct flt_image *img)
{
	return (struct exo_call_bind){
		.key = e->key,
		.image = (uintptr_t)img->bytes,
		.image_size = img->size,
		.linktype = 1,
		.mode = EXO_BIND_TAP,
	};
}

uint64_t world_bind(struct exo_core *core, const struct world_env *e,
    const char *text, int32_t priority, uint32_t mode, uint32_t snap)
{
	struct flt_image img = world_image(text, EXO_PROG_SOCKET);
	struct exo_call_bind a = world_bind_args(e, &img);
	struct exo_report report;

	a.priority = priority;
	a.mode = mode;
	a.snap = snap;
	a.report = (uintptr_t)&report;
	int err = exo_call(core, e->name, EXO_CALL_BIND_NR, &a, sizeof(a));
	ck_assert_msg(
	    err == 0, "bind: %d, VF%u at %u", err, report.code, report.insn);
	flt_image_free(&img);
	return a.out_binding;
}

struct exo_bind_stat world_stat(
    struct exo_core *core, const struct world_env *e, uint64_t binding)
{
	struct exo_call_stat a = { .binding = binding };

	ck_assert_int_eq(
	    exo_call(core, e->name, EXO_CALL_STAT_NR, &a, sizeof(a)), 0);
	return a.out_stat;
}

struct exo_env_stat world_env_stat(
    struct exo_core *core, const struct world_env *e)
{
	struct exo_env_stat st;

	ck_assert_int_eq(exo_env_stat(core, e->name, &st), 0);
	return st;
}

int world_life(struct world_life *life, const struct exo_core_config *cfg,
    uint64_t mem, const struct sp_region *where)
{
	const struct exo_env_args args = { .mem = mem };
	int err;

	*life = (struct world_life){ .core = NULL };
	err = exo_core_new(cfg, &life->core);
	if (err == 0)
		err = exo_env_new(life->core, &args, &life->env);
	if (err == 0)
		err = exo_grant(
		    life->core, life->env, EXO_RIGHT_ALL, where, &life->key);
	return err;
}
