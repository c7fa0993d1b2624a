/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way in from ring 3: SYSCALL with the number in rax, the address of its argument
 * structure in rdi, and the size of that in rsi; the result is in rax, rcx and r11
 * are lost (exo/abi/call.inc).
 */
#ifndef EXO_BARE_CALL_H
#define EXO_BARE_CALL_H

/** Let SYSCALL lead to the kernel. */
void call_init(void);

#endif
