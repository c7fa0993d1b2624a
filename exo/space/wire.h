/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions as bytes that cross the kernel line (exo/abi/region.h).
 */
#ifndef EXO_SPACE_WIRE_H
#define EXO_SPACE_WIRE_H

#include "exo/space/region.h"

/** Bytes of a region; 0: it has more cubes or atoms than may cross. */
uint32_t sp_wire_size(struct sp_region r);

/** Write it into sp_wire_size() bytes, aligned to 8. */
void sp_wire_write(struct sp_region r, void *out);

/**
 * Read a region from size untrusted bytes, aligned to 8, which must not change
 * meanwhile. Cubes where nobody is are left out.
 * Returns 0; -EXO_EINVAL when they are no region; -EXO_ENOMEM; -EXO_EBUDGET.
 */
int sp_wire_read(struct sp_work *w, const void *u_bytes, uint32_t size,
    struct sp_region *out);

#endif
