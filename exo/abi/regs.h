/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order in which registers lie in memory, for C and for assembler: in what a
 * handler finds (struct exo_frame), and in what the kernel keeps.
 */
#ifndef EXO_ABI_REGS_H
#define EXO_ABI_REGS_H

/* From low addresses to high ones: what is pushed first stands last. */
#define EXO_X64_REGS \
	r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
#define EXO_X64_REGS_SIZE 120 /* bytes */

/* Places in struct exo_frame: pe.h holds it to them. */
#define EXO_FRAME_REGS   32
#define EXO_FRAME_RFLAGS (EXO_FRAME_REGS + EXO_X64_REGS_SIZE)
#define EXO_FRAME_RSP    (EXO_FRAME_RFLAGS + 8)
#define EXO_FRAME_RIP    (EXO_FRAME_RFLAGS + 16)

#endif
