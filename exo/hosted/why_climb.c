/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guesses: what to change of a packet so that it comes further.
 */
#include "exo/hosted/why_hunt.h"

#include "exo/isa/decode.h"

#include <string.h>

/* Rounds by chance, and guesses in each of them. */
#define CHANCES 3000u

static const uint32_t lengths[] = { 64, 0, 1, 13, 14, 15, 20, 28, 34, 42, 54,
	60, 128, 256, 512, 1024, 1500, 2048 };

static uint64_t chance(struct hunt *h)
{
	uint64_t x = h->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	h->random = x;
	return x;
}

/*
 * What the program compares and computes with
 */

static void add_constant(struct hunt *h, uint64_t v)
{
	uint32_t i;

	for (i = 0; i < h->nconstants; i++) {
		if (h->constant[i] == v)
			return;
	}
	if (h->nconstants < HUNT_CONSTS)
		h->constant[h->nconstants++] = v;
}

static void add_insn(struct hunt *h, const struct exo_insn *in)
{
	unsigned class = in->code & 0x07u;
	bool k = (in->code & EXO_X) == 0;

	if (isa_slots(in) == 2) {
		add_constant(
		    h, (uint64_t)(uint32_t)in[1].imm << 32 | (uint32_t)in->imm);
	} else if (k && (class == EXO_ALU || class == EXO_ALU64 ||
	                    why_is_cond(in))) {
		add_constant(h, (uint64_t)(int64_t)in->imm);
		add_constant(h, (uint64_t)(int64_t)in->imm + 1);
		add_constant(h, (uint64_t)(int64_t)in->imm - 1);
	}
}

/* Those of the deciding instruction come first, then those of the way. */
static void constants_near(struct hunt *h, uint32_t k)
{
	const struct why *w = h->w;
	uint32_t i;

	h->nconstants = 0;
	for (i = k + 1; i-- > 0 && h->nconstants < HUNT_CONSTS - 4;)
		add_insn(h, &w->in->insns[w->step[i].pc]);
	add_constant(h, 0);
	add_constant(h, UINT64_MAX);
	add_constant(h, 1);
	add_constant(h, (uint64_t)INT64_MAX);
}

/* What decides at step k comes from there. */
static void feeds_of(struct hunt *h, uint32_t k, struct why_needs *n)
{
	const struct why *w = h->w;
	const struct exo_insn *in = &w->in->insns[w->step[k].pc];
	uint16_t *regs = &n->regs[w->step[k].before.depth];
	uint32_t i;

	memset(n, 0, sizeof(*n));
	n->feed[n->nfeeds++] = (struct why_feed){ .kind = WHY_FEED_LEN };
	if (why_is_cond(in)) {
		*regs = (uint16_t)(1u << exo_dst(in));
		if ((in->code & EXO_X) != 0)
			*regs |= (uint16_t)(1u << exo_src(in));
	} else if (k + 1 == w->nsteps) {
		*regs = why_blamed(w);
	}
	*regs &= (uint16_t) ~(1u << EXO_R_FP);
	for (i = k; i-- > 0;)
		(void)why_back(w, n, i, NULL);
}

/*
 * Changes
 */

static void put(uint8_t *to, uint32_t size, uint64_t v, bool big)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		to[big ? size - 1 - i : i] = (uint8_t)(i < 8 ? v >> 8 * i : 0);
}

/* Where a feed lies in a world; *size: bytes of it that are there. */
static uint8_t *place(
    struct why_world *try, const struct why_feed *f, uint32_t *size)
{
	uint8_t *base =
	    f->kind == WHY_FEED_PKT ? try->byte : try->value[f->map];
	uint32_t room = f->kind == WHY_FEED_PKT ? WHY_BYTES : WHY_VALUE;

	*size = 0;
	if (f->kind == WHY_FEED_MAP && f->map >= WHY_MAPS)
		return NULL;
	if (f->off >= room)
		return NULL;
	*size = f->size <= room - f->off ? f->size : room - f->off;
	if (*size > 8)
		*size = 8;
	return base + f->off;
}

static enum hunt_came try_length(struct hunt *h, uint64_t n)
{
	if (n > WHY_BYTES || n == h->best.n)
		return HUNT_WORSE;
	h->next = h->best;
	h->next.n = (uint32_t)n;
	return hunt_try(h);
}

/* Lengths at which a pointer of this state begins or stops to be inside. */
static enum hunt_came near_pointer(struct hunt *h, const struct vf_reg *r)
{
	enum hunt_came came = HUNT_WORSE;
	uint64_t at[4];
	unsigned i, d;

	if (r->kind != EXO_REG_PKT && r->kind != EXO_REG_MEM)
		return came;
	at[0] = (uint64_t)r->off + r->s.r.umin;
	at[1] = (uint64_t)r->off + r->s.r.umax;
	at[2] = r->proven == 0 ? 0 : r->proven - 1;
	at[3] = at[2] + r->s.r.umin;
	for (i = 0; i < 4; i++) {
		for (d = 0; d < 3 && came == HUNT_WORSE; d++)
			came = try_length(h, at[i] + d - 1);
	}
	return came;
}

static enum hunt_came each_length(struct hunt *h, uint32_t k)
{
	const struct why_state *st = &h->w->step[k].before;
	uint64_t end = (uint64_t)h->w->report.off + h->w->report.size;
	enum hunt_came came = try_length(h, end - 1);
	uint32_t i;

	for (i = 0; came == HUNT_WORSE && i < EXO_R_FP; i++)
		came = near_pointer(h, &st->r[i]);
	for (i = 0; came == HUNT_WORSE && i < h->nconstants; i++)
		came = try_length(h, h->constant[i]);
	for (i = 0;
	     came == HUNT_WORSE && i < sizeof(lengths) / sizeof(lengths[0]);
	     i++)
		came = try_length(h, lengths[i]);
	return came;
}

static enum hunt_came each_byte(struct hunt *h, uint8_t *at)
{
	enum hunt_came came = HUNT_WORSE;
	unsigned v;

	for (v = 256; came == HUNT_WORSE && v-- > 0;) {
		*at = (uint8_t)v;
		came = hunt_try(h);
	}
	return came;
}

static enum hunt_came each_value(
    struct hunt *h, const struct why_feed *f, uint32_t k)
{
	enum hunt_came came = HUNT_WORSE;
	uint32_t size, i;
	uint8_t *at;

	if (f->kind == WHY_FEED_LEN)
		return each_length(h, k);
	h->next = h->best;
	at = place(&h->next, f, &size);
	if (at == NULL)
		return came;
	if (f->kind == WHY_FEED_PKT && h->next.n < f->off + size)
		h->next.n = f->off + size;
	if (size == 1)
		return each_byte(h, at);
	for (i = 0; came == HUNT_WORSE && i < 2 * h->nconstants; i++) {
		put(at, size, h->constant[i / 2], i % 2 != 0);
		came = hunt_try(h);
	}
	return came;
}

static void change_one(struct hunt *h, const struct why_feed *f)
{
	uint64_t pick = chance(h), v = chance(h);
	uint32_t size;
	uint8_t *at;

	if (f->kind == WHY_FEED_LEN) {
		h->next.n = (uint32_t)(v % 160);
		return;
	}
	at = place(&h->next, f, &size);
	if (at == NULL)
		return;
	if (pick % 2 == 0)
		v = h->constant[v % h->nconstants];
	else if (pick % 4 == 1)
		v >>= (pick >> 8) % 64;
	put(at, size, v, (pick & 64) != 0);
}

static enum hunt_came by_chance(struct hunt *h, const struct why_needs *n)
{
	enum hunt_came came = HUNT_WORSE;
	uint32_t i, changes;

	for (i = 0; came == HUNT_WORSE && i < CHANCES; i++) {
		h->next = h->best;
		for (changes = 1 + (uint32_t)(chance(h) % 3); changes > 0;
		     changes--)
			change_one(h, &n->feed[chance(h) % n->nfeeds]);
		came = hunt_try(h);
	}
	return came;
}

/* One step further, or the end. */
static enum hunt_came further(struct hunt *h)
{
	uint32_t k = h->score, i;
	enum hunt_came came = HUNT_WORSE;
	struct why_needs n;

	feeds_of(h, k, &n);
	constants_near(h, k);
	for (i = 0; came == HUNT_WORSE && i < n.nfeeds; i++)
		came = each_value(h, &n.feed[i], k);
	return came == HUNT_WORSE ? by_chance(h, &n) : came;
}

/* Starts: long or short, of zeros or of ones, with values in maps or not. */
static void seed(struct hunt *h, uint32_t round)
{
	const struct vf_input *in = h->w->in;
	bool values = round % 2 == 0;
	uint32_t i;

	memset(&h->best, round / 2 % 2 == 0 ? 0 : 0xff, sizeof(h->best));
	h->best.n = lengths[round / 4 % (sizeof(lengths) / sizeof(lengths[0]))];
	h->best.nvalues = !values                ? 0
	                  : in->nmaps < WHY_MAPS ? in->nmaps
	                                         : WHY_MAPS;
	for (i = 0; round >= 16 && i < WHY_BYTES; i++)
		h->best.byte[i] = (uint8_t)(chance(h) >> 32);
	h->score = 0;
}

/* Nothing but the starts, which are often enough. */
static enum hunt_came try_seeds(struct hunt *h)
{
	enum hunt_came came = HUNT_WORSE;
	uint32_t round;

	for (round = 0; round < 8; round++) {
		seed(h, round);
		h->next = h->best;
		came = hunt_try(h);
		if (came == HUNT_FOUND || came == HUNT_OVER)
			break;
	}
	return came;
}

bool hunt_climb(struct hunt *h)
{
	enum hunt_came came;
	uint32_t round;

	h->random = 0x9e3779b97f4a7c15u;
	came = try_seeds(h);
	for (round = 0; came != HUNT_OVER && came != HUNT_FOUND; round++) {
		seed(h, round);
		h->next = h->best;
		came = hunt_try(h);
		do {
			if (came == HUNT_WORSE || came == HUNT_FURTHER)
				came = further(h);
		} while (came == HUNT_FURTHER);
	}
	return came == HUNT_FOUND;
}
