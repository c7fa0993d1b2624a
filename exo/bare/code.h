/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine code of filters, in frames that nobody can write any more.
 *
 * A frame leaves the direct map, is filled by the scratch window, which is not
 * executable, leaves that, and then is mapped to be executed. So there is no time
 * and no address at which it is both.
 */
#ifndef EXO_BARE_CODE_H
#define EXO_BARE_CODE_H

#include <stddef.h>
#include <stdint.h>

/** See plat_code_install() and plat_code_remove(). */
const void *code_install(const void *code, size_t size);
void code_remove(const void *code, size_t size);

/** Pages that are in use. */
uint64_t code_pages(void);

#endif
