/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio by registers in memory (VIRTIO 1.2, 4.2), as microvm has it. Without ACPI
 * the command line says where: virtio_mmio.device=512@0xfeb00e00:12, the last number
 * being the line of the I/O APIC.
 */
#include "exo/bare/apic.h"
#include "exo/bare/machine.h"
#include "exo/bare/paging.h"
#include "exo/bare/pci.h"
#include "exo/bare/vdev.h"
#include "exo/bare/vq.h"

/* 4.2.2 */
enum {
	MAGIC = 0x000,
	VERSION = 0x004,
	TYPE = 0x008,
	OFFER = 0x010,
	OFFER_SELECT = 0x014,
	ACCEPT = 0x020,
	ACCEPT_SELECT = 0x024,
	QUEUE_SELECT = 0x030,
	QUEUE_MOST = 0x034,
	QUEUE_SIZE = 0x038,
	QUEUE_READY = 0x044,
	BELL = 0x050,
	IRQ_STATUS = 0x060,
	IRQ_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_AT = 0x080, /* 16 bytes for each of three */
	GENERATION = 0x0fc,
	OWN = 0x100
};

#define IS_VIRTIO 0x74726976u
#define MODERN    2u
#define SIZE      0x200u

/* Where they are on microvm with ACPI, whose tables say so and nothing else: the
 * first's registers, and its line, with a second I/O APIC and without. */
#define PLACES      24u
#define PLACE       0xfeb00000u
#define LINE        24u
#define LINE_OF_ONE 16u

static volatile uint32_t *reg(const struct vdev *v, uint32_t off)
{
	volatile void *p = v->common + off;

	return p;
}

static uint32_t status(const struct vdev *v)
{
	return *reg(v, STATUS);
}

static void set_status(struct vdev *v, uint32_t to)
{
	*reg(v, STATUS) = to;
}

static uint64_t offered(struct vdev *v)
{
	uint64_t low;

	*reg(v, OFFER_SELECT) = 0;
	low = *reg(v, OFFER);
	*reg(v, OFFER_SELECT) = 1;
	return (uint64_t)*reg(v, OFFER) << 32 | low;
}

static void accept(struct vdev *v, uint64_t features)
{
	*reg(v, ACCEPT_SELECT) = 0;
	*reg(v, ACCEPT) = (uint32_t)features;
	*reg(v, ACCEPT_SELECT) = 1;
	*reg(v, ACCEPT) = (uint32_t)(features >> 32);
}

static uint8_t config(const struct vdev *v, uint32_t off)
{
	return off < SIZE - OWN ? v->common[OWN + off] : 0;
}

static uint32_t generation(const struct vdev *v)
{
	return *reg(v, GENERATION);
}

static uint32_t queue_most(struct vdev *v, uint32_t queue)
{
	*reg(v, QUEUE_SELECT) = queue;
	return *reg(v, QUEUE_MOST);
}

static bool queue_set(struct vdev *v, uint32_t queue, const struct vq *q)
{
	*reg(v, QUEUE_SELECT) = queue;
	if (*reg(v, QUEUE_READY) != 0)
		return false;
	*reg(v, QUEUE_SIZE) = q->size;
	for (uint32_t i = 0; i < 3; i++) {
		*reg(v, QUEUE_AT + 16 * i) = (uint32_t)q->at[i];
		*reg(v, QUEUE_AT + 16 * i + 4) = (uint32_t)(q->at[i] >> 32);
	}
	*reg(v, QUEUE_READY) = 1;
	return *reg(v, QUEUE_READY) == 1;
}

static void bell(struct vdev *v, uint32_t queue)
{
	*reg(v, BELL) = queue;
}

static void ack(struct vdev *v)
{
	*reg(v, IRQ_ACK) = *reg(v, IRQ_STATUS);
}

static const struct vdev_ops ops = { status, set_status, offered, accept,
	config, generation, queue_most, queue_set, bell, ack };

/* A number, as hexadecimal if it begins so. */
static uint64_t number(const char **p)
{
	uint32_t base = 10;
	uint64_t v = 0;

	if ((*p)[0] == '0' && (*p)[1] == 'x') {
		base = 16;
		*p += 2;
	}
	for (;; (*p)++) {
		uint32_t c = (uint8_t) * *p, digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (base == 16 && c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else
			return v;
		v = v * base + digit;
	}
}

/* Where the next device is that the command line names; false: no other is. */
static bool next_place(const char **p, uint64_t *at, uint32_t *line)
{
	static const char word[] = "virtio_mmio.device=";

	for (; **p != '\0'; (*p)++) {
		uint32_t n = 0;

		while (word[n] != '\0' && (*p)[n] == word[n])
			n++;
		if (word[n] != '\0')
			continue;
		*p += n;
		if (number(p) < SIZE || **p != '@')
			continue;
		(*p)++;
		*at = number(p);
		if (**p != ':' || *at % 4 != 0)
			continue;
		(*p)++;
		*line = (uint32_t)number(p);
		return true;
	}
	return false;
}

/* Whether a device of a type is there. */
static bool look(struct vdev *v, uint64_t at, uint32_t type)
{
	paging_device(at, SIZE);
	*v = (struct vdev){ .ops = &ops, .common = paging_direct(at) };
	return *reg(v, MAGIC) == IS_VIRTIO && *reg(v, VERSION) == MODERN &&
	       *reg(v, TYPE) == type;
}

bool vdev_find_mmio(
    const struct machine *m, uint32_t type, uint32_t n, struct vdev *out)
{
	const char *p = m->cmdline;
	bool named = false;
	uint32_t line;
	uint64_t at;

	while (next_place(&p, &at, &line)) {
		named = true;
		if (!look(out, at, type) || n-- > 0)
			continue;
		out->irq = apic_init() && apic_line(line, APIC_VECTOR);
		return true;
	}
	for (uint32_t i = 0; i < PLACES && !named && !pci_there(); i++) {
		if (!look(out, PLACE + i * SIZE, type) || n-- > 0)
			continue;
		out->irq =
		    apic_init() && (apic_line(LINE + i, APIC_VECTOR) ||
		                       apic_line(LINE_OF_ONE + i, APIC_VECTOR));
		return true;
	}
	return false;
}
