/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loader says of the machine: memory, command line, modules.
 *
 * Trust: the loader is believed; a module's content is not.
 */
#ifndef EXO_BARE_MACHINE_H
#define EXO_BARE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define MACHINE_RANGES 64u

/** Memory of a kind: [from, from + size) of physical addresses. */
struct machine_range {
	uint64_t from, size;
};

struct machine {
	struct machine_range ram[MACHINE_RANGES];
	uint32_t nram;
	uint64_t ram_end;            /* behind the last byte of ram */
	struct machine_range initrd; /* size 0: there is none */
	char cmdline[1024];
	/* the processor */
	bool smep, smap, nx, rdrand, pge, pcid;
};

/** Read what the loader left at a physical address below 1 GiB, while that is
 * mapped at KERNEL. loader: MULTIBOOT_LOADER, or any other number for PVH, which gives
 * none. False: it is nothing of that kind. */
bool machine_read(struct machine *m, uint64_t said, uint32_t loader);

/** Add a range of RAM; what is beyond MACHINE_RANGES of them is not used. */
static inline void machine_ram(struct machine *m, uint64_t from, uint64_t size)
{
	if (m->nram == MACHINE_RANGES || size > UINT64_MAX - from)
		return;
	m->ram[m->nram++] = (struct machine_range){ from, size };
	if (from + size > m->ram_end)
		m->ram_end = from + size;
}

/** The value of "name=value" in the command line: its length, *value not
 * terminated; -1: it is not there. A word alone has length 0. */
int machine_option(
    const struct machine *m, const char *name, const char **value);

/** The same as a number; otherwise = fallback. */
uint64_t machine_number(
    const struct machine *m, const char *name, uint64_t otherwise);

#endif
