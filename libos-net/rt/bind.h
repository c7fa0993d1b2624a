/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bindings from ring 3.
 */
#ifndef LNET_BIND_H
#define LNET_BIND_H

#include <stdint.h>

#include "exo/abi/cap.h"

/** Get all packets of a key's region, whole, and for nobody else. Returns 0 or a negated
 * EXO_E*; *name is the binding's. */
int lnet_bind_all(const struct exo_key *key, uint64_t *name);

#endif
