/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bindings from ring 3.
 */
#ifndef LNET_BIND_H
#define LNET_BIND_H

#include <stdint.h>

#include "exo/abi/cap.h"

/** Send a packet; when there is no room, give up the turn and try again, for a while.
 * What the kernel said last. */
int lnet_send_patient(
    const struct exo_key *key, const uint8_t *frame, uint32_t n);

/** Get all packets of a key's region, whole, and for nobody else. Returns 0 or a negated
 * EXO_E*; *name is the binding's. */
int lnet_bind_all(const struct exo_key *key, uint64_t *name);

/** The same with a handler, which may answer packets in the kernel by the other key
 * (EXO_BIND_ASH); image is that of an XDP program. */
int lnet_bind_ash(const struct exo_key *key, const struct exo_key *send,
    const void *image, uint32_t size, uint64_t *name);

#endif
