/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a loader for Multiboot2, such as GRUB, says of the machine.
 *
 * Trust: the loader is believed; but what does not end within its bounds is refused.
 */
#ifndef EXO_BARE_MULTIBOOT_H
#define EXO_BARE_MULTIBOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/bare/machine.h"

/** In eax, when such a loader starts the kernel [Multiboot2 Specification 2.0, 3.3]. */
#define MULTIBOOT_LOADER 0x36d76289u

/** Add memory, the command line and the first module to what is known of the machine.
 * info: its information, size bytes, at 8 bytes' alignment [the same, 3.6]. False: it is
 * damaged, or says nothing of RAM. */
bool multiboot_read(struct machine *m, const void *info, uint32_t size);

#endif
