/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest network libOS: it reads the records of its ring, in order.
 *
 * Freestanding; knows exo/abi only. The ring is memory shared with the
 * kernel, which the libOS has no reason to distrust, but a record that does
 * not fit is reported rather than followed.
 */
#ifndef LNET_TAP_H
#define LNET_TAP_H

#include <stdint.h>

#include "exo/abi/ring.h"

struct lnet_tap {
	struct exo_ring *ring;
	uint64_t tail; /* bytes consumed */
};

/** Called once a record; data is rec->len bytes, valid during the call. */
typedef void lnet_tap_fn(
    void *user, const struct exo_rec *rec, const uint8_t *data);

/** Start reading a ring that the kernel has initialised. */
void lnet_tap_init(struct lnet_tap *tap, struct exo_ring *ring);

/**
 * Hand every record now in the ring to fn and give the room back.
 * Returns the number of records, or -EXO_EINVAL at a malformed one, which
 * stops the tap where it is.
 */
int64_t lnet_tap_poll(struct lnet_tap *tap, lnet_tap_fn *fn, void *user);

#endif
