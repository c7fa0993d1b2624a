/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world's compiled programs: the same helpers and maps, addresses as they
 * are.
 *
 * Helpers have one body each. What differs here: nobody checks an argument,
 * since the verifier has; pointers are the machine's; and a function that a
 * helper calls back is called. While one runs, w->running is its code.
 *
 * Cost: a row's arguments, body and effects are constants in the function that
 * compiled code calls for it, so that what is left is its own work. Of struct
 * helper only that is set which such a row has.
 */
#include "exo/core/world_int.h"

#include "exo/abi/err.h"
#include "exo/jit/jit.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"
#include "exo/plat/plat.h"

/* An address as a pointer; the verifier vouches for what is behind it.
 * NOLINTNEXTLINE(performance-no-int-to-ptr) */
#define POINTER(v) ((void *)(uintptr_t)(v))

#define INLINE static inline __attribute__((always_inline))

INLINE void native_arg(struct helper *h, enum isa_arg arg, unsigned reg)
{
	uint64_t v = h->r[reg];

	switch (arg) {
	case ISA_ARG_MAP_LOOKUP:
	case ISA_ARG_MAP_UPDATE:
	case ISA_ARG_MAP_DELETE:
	case ISA_ARG_MAP_EACH:
	case ISA_ARG_MAP_RING:
	case ISA_ARG_MAP_TAIL:
	case ISA_ARG_MAP_PERF:
	case ISA_ARG_MAP_QUEUE:
		h->map = POINTER(v);
		break;
	case ISA_ARG_KEY:
	case ISA_ARG_VALUE:
	case ISA_ARG_OUT_VALUE:
		h->p[reg] = POINTER(v);
		break;
	case ISA_ARG_MEM:
	case ISA_ARG_MEM_OR_NULL:
	case ISA_ARG_OUT:
		h->p[reg] = h->r[reg + 1] == 0 ? &h->nothing : POINTER(v);
		break;
	case ISA_ARG_RING:
		h->record = world_record_of(h->w, POINTER(v));
		break;
	case ISA_ARG_NONE:
	case ISA_ARG_SCALAR:
	case ISA_ARG_PRINTED:
	case ISA_ARG_CTX:
	case ISA_ARG_SIZE:
	case ISA_ARG_SIZE0:
	case ISA_ARG_CONST_SIZE:
	case ISA_ARG_FUNC:
	case ISA_ARG_STACK_OR_NULL:
		break;
	}
}

/* The packet as it is now. */
static void show_packet(const struct isa_vm *vm, struct jit_ctx *ctx)
{
	ctx->data = vm->pkt.data;
	ctx->data_end = vm->pkt.data + vm->pkt.caplen;
	ctx->data_meta = vm->pkt.data - vm->room.meta;
	ctx->size = vm->pkt.caplen;
	ctx->wirelen = vm->pkt.wirelen;
	ctx->ifindex = vm->pkt.ifindex;
	ctx->protocol = __builtin_bswap16(vm->pkt.protocol);
}

static void show_nothing(struct jit_ctx *ctx)
{
	ctx->data = ctx->data_end = ctx->data_meta = NULL;
	ctx->size = ctx->wirelen = ctx->ifindex = ctx->protocol = 0;
}

/* Call the function again and again: isa_interp's enter_loop() and again(). */
static uint64_t call_back(
    struct exo_world *w, uint64_t func, uint64_t r[16], struct jit_ctx *ctx)
{
	struct isa_loop loop = w->vm.loop;
	jit_callback *call = w->stub;
	uint64_t result = 0;

	loop.depth = (uint32_t)++ctx->depth;
	exo_assert(loop.depth < EXO_MAX_FRAMES); /* it is verified */
	while (result == 0) {
		memset(&r[1], 0, ISA_ARGS * sizeof(r[0]));
		if (!loop.next(&w->vm, &loop, r))
			break;
		result = call(POINTER(func), &r[1], ctx);
		loop.calls++;
	}
	if (result != 0 && loop.stop != NULL)
		loop.stop(&w->vm, &loop);
	ctx->depth--;
	return loop.calls;
}

/* What the helper left to its caller. */
static void go_on(struct exo_world *w, struct helper *h, int does,
    uint64_t func, struct jit_ctx *ctx)
{
	const struct exo_world_prog *to;
	const struct jit_way *way;

	switch (does) {
	case ISA_HELPER_LOOP:
		h->r[0] = call_back(w, func, h->r, ctx);
		break;
	case ISA_HELPER_TAIL:
		to = map_slot(h->map, (uint32_t)h->r[3]);
		w->running = to->code->code;
		way = jit_way(w->running);
		w->keeps |= way->keeps;
		if (way->callback != NULL)
			w->stub = way->callback;
		ctx->tail = POINTER((uintptr_t)way->entry);
		break;
	default:
		break;
	}
}

INLINE void begin(struct helper *h, uint64_t *r, const struct jit_ctx *ctx)
{
	h->w = ctx->user;
	h->vm = &h->w->vm;
	h->r = r;
	h->map_nr = 0;
}

INLINE uint64_t native(
    struct helper *h, helper_body *body, unsigned fx, struct jit_ctx *ctx)
{
	struct exo_world *w = h->w;
	uint64_t func = h->r[2]; /* of all helpers that call one */
	int does;

	if ((fx & ISA_FX_TAIL) != 0)
		ctx->tail = NULL;
	does = body(h);
	if ((fx & ISA_FX_PACKET) != 0) {
		isa_pkt_moved(&w->vm);
		show_packet(&w->vm, ctx);
	}
	if ((fx & (ISA_FX_TAIL | ISA_FX_CALLS)) != 0)
		go_on(w, h, does, func, ctx);
	return h->r[0];
}

#define ISA_HELPER(nr, name, types, ret, a, b, c, d, e, fx, steps)           \
	static uint64_t native_##name(uint64_t r1, uint64_t r2, uint64_t r3, \
	    uint64_t r4, uint64_t r5, struct jit_ctx *ctx)                   \
	{                                                                    \
		struct helper h;                                             \
		uint64_t r[16];                                              \
                                                                             \
		begin(&h, r, ctx);                                           \
		r[1] = r1;                                                   \
		r[2] = r2;                                                   \
		r[3] = r3;                                                   \
		r[4] = r4;                                                   \
		r[5] = r5;                                                   \
		native_arg(&h, ISA_ARG_##a, 1);                              \
		native_arg(&h, ISA_ARG_##b, 2);                              \
		native_arg(&h, ISA_ARG_##c, 3);                              \
		native_arg(&h, ISA_ARG_##d, 4);                              \
		native_arg(&h, ISA_ARG_##e, 5);                              \
		return native(&h, helper_##name, fx, ctx);                   \
	}
#include "exo/isa/helpers.inc"
#undef ISA_HELPER

static jit_helper *find_helper(const struct jit_env *env, uint32_t nr)
{
	(void)env;
	switch (nr) {
#define ISA_HELPER(nr, name, types, ret, a, b, c, d, e, fx, steps) \
	case nr:                                                   \
		return native_##name;
#include "exo/isa/helpers.inc"
#undef ISA_HELPER
	default:
		return NULL;
	}
}

/* Maps go by their index; of one value, its address. */
static uint64_t find_name(const struct jit_env *env, uint32_t src, uint64_t imm)
{
	const struct exo_world *w = env->user;
	uint32_t i = (uint32_t)imm;
	uint8_t *value;

	if (i >= w->nmaps)
		return 0;
	if (src == EXO_LDDW_MAP || src == EXO_LDDW_MAP_IDX)
		return (uintptr_t)w->maps[i];
	value = map_value(w->maps[i], 0);
	return value == NULL ? 0 : (uintptr_t)value + (imm >> 32);
}

struct jit_env world_jit(struct exo_world *w)
{
	return (struct jit_env){ find_helper, find_name, w };
}

int world_compile(struct exo_world *w, const struct vf_prog *prog,
    uint32_t without, struct jit_code **out)
{
	struct jit_env env = world_jit(w);
	struct jit_options opt = {
		.passes = ~without,
		.harden = w->harden,
		.cpu = jit_cpu_detect() & ~w->no_cpu,
		.lines = w->places,
	};
	int err;

	*out = NULL;
	err = w->harden == 0 ? 0 : plat_random(&opt.seed, sizeof(opt.seed));
	return err != 0 ? err : jit_compile(prog, &env, &opt, w->mem, out);
}

int exo_world_compile(struct exo_world *w, const struct vf_prog *prog,
    uint32_t without, struct exo_world_code **out)
{
	struct exo_world_code *c = exo_mem_get(w->mem, sizeof(*c));
	int err;

	*out = NULL;
	if (c == NULL)
		return -EXO_ENOMEM;
	c->type = vf_prog_type(prog);
	err = world_compile(w, prog, without, &c->code);
	if (err < 0)
		exo_mem_put(w->mem, c, sizeof(*c));
	else
		*out = c;
	return err;
}

void exo_world_code_free(struct exo_world *w, struct exo_world_code *c)
{
	if (c == NULL)
		return;
	jit_free(c->code, w->mem);
	exo_mem_put(w->mem, c, sizeof(*c));
}

const uint8_t *exo_world_code_bytes(
    const struct exo_world_code *c, uint32_t *size)
{
	return jit_bytes(c->code, size);
}

/* NOLINTNEXTLINE(misc-redundant-expression): names of two headers */
_Static_assert(EXO_PLACE_FRAME == JIT_LINE_FRAME, "places are lines");
/* NOLINTNEXTLINE(misc-redundant-expression) */
_Static_assert(EXO_PLACE_TABLES == JIT_LINE_TABLES, "places are lines");

bool exo_world_code_place(
    const struct exo_world_code *c, uint32_t i, struct exo_world_place *out)
{
	uint32_t n;
	const struct jit_line *lines = jit_lines(c->code, &n);

	if (i >= n)
		return false;
	*out = (struct exo_world_place){ lines[i].from, lines[i].pc };
	return true;
}

/* What programs wrote of their context, for who asks; the next finds zeroes. */
static void keep(struct exo_world *w, bool keeps)
{
	w->vm.own = w->ctx.own;
	memset(&w->ctx.own, 0, sizeof(w->ctx.own));
	w->kept = keeps;
}

uint64_t world_exec(
    struct exo_world *w, const struct jit_code *code, uint32_t type)
{
	struct jit_ctx *ctx = &w->ctx;
	const struct jit_way *way = jit_way(code);
	uint64_t r0, size;
	const uint8_t *data;

	world_begin(w);
	w->vm.tails = 0;
	w->vm.held = 0;
	w->vm.type = type;
	w->running = code;
	w->keeps = way->keeps;
	if (way->callback != NULL)
		w->stub = way->callback;
	if (type == EXO_PROG_MEM) {
		const struct isa_region *mem = &w->vm.region[ISA_REGION_MEM];

		show_nothing(ctx);
		size = mem->size;
		data = size == 0 ? NULL : mem->base;
	} else {
		show_packet(&w->vm, ctx);
		size = ctx->size;
		data = ctx->data;
	}
	r0 = way->entry(ctx, data, size);
	w->running = NULL;
	if (w->keeps || w->kept)
		keep(w, w->keeps);
	world_ends(w);
	return r0;
}

uint64_t exo_world_exec(struct exo_world *w, const struct exo_world_code *c)
{
	return world_exec(w, c->code, c->type);
}
