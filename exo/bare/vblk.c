/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks of virtio, requests and what comes of them: see vblk.h. */
#include "exo/bare/vblk.h"

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"
#include "exo/lib/mem.h"
#include "exo/plat/plat.h"

/* Features: 5.2.3. */
#define READ_ONLY ((uint64_t)1 << 5)
#define HAS_SIZE  ((uint64_t)1 << 6)
#define FLUSHES   ((uint64_t)1 << 9)

/* struct virtio_blk_config: 5.2.4. */
#define CAPACITY 0u /* in sectors, whatever the block size */
#define BLK_SIZE 20u

#define SECTOR  512u
#define SECTORS (VBLK_BLOCK / SECTOR)

/* Types of request, and the status that says it is done: 5.2.6. */
#define IN     0u
#define OUT    1u
#define FLUSH  4u
#define OK     0u
#define IOERR  1u
#define UNSUPP 2u
#define NONE   0xffu /* no device writes that */

/* struct virtio_blk_req, whose parts lie apart in the second page. */
#define HDR        16u
#define HDR_TYPE   0u
#define HDR_SECTOR 8u
#define STATUS     64u

/* Pages of the shared memory. */
#define PAGE      4096u
#define AT_QUEUE  0u
#define AT_HEADER PAGE
#define AT_DATA   (2 * PAGE)

size_t vblk_bytes(void)
{
	return (size_t)3 * PAGE;
}

/* How many blocks there are, if the device can work on them one by one. */
static bool read_config(struct vblk *v)
{
	uint8_t b[8];
	uint64_t blocks;
	uint32_t size;

	if (!vdev_config(v->dev, CAPACITY, b, 8))
		return false;
	blocks = exo_le64(b) / SECTORS;
	v->blocks = blocks < UINT32_MAX ? (uint32_t)blocks : UINT32_MAX;
	if ((v->dev->features & HAS_SIZE) == 0)
		return v->blocks > 0;
	if (!vdev_config(v->dev, BLK_SIZE, b, 4))
		return false;
	size = exo_le32(b);
	return v->blocks > 0 && size >= SECTOR && size <= VBLK_BLOCK &&
	       (size & (size - 1)) == 0;
}

static bool make_queue(struct vblk *v)
{
	struct vq_form form = { (v->dev->features & VDEV_PACKED) != 0, false,
		vdev_queue_size(v->dev, 0, VBLK_QUEUE) };

	if (form.size < 3)
		return false;
	v->dev->irq = false; /* none is wanted */
	vq_init(&v->q, form, v->mem + AT_QUEUE, v->at + AT_QUEUE, v->slot);
	return vdev_queue(v->dev, 0, &v->q);
}

/* 5.2.5, within 3.1.1. */
static bool start(struct vblk *v, uint64_t without)
{
	uint64_t wanted = READ_ONLY | HAS_SIZE | FLUSHES | VDEV_PACKED;

	if (!vdev_begin(v->dev, wanted & ~without))
		return false;
	v->read_only = (v->dev->features & READ_ONLY) != 0;
	v->flushes = (v->dev->features & FLUSHES) != 0;
	return read_config(v) && make_queue(v);
}

bool vblk_init(
    struct vblk *v, struct vdev *dev, uint64_t without, void *mem, uint64_t at)
{
	memset(v, 0, sizeof(*v));
	v->dev = dev;
	v->mem = mem;
	v->at = at;
	v->deadline = VBLK_DEADLINE;
	memset(mem, 0, vblk_bytes());
	if (!start(v, without)) {
		(void)vdev_reset(dev);
		return false;
	}
	vdev_go(dev);
	return true;
}

/* The only request that is out comes back; how much of it was written. false: it never
 * will, and the device is reset. */
static bool wait(struct vblk *v, uint32_t *len)
{
	uint64_t from = plat_clock_ns();
	struct vq_done done;
	bool over;

	do {
		over = plat_clock_ns() - from >= v->deadline;
		if (vq_take(&v->q, &done, 1) == 1) {
			*len = done.len;
			return true;
		}
	} while (!over && !v->q.broken);
	if (v->q.broken)
		v->n.broken++;
	else
		v->n.late++;
	v->broken = true;
	(void)vdev_reset(v->dev);
	return false;
}

/* What the device says of a request whose status is the last of n bytes to be
 * written: 5.2.6. */
static int judge(struct vblk *v, uint32_t n, uint32_t len)
{
	const uint8_t *at = v->mem + AT_HEADER + STATUS;
	uint8_t status = __atomic_load_n(at, __ATOMIC_ACQUIRE);

	if (status == IOERR || status == UNSUPP) {
		v->n.failed++;
		return -EXO_EIO;
	}
	if (status != OK) {
		v->n.status++;
		return -EXO_EIO;
	}
	if (len != n) {
		v->n.length++;
		return -EXO_EIO;
	}
	return 0;
}

/* Ask for something and wait until it is done. */
static int request(struct vblk *v, uint32_t type, uint32_t block)
{
	uint8_t *hdr = v->mem + AT_HEADER;
	struct vq_part parts[3] = { { v->at + AT_HEADER, HDR, false } };
	uint32_t n = 1, written = 1, len;

	if (type != FLUSH)
		parts[n++] =
		    (struct vq_part){ v->at + AT_DATA, VBLK_BLOCK, type == IN };
	parts[n++] = (struct vq_part){ v->at + AT_HEADER + STATUS, 1, true };
	memset(hdr, 0, HDR);
	exo_put_le32(hdr + HDR_TYPE, type);
	exo_put_le64(hdr + HDR_SECTOR, (uint64_t)block * SECTORS);
	hdr[STATUS] = NONE;
	if (type == IN)
		written += VBLK_BLOCK;
	/* nothing is out, so there is room */
	if (vq_add(&v->q, parts, n) < 0)
		return -EXO_EIO;
	if (vq_kick(&v->q))
		v->dev->ops->bell(v->dev, 0);
	if (!wait(v, &len))
		return -EXO_EIO;
	return judge(v, written, len);
}

int vblk_page(struct vblk *v, uint32_t block, void *page, bool write)
{
	uint8_t *data = v->mem + AT_DATA;
	int ret;

	if (v->broken)
		return -EXO_EIO;
	if (block >= v->blocks || (write && v->read_only)) {
		v->n.outside++;
		return -EXO_EINVAL;
	}
	/* what is read is not what somebody else read or wrote before, whatever the
	 * device left out */
	if (write)
		memcpy(data, page, VBLK_BLOCK);
	else
		memset(data, 0, VBLK_BLOCK);
	ret = request(v, write ? OUT : IN, block);
	if (ret != 0)
		return ret;
	if (write) {
		v->n.writes++;
	} else {
		memcpy(page, data, VBLK_BLOCK);
		v->n.reads++;
	}
	return 0;
}

/* 5.2.6.2: without the feature nothing is kept back. */
int vblk_flush(struct vblk *v)
{
	int ret = 0;

	if (v->broken)
		return -EXO_EIO;
	if (v->flushes)
		ret = request(v, FLUSH, 0);
	if (ret == 0)
		v->n.flushes++;
	return ret;
}
