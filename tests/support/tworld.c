/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs with maps and helpers in unit tests: see tworld.h. */
#include "tests/support/tworld.h"

#include <check.h>
#include <string.h>

#include "exo/isa/text.h"
#include "exo/plat/plat.h"
#include "tests/support/plat_test.h"

static void *get(void *ctx, size_t size)
{
	(void)ctx;
	return plat_alloc(size);
}

static void put(void *ctx, void *p, size_t size)
{
	(void)ctx;
	plat_free(p, size);
}

struct exo_mem tworld_mem(void)
{
	return (struct exo_mem){ .get = get, .put = put };
}

void tworld_new(
    struct tworld *t, const struct exo_map_def *maps, uint32_t nmaps)
{
	t->mem = tworld_mem();
	t->cfg.mem = &t->mem;
	t->cfg.maps = maps;
	t->cfg.nmaps = nmaps;
	t->cfg.hash = (struct exo_sipkey){ 1, 2 };
	ck_assert_int_eq(exo_world_new(&t->cfg, &t->w), 0);
}

uint32_t tworld_asm(const char *text, struct exo_insn *insns)
{
	struct isa_asm_error err;
	uint32_t n = 0;

	ck_assert_msg(
	    isa_asm(text, strlen(text), insns, TWORLD_INSNS, &n, &err) == 0,
	    "%u:%u: %s", err.line, err.col, err.what);
	return n;
}

void tworld_load(struct tworld *t, uint32_t type, const char *text)
{
	uint32_t n = tworld_asm(text, t->insns), bad;

	ck_assert_int_eq(
	    isa_load(exo_world_vm(t->w), type, t->insns, n, &bad), 0);
}

const struct exo_world_code *tworld_code(
    struct tworld *t, uint32_t type, const struct exo_insn *insns, uint32_t n)
{
	struct vf_limits limits = VF_LIMITS_TOOL;
	struct vf_input in = { .insns = insns,
		.ninsns = n,
		.type = type,
		.maps = t->cfg.maps,
		.nmaps = t->cfg.nmaps };
	struct exo_world_code *code;
	struct exo_report report;
	struct vf_prog *prog;

	if (!t->compiles)
		return NULL;
	(void)vf_verify(&in, &limits, &t->mem, &prog, &report);
	if (prog == NULL)
		return NULL;
	ck_assert_int_eq(exo_world_compile(t->w, prog, 0, &code), 0);
	vf_prog_free(prog, &t->mem);
	ck_assert_uint_lt(t->ncodes, TWORLD_CODES);
	t->code[t->ncodes++] = code;
	return code;
}

enum isa_end tworld_run(struct tworld *t, uint32_t type, const char *text)
{
	const struct exo_world_code *code;

	tworld_load(t, type, text);
	code = tworld_code(t, type, t->insns, exo_world_vm(t->w)->ninsns);
	if (code != NULL) {
		t->compiled++;
		t->r0 = exo_world_exec(t->w, code);
		return ISA_END_EXIT;
	}
	return exo_world_run(t->w, TWORLD_FUEL, &t->r0);
}

uint64_t tworld_exit(struct tworld *t, uint32_t type, const char *text)
{
	enum isa_end end = tworld_run(t, type, text);

	ck_assert_msg(end == ISA_END_EXIT, "ended by %d at %u", (int)end,
	    exo_world_vm(t->w)->end_pc);
	return t->r0;
}

void tworld_pkt(struct tworld *t, uint32_t n)
{
	struct isa_pkt pkt = { .caplen = n, .wirelen = n, .protocol = 0x0800 };
	uint8_t bytes[2048];

	ck_assert_uint_le(n, sizeof(bytes));
	for (uint32_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)i;
	pkt.data = bytes;
	ck_assert_int_eq(exo_world_pkt(t->w, &pkt), 0);
}

void tworld_end(struct tworld *t)
{
	while (t->ncodes > 0)
		exo_world_code_free(t->w, t->code[--t->ncodes]);
	exo_world_free(t->w);
	ck_assert_uint_eq(t->mem.used, 0);
	plat_test_check_leaks();
}
