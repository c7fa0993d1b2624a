/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that the loader brought: a cpio archive in the "newc" format
 * [Linux, Documentation/driver-api/early-userspace/buffer-format.rst]. Any bytes.
 */
#ifndef EXO_BARE_CPIO_H
#define EXO_BARE_CPIO_H

#include <stdbool.h>
#include <stdint.h>

struct cpio_file {
	const char *name; /* name_len bytes, without the NUL */
	uint32_t name_len;
	const uint8_t *data; /* size bytes */
	uint32_t size;
};

/** The file at *at, which is 0 first, and *at behind it. False: that was all, or what
 * comes is none. */
bool cpio_next(
    const uint8_t *archive, uint64_t size, uint64_t *at, struct cpio_file *out);

/** The first file with a name of n bytes. */
bool cpio_find(const uint8_t *archive, uint64_t size, const char *name,
    uint32_t n, struct cpio_file *out);

#endif
