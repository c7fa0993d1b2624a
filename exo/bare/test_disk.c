/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of a disk whose blocks tests/bare/disk.sh made, and looks at afterwards.
 *
 *	disk_blocks=N      so many; each holds what follows from its number
 *	disk_read_only     it is
 *	disk_fails         reads of it do
 *	disk_silent=MS     it takes longer than so many milliseconds
 *	disk_without=BITS  features to do without
 *
 * Every second block is written anew, with what follows from another number.
 */
#include "exo/abi/err.h"
#include "exo/bare/clock.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/serial.h"
#include "exo/bare/tap.h"
#include "exo/bare/test.h"
#include "exo/bare/vblk.h"
#include "exo/lib/mem.h"

#define NEW 1000000u /* numbers of what is written anew */

static struct vblk disk;
static struct vdev dev;
static uint64_t frame; /* what is read and written goes by it */

/* Write what follows from a number, or look whether that is there. */
static bool write_block(uint32_t block, uint32_t x)
{
	test_fill(paging_direct(frame), VBLK_BLOCK, x);
	return vblk_rw(&disk, block, frame, true) == 0;
}

static bool read_block(uint32_t block, uint32_t x)
{
	static uint8_t want[VBLK_BLOCK];

	test_fill(want, VBLK_BLOCK, x);
	return vblk_rw(&disk, block, frame, false) == 0 &&
	       memcmp(paging_direct(frame), want, VBLK_BLOCK) == 0;
}

static void reads(uint32_t blocks)
{
	bool ok = true;

	for (uint32_t i = 0; i < blocks; i++)
		ok = ok && read_block(i, i);
	tap_ok(ok, "blocks are read as they are");
}

static void writes(uint32_t blocks)
{
	bool ok = true;

	for (uint32_t i = blocks; i-- > 0;)
		ok = ok && (i % 2 == 0 || write_block(i, NEW + i));
	tap_ok(ok, "blocks are written");
	tap_ok(vblk_flush(&disk) == 0, "and flushed");
	for (uint32_t i = 0; i < blocks; i++)
		ok = ok && read_block(i, i % 2 == 0 ? i : NEW + i);
	tap_ok(ok, "and read as they were written");
}

static void refuses(uint32_t blocks)
{
	static const uint32_t ways[] = { 0, 1, UINT32_MAX / 8, UINT32_MAX };
	bool ok = true;

	for (uint32_t i = 0; i < 4; i++) {
		uint32_t block = i < 2 ? blocks + ways[i] : ways[i];

		ok = ok && vblk_rw(&disk, block, frame, false) == -EXO_EINVAL &&
		     vblk_rw(&disk, block, frame, true) == -EXO_EINVAL;
	}
	tap_ok(ok, "blocks that are not there are refused");
	if (disk.read_only)
		tap_ok(vblk_rw(&disk, 1, frame, true) == -EXO_EINVAL,
		    "nothing is written to what is read only");
}

/* Reads fail, and the disk goes on. */
static void fails(void)
{
	bool ok = true;

	for (uint32_t i = 0; i < 10; i++)
		ok = ok && vblk_rw(&disk, i, frame, false) == -EXO_EIO;
	tap_ok(ok && disk.n.failed == 10, "reads fail");
	tap_ok(!disk.broken && write_block(1, NEW + 1), "writes do not");
}

/* The device takes longer than anybody waits. */
static void silent(uint64_t ms)
{
	uint64_t from = clock_ns();

	disk.deadline = ms * 1000000;
	test_fill(paging_direct(frame), VBLK_BLOCK, 5);
	tap_ok(vblk_rw(&disk, 0, frame, false) == -EXO_EIO &&
	           disk.n.late == 1 && clock_ns() - from >= disk.deadline,
	    "a request fails after its deadline");
	from = clock_ns();
	tap_ok(vblk_rw(&disk, 0, frame, false) == -EXO_EIO &&
	           clock_ns() - from < disk.deadline,
	    "and the next at once");
}

static void say(void)
{
	serial_str(disk.q.packed ? "# packed, " : "# split, ");
	serial_u64(disk.blocks);
	serial_str(" blocks; read ");
	serial_u64(disk.n.reads);
	serial_str(", written ");
	serial_u64(disk.n.writes);
	serial_str(disk.flushes ? ", flushed" : ", nothing to flush");
	serial_str("; failed ");
	serial_u64(disk.n.failed);
	serial_str(", late ");
	serial_u64(disk.n.late);
	serial_str(", lies ");
	serial_u64(disk.n.status + disk.n.length + disk.n.broken);
	serial_str("\n");
}

static bool no_lies(void)
{
	const struct vblk_counts *n = &disk.n;

	return !disk.broken && n->status + n->length + n->broken == 0 &&
	       disk.q.n.too_long == 0;
}

static void run(const struct machine *m, uint32_t blocks)
{
	uint64_t late = machine_number(m, "disk_silent", 0);
	const char *value;

	tap_ok(disk.blocks == blocks, "it has so many blocks");
	tap_ok(disk.read_only ==
	           (machine_option(m, "disk_read_only", &value) >= 0),
	    "and says whether it is read only");
	if (late > 0) {
		silent(late);
		return;
	}
	if (machine_option(m, "disk_fails", &value) >= 0) {
		fails();
	} else {
		reads(blocks);
		refuses(blocks);
		if (!disk.read_only)
			writes(blocks);
	}
	tap_ok(no_lies(), "the device kept to the book");
}

void test_disk(const struct machine *m)
{
	uint32_t blocks = (uint32_t)machine_number(m, "disk_blocks", 0);
	uint64_t before;

	if (!vblk_start(
	        &disk, &dev, m, 0, machine_number(m, "disk_without", 0))) {
		if (blocks > 0)
			tap_ok(false, "there is a disk");
		return;
	}
	tap_ok(true, "a disk starts");
	frame = frames_get(0);
	if (blocks > 0)
		run(m, blocks);
	say();
	frames_put(frame, 0);
	before = frames_free();
	vblk_stop(&disk);
	tap_ok(frames_free() - before == 1u << frames_order(vblk_bytes()),
	    "its frames come back");
}
