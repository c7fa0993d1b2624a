/* SPDX-License-Identifier: BSD-2-Clause */
/* A hostile device: see vq_hostile.h. */
#include "tests/support/vq_hostile.h"

#include <stdlib.h>
#include <string.h>

#include "exo/lib/bug.h"
#include "exo/lib/bytes.h"
#include "tests/support/vq_dev.h"

#define MOST 64u /* descriptors */
#define BASE 0x123456789000u

struct run {
	const uint8_t *data;
	size_t left;
	struct vq q;
	struct vqd d;
	struct vqd_buf held; /* what the device took last */
	uint8_t *mem;        /* of its own, so that a sanitizer sees its ends */
	size_t bytes;
	bool out[MOST];
	uint32_t room[MOST], nout;
	uint64_t asked; /* calls of vq_kick() that had something to say */
};

static uint32_t next(struct run *r)
{
	if (r->left == 0)
		return 0;
	r->left--;
	return *r->data++;
}

static uint32_t next32(struct run *r)
{
	uint32_t v = next(r);

	return v | next(r) << 8 | next(r) << 16 | next(r) << 24;
}

static void add(struct run *r)
{
	struct vq_part parts[3];
	uint32_t how = next(r), n = 1 + how % 3, room = 0;
	int id;

	for (uint32_t i = 0; i < n; i++) {
		parts[i] = (struct vq_part){ BASE + i, how * (i + 1),
			(how >> 4) + i > 7 };
		room += parts[i].in ? parts[i].len : 0;
	}
	id = vq_add(&r->q, parts, n);
	exo_assert(id < 0 || (id < r->q.size && !r->out[id]));
	if (id < 0)
		return;
	r->out[id] = true;
	r->room[id] = room;
	r->nout++;
}

static void take(struct run *r)
{
	struct vq_done done[16];
	uint32_t most = 1 + next(r) % 16, n = vq_take(&r->q, done, most);

	exo_assert(n <= most);
	for (uint32_t i = 0; i < n; i++) {
		exo_assert(done[i].id < r->q.size && r->out[done[i].id]);
		exo_assert(done[i].len <= r->room[done[i].id]);
		r->out[done[i].id] = false;
		r->nout--;
	}
}

static void kick(struct run *r)
{
	r->asked += !r->q.broken && r->q.since != 0;
	(void)vq_kick(&r->q);
}

/* Anything anywhere. */
static void scribble(struct run *r)
{
	uint32_t at = next(r) | next(r) << 8, n = 1 + next(r) % 4;

	for (; n > 0; n--, at++)
		r->mem[at % r->bytes] = (uint8_t)next(r);
}

/* A completion that is nearly right: an id, a length, a step too much. */
static void forge(struct run *r)
{
	uint32_t how = next(r);
	struct vqd_buf b = r->held;

	if ((how & 1) != 0)
		b.id = (uint16_t)(next(r) % (r->q.size + 2u));
	if (b.n == 0 || b.n > VQ_PARTS || (how & 2) != 0)
		b.n = 1 + how / 64;
	(void)vqd_put(&r->d, &b, (how & 4) != 0 ? next32(r) : next(r));
	if (!r->q.packed && (how & 24) == 24)
		exo_put_le32(r->d.part[2] + 4 +
		                 8 * (size_t)((r->d.used - 1) % r->q.size),
		    next32(r));
}

static void honest(struct run *r)
{
	uint32_t room = 0;

	if (!vqd_get(&r->d, &r->held))
		return;
	for (uint32_t i = 0; i < r->held.n; i++)
		room += r->held.parts[i].in ? r->held.parts[i].len : 0;
	(void)vqd_put(&r->d, &r->held, room);
}

static void step(struct run *r)
{
	uint32_t op = next(r);

	switch (op % 8) {
	case 0:
	case 1:
		add(r);
		break;
	case 2:
		take(r);
		break;
	case 3:
		kick(r);
		break;
	case 4:
		if ((op & 8) != 0)
			(void)vq_listen(&r->q);
		else
			vq_quiet(&r->q);
		break;
	case 5:
	case 6:
		if (op < 240)
			honest(r);
		else
			scribble(r);
		break;
	default:
		forge(r);
		break;
	}
}

static void add_up(const struct run *r)
{
	const struct vq_counts *n = &r->q.n;
	uint32_t nout = 0;

	for (uint32_t i = 0; i < r->q.size; i++)
		nout += r->out[i];
	exo_assert(nout == r->nout && nout == r->q.nout);
	exo_assert(n->added - n->taken == nout && r->q.nfree <= r->q.size);
	exo_assert(n->kicks + n->spared == r->asked);
	exo_assert(n->jumps + n->strangers + n->repeats == r->q.broken);
}

struct vqh_end vqh_run(const uint8_t *data, size_t size)
{
	struct run r = { .data = data, .left = size };
	uint32_t how = next(&r);
	struct vq_form form = { (how & 1) != 0, (how & 2) != 0,
		(uint16_t)(1u << (how >> 2) % 7) };
	struct vq_slot slots[MOST];

	r.bytes = vq_bytes(form);
	r.mem = malloc(r.bytes);
	exo_assert(r.mem != NULL);
	vq_init(&r.q, form, r.mem, BASE, slots);
	vqd_init(&r.d, &r.q, r.mem);
	while (r.left > 0) {
		step(&r);
		add_up(&r);
	}
	free(r.mem);
	return (struct vqh_end){ r.q.n.added, r.q.n.taken, r.q.n.too_long,
		r.q.broken };
}
