/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI functions: see pci.h. */
#include "exo/bare/pci.h"

#include "exo/bare/apic.h"
#include "exo/bare/paging.h"
#include "exo/bare/x86.h"

#define NAME_PORT 0xcf8u
#define DATA_PORT 0xcfcu
#define ENABLE    0x80000000u

#define COMMAND     0x04u
#define CMD_MEMORY  2u
#define CMD_MASTER  4u
#define CMD_NO_INTX 0x400u
#define STATUS_CAPS 0x10u
#define BAR0        0x10u
#define CAPS        0x34u
#define CAPS_MOST   48u /* in 192 bytes */

#define MSIX_CAP    0x11u
#define MSIX_ON     0x8000u
#define MSIX_MASKED 1u

static uint32_t read32(struct pci_fn f, uint32_t off)
{
	x86_outl(NAME_PORT, ENABLE | f.name | (off & 0xfc));
	return x86_inl(DATA_PORT);
}

static void write32(struct pci_fn f, uint32_t off, uint32_t v)
{
	x86_outl(NAME_PORT, ENABLE | f.name | (off & 0xfc));
	x86_outl(DATA_PORT, v);
}

uint32_t pci_read(struct pci_fn f, uint32_t off, uint32_t bytes)
{
	uint32_t v = read32(f, off) >> 8 * (off & 3);

	return bytes == 4 ? v : v & ((1u << 8 * bytes) - 1);
}

void pci_write16(struct pci_fn f, uint32_t off, uint16_t v)
{
	uint32_t shift = 8 * (off & 2), old = read32(f, off);

	/* the status beside a command is cleared by ones */
	if (off == COMMAND)
		old &= 0xffff;
	write32(f, off, (old & ~(0xffffu << shift)) | (uint32_t)v << shift);
}

/* A bridge to the processor is its first function, on all machines of this kind. */
bool pci_there(void)
{
	return (read32((struct pci_fn){ 0 }, 0) & 0xffff) != 0xffff;
}

bool pci_find(uint16_t vendor, uint16_t device, uint32_t n, struct pci_fn *out)
{
	uint32_t want = (uint32_t)device << 16 | vendor;

	for (uint32_t dev = 0; dev < 256 * 32; dev++) {
		struct pci_fn f = { dev << 11 };
		uint32_t fns = 8;

		if ((read32(f, 0) & 0xffff) == 0xffff)
			continue;
		if ((pci_read(f, 0x0e, 1) & 0x80) == 0)
			fns = 1;
		for (; fns > 0; fns--, f.name += 0x100)
			if (read32(f, 0) == want && n-- == 0) {
				*out = f;
				return true;
			}
	}
	return false;
}

uint32_t pci_cap(struct pci_fn f, uint8_t id, uint32_t off)
{
	if ((pci_read(f, COMMAND + 2, 2) & STATUS_CAPS) == 0)
		return 0;
	off = pci_read(f, off == 0 ? CAPS : off + 1, 1) & 0xfc;
	for (uint32_t i = 0; off >= 0x40 && i < CAPS_MOST; i++) {
		if (pci_read(f, off, 1) == id)
			return off;
		off = pci_read(f, off + 1, 1) & 0xfc;
	}
	return 0;
}

/* Write all ones, and see which stay 0. */
static uint32_t probe(struct pci_fn f, uint32_t off, uint32_t was)
{
	uint32_t v;

	write32(f, off, UINT32_MAX);
	v = read32(f, off);
	write32(f, off, was);
	return v;
}

bool pci_bar(struct pci_fn f, uint32_t bar, uint64_t *at, uint64_t *size)
{
	uint32_t off = BAR0 + 4 * bar, command = pci_read(f, COMMAND, 2);
	uint32_t low, high = 0;
	uint64_t mask;
	bool wide;

	if (bar >= PCI_BARS)
		return false;
	low = read32(f, off);
	wide = (low & 6) == 4;
	if ((low & 1) != 0 || (wide && bar + 1 == PCI_BARS))
		return false;
	pci_write16(f, COMMAND, (uint16_t)(command & ~(uint32_t)CMD_MEMORY));
	mask = 0xffffffff00000000u | (probe(f, off, low) & ~0xfu);
	if (wide) {
		high = read32(f, off + 4);
		mask = (uint64_t)probe(f, off + 4, high) << 32 | (uint32_t)mask;
	}
	pci_write16(f, COMMAND, (uint16_t)command);
	*at = (uint64_t)high << 32 | (low & ~0xfu);
	*size = ~mask + 1;
	return *at != 0 && (uint32_t)mask != 0;
}

void pci_enable(struct pci_fn f)
{
	pci_write16(f, COMMAND,
	    (uint16_t)(pci_read(f, COMMAND, 2) | CMD_MEMORY | CMD_MASTER |
	               CMD_NO_INTX));
}

bool pci_msix(struct pci_fn f, uint8_t vector)
{
	uint32_t cap = pci_cap(f, MSIX_CAP, 0), n, where;
	volatile uint32_t *entry;
	uint64_t at, size;

	if (cap == 0)
		return false;
	n = (pci_read(f, cap + 2, 2) & 0x7ff) + 1;
	where = read32(f, cap + 4);
	if (!pci_bar(f, where & 7, &at, &size) || (where & ~7u) > size ||
	    (uint64_t)16 * n > size - (where & ~7u))
		return false;
	at += where & ~7u;
	paging_device(at, (uint64_t)16 * n);
	entry = paging_direct(at);
	for (uint32_t i = 0; i < n; i++)
		entry[4 * i + 3] = MSIX_MASKED;
	entry[0] = apic_message();
	entry[1] = 0;
	entry[2] = vector;
	entry[3] = 0;
	pci_write16(f, cap + 2, MSIX_ON);
	return true;
}
