/* SPDX-License-Identifier: BSD-2-Clause */
/* The network driver on a device without a bus: by the book, then with lies. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/core.h"
#include "exo/lib/bytes.h"
#include "tests/support/vnet_dev.h"

#define ALL (VDEV_VERSION_1 | VDEV_EVENT_IDX | VND_MAC | VND_MRG)

static struct vnd d;
static uint32_t rng;
static const uint8_t plain[12];

static uint32_t below(uint32_t n)
{
	rng = rng * 1664525u + 1013904223u;
	return (rng >> 8) % n;
}

/* The i-th frame, of 14 to 1514 bytes. */
static uint32_t frame(uint8_t *f, uint32_t i)
{
	uint32_t n = 14 + i * 37 % 1501;

	for (uint32_t k = 0; k < n; k++)
		f[k] = (uint8_t)((i + 1) * (k + 3) >> 2);
	return n;
}

static uint64_t features(int i)
{
	uint64_t f = ALL;

	f |= (i & 1) != 0 ? VDEV_PACKED : 0;
	f &= (i & 2) != 0 ? ~VDEV_EVENT_IDX : ~(uint64_t)0;
	return (i & 4) != 0 ? f & ~VND_MRG : f;
}

/* Frames come in bursts, are read in batches, and buffers come back now and then. */
START_TEST(comes_in)
{
	uint32_t put = 0, got = 0;
	uint8_t f[1514];

	rng = (uint32_t)_i;
	ck_assert(vnd_start(&d, features(_i), (_i & 8) != 0 ? 100 : 0));
	while (got < 3000) {
		struct exo_pkt p[16];
		uint32_t n;

		for (uint32_t k = below(40); k > 0; k--) {
			uint32_t len = frame(f, put);

			put += vnd_put(&d, plain, f, len);
		}
		n = vnet_rx(&d.v, p, 1 + below(16));
		for (uint32_t k = 0; k < n; k++, got++) {
			ck_assert_uint_eq(p[k].caplen, frame(f, got));
			ck_assert_uint_eq(p[k].wirelen, p[k].caplen);
			ck_assert_uint_eq(p[k].linktype, 1);
			ck_assert(memcmp(p[k].data, f, p[k].caplen) == 0);
		}
		if (n == 0 || below(3) == 0)
			vnet_rx_done(&d.v);
	}
	ck_assert(vnet_ok(&d.v));
	ck_assert_uint_eq(d.v.n.rx, got);
	ck_assert_uint_eq(d.v.n.rx_joined > 0, (_i & 12) == 8);
	ck_assert_uint_gt(d.bus.bells[0], 0);
	vnd_stop(&d);
}
END_TEST

START_TEST(goes_out)
{
	uint32_t sent = 0, seen = 0;
	uint8_t f[2048], g[2048];

	rng = (uint32_t)_i;
	ck_assert(vnd_start(&d, features(_i), 0));
	while (seen < 3000) {
		uint32_t n;

		for (uint32_t k = below(100); k > 0; k--) {
			n = frame(f, sent);
			if (!vnet_tx(&d.v, 0, f, n))
				break;
			sent++;
		}
		vnet_push(&d.v);
		for (uint32_t k = below(100); k > 0; k--) {
			n = vnd_get(&d, g, sizeof(g));
			if (n == 0)
				break;
			ck_assert_uint_eq(n, frame(f, seen));
			ck_assert(memcmp(f, g, n) == 0);
			seen++;
		}
		ck_assert_int_eq(vnet_sent(&d.v), seen == sent);
	}
	ck_assert_uint_gt(d.v.n.tx_full, 0);
	ck_assert_uint_eq(d.v.n.tx, sent);
	ck_assert_uint_gt(d.bus.bells[1], 0);
	ck_assert(!vnet_tx(&d.v, 0, f, 0));
	ck_assert(!vnet_tx(&d.v, 0, f, VNET_ROOM - 11));
	ck_assert_uint_eq(d.v.n.tx_refused, 2);
	vnd_stop(&d);
}
END_TEST

/* Buffers of the one come back, those of the other do not. */
START_TEST(each_has_its_share)
{
	uint8_t f[60] = { 0 }, g[2048];
	uint32_t greedy, quiet, n = 0, more = 0;

	ck_assert(vnd_start(&d, features(_i), 0));
	greedy = quota_join(&d.v.quota);
	quiet = quota_join(&d.v.quota);
	while (vnet_tx(&d.v, greedy, f, sizeof(f)))
		n++;
	ck_assert_uint_ge(n, d.v.tx.size / 2);
	ck_assert_uint_lt(n, d.v.tx.size * 3 / 4);
	ck_assert_uint_eq(d.v.quota.owner[greedy - 1].refused, 1);
	while (vnet_tx(&d.v, quiet, f, sizeof(f)))
		more++;
	ck_assert_uint_ge(more, d.v.tx.size / 4);
	vnet_push(&d.v);
	ck_assert(!vnet_tx(&d.v, greedy, f, sizeof(f)));
	for (uint32_t i = 0; i < n; i++) /* the device is done with its own */
		ck_assert_uint_gt(vnd_get(&d, g, sizeof(g)), 0);
	ck_assert(vnet_tx(&d.v, greedy, f, sizeof(f)));
	ck_assert_uint_eq(d.v.quota.owner[greedy - 1].out, 1);
	ck_assert_uint_eq(d.v.quota.owner[quiet - 1].out, more);
	vnd_stop(&d);
}
END_TEST

/* What is negotiated, and what is refused. */
START_TEST(settles)
{
	ck_assert(vnd_start(&d, ALL | VDEV_PACKED | 1 | 2, 0));
	ck_assert_uint_eq(d.bus.accepted, ALL | VDEV_PACKED);
	ck_assert_uint_eq(d.bus.status, 15);
	ck_assert_uint_eq(d.v.mac[5], 10);
	vnd_stop(&d);
	ck_assert(vnd_start(&d, ALL & ~VND_MAC, 0));
	ck_assert_uint_eq(d.v.mac[0] & 3, 2);
	vnd_stop(&d);
	ck_assert(!vnd_start(&d, ALL & ~VDEV_VERSION_1, 0));
	ck_assert_uint_eq(d.bus.status, 0);
	vnd_stop(&d);
	ck_assert(!vnd_start(&d, 0, 0));
	vnd_stop(&d);
}
END_TEST

START_TEST(is_refused)
{
	const struct vnet_config c = { 0, 0 };

	ck_assert(vnd_start(&d, ALL, 0));
	d.bus.stubborn = true;
	ck_assert(!vnet_init(&d.v, &d.bus.dev, &c, d.bus.mem, VBUS_AT, d.join));
	d.bus.stubborn = false;
	d.bus.most = 0;
	ck_assert(!vnet_init(&d.v, &d.bus.dev, &c, d.bus.mem, VBUS_AT, d.join));
	d.bus.most = 100; /* no power of two */
	ck_assert(vnet_init(&d.v, &d.bus.dev, &c, d.bus.mem, VBUS_AT, d.join));
	ck_assert_uint_eq(d.v.rx.size, 64);
	vnd_stop(&d);
}
END_TEST

/* A header that no device may write, each as often as it is counted. */
START_TEST(lies)
{
	static const struct {
		uint8_t hdr[12];
		uint32_t len;
		size_t count;
		bool breaks;
	} row[] = {
		{ { 1 }, 60, offsetof(struct vnet_counts, rx_offload), false },
		{ { 2 }, 60, offsetof(struct vnet_counts, rx_offload), false },
		{ { 0, 1 }, 60, offsetof(struct vnet_counts, rx_offload),
		    false },
		{ { 0 }, 13, offsetof(struct vnet_counts, rx_short), false },
		{ { 0 }, 0, offsetof(struct vnet_counts, rx_short), false },
		{ { [10] = 2 }, 60, offsetof(struct vnet_counts, rx_parts),
		    true },
		{ { [10] = 1, [11] = 1 }, 60,
		    offsetof(struct vnet_counts, rx_parts), true },
	};
	uint8_t f[60] = { 0 };
	struct exo_pkt p[4];
	uint64_t count;

	ck_assert(vnd_start(&d, ALL, 0));
	ck_assert(vnd_put(&d, row[_i].hdr, f, row[_i].len));
	ck_assert_uint_eq(vnet_rx(&d.v, p, 4), 0);
	memcpy(&count, (const char *)&d.v.n + row[_i].count, sizeof(count));
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(!vnet_ok(&d.v), row[_i].breaks);
	vnet_rx_done(&d.v);
	(void)vnd_put(&d, plain, f, sizeof(f));
	ck_assert_uint_eq(vnet_rx(&d.v, p, 4), row[_i].breaks ? 0 : 1);
	vnd_stop(&d);
}
END_TEST

/* The longest frame that is joined, and one byte more. */
START_TEST(is_long)
{
	static uint8_t f[VNET_FRAME + 1];
	struct exo_pkt p[4];

	ck_assert(vnd_start(&d, ALL, 0));
	ck_assert(vnd_put(&d, plain, f, VNET_FRAME));
	ck_assert(vnd_put(&d, plain, f, VNET_FRAME + 1));
	ck_assert(vnd_put(&d, plain, f, 60));
	ck_assert_uint_eq(vnet_rx(&d.v, p, 4), 2);
	ck_assert_uint_eq(p[0].caplen, VNET_FRAME);
	ck_assert_uint_eq(p[1].caplen, 60);
	ck_assert_uint_eq(d.v.n.rx_long, 1);
	ck_assert(vnet_ok(&d.v));
	vnd_stop(&d);
}
END_TEST

/* A batch ends where no further frame could be joined. */
START_TEST(is_full)
{
	static uint8_t f[VNET_FRAME];
	struct exo_pkt p[8];

	ck_assert(vnd_start(&d, ALL, 0));
	for (int i = 0; i < 5; i++)
		ck_assert(vnd_put(&d, plain, f, VNET_FRAME));
	ck_assert_uint_eq(vnet_rx(&d.v, p, 8), VNET_JOIN / VNET_FRAME);
	ck_assert_uint_eq(vnet_rx(&d.v, p, 8), 0);
	vnet_rx_done(&d.v);
	ck_assert_uint_eq(vnet_rx(&d.v, p, 8), 1);
	vnd_stop(&d);
}
END_TEST

START_TEST(hostile)
{
	uint64_t got = 0, broken = 0;

	for (uint32_t seed = 0; seed < 1000; seed++) {
		rng = seed * 77777;
		ck_assert(vnd_start(&d, features((int)(seed % 4)), 64));
		d.nhave = 0;
		for (uint32_t i = 0; i < 60; i++) {
			struct exo_pkt p[8];
			uint8_t f[60] = { 0 };
			uint32_t n;

			/* what was held may be overwritten by now */
			d.nhave = below(8) == 0 ? 0 : d.nhave;
			vnd_misbehave(&d, below);
			n = vnet_rx(&d.v, p, 1 + below(8));
			for (uint32_t k = 0; k < n; k++)
				vnd_look(&d, &p[k]);
			got += n;
			if (below(2) == 0)
				vnet_rx_done(&d.v);
			(void)vnet_tx(&d.v, 0, f, sizeof(f));
			ck_assert_uint_le(d.v.nheld, VBUS_SIZE);
			ck_assert_uint_le(d.v.ntx, VBUS_SIZE);
		}
		broken += !vnet_ok(&d.v);
		vnd_stop(&d);
	}
	ck_assert_uint_gt(got, 1000);
	ck_assert_uint_gt(broken, 200);
	ck_assert_uint_lt(broken, 1000);
}
END_TEST

Suite *t_vnet_suite(void)
{
	Suite *s = suite_create("vnet");
	TCase *t = tcase_create("vnet");

	tcase_add_loop_test(t, comes_in, 0, 16);
	tcase_add_loop_test(t, goes_out, 0, 4);
	tcase_add_loop_test(t, each_has_its_share, 0, 4);
	tcase_add_test(t, settles);
	tcase_add_test(t, is_refused);
	tcase_add_loop_test(t, lies, 0, 7);
	tcase_add_test(t, is_long);
	tcase_add_test(t, is_full);
	tcase_add_test(t, hostile);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
