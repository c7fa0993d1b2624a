/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RAM of a bare machine in a process, for tests of exo/bare.
 *
 * The sources under test are compiled with this before them, so that the direct map is
 * where ram_new() maps memory. Around it is none: who goes astray faults.
 */
#ifndef TESTS_SUPPORT_RAM_H
#define TESTS_SUPPORT_RAM_H

#include <stdint.h>

#define RAM_AT     0x200000000000u
#define RAM_KERNEL 0x300000u /* where the kernel ends, by physical addresses */

#define DIRECT RAM_AT
#ifndef KERNEL /* of paging.c, whose first tables are RAM: see RAM_ROOT */
#define KERNEL ((uintptr_t)kernel_end - RAM_KERNEL)
#endif

/** paging.c takes this frame, which nobody is given, for the kernel's tables. */
#define RAM_ROOT 0u

extern const uint8_t kernel_end[];

/** RAM from physical address 0 on, without a page that was touched. */
void ram_new(uint64_t size);
void ram_free(uint64_t size);

/** Pages of it that were touched. */
uint64_t ram_touched(uint64_t size);

#endif
