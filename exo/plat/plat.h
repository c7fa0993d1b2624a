/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port contract: all that the core asks of the machine under it.
 *
 * A binary links one platform: exo/hosted/plat_hosted.c (a Linux process),
 * tests/support/plat_test.c (failures on demand), and the bare machine.
 * plat_panic() is declared in exo/lib/bug.h and mem* in exo/lib/mem.h; both
 * are part of the contract.
 */
#ifndef EXO_PLAT_PLAT_H
#define EXO_PLAT_PLAT_H

#include <stddef.h>
#include <stdint.h>

/** An environment as the platform knows it: its address space, its wake-up.
 * Opaque to the core, which passes it back in the calls below. */
struct plat_env;

/** Return size bytes aligned to 64, contents undefined, or NULL. */
void *plat_alloc(size_t size);

/** Take back what plat_alloc() returned, with the same size. */
void plat_free(void *p, size_t size);

/**
 * Make finished machine code executable: return where a copy of it lies, at a
 * multiple of 16, or NULL. It is position-independent. What is executable is
 * never writable, at no address and at no time; the platform brings the bytes
 * there before they can be executed.
 */
const void *plat_code_install(const void *code, size_t size);

/** Take back what plat_code_install() returned, with the same size. Nobody
 * runs it any more, and nobody ever can. */
void plat_code_remove(const void *code, size_t size);

/** Return nanoseconds on a clock that never goes back. */
uint64_t plat_clock_ns(void);

/** Fill p with n unpredictable bytes; 0, or -EXO_ENOENTROPY. */
int plat_random(void *p, size_t n);

/**
 * Copy n bytes from address `from` of an environment's space.
 * Returns 0, or -EXO_EINVAL when any byte is not the environment's to read;
 * then `to` may hold a part. Never faults.
 */
int plat_copy_in(struct plat_env *env, void *to, uint64_t from, size_t n);

/** The same the other way; the bytes must be the environment's to write. Of 4,096 bytes
 * and fewer nothing is written when it fails. */
int plat_copy_out(
    struct plat_env *env, uint64_t to, const void *from, size_t n);

/**
 * Tell an environment that its ring has records.
 * A platform may run the environment's packet upcall before it returns (the
 * hosted one does), so the ring may have been emptied afterwards; it must not
 * call back into the core.
 */
void plat_notify(struct plat_env *env);

/** Show an environment a line that one of its programs printed: n bytes and a NUL,
 * printable but for newlines and tabs. It must not call back into the core. */
void plat_print(struct plat_env *env, const char *line, uint32_t n);

#endif
