/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables [Intel SDM, volume 3A, chapter 4], and where things lie.
 *
 *	0                   .. 0x00007fffffffffff  an environment's
 *	DIRECT              .. + 64 TiB            all RAM, writable, never executable
 *	KERNEL              .. + 1 GiB             the kernel as it was linked
 *	CODE                .. + 512 MiB           compiled filters, executable
 *	STACKS              .. + 256 MiB           stacks, between pages that are not there
 *	SCRATCH             .. + 2 MiB             where code is written before it is code
 *
 * Invariant: what can be executed cannot be written, by any of these addresses. The
 * kernel's own text and constants are read-only in the direct map as well, and the
 * frames of compiled code are not in it.
 */
#ifndef EXO_BARE_PAGING_H
#define EXO_BARE_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/bare/machine.h"

#ifndef DIRECT /* tests have their RAM where a process may have it */
#define DIRECT 0xffff800000000000u
#define KERNEL 0xffffffff80000000u
#endif
#define CODE    0xffffffffc0000000u
#define STACKS  0xffffffffe0000000u
#define SCRATCH 0xfffffffff0000000u

#define CODE_SIZE 0x20000000u
#define USER_END  0x0000800000000000u

/** Bits of an entry. */
#define PT_PRESENT  ((uint64_t)1 << 0)
#define PT_WRITE    ((uint64_t)1 << 1)
#define PT_USER     ((uint64_t)1 << 2)
#define PT_UNCACHED ((uint64_t)1 << 4)
#define PT_LARGE    ((uint64_t)1 << 7)
#define PT_GLOBAL   ((uint64_t)1 << 8)
#define PT_NX       ((uint64_t)1 << 63)
#define PT_FRAME    0x000ffffffffff000u

extern const uint8_t kernel_text[], kernel_rodata[], kernel_data[],
    kernel_end[];

/** RAM, or a device's registers, at a physical address. */
static inline void *paging_direct(uint64_t at)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (void *)(uintptr_t)(DIRECT + at);
}

/** The physical address of what the direct map shows. */
static inline uint64_t paging_phys(const void *p)
{
	return (uintptr_t)p - DIRECT;
}

/** The same of what was linked. */
static inline uint64_t paging_phys_of_kernel(uintptr_t va)
{
	return va - KERNEL;
}

/** RAM below 1 GiB, also before there is a direct map. */
void *paging_early(uint64_t at);

/** Make the kernel's tables and go over to them; frames_early() has frames. */
void paging_init(const struct machine *m);

/** The kernel's tables. */
uint64_t paging_root(void);

/** How many they are. */
uint64_t paging_tables(void);

/** Tables that show the kernel, and nothing below USER_END; 0: no frame. */
uint64_t paging_new(void);

/** Give back such tables, all levels of them, and no frame that they map. */
void paging_free(uint64_t root);

/** A table without entries: its physical address, or 0. */
uint64_t paging_table(void *unused);

/** Where the entry of an address is at a level (1: of its page; 4: in the root). NULL:
 * a table is not there, and make, which may be NULL, gave 0. */
uint64_t *paging_place(uint64_t root, uint64_t va, unsigned level,
    uint64_t (*make)(void *arg), void *arg);

/** Where the entry of a page of an environment's is, behind USER_END none; NULL: a table is
 * not there. What is large has none. */
uint64_t *paging_leaf(uint64_t root, uint64_t va);

/** Map a page of 4 KiB. false: no frame for a table. */
bool paging_map(uint64_t root, uint64_t va, uint64_t at, uint64_t bits);

/** Take a page out; its physical address, or 0. */
uint64_t paging_unmap(uint64_t root, uint64_t va);

/** The entry of a page, large or not; 0: there is none. */
uint64_t paging_entry(uint64_t root, uint64_t va);

/** Take a frame out of the direct map, put it back. */
void paging_hide(uint64_t at);
void paging_show(uint64_t at);

/** Map a device's registers, uncached, in the direct map. */
void paging_device(uint64_t at, uint64_t size);

#endif
