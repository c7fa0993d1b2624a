/* SPDX-License-Identifier: BSD-2-Clause */
/* The packet ring: producer, consumer, and a consumer that lies. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "libos-net/tap.h"

#define SIZE 4096u

static struct exo_ring *shared;
static struct ring ring;
static struct lnet_tap tap;

static void setup(void)
{
	shared = aligned_alloc(64, sizeof(*shared) + SIZE);
	ck_assert_ptr_nonnull(shared);
	ring_init(&ring, shared, SIZE);
	lnet_tap_init(&tap, shared);
}

static void teardown(void)
{
	free(shared);
}

/* Put one record with `len` bytes of value `fill`; 0 when it found room. */
static int put(uint64_t number, uint32_t len, uint8_t fill)
{
	uint32_t size = ((uint32_t)sizeof(struct exo_rec) + len + 7) & ~7u;
	struct exo_rec rec = { .size = size,
		.kind = EXO_REC_PACKET,
		.packet = number,
		.len = len };
	uint8_t *to = ring_reserve(&ring, size);

	if (to == NULL)
		return -1;
	memcpy(to, &rec, sizeof(rec));
	memset(to + sizeof(rec), fill, len);
	ring_commit(&ring, size);
	return 0;
}

struct seen {
	uint64_t next;
	uint64_t bytes;
};

static void see(void *user, const struct exo_rec *rec, const uint8_t *data)
{
	struct seen *s = user;

	ck_assert_uint_eq(rec->packet, s->next);
	for (uint32_t i = 0; i < rec->len; i++)
		if (data[i] != (uint8_t)s->next)
			ck_abort_msg("byte %u of record %lu", i, s->next);
	s->next++;
	s->bytes += rec->len;
}

START_TEST(records_arrive_whole_and_in_order)
{
	struct seen seen = { 0, 0 };
	uint64_t n = 0;

	for (int round = 0; round < 500; round++) {
		uint32_t len = (uint32_t)(round * 7 % 900);

		while (put(n, len, (uint8_t)n) == 0)
			n++;
		ck_assert_int_eq(lnet_tap_poll(&tap, see, &seen), 0);
		ring_publish(&ring);
		ck_assert_int_gt(lnet_tap_poll(&tap, see, &seen), 0);
		ck_assert_uint_eq(seen.next, n);
	}
	ck_assert_uint_gt(n, 2000);
}
END_TEST

START_TEST(what_is_larger_than_the_ring_finds_no_room)
{
	ck_assert_int_ne(put(0, SIZE, 0), 0);
	ck_assert_int_eq(put(0, SIZE - sizeof(struct exo_rec), 0), 0);
	ck_assert_int_ne(put(1, 0, 0), 0);
	ck_assert_uint_eq(ring.head, SIZE);
}
END_TEST

/* What is used is what the consumer has not taken by now, not by the last record. */
START_TEST(what_is_used)
{
	struct seen seen = { 0, 0 };
	struct ring none = { .size = SIZE };

	ck_assert_uint_eq(ring_used(&ring), 0);
	ck_assert_int_eq(put(0, 8, 0), 0);
	ck_assert_int_eq(put(1, 8, 1), 0);
	ring_publish(&ring);
	ck_assert_uint_eq(ring_used(&ring), ring.head);
	shared->tail = ring.head / 2;
	ck_assert_uint_eq(ring_used(&ring), ring.head / 2);
	shared->tail = 0;
	ck_assert_int_eq(lnet_tap_poll(&tap, see, &seen), 2);
	ck_assert_uint_eq(ring_used(&ring), 0);
	shared->tail = ring.head + 8;
	ck_assert_uint_eq(ring_used(&ring), ring.head);
	ck_assert_uint_eq(ring_used(&none), 0);
}
END_TEST

START_TEST(a_lying_tail_harms_its_owner_only)
{
	static const uint64_t lies[] = { 1, 7, 8, 4096, 4104, 1u << 31,
		UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63 };
	uint32_t room = 0;

	while (put(0, 0, 0) == 0)
		room++;
	ck_assert_uint_eq(room, SIZE / sizeof(struct exo_rec));
	ring_publish(&ring);
	shared->tail = UINT64_MAX;
	ck_assert_int_ne(put(0, 0, 0), 0); /* past the head: not believed */
	shared->tail = 56 * 2;
	ck_assert_int_eq(put(0, 0, 0), 0);
	for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint64_t head = ring.head;

		shared->tail = lies[i];
		shared->size = 1u << 30; /* nor is the size read again */
		shared->head = lies[i];
		while (put(0, 100, 0) == 0)
			ck_assert_uint_le(ring.head - ring.tail, SIZE);
		ck_assert_uint_le(ring.head - head, SIZE);
	}
}
END_TEST

static void count(void *user, const struct exo_rec *rec, const uint8_t *data)
{
	(void)rec;
	(void)data;
	++*(int *)user;
}

START_TEST(the_tap_stops_at_a_malformed_record)
{
	static const struct {
		uint32_t size, kind, len;
	} bad[] = {
		{ 0, EXO_REC_PACKET, 0 },
		{ 4, EXO_REC_PACKET, 0 },
		{ 12, EXO_REC_PAD, 0 },
		{ 56, 7, 0 },
		{ 48, EXO_REC_PACKET, 0 },
		{ 56, EXO_REC_PACKET, 1 },
		{ 64, EXO_REC_PACKET, UINT32_MAX },
		{ 1u << 20, EXO_REC_PACKET, 0 },
		{ UINT32_MAX - 7, EXO_REC_PAD, 0 },
	};
	struct exo_rec rec = {
		.size = bad[_i].size, .kind = bad[_i].kind, .len = bad[_i].len
	};
	int n = 0;

	ck_assert_int_eq(put(0, 8, 0), 0);
	ck_assert_int_eq(put(1, 8, 0), 0);
	ring_publish(&ring);
	memcpy(shared->data + 64, &rec, sizeof(rec));
	ck_assert_int_eq(lnet_tap_poll(&tap, count, &n), -EXO_EINVAL);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(lnet_tap_poll(&tap, count, &n), -EXO_EINVAL);
	ck_assert_int_eq(n, 1);
}
END_TEST

Suite *t_ring_suite(void)
{
	Suite *s = suite_create("ring");
	TCase *t = tcase_create("ring");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, records_arrive_whole_and_in_order);
	tcase_add_test(t, what_is_larger_than_the_ring_finds_no_room);
	tcase_add_test(t, what_is_used);
	tcase_add_test(t, a_lying_tail_harms_its_owner_only);
	tcase_add_loop_test(t, the_tap_stops_at_a_malformed_record, 0, 9);
	suite_add_tcase(s, t);
	return s;
}
