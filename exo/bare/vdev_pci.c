/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio over PCI (VIRTIO 1.2, 4.1): capabilities say where in which BAR the
 * registers are. What they say is held against the BAR's size.
 */
#include "exo/bare/apic.h"
#include "exo/bare/machine.h"
#include "exo/bare/paging.h"
#include "exo/bare/pci.h"
#include "exo/bare/vdev.h"
#include "exo/bare/vq.h"
#include "exo/lib/bytes.h"

#define VENDOR     0x1af4u
#define DEVICE     0x1040u /* and the type: 4.1.2.1 */
#define BOTH_NET   0x1000u /* devices that have the old way, too */
#define BOTH_BLK   0x1001u
#define VENDOR_CAP 0x09u
#define AREA_MOST  0x10000u /* bytes of registers that are looked at */

/* Types of capability: 4.1.4. */
enum {
	COMMON = 1,
	NOTIFY = 2,
	OWN = 4
};

/* struct virtio_pci_common_cfg: 4.1.4.3. */
enum {
	OFFER_SELECT = 0,
	OFFER = 4,
	ACCEPT_SELECT = 8,
	ACCEPT = 12,
	CONFIG_VECTOR = 16,
	STATUS = 20,
	GENERATION = 21,
	QUEUE_SELECT = 22,
	QUEUE_SIZE = 24,
	QUEUE_VECTOR = 26,
	QUEUE_ENABLE = 28,
	QUEUE_BELL = 30,
	QUEUE_AT = 32,
	COMMON_SIZE = 56
};

#define NO_VECTOR 0xffffu

/* Registers of 16 and 32 bits; all are aligned (4.1.3.1). */
static volatile uint16_t *r16(const struct vdev *v, uint32_t off)
{
	volatile void *p = v->common + off;

	return p;
}

static volatile uint32_t *r32(const struct vdev *v, uint32_t off)
{
	volatile void *p = v->common + off;

	return p;
}

static uint32_t status(const struct vdev *v)
{
	return v->common[STATUS];
}

static void set_status(struct vdev *v, uint32_t to)
{
	v->common[STATUS] = (uint8_t)to;
}

static uint64_t offered(struct vdev *v)
{
	uint64_t low;

	*r32(v, OFFER_SELECT) = 0;
	low = *r32(v, OFFER);
	*r32(v, OFFER_SELECT) = 1;
	return (uint64_t)*r32(v, OFFER) << 32 | low;
}

static void accept(struct vdev *v, uint64_t features)
{
	*r32(v, ACCEPT_SELECT) = 0;
	*r32(v, ACCEPT) = (uint32_t)features;
	*r32(v, ACCEPT_SELECT) = 1;
	*r32(v, ACCEPT) = (uint32_t)(features >> 32);
}

static uint8_t config(const struct vdev *v, uint32_t off)
{
	return off < v->own_size ? v->own[off] : 0;
}

static uint32_t generation(const struct vdev *v)
{
	return v->common[GENERATION];
}

static uint32_t queue_most(struct vdev *v, uint32_t queue)
{
	*r16(v, QUEUE_SELECT) = (uint16_t)queue;
	return *r16(v, QUEUE_SIZE);
}

/* Only the first queue has an interrupt: message 0. */
static bool queue_set(struct vdev *v, uint32_t queue, const struct vq *q)
{
	uint64_t bell;
	volatile void *at;

	*r16(v, QUEUE_SELECT) = (uint16_t)queue;
	bell = (uint64_t)*r16(v, QUEUE_BELL) * v->notify_step;
	if (!exo_range_ok(bell, 2, v->notify_size) || bell % 2 != 0)
		return false;
	at = v->notify + bell;
	v->bells[queue] = at;
	*r16(v, QUEUE_SIZE) = q->size;
	if (v->irq) {
		uint16_t vector = queue == 0 ? 0 : NO_VECTOR;

		*r16(v, QUEUE_VECTOR) = vector;
		v->irq = *r16(v, QUEUE_VECTOR) == vector;
	}
	for (uint32_t i = 0; i < 3; i++) {
		*r32(v, QUEUE_AT + 8 * i) = (uint32_t)q->at[i];
		*r32(v, QUEUE_AT + 8 * i + 4) = (uint32_t)(q->at[i] >> 32);
	}
	*r16(v, QUEUE_ENABLE) = 1;
	return *r16(v, QUEUE_ENABLE) == 1;
}

static void bell(struct vdev *v, uint32_t queue)
{
	*v->bells[queue] = (uint16_t)queue;
}

static void ack(struct vdev *v)
{
	(void)v; /* messages need none */
}

static const struct vdev_ops ops = { status, set_status, offered, accept,
	config, generation, queue_most, queue_set, bell, ack };

/* Registers of a kind: where they are, and how many bytes. NULL: none, or not
 * where the function has any. */
static volatile uint8_t *area(struct pci_fn f, uint8_t kind, uint32_t least,
    uint32_t *size, uint32_t *cap)
{
	uint32_t off = 0;
	uint64_t at, all;

	for (uint32_t i = 0; i < 16; i++) {
		uint32_t from, len;

		off = pci_cap(f, VENDOR_CAP, off);
		if (off == 0)
			return NULL;
		if (pci_read(f, off + 3, 1) != kind)
			continue;
		from = pci_read(f, off + 8, 4);
		len = pci_read(f, off + 12, 4);
		if (!pci_bar(f, pci_read(f, off + 4, 1), &at, &all) ||
		    !exo_range_ok(from, len, all) || len < least ||
		    from % 4 != 0)
			continue;
		*size = len < AREA_MOST ? len : AREA_MOST;
		*cap = off;
		paging_device(at + from, *size);
		return paging_direct(at + from);
	}
	return NULL;
}

static bool find(uint32_t type, uint32_t n, struct pci_fn *f)
{
	for (uint32_t i = 0; pci_find(VENDOR, (uint16_t)(DEVICE + type), i, f);
	     i++)
		if (n-- == 0)
			return true;
	return (type == VDEV_NET && pci_find(VENDOR, BOTH_NET, n, f)) ||
	       (type == VDEV_BLK && pci_find(VENDOR, BOTH_BLK, n, f));
}

bool vdev_find_pci(uint32_t type, uint32_t n, struct vdev *out)
{
	uint32_t cap, size;
	struct pci_fn f;

	if (!find(type, n, &f))
		return false;
	*out = (struct vdev){ .ops = &ops };
	out->common = area(f, COMMON, COMMON_SIZE, &size, &cap);
	out->own = area(f, OWN, 1, &out->own_size, &cap);
	out->notify = area(f, NOTIFY, 2, &out->notify_size, &cap);
	if (out->common == NULL || out->own == NULL || out->notify == NULL)
		return false;
	out->notify_step = pci_read(f, cap + 16, 4);
	pci_enable(f);
	out->irq = apic_init() && pci_msix(f, APIC_VECTOR);
	return true;
}

bool vdev_find(
    const struct machine *m, uint32_t type, uint32_t n, struct vdev *out)
{
	return vdev_find_pci(type, n, out) || vdev_find_mmio(m, type, n, out);
}
