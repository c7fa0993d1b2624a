/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver: read, passes, generate, install.
 */
#include "exo/jit/jit.h"

#include "exo/abi/err.h"
#include "exo/isa/decode.h"
#include "exo/jit/flow.h"
#include "exo/jit/gen.h"
#include "exo/lib/mem.h"
#include "exo/plat/plat.h"

struct jit_code {
	struct jit_way way;
	const uint8_t *bytes; /* plat_code_install()'s */
	uint32_t size;
	uint32_t nlines;
	bool looks;
	struct jit_line lines[];
};

static size_t code_size(uint32_t nlines)
{
	return sizeof(struct jit_code) +
	       nlines * sizeof(((struct jit_code *)0)->lines[0]);
}

/* Every helper that is called has a body. */
static int check_calls(const struct jit_ir *ir)
{
	uint32_t i, k;

	for (i = 0; i < ir->nblocks; i++) {
		const struct jit_block *b = &ir->blocks[i];

		for (k = 0; k < b->n; k++) {
			if (b->ins[k].op != JIT_CALL)
				continue;
			if (ir->env == NULL || ir->env->helper == NULL ||
			    ir->env->helper(ir->env, (uint32_t)b->ins[k].k) ==
			        NULL)
				return -EXO_EINVAL;
		}
	}
	return 0;
}

/* Between passes it ends when it may not go on. */
static int go_on(const struct jit_ir *ir, int err)
{
	return err == 0 && exo_pause_stopped(ir->opt->pause) ? -EXO_EBUDGET
	                                                     : err;
}

static int passes(struct jit_ir *ir)
{
	int err = jit_graph(ir);

	if (err == 0)
		err = jit_flow(ir, JIT_PASS_fold | JIT_PASS_bounds);
	err = go_on(ir, err);
	if (err == 0)
		err = jit_need(ir);
	if (err == 0)
		err = jit_live(ir);
	if (err == 0)
		err = jit_flow(ir, JIT_PASSES_ALL);
	err = go_on(ir, err);
	if (err == 0)
		err = jit_live(ir);
	if (err == 0)
		err = jit_copies(ir);
	if (err == 0)
		err = jit_live(ir);
	if (err == 0 && jit_has(ir, JIT_PASS_dead)) {
		jit_dead(ir);
		err = jit_live(ir);
	}
	if (err == 0)
		err = jit_swap_order(ir);
	if (err == 0)
		err = jit_chains(ir);
	return err == 0 ? jit_live(ir) : err;
}

static int install(
    const struct jit_gen *g, struct exo_mem *mem, struct jit_code **out)
{
	uint32_t nlines = g->want_lines ? g->nlines : 0;
	struct jit_code *c = exo_mem_get(mem, code_size(nlines));

	if (c == NULL)
		return -EXO_ENOMEM;
	c->bytes = plat_code_install(g->x.buf, g->x.n);
	if (c->bytes == NULL) {
		exo_mem_put(mem, c, code_size(nlines));
		return -EXO_ENOMEM;
	}
	c->size = g->x.n;
	/* NOLINTBEGIN(performance-no-int-to-ptr): bytes are code now */
	c->way.entry = (jit_fn *)(uintptr_t)c->bytes;
	if (g->ir->callbacks)
		c->way.callback =
		    (jit_callback *)(uintptr_t)(c->bytes + g->callback);
	/* NOLINTEND(performance-no-int-to-ptr) */
	c->nlines = nlines;
	c->way.keeps = g->ir->keeps;
	c->looks = g->looks;
	if (nlines != 0)
		memcpy(c->lines, g->lines, nlines * sizeof(c->lines[0]));
	*out = c;
	return 0;
}

/* Working memory: an account of its own, charged to the caller's. */
struct work {
	struct exo_mem mem;
	struct exo_mem *to;
	bool refused; /* by the caller's; else it was the limit */
};

static void *work_get(void *ctx, size_t size)
{
	struct work *w = ctx;

	void *p = exo_mem_raw(w->to, size);

	w->refused |= p == NULL;
	return p;
}

static void work_put(void *ctx, void *p, size_t size)
{
	struct work *w = ctx;

	exo_mem_put(w->to, p, size);
}

int jit_compile(const struct vf_prog *prog, const struct jit_env *env,
    const struct jit_options *opt, struct exo_mem *mem, struct jit_code **out)
{
	struct jit_ir ir = { .prog = prog, .env = env, .opt = opt };
	struct jit_gen g = { .ir = &ir };
	struct work work = {
		.mem = { .get = work_get,
		    .put = work_put,
		    .ctx = &work,
		    .limit = opt->mem == 0 ? JIT_MEM_MAX : opt->mem },
		.to = mem,
	};
	int err;

	*out = NULL;
	ir.insns = vf_prog_insns(prog, &ir.n);
	ir.notes = vf_prog_notes(prog);
	ir.type = vf_prog_type(prog);
	g.cpu = opt->cpu;
	g.limit = opt->limit == 0 ? JIT_CODE_MAX : opt->limit;
	g.want_lines = opt->lines;
	g.blind = (opt->harden & JIT_HARDEN_BLIND) != 0;
	g.fence = (opt->harden & JIT_HARDEN_FENCE) != 0;
	exo_arena_init(&ir.arena, &work.mem);
	err = jit_build(&ir);
	if (err == 0)
		err = check_calls(&ir);
	if (err == 0)
		err = passes(&ir);
	err = go_on(&ir, err);
	if (err == 0)
		err = jit_generate(&g);
	err = go_on(&ir, err);
	if (err == -EXO_ENOMEM && !work.refused)
		err = -EXO_EBUDGET;
	if (err == 0)
		err = install(&g, mem, out);
	exo_arena_free(&ir.arena);
	return err;
}

void jit_free(struct jit_code *code, struct exo_mem *mem)
{
	if (code == NULL)
		return;
	plat_code_remove(code->bytes, code->size);
	exo_mem_put(mem, code, code_size(code->nlines));
}

bool jit_looks(const struct jit_code *code)
{
	return code->looks;
}

const uint8_t *jit_bytes(const struct jit_code *code, uint32_t *size)
{
	*size = code->size;
	return code->bytes;
}

const struct jit_line *jit_lines(const struct jit_code *code, uint32_t *n)
{
	*n = code->nlines;
	return code->lines;
}

/* CPUID, leaf and subleaf; ebx and ecx of the answer. */
static void cpuid(uint32_t leaf, uint32_t *ebx, uint32_t *ecx)
{
	uint32_t a = leaf, d;

	*ecx = 0;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(*ebx), "+c"(*ecx), "=d"(d));
}

uint32_t jit_cpu_detect(void)
{
	uint32_t b, c, cpu = 0;

	cpuid(1, &b, &c);
	if ((c >> 22 & 1) != 0)
		cpu |= JIT_CPU_MOVBE;
	cpuid(7, &b, &c);
	if ((b >> 8 & 1) != 0)
		cpu |= JIT_CPU_BMI2;
	return cpu;
}
