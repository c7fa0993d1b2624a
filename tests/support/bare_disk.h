/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk of memory behind exo/bare/disk.h, for tests of environments on a machine in a
 * process (bare.h). There is none until it is begun: no key is good then.
 */
#ifndef TESTS_SUPPORT_BARE_DISK_H
#define TESTS_SUPPORT_BARE_DISK_H

#include <stdint.h>

#include "exo/abi/cap.h"

#define BARE_BLOCKS 8u

/** Begin anew, with a key of all blocks, which are zeroes. */
void bare_disk_new(struct exo_key *out);

/** A block of the disk: what it holds. */
const uint8_t *bare_disk_block(uint32_t block);

#endif
