/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: a disk that is the bytes (tests/support/vblk_dev.h). Whatever it answers, when,
 * and whatever it writes into the driver's memory: a request is done or fails, a page
 * changes only by a read that is done, and a device that broke stays broken.
 */
#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/bug.h"
#include "tests/support/vblk_dev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEADLINE 20000u /* nanoseconds */

static struct vbd d;
static const uint8_t *bytes;
static size_t left;

static uint32_t next(void)
{
	if (left == 0)
		return 0;
	left--;
	return *bytes++;
}

/* What it does next: by the book as often as not. */
static void choose(void)
{
	uint32_t how = next();

	d.lie = (struct vbd_lie){ .silent = how == 1,
		.twice = how == 2,
		.partial = how == 3,
		.no_status = how == 4,
		.scrawl = how == 5 };
	if (how == 6)
		d.lie.status = (uint8_t)next();
	else if (how == 7)
		d.lie.len = next() - 128;
	else if (how == 8)
		d.lie.id = (uint16_t)(next() << 8 | next());
	else if (how == 9 && d.last.n > 0)
		d.bus.mem[(next() << 8 | next()) % vblk_bytes()] =
		    (uint8_t)next();
}

static uint64_t sum(const struct vblk_counts *n)
{
	return n->reads + n->writes + n->flushes + n->outside + n->failed +
	       n->status + n->length + n->broken + n->late;
}

static void ask(void)
{
	static uint8_t page[VBLK_BLOCK], before[VBLK_BLOCK];
	struct vblk *v = &d.v;
	uint64_t counted = sum(&v->n);
	bool broken = v->broken;
	uint32_t what = next();
	int ret;

	memset(page, 0x5a, sizeof(page));
	memcpy(before, page, sizeof(page));
	ret = what % 8 == 0 ? vblk_flush(v)
	                    : vblk_page(v, next() % (VBD_BLOCKS + 1), page,
	                          what % 2 == 0);
	exo_assert(ret == 0 || ret == -EXO_EIO || ret == -EXO_EINVAL);
	exo_assert((ret == 0 && what % 2 == 1) ||
	           memcmp(page, before, sizeof(page)) == 0);
	exo_assert(sum(&v->n) == counted + (broken ? 0 : 1));
	exo_assert(!broken || (ret == -EXO_EIO && v->broken));
	exo_assert(v->broken || v->q.nout == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t offers = VDEV_VERSION_1 | VBD_BLK_SIZE;
	uint32_t how;

	bytes = data;
	left = size;
	how = next();
	offers |= (how & 1) != 0 ? VDEV_PACKED : 0;
	offers |= (how & 2) != 0 ? VBD_FLUSH : 0;
	offers |= (how & 4) != 0 ? VBD_RO : 0;
	exo_assert(vbd_start(&d, offers, (uint64_t)VBD_BLOCKS * 8));
	d.v.deadline = DEADLINE;
	while (left > 0) {
		choose();
		ask();
	}
	return 0;
}
