/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's own watchdog: see watchdog.h. */
#include "exo/bare/watchdog.h"

#include "exo/bare/apic.h"
#include "exo/bare/x86.h"

#define LINE        2u /* of the timer chip, at the I/O APIC */
#define TENTHS_A_HZ 182u

/* NMI status and control [Intel, 82801 (ICH) datasheet, "NMI_SC"]: an NMI was sent for
 * SERR# or parity of PCI, for IOCHK# of ISA. It needs no NMI to be read. */
#define NMI_PORT   0x61u
#define NMI_SOURCE 0xc0u
#define NO_PORT    0xffu /* as on microvm: nobody answers */

uint64_t watchdog_back;

static struct {
	bool on;
	bool sources;   /* the chipset tells those of NMIs */
	uint64_t limit; /* NMIs */
	uint64_t late;  /* of them since ... */
	uint64_t seen;  /* ... watchdog_back was this */
} dog;

void watchdog_start(const struct machine *m)
{
	uint64_t s = machine_number(m, "watchdog", WATCHDOG_S);

	if (s == 0 || s > UINT32_MAX || !apic_nmi(LINE))
		return;
	dog.limit = (s * TENTHS_A_HZ + 9) / 10;
	dog.sources = x86_inb(NMI_PORT) != NO_PORT;
	dog.on = true;
	/* channel 0, both bytes, again and again, of the longest time */
	x86_outb(0x43, 0x34);
	x86_outb(0x40, 0);
	x86_outb(0x40, 0);
}

bool watchdog_sent(void)
{
	return dog.on &&
	       !(dog.sources && (x86_inb(NMI_PORT) & NMI_SOURCE) != 0);
}

bool watchdog_late(void)
{
	if (dog.seen != watchdog_back) {
		dog.seen = watchdog_back;
		dog.late = 0;
		return false;
	}
	return ++dog.late >= dog.limit;
}
