/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way in from ring 3: SYSCALL with the number in rax, the address of its argument
 * structure in rdi, and the size of that in rsi; the result is in rax, rcx and r11
 * are lost (exo/abi/call.inc).
 */
#ifndef EXO_BARE_CALL_H
#define EXO_BARE_CALL_H

#include <stdbool.h>

struct plat_env;

/** Let SYSCALL lead to the kernel. */
void call_init(void);

/** A core's exo_core_config.pause. */
bool call_pause(void *arg, struct plat_env *e);

#endif
