/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ours: programs as a core binds them, from their image to code in a world, run
 * as a core runs them; and by the interpreter in a world of its own.
 */
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "exo/core/world.h"
#include "exo/hosted/heap.h"
#include "exo/plat/plat.h"
#include "tests/bench/maps_parts.h"

#define KTIME 5 /* bpf-helpers(7) */

struct ours {
	struct exo_mem heap;
	struct flt_image image;
	struct exo_image img;
	struct vf_prog *prog;
	struct exo_world *world;
	struct exo_world_code *code; /* NULL: it is interpreted */
	uint64_t clock;
};

static uint64_t now(void *arg)
{
	return ((const struct ours *)arg)->clock;
}

static int verify(struct ours *s)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	struct vf_const consts[EXO_MAPS_MAX];
	const struct vf_input in = {
		.insns = s->img.insns,
		.ninsns = s->img.ninsns,
		.type = s->img.type,
		.maps = s->img.maps,
		.nmaps = s->img.nmaps,
		.consts = consts,
		.nconsts = exo_image_consts(&s->img, consts),
	};
	struct exo_report report;

	return vf_verify(&in, &limits, &s->heap, &s->prog, &report);
}

static int make_world(struct ours *s)
{
	struct exo_world_config cfg = { .mem = &s->heap,
		.maps = s->img.maps,
		.nmaps = s->img.nmaps,
		.now = now,
		.arg = s };
	uint32_t bad;
	int err = plat_random(&cfg.hash, sizeof(cfg.hash));

	if (err == 0)
		err = exo_world_new(&cfg, &s->world);
	if (err == 0)
		err = exo_world_begin(s->world, &s->img);
	if (err == 0)
		err = isa_load(exo_world_vm(s->world), s->img.type,
		    s->img.insns, s->img.ninsns, &bad);
	return err;
}

static struct ours *open_world(const struct mb_prog *p)
{
	struct ours *s = mb_get(sizeof(*s));
	struct flt_error why;
	uint32_t bad;
	int err;

	s->heap = cmd_heap();
	if (flt_elf_image(&p->object->elf, mb_number(p), &s->image, &why) != 0)
		mb_die("%s: %s", p->func, why.text);
	err = exo_image_parse(s->image.bytes, s->image.size, &s->img, &bad);
	if (err == 0)
		err = verify(s);
	if (err == 0)
		err = make_world(s);
	if (err != 0)
		mb_die("%s is refused: error %d", p->func, err);
	return s;
}

static void *interpreter_open(const struct mb_prog *p, char why[MB_WHY])
{
	(void)why;
	return open_world(p);
}

static void *ours_open(const struct mb_prog *p, char why[MB_WHY])
{
	struct ours *s = open_world(p);

	if (exo_world_compile(s->world, s->prog, 0, &s->code) == 0)
		return s;
	snprintf(why, MB_WHY, "not compiled");
	return NULL;
}

/* The packet as a core shows it. */
static void show(struct ours *s, const struct mb_frame *f)
{
	const struct isa_pkt pkt = { f->data, f->n, f->n, 1, f->type };

	isa_set_pkt(exo_world_vm(s->world), &pkt);
	s->clock += MB_TICK;
}

static uint32_t ours_one(void *state, const struct mb_frame *f)
{
	struct ours *s = state;

	show(s, f);
	return (uint32_t)exo_world_exec(s->world, s->code);
}

static void ours_runs(
    void *state, const struct mb_frame *at, uint32_t n, uint32_t repeat)
{
	struct ours *s = state;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < repeat; k++) {
			show(s, &at[i]);
			sum += (uint32_t)exo_world_exec(s->world, s->code);
		}
	}
	mb_sum += sum;
}

static uint32_t interpreter_one(void *state, const struct mb_frame *f)
{
	struct ours *s = state;
	enum isa_end end;
	uint64_t r0;

	show(s, f);
	end = exo_world_run(s->world, vf_prog_facts(s->prog)->max_steps, &r0);
	if (end != ISA_END_EXIT && end != ISA_END_REJECT)
		mb_die("a verified program is stopped: %d", (int)end);
	return (uint32_t)r0;
}

static void interpreter_runs(
    void *state, const struct mb_frame *at, uint32_t n, uint32_t repeat)
{
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < repeat; k++)
			mb_sum += interpreter_one(state, &at[i]);
	}
}

static void ours_drain(void *state)
{
	struct ours *s = state;
	uint32_t size;

	for (uint32_t m = 0; m < s->img.nmaps; m++) {
		while (exo_world_record(s->world, m, &size) != NULL)
			;
	}
}

const uint8_t *mb_ours_code(const void *state, uint32_t *size)
{
	return exo_world_code_bytes(((const struct ours *)state)->code, size);
}

bool mb_reads_clock(const struct mb_prog *p)
{
	const struct flt_elf_prog *f = &p->object->elf.progs[mb_number(p)];

	for (uint32_t i = 0; i < f->n; i++) {
		if (f->insns[i].code == (EXO_JMP | EXO_CALL) &&
		    exo_src(&f->insns[i]) == 0 && f->insns[i].imm == KTIME)
			return true;
	}
	return false;
}

const struct mb_engine mb_ours = {
	.name = "exopf",
	.every = 1,
	.open = ours_open,
	.one = ours_one,
	.runs = ours_runs,
	.drain = ours_drain,
};

const struct mb_engine mb_interpreter = {
	.name = "interpreter",
	.every = 8,
	.open = interpreter_open,
	.one = interpreter_one,
	.runs = interpreter_runs,
	.drain = ours_drain,
};
