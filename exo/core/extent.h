/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extents: runs of blocks of the disk, and the keys that name them.
 *
 * Overview: a key (struct exo_key, res EXO_RES_DISK) says which blocks it is about:
 * `region` is the first of them, `slot` their number. The table has a row for each
 * extent that was minted; `epoch` is the row and its generation, which every key of
 * the extent carries, also one that was lessened; it is never 0. exo_extent_end() moves the
 * generation on, and so ends all of them at once, whatever their number.
 *
 * Minting is the platform's own authority: who is started with which blocks. Two
 * extents have blocks in common only if both were minted as shared.
 *
 * Trust: a key is any bytes. Its MAC is compared first, in constant time, and nothing
 * else of it is looked at before; callers copy it once and hand over the copy.
 *
 * Synchronization: one thread at a time.
 */
#ifndef EXO_CORE_EXTENT_H
#define EXO_CORE_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/cap.h"
#include "exo/lib/siphash.h"

#define EXO_EXTENTS  64u
#define EXO_DISK_ALL (EXO_DISK_READ | EXO_DISK_WRITE)

struct exo_extent {
	uint32_t first, n; /* blocks; n 0: the row is free */
	uint32_t
	    generation; /* of its keys, from 1 on; UINT32_MAX: it is never used again */
	bool shared;
};

struct exo_extents {
	struct exo_sipkey secret;
	uint32_t blocks; /* of the disk */
	struct exo_extent row[EXO_EXTENTS];
};

/** Begin with none, on a disk of so many blocks. The secret is drawn at boot. */
void exo_extents_init(
    struct exo_extents *t, const struct exo_sipkey *secret, uint32_t blocks);

/** Make an extent of blocks [first, first + n), and a key of it. 0; -EXO_EINVAL: they
 * are none or not all on the disk, or there are no such rights; -EXO_ECONFLICT: another
 * extent has some of them; -EXO_ELIMIT: there are too many. */
int exo_extent_mint(struct exo_extents *t, uint32_t first, uint32_t n,
    uint32_t rights, bool shared, struct exo_key *out);

/** Whether a key carries these rights for a block, counted from the key's first.
 * 0 with the disk's number of it; -EXO_EBADKEY; -EXO_ESTALE; -EXO_EPERM;
 * -EXO_EOUTSIDE: the key has no such block. */
int exo_extent_check(const struct exo_extents *t, const struct exo_key *u_key,
    uint32_t rights, uint32_t block, uint32_t *out);

/** Make a key of n blocks of a key's, from `first` on as it counts them, with some of
 * its rights; out may be u_key. As exo_extent_check(); -EXO_EINVAL: no blocks, or no
 * rights. */
int exo_extent_lessen(const struct exo_extents *t, const struct exo_key *u_key,
    uint32_t rights, uint32_t first, uint32_t n, struct exo_key *out);

/** End the extent that keys with this epoch are of, and all these keys; once it is over
 * this does nothing. */
void exo_extent_end(struct exo_extents *t, uint64_t epoch);

#endif
