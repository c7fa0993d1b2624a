/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's disk: the first there is, and its extents (exo/core/extent.h).
 *
 * A request holds the kernel for as long as the device takes, at most for
 * VBLK_DEADLINE; see vblk.h.
 */
#ifndef EXO_BARE_DISK_H
#define EXO_BARE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/cap.h"
#include "exo/abi/phys.h"

struct machine;

/** Start it, if there is one, without extents. */
void disk_start(const struct machine *m);

/** Make an extent, and a key of it to read and to write, to read if the disk is
 * read-only: exo_extent_mint(). Without a disk there are no blocks. */
int disk_mint(uint32_t first, uint32_t n, bool shared, struct exo_key *out);

/** End the extent that keys with this epoch are of; 0 is none. */
void disk_end(uint64_t epoch);

/** Whether a key is of the disk, with these rights: 0, or what is wrong with it. */
int disk_check(const struct exo_key *u_key, uint32_t rights);

/** Make a lesser key, the call LESSEN: as exo_extent_lessen(). */
int disk_lessen(struct exo_call_lessen *a);

/** Read a block of a key's into a page, or write it from there: as exo_extent_check(),
 * then as vblk_page(). */
int disk_page(
    const struct exo_key *u_key, uint32_t block, void *page, bool write);

/** Have all that was written outlast the machine. */
void disk_flush(void);

#endif
