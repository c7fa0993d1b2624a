/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executable memory of the Linux process: plat_code_install() and _remove().
 *
 * Overview: code lies in chunks, each a piece of anonymous shared memory
 * (memfd) that is mapped once, to be read and executed. Nothing maps it to be
 * written: finished bytes go in by pwrite(2). So there is no moment at which
 * a page is writable and executable, and no address at which anybody, we
 * included, could change code. A page that nobody may touch lies before and
 * behind each chunk, and what was never used of it is such a page or INT3; what
 * was freed is INT3.
 *
 * A child of fork(2) has copies: what it installs and removes, and what its
 * parent does, nobody else sees.
 *
 * Where the system refuses memfd's or to execute them, a code gets pages of
 * its own, which are written first and then made executable and read-only.
 *
 * Synchronization: any thread, any time.
 */
#ifndef EXO_HOSTED_CODE_MEM_H
#define EXO_HOSTED_CODE_MEM_H

#include <stdbool.h>
#include <stddef.h>

/** plat_code_install() and plat_code_remove() of exo/plat/plat.h. */
const void *code_mem_install(const void *code, size_t size);
void code_mem_remove(const void *code, size_t size);

/** Does installed code lie in a memfd, and not in pages of its own? */
bool code_mem_is_shared(const void *code);

/** For tests: never use memfd's from now on, or do again. */
void code_mem_no_memfd(bool never);

#endif
