/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that read objects share. */
#ifndef FLT_ELF_INT_H
#define FLT_ELF_INT_H

#include "filters/elf.h"

/** flt_elf_read() in this process, which libbpf may not survive. On failure *out
 * is empty. */
int flt_elf_read_here(
    const void *bytes, size_t size, struct flt_elf *out, struct flt_error *err);

#endif
