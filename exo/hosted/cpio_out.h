/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes an archive of files in memory: cpio in the "newc" format, as a kernel that boots
 * reads it [Linux, Documentation/driver-api/early-userspace/buffer-format.rst].
 */
#ifndef EXO_HOSTED_CPIO_OUT_H
#define EXO_HOSTED_CPIO_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed to begin with; freed by cpio_out_free(). */
struct cpio_out {
	uint8_t *bytes;
	size_t n, room;
	uint32_t files;
	bool lost; /* there was no memory, or a size that no number holds */
};

/** Append a file. What went wrong is remembered: cpio_out_end() tells. */
void cpio_out_add(
    struct cpio_out *a, const char *name, const void *data, size_t n);

/** Append the end. False: something was lost, and this is no archive. */
bool cpio_out_end(struct cpio_out *a);

void cpio_out_free(struct cpio_out *a);

#endif
