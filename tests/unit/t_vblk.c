/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk's driver on a device without a machine: by the book, then with lies. */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"
#include "tests/support/vblk_dev.h"

#define ALL     (VDEV_VERSION_1 | VBD_BLK_SIZE | VBD_FLUSH)
#define SECTORS ((uint64_t)VBD_BLOCKS * 8)

static struct vbd d;
static uint8_t page[VBLK_BLOCK], pattern[VBLK_BLOCK];

static void teardown(void)
{
	ck_assert_uint_eq(d.wrong, 0);
	vbd_stop(&d);
}

static uint64_t features(int i)
{
	uint64_t f = ALL;

	f |= (i & 1) != 0 ? VDEV_PACKED : 0;
	return (i & 2) != 0 ? f & ~VBD_FLUSH : f;
}

/* The i-th pattern: no two blocks have the same. */
static const uint8_t *make(uint32_t i)
{
	for (uint32_t k = 0; k < sizeof(pattern); k++)
		pattern[k] = (uint8_t)(i * 31 + k * 7 + (k >> 8));
	return pattern;
}

static void write_block(uint32_t block, uint32_t i)
{
	memcpy(page, make(i), sizeof(page));
	ck_assert_int_eq(vblk_page(&d.v, block, page, true), 0);
	ck_assert_mem_eq(page, pattern, sizeof(page));
}

static void read_block(uint32_t block, uint32_t i)
{
	memset(page, 0x55, sizeof(page));
	ck_assert_int_eq(vblk_page(&d.v, block, page, false), 0);
	ck_assert_mem_eq(page, make(i), sizeof(page));
}

/* Often enough for rings to wrap. */
START_TEST(by_the_book)
{
	ck_assert(vbd_start(&d, features(_i), SECTORS));
	ck_assert_uint_eq(d.v.blocks, VBD_BLOCKS);
	ck_assert_uint_eq(d.bus.status, 15);
	ck_assert(!d.bus.dev.irq && !d.v.read_only);
	for (uint32_t turn = 0; turn < 20; turn++) {
		for (uint32_t i = 0; i < VBD_BLOCKS; i++)
			write_block(i, turn + i);
		ck_assert_int_eq(vblk_flush(&d.v), 0);
		for (uint32_t i = VBD_BLOCKS; i-- > 0;)
			read_block(i, turn + i);
		ck_assert_mem_eq(
		    d.disk + VBLK_BLOCK, make(turn + 1), sizeof(pattern));
	}
	ck_assert_uint_eq(d.v.n.writes, 20 * VBD_BLOCKS);
	ck_assert_uint_eq(d.v.n.reads, 20 * VBD_BLOCKS);
	ck_assert_uint_eq(d.v.n.flushes, 20);
	ck_assert_uint_eq(d.flushes, (_i & 2) != 0 ? 0 : 20);
	ck_assert_uint_eq(d.bus.bells[0], d.requests);
}
END_TEST

/* What is not there is asked of nobody. */
START_TEST(outside)
{
	static const uint32_t blocks[] = { VBD_BLOCKS, VBD_BLOCKS + 1,
		0x20000000u, 0x80000000u, UINT32_MAX };

	ck_assert(vbd_start(&d, ALL, SECTORS));
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(
		    vblk_page(&d.v, blocks[i], page, false), -EXO_EINVAL);
		ck_assert_int_eq(
		    vblk_page(&d.v, blocks[i], page, true), -EXO_EINVAL);
	}
	ck_assert_uint_eq(d.requests, 0);
	ck_assert_uint_eq(d.v.n.outside, 10);
	write_block(VBD_BLOCKS - 1, 1);
}
END_TEST

START_TEST(read_only)
{
	ck_assert(vbd_start(&d, ALL | VBD_RO, SECTORS));
	ck_assert(d.v.read_only);
	ck_assert_int_eq(vblk_page(&d.v, 0, page, true), -EXO_EINVAL);
	ck_assert_uint_eq(d.requests, 0);
	ck_assert_int_eq(vblk_page(&d.v, 0, page, false), 0);
	ck_assert_int_eq(vblk_flush(&d.v), 0);
}
END_TEST

static const struct {
	uint64_t sectors;
	uint32_t blocks; /* 0: it is not taken */
} sizes[] = {
	{ 0, 0 },
	{ 1, 0 },
	{ 7, 0 },
	{ 8, 1 },
	{ 15, 1 },
	{ 16, 2 },
	{ SECTORS + 7, VBD_BLOCKS },
	{ (uint64_t)UINT32_MAX * 8, UINT32_MAX },
	{ (uint64_t)UINT32_MAX * 8 + 8, UINT32_MAX },
	{ (uint64_t)1 << 36, UINT32_MAX },
	{ UINT64_MAX, UINT32_MAX },
};

START_TEST(capacity)
{
	ck_assert_int_eq(
	    vbd_start(&d, ALL, sizes[_i].sectors), sizes[_i].blocks > 0);
	if (sizes[_i].blocks == 0) {
		ck_assert_uint_eq(d.bus.status, 0);
		return;
	}
	ck_assert_uint_eq(d.v.blocks, sizes[_i].blocks);
	write_block(sizes[_i].blocks - 1, 3);
	read_block(sizes[_i].blocks - 1, 3);
	ck_assert_int_eq(
	    vblk_page(&d.v, sizes[_i].blocks, page, false), -EXO_EINVAL);
}
END_TEST

static const struct {
	uint32_t size;
	bool good;
} units[] = {
	{ 512, true },
	{ 1024, true },
	{ 4096, true },
	{ 0, false },
	{ 1, false },
	{ 256, false },
	{ 513, false },
	{ 3072, false },
	{ 8192, false },
	{ 0x80000000u, false },
	{ UINT32_MAX, false },
};

START_TEST(block_size)
{
	ck_assert(vbd_start(&d, ALL, SECTORS));
	exo_put_le32(d.bus.own + 20, units[_i].size);
	ck_assert_int_eq(
	    vblk_init(&d.v, &d.bus.dev, 0, d.bus.mem, VBUS_AT), units[_i].good);
	/* where it is not negotiated it says nothing */
	ck_assert(
	    vblk_init(&d.v, &d.bus.dev, VBD_BLK_SIZE, d.bus.mem, VBUS_AT));
	ck_assert_uint_eq(d.bus.accepted, ALL & ~VBD_BLK_SIZE);
}
END_TEST

START_TEST(settles)
{
	/* none of what it does not know: discard, several queues, event index */
	ck_assert(vbd_start(&d,
	    ALL | VBD_RO | VDEV_PACKED | VDEV_EVENT_IDX | 1u << 12 | 1u << 13,
	    SECTORS));
	ck_assert_uint_eq(d.bus.accepted, ALL | VBD_RO | VDEV_PACKED);
	ck_assert(!vbd_start(&d, ALL & ~VDEV_VERSION_1, SECTORS));
	ck_assert_uint_eq(d.bus.status, 0);
	ck_assert(vbd_start(&d, ALL, SECTORS));
	d.bus.stubborn = true;
	ck_assert(!vblk_init(&d.v, &d.bus.dev, 0, d.bus.mem, VBUS_AT));
	d.bus.stubborn = false;
	for (d.bus.most = 0; d.bus.most < 4; d.bus.most++)
		ck_assert(!vblk_init(&d.v, &d.bus.dev, 0, d.bus.mem, VBUS_AT));
	ck_assert(vblk_init(&d.v, &d.bus.dev, 0, d.bus.mem, VBUS_AT));
	ck_assert_uint_eq(d.v.q.size, 4);
	write_block(0, 1);
	read_block(0, 1);
}
END_TEST

#define COUNT(field) offsetof(struct vblk_counts, field)

static const struct {
	struct vbd_lie lie;
	size_t count;
	bool breaks;
} lies[] = {
	{ { .status = 1 }, COUNT(failed), false },
	{ { .status = 2 }, COUNT(failed), false },
	{ { .status = 3 }, COUNT(status), false },
	{ { .status = 0x80 }, COUNT(status), false },
	{ { .status = 0xff }, COUNT(status), false },
	{ { .no_status = true }, COUNT(status), false },
	/* too short, none, longer than there is room */
	{ { .len = (uint32_t)-1 }, COUNT(length), false },
	{ { .len = 1 }, COUNT(length), false },
	{ { .len = 0x80000000u }, COUNT(length), false },
	/* ids beyond the queue, and of a buffer that is not out */
	{ { .id = 64 }, COUNT(broken), true },
	{ { .id = 0x8000 }, COUNT(broken), true },
	{ { .id = 1 }, COUNT(broken), true },
	{ { .scrawl = true }, COUNT(broken), true },
	{ { .silent = true }, COUNT(late), true },
};
#define LIES (int)(sizeof(lies) / sizeof(lies[0]))

/* A request of each kind fails, is counted, and leaves the page alone; what comes
 * behind it works unless the queue is broken. */
START_TEST(lie)
{
	int how = _i % LIES, kind = _i / LIES % 3;
	uint64_t count;
	int ret;

	ck_assert(vbd_start(&d, features(_i / LIES / 3), SECTORS));
	write_block(3, 1);
	d.lie = lies[how].lie;
	memcpy(page, make(2), sizeof(page));
	ret = kind < 2 ? vblk_page(&d.v, 3, page, kind == 1) : vblk_flush(&d.v);
	ck_assert_int_eq(ret, -EXO_EIO);
	ck_assert_mem_eq(page, pattern, sizeof(page));
	memcpy(&count, (const char *)&d.v.n + lies[how].count, sizeof(count));
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(d.v.broken, lies[how].breaks);
	d.lie = (struct vbd_lie){ .silent = false };
	if (!lies[how].breaks) {
		write_block(3, 5);
		read_block(3, 5);
		return;
	}
	ck_assert_uint_eq(d.bus.status, 0);
	count = d.requests;
	ck_assert_int_eq(vblk_page(&d.v, 3, page, false), -EXO_EIO);
	ck_assert_int_eq(vblk_page(&d.v, 3, page, true), -EXO_EIO);
	ck_assert_int_eq(vblk_page(&d.v, 99, page, true), -EXO_EIO);
	ck_assert_int_eq(vblk_flush(&d.v), -EXO_EIO);
	ck_assert_uint_eq(d.requests, count);
}
END_TEST

/* What the device left out is nobody's data of before. */
START_TEST(left_out)
{
	static const uint8_t zero[VBLK_BLOCK / 2];

	ck_assert(vbd_start(&d, features(_i), SECTORS));
	write_block(7, 7);
	d.lie.partial = true;
	ck_assert_int_eq(vblk_page(&d.v, 2, page, false), 0);
	ck_assert_mem_eq(page + sizeof(zero), zero, sizeof(zero));
}
END_TEST

/* An answer that comes twice: the second is one to nothing. */
START_TEST(twice)
{
	ck_assert(vbd_start(&d, features(_i), SECTORS));
	d.lie.twice = true;
	for (int i = 0; i < 3 && !d.v.broken; i++)
		(void)vblk_page(&d.v, 1, page, false);
	ck_assert(d.v.broken);
	/* in a packed ring the next request lies over it, and is not found */
	ck_assert_uint_eq(_i == 0 ? d.v.n.broken : d.v.n.late, 1);
	ck_assert_uint_eq(d.bus.status, 0);
}
END_TEST

/* The answer comes when nobody waits any more, also from a device that does not end. */
START_TEST(late)
{
	ck_assert(vbd_start(&d, features(_i), SECTORS));
	write_block(0, 1);
	d.lie.silent = true;
	d.bus.restless = (_i & 2) != 0;
	memset(page, 0x77, sizeof(page));
	memcpy(pattern, page, sizeof(page));
	ck_assert_int_eq(vblk_page(&d.v, 0, page, false), -EXO_EIO);
	ck_assert_uint_eq(d.v.n.late, 1);
	vbd_late(&d);
	ck_assert_mem_eq(page, pattern, sizeof(page));
	d.lie.silent = false;
	ck_assert_int_eq(vblk_page(&d.v, 0, page, false), -EXO_EIO);
	ck_assert_mem_eq(page, pattern, sizeof(page));
	ck_assert_uint_eq(d.v.n.reads, 0);
	ck_assert_uint_eq(d.v.n.late, 1);
	/* it begins anew in the same memory */
	d.bus.restless = false;
	ck_assert(vblk_init(&d.v, &d.bus.dev, 0, d.bus.mem, VBUS_AT));
	read_block(0, 1);
}
END_TEST

Suite *t_vblk_suite(void)
{
	Suite *s = suite_create("vblk");
	TCase *t = tcase_create("vblk");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, by_the_book, 0, 4);
	tcase_add_test(t, outside);
	tcase_add_test(t, read_only);
	tcase_add_loop_test(t, capacity, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(t, block_size, 0, sizeof(units) / sizeof(units[0]));
	tcase_add_test(t, settles);
	tcase_add_loop_test(t, lie, 0, 2 * 3 * LIES);
	tcase_add_loop_test(t, left_out, 0, 2);
	tcase_add_loop_test(t, twice, 0, 2);
	tcase_add_loop_test(t, late, 0, 4);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
