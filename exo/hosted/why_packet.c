/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet that really gets there: a search, checked in the interpreter.
 *
 * A run is as good as it keeps to the way that the verifier refused. Where the
 * best one leaves it, the loads that feed what decides there are known
 * (why_back.c), so that only their bytes and the length are changed: by all
 * values of single bytes, by the constants of the program in both orders of
 * bytes, by lengths near those that are compared, at last by chance. Every
 * step further is a new start. What is found is made short and plain.
 *
 * All of it is deterministic but for the limit of time.
 */
#include "exo/hosted/why_hunt.h"

#include "exo/abi/err.h"
#include "exo/isa/decode.h"
#include "exo/lib/bytes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FUEL 100000u /* of a run; who takes more does not end */

/*
 * Goals
 */

static enum hunt_goal goal_of(uint32_t code)
{
	switch (code) {
	case VF_PTR_NULL:
	case VF_NOT_POINTER:
	case VF_STACK_OOB:
	case VF_PKT_OOB:
	case VF_PKT_BEFORE:
	case VF_PKT_WRITE:
	case VF_CTX_ACCESS:
	case VF_CTX_WRITE:
	case VF_MEM_OOB:
	case VF_END_ACCESS:
	case VF_VALUE_OOB:
	case VF_MAP_ACCESS:
	case VF_MAP_RDONLY:
	case VF_MAP_WRONLY:
	case VF_RING_OOB:
	case VF_KEY_ACCESS:
	case VF_ARG_SIZE:
		return HUNT_TRAP;
	case VF_RING_HELD:
		return HUNT_HELD;
	case VF_LOOP:
		return HUNT_ENDLESS;
	default:
		return HUNT_NOTHING;
	}
}

/* Does the blamed instruction touch anything? Arithmetic does not trap, and
 * what lies behind the metadata is the packet. */
static bool can_trap(const struct why *w)
{
	const struct exo_insn *in = &w->in->insns[w->report.insn];

	if (w->report.reg_kind == EXO_REG_PKT_META)
		return false;
	switch (in->code & 0x07u) {
	case EXO_LDX:
	case EXO_ST:
	case EXO_STX:
		return true;
	default:
		return in->code == (EXO_JMP | EXO_CALL);
	}
}

static const char *const traps[] = {
	[ISA_END_FUEL] = "it does not end",
	[ISA_END_LOAD] = "the load leaves its memory",
	[ISA_END_STORE] = "the store leaves what may be written",
	[ISA_END_CTX] = "it is no access to the context",
	[ISA_END_HELPER] = "the helper refuses its arguments",
	[ISA_END_HELD] = "the memory is still held at the end",
};

static bool reached(struct hunt *h, enum isa_end end)
{
	const struct isa_vm *vm = exo_world_vm(h->world);
	bool here =
	    vm->end_pc == h->w->report.insn && vm->end_insns == h->w->in->insns;

	switch (h->goal) {
	case HUNT_TRAP:
		return here && (end == ISA_END_LOAD || end == ISA_END_STORE ||
		                   end == ISA_END_CTX || end == ISA_END_HELPER);
	case HUNT_HELD:
		return end == ISA_END_HELD;
	case HUNT_ENDLESS:
		return end == ISA_END_FUEL;
	case HUNT_NOTHING:
		break;
	}
	return false;
}

/*
 * Runs
 */

/* A constant that the program may use as a key, from *pc on. */
static bool next_key(const struct vf_input *in, uint32_t *pc, int32_t *key)
{
	while (*pc < in->ninsns) {
		const struct exo_insn *at = &in->insns[(*pc)++];
		unsigned class = at->code & 0x07u;

		*key = at->imm;
		if (class == EXO_ST || at->code == (EXO_ALU64 | EXO_MOV) ||
		    at->code == (EXO_ALU | EXO_MOV))
			return true;
	}
	return false;
}

static void fill_key(
    struct hunt *h, uint32_t i, int32_t key, const uint8_t *value)
{
	uint8_t *to = h->buf + EXO_MAP_VALUE_MAX;

	memcpy(to, &key, sizeof(key));
	(void)exo_world_update(h->world, i, to, value);
}

/* Let elements be there: of keys 0 to 3, and of the program's constants. */
static void fill_map(struct hunt *h, uint32_t i, const uint8_t *value)
{
	const struct exo_map_def *def = &h->w->in->maps[i];
	uint8_t *buf = h->buf;
	uint32_t n = def->value_size < WHY_VALUE ? def->value_size : WHY_VALUE;
	uint32_t k, pc = 0;
	int32_t v;

	if (def->value_size > EXO_MAP_VALUE_MAX ||
	    def->key_size > EXO_MAP_KEY_MAX)
		return;
	memset(buf, 0, def->value_size);
	memcpy(buf, value, n);
	memset(buf + EXO_MAP_VALUE_MAX, 0, EXO_MAP_KEY_MAX);
	fill_key(h, i, 0, buf);
	for (k = 0; k < HUNT_KEYS && next_key(h->w->in, &pc, &v); k++)
		fill_key(h, i, v, buf);
	for (v = 1; v < 4; v++)
		fill_key(h, i, v, buf);
}

/* What never changes is as it is, whatever was tried. */
static void fill_const(struct hunt *h, const struct vf_const *c)
{
	const struct exo_map_def *def = &h->w->in->maps[c->map];

	if (c->n > def->value_size || def->value_size > EXO_MAP_VALUE_MAX)
		return;
	memset(h->buf, 0, def->value_size);
	memcpy(h->buf, c->bytes, c->n);
	fill_key(h, c->map, 0, h->buf);
}

/* A world as it is at the start of a program's life. */
static int new_world(struct hunt *h, const struct why_world *try)
{
	const struct exo_world_config cfg = {
		.mem = &h->mem,
		.maps = h->w->in->maps,
		.nmaps = h->w->in->nmaps,
	};
	uint32_t i;
	int err;

	if (h->world != NULL && cfg.nmaps == 0)
		return 0;
	exo_world_free(h->world);
	err = exo_world_new(&cfg, &h->world);
	for (i = 0; err == 0 && i < try->nvalues; i++)
		fill_map(h, i, try->value[i]);
	for (i = 0; err == 0 && i < h->w->in->nconsts; i++)
		fill_const(h, &h->w->in->consts[i]);
	return err;
}

/* One run; false: there was no memory for it, nor is there for others. */
static bool run(struct hunt *h, const struct why_world *try, uint64_t fuel,
    enum isa_end *end)
{
	const struct vf_input *in = h->w->in;
	struct isa_pkt pkt = { .data = try->byte,
		.caplen = try->n,
		.wirelen = try->n,
		.ifindex = 1 };
	int err = h->failed ? -EXO_ENOMEM : new_world(h, try);
	uint64_t r0;

	h->failed = err != 0;
	if (h->failed)
		return false;
	if (try->n >= 14)
		pkt.protocol = exo_be16(try->byte + 12);
	isa_point(exo_world_vm(h->world), in->type, in->insns, in->ninsns);
	if (in->type == EXO_PROG_MEM) {
		memcpy(h->bytes, try->byte, try->n);
		isa_set_mem(exo_world_vm(h->world), h->bytes, try->n);
	} else {
		err = exo_world_pkt(h->world, &pkt);
	}
	h->failed = err != 0;
	if (!h->failed)
		*end = exo_world_run(h->world, fuel, &r0);
	return !h->failed;
}

/* Does the run come to step k of the way? */
static bool comes_to(struct hunt *h, const struct why_world *try, uint32_t k)
{
	uint32_t skipped = h->w->length - h->w->nsteps;
	enum isa_end end = ISA_END_EXIT;

	if (!run(h, try, (uint64_t)skipped + k, &end))
		return false;
	return end == ISA_END_FUEL &&
	       exo_world_vm(h->world)->end_pc == h->w->step[k].pc;
}

static bool over(struct hunt *h)
{
	struct timespec t;
	uint64_t now;

	if (h->failed || h->w->tries >= WHY_TRIES)
		return true;
	if (h->w->tries % 64 != 0)
		return h->w->timed_out;
	clock_gettime(CLOCK_MONOTONIC, &t);
	now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	if (h->deadline == 0)
		h->deadline = now + WHY_NS;
	h->w->timed_out = now > h->deadline;
	return h->w->timed_out;
}

enum hunt_came hunt_try(struct hunt *h)
{
	uint32_t lo = h->score, hi = h->w->nsteps;
	enum isa_end end = ISA_END_EXIT;

	if (over(h))
		return HUNT_OVER;
	h->w->tries++;
	if (!run(h, &h->next, FUEL, &end))
		return HUNT_OVER;
	if (reached(h, end)) {
		h->w->trap = traps[end];
		h->best = h->next;
		return HUNT_FOUND;
	}
	if (lo + 1 >= hi || !comes_to(h, &h->next, lo + 1))
		return HUNT_WORSE;
	while (lo + 1 < hi) { /* it comes to lo, not to hi */
		uint32_t mid = lo + (hi - lo) / 2;

		if (comes_to(h, &h->next, mid))
			lo = mid;
		else
			hi = mid;
	}
	h->score = lo;
	h->best = h->next;
	return HUNT_FURTHER;
}

/*
 * Making it plain
 */

/* Keep what is next, if it does it still. */
static bool keep_if(struct hunt *h)
{
	enum isa_end end = ISA_END_EXIT;

	if (!run(h, &h->next, FUEL, &end) || !reached(h, end))
		return false;
	h->best = h->next;
	return true;
}

static void make_short(struct hunt *h)
{
	uint32_t step;

	for (step = h->best.n; step > 0; step /= 2) {
		do {
			h->next = h->best;
			if (h->next.n < step)
				break;
			h->next.n -= step;
		} while (keep_if(h));
	}
}

static void make_zero(struct hunt *h, uint8_t *at, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (at[i] == 0)
			continue;
		at[i] = 0;
		if (!keep_if(h))
			h->next = h->best;
	}
}

static void make_plain(struct hunt *h)
{
	uint32_t m;

	make_short(h);
	h->next = h->best;
	h->next.nvalues = 0;
	if (h->best.nvalues != 0)
		(void)keep_if(h);
	memset(h->best.byte + h->best.n, 0, WHY_BYTES - h->best.n);
	h->next = h->best;
	make_zero(h, h->next.byte, h->best.n);
	for (m = 0; m < h->best.nvalues; m++)
		make_zero(h, h->next.value[m], WHY_VALUE);
}

static void *get_memory(void *ctx, size_t size)
{
	(void)ctx;
	return malloc(size);
}

static void put_memory(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static int hunt(struct hunt *h)
{
	uint32_t bad;
	int err;

	h->mem = (struct exo_mem){
		.get = get_memory, .put = put_memory, .limit = 256u << 20
	};
	err = new_world(h, &h->best);
	if (err != 0)
		return 0; /* no world has such maps: nothing can be found */
	if (isa_load(exo_world_vm(h->world), h->w->in->type, h->w->in->insns,
	        h->w->in->ninsns, &bad) == 0 &&
	    hunt_climb(h)) {
		h->w->search = WHY_SEARCH_FOUND;
		make_plain(h);
		h->w->world = h->best;
	}
	exo_world_free(h->world);
	return 0;
}

int why_packet(struct why *w)
{
	enum hunt_goal goal = goal_of(w->report.code);
	struct hunt *h;
	int err;

	if (goal == HUNT_NOTHING || w->nsteps == 0 ||
	    w->in->nmaps > EXO_WORLD_MAPS ||
	    (goal == HUNT_TRAP && !can_trap(w)))
		return 0;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return -EXO_ENOMEM;
	h->w = w;
	h->goal = goal;
	w->search = WHY_SEARCH_FAILED;
	h->buf = malloc(EXO_MAP_VALUE_MAX + EXO_MAP_KEY_MAX);
	err = h->buf == NULL ? -EXO_ENOMEM : hunt(h);
	free(h->buf);
	free(h);
	return err;
}
