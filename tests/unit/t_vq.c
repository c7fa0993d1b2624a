/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtqueues against a device by the book, and against one that is hostile. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/bare/vq.h"
#include "tests/support/vq_dev.h"
#include "tests/support/vq_hostile.h"

#define MOST  64u
#define BASE  0x100000000u
#define GUARD 64u

/* A queue, its device, and what the test knows of both. */
struct pair {
	struct vq q;
	struct vqd d;
	uint8_t *mem;
	size_t bytes;
	struct vq_slot slots[MOST];
	uint32_t rng;
	uint64_t serial;          /* of the next buffer */
	uint64_t serial_of[MOST]; /* by id */
	uint32_t room_of[MOST], len_of[MOST];
	bool out[MOST];
	struct vqd_buf held[MOST]; /* with the device */
	uint32_t nheld;
	bool asleep, waiting; /* the device, the driver */
};

static uint32_t below(struct pair *p, uint32_t n)
{
	p->rng = p->rng * 1664525u + 1013904223u;
	return (p->rng >> 8) % n;
}

static void start(struct pair *p, bool packed, bool event_idx, uint32_t size)
{
	struct vq_form form = { packed, event_idx, (uint16_t)size };

	memset(p, 0, sizeof(*p));
	p->rng = size * 4 + packed * 2u + event_idx;
	p->bytes = vq_bytes(form);
	p->mem = malloc(p->bytes + 2 * GUARD);
	ck_assert_ptr_nonnull(p->mem);
	memset(p->mem, 0xa5, p->bytes + 2 * GUARD);
	vq_init(&p->q, form, p->mem + GUARD, BASE, p->slots);
	vqd_init(&p->d, &p->q, p->mem + GUARD);
}

static void stop(struct pair *p)
{
	for (uint32_t i = 0; i < GUARD; i++) {
		ck_assert_uint_eq(p->mem[i], 0xa5);
		ck_assert_uint_eq(p->mem[GUARD + p->bytes + i], 0xa5);
	}
	free(p->mem);
}

/* One buffer, whose address is its serial number. */
static bool give(struct pair *p)
{
	uint32_t n = 1 + below(p, 3), nin = below(p, n + 1), room = 0;
	struct vq_part parts[3];
	int id;

	for (uint32_t i = 0; i < n; i++) {
		parts[i] = (struct vq_part){ p->serial * 4 + i,
			1 + below(p, 2000), i >= n - nin };
		room += parts[i].in ? parts[i].len : 0;
	}
	id = vq_add(&p->q, parts, n);
	if (id < 0)
		return false;
	ck_assert(!p->out[id]);
	p->out[id] = true;
	p->serial_of[id] = p->serial++;
	p->room_of[id] = room;
	if (vq_kick(&p->q))
		p->asleep = false;
	return true;
}

/* The device looks, holds what there is, and gives some of it back in any order. */
static void serve(struct pair *p)
{
	uint32_t was = p->nheld;

	if (p->asleep)
		return;
	while (p->nheld < MOST && vqd_get(&p->d, &p->held[p->nheld])) {
		struct vqd_buf *b = &p->held[p->nheld++];

		ck_assert(p->out[b->id]);
		for (uint32_t i = 0; i < b->n; i++)
			ck_assert_uint_eq(
			    b->parts[i].at, p->serial_of[b->id] * 4 + i);
	}
	for (uint32_t n = below(p, p->nheld + 1); n > 0; n--) {
		uint32_t i = below(p, p->nheld);
		struct vqd_buf b = p->held[i];

		p->held[i] = p->held[--p->nheld];
		p->len_of[b.id] = below(p, p->room_of[b.id] + 1);
		if (vqd_put(&p->d, &b, p->len_of[b.id])) {
			ck_assert(!p->q.quiet);
			p->waiting = false;
		}
	}
	if (was == 0 && p->nheld == 0) {
		struct vqd_buf *b = &p->held[0];

		vqd_listen(&p->d);
		p->asleep = !vqd_get(&p->d, b);
		p->nheld = p->asleep ? 0 : 1;
	} else {
		vqd_quiet(&p->d);
	}
}

static uint32_t collect(struct pair *p)
{
	struct vq_done done[8];
	uint32_t n = vq_take(&p->q, done, 1 + below(p, 8));

	for (uint32_t i = 0; i < n; i++) {
		ck_assert(p->out[done[i].id]);
		ck_assert_uint_eq(done[i].len, p->len_of[done[i].id]);
		p->out[done[i].id] = false;
	}
	return n;
}

/* Neither side misses what the other did: both sleep as soon as they may, and only
 * a notification wakes them. */
static void talk(bool packed, bool event_idx, uint32_t size)
{
	struct pair p;
	uint64_t taken = 0;

	start(&p, packed, event_idx, size);
	for (uint32_t turn = 0; turn < 200000 && taken < 3000; turn++) {
		uint32_t n = below(&p, 4);

		while (p.serial < 3000 && n-- > 0 && give(&p))
			;
		serve(&p);
		if (p.waiting)
			continue;
		vq_quiet(&p.q);
		n = collect(&p);
		taken += n;
		if (n == 0 && p.q.nout > 0)
			p.waiting = vq_listen(&p.q);
	}
	ck_assert_uint_eq(taken, 3000);
	ck_assert(!p.q.broken);
	ck_assert_uint_eq(p.q.n.added, p.q.n.taken + p.q.nout);
	stop(&p);
}

START_TEST(by_the_book)
{
	talk((_i & 1) != 0, (_i & 2) != 0, 4u << (_i >> 2));
}
END_TEST

/* A queue is full when its descriptors are out, and each of them once. */
START_TEST(is_full)
{
	struct vq_part part = { BASE, 64, true }, two[2] = { part, part };
	struct vqd_buf b;
	struct vq_done done;
	struct pair p;

	start(&p, _i != 0, true, 8);
	for (int i = 0; i < 3; i++)
		ck_assert_int_ge(vq_add(&p.q, two, 2), 0);
	ck_assert_int_ge(vq_add(&p.q, &part, 1), 0);
	ck_assert_int_eq(vq_add(&p.q, two, 2), -1);
	ck_assert_int_ge(vq_add(&p.q, &part, 1), 0);
	ck_assert_int_eq(vq_add(&p.q, &part, 1), -1);
	ck_assert(vqd_get(&p.d, &b));
	ck_assert_uint_eq(b.n, 2);
	(void)vqd_put(&p.d, &b, 128);
	ck_assert_uint_eq(vq_take(&p.q, &done, 1), 1);
	ck_assert_uint_eq(done.len, 128);
	ck_assert_int_ge(vq_add(&p.q, two, 2), 0);
	ck_assert_int_eq(vq_add(&p.q, &part, 1), -1);
	stop(&p);
}
END_TEST

/* What each lie of a device comes to. */
START_TEST(lies)
{
	struct vq_part part = { BASE, 64, true };
	struct vq_done done[4];
	struct vqd_buf b;
	struct pair p;

	start(&p, _i != 0, false, 8);
	for (int i = 0; i < 4; i++)
		(void)vq_add(&p.q, &part, 1);
	(void)vqd_get(&p.d, &b);
	(void)vqd_put(&p.d, &b, 65);
	ck_assert_uint_eq(vq_take(&p.q, done, 4), 1);
	ck_assert_uint_eq(done[0].len, 0);
	ck_assert_uint_eq(p.q.n.too_long, 1);
	(void)vqd_put(&p.d, &b, 1);
	ck_assert_uint_eq(vq_take(&p.q, done, 4), 0);
	ck_assert_uint_eq(p.q.n.repeats, 1);
	ck_assert(p.q.broken && !vq_listen(&p.q) && !vq_kick(&p.q));
	ck_assert_int_eq(vq_add(&p.q, &part, 1), -1);
	(void)vqd_get(&p.d, &b);
	(void)vqd_put(&p.d, &b, 1);
	ck_assert_uint_eq(vq_take(&p.q, done, 4), 0);
	stop(&p);

	start(&p, _i != 0, false, 8);
	(void)vq_add(&p.q, &part, 1);
	b = (struct vqd_buf){ .id = 8, .n = 1 };
	(void)vqd_put(&p.d, &b, 1);
	ck_assert_uint_eq(vq_take(&p.q, done, 4), 0);
	ck_assert_uint_eq(p.q.n.strangers, 1);
	stop(&p);
}
END_TEST

START_TEST(jumps)
{
	struct vq_part part = { BASE, 64, true };
	struct vqd_buf b = { .id = 0, .n = 1 };
	struct vq_done done[4];
	struct pair p;

	start(&p, false, false, 8);
	(void)vq_add(&p.q, &part, 1);
	(void)vqd_put(&p.d, &b, 1);
	(void)vqd_put(&p.d, &b, 1);
	ck_assert_uint_eq(vq_take(&p.q, done, 4), 0);
	ck_assert_uint_eq(p.q.n.jumps, 1);
	stop(&p);
}
END_TEST

/* Thousands of hostile devices; they get somewhere before they break the queue. */
START_TEST(hostile)
{
	uint64_t added = 0, taken = 0, too_long = 0;
	uint32_t rng = 12345, broken = 0;
	uint8_t bytes[600];

	for (uint32_t run = 0; run < 8000; run++) {
		struct vqh_end end;

		for (uint32_t i = 0; i < sizeof(bytes); i++) {
			rng = rng * 1664525u + 1013904223u;
			bytes[i] = (uint8_t)(rng >> 24);
			/* half of them honest for long */
			if (run % 2 != 0 && bytes[i] % 8 == 7 && i % 16 != 0)
				bytes[i] = 5;
		}
		bytes[0] = (uint8_t)run;
		end = vqh_run(bytes, sizeof(bytes));
		added += end.added;
		taken += end.taken;
		too_long += end.too_long;
		broken += end.broken != 0;
	}
	ck_assert_uint_gt(added, 8000);
	ck_assert_uint_gt(taken, 8000);
	ck_assert_uint_gt(too_long, 100);
	ck_assert_uint_gt(broken, 1000);
	ck_assert_uint_lt(broken, 8000);
}
END_TEST

Suite *t_vq_suite(void)
{
	Suite *s = suite_create("vq");
	TCase *t = tcase_create("vq");

	tcase_add_loop_test(t, by_the_book, 0, 20);
	tcase_add_loop_test(t, is_full, 0, 2);
	tcase_add_loop_test(t, lies, 0, 2);
	tcase_add_test(t, jumps);
	tcase_add_test(t, hostile);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
