/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page frames: all physical memory, handed out in runs of 2^order frames.
 *
 * A buddy allocator [K. C. Knowlton, "A fast storage allocator", CACM 8(10),
 * 1965]. Free runs are linked through themselves, by way of the direct map; one
 * byte a frame tells what begins there.
 */
#ifndef EXO_BARE_FRAMES_H
#define EXO_BARE_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/bare/machine.h"

#define FRAME_SIZE  4096u
#define FRAME_ORDER 18u /* the largest run: 1 GiB */

/** Take over the RAM of the machine but what is in use: the kernel, the initrd,
 * what the loader left below 1 MiB. The direct map is there. */
void frames_init(const struct machine *m);

/** Where the frames that are needed before frames_init() come from: memory that
 * nobody uses, zeroed; a physical address. */
uint64_t frames_early(const struct machine *m, uint64_t n);

/** A run of 2^order frames, aligned to its size, contents undefined; its physical
 * address, or 0. */
uint64_t frames_get(unsigned order);

/** One frame, this one. false: it is in use, or none. */
bool frames_take(uint64_t at);

/** Take back what frames_get() gave. */
void frames_put(uint64_t at, unsigned order);

/** The smallest order that has room for so many bytes; FRAME_ORDER + 1, of which there
 * is no run: none has. */
unsigned frames_order(uint64_t size);

/** Frames that are free, and all there are. */
uint64_t frames_free(void);
uint64_t frames_all(void);

#endif
