/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where an environment begins, and where its upcalls come in.
 *
 * The kernel goes on here with the address of the shared page in rdi and a stack that
 * ends at a multiple of 16.
 */
#include "exo/abi/regs.h"

	.text
	.globl _start
_start:
	xorl %ebp, %ebp
	call lnet_main
	movl %eax, %edi
	call lnet_exit
	ud2

/*
 * Upcalls: rdi and rsp are the struct exo_frame (exo/abi/pe.h). The handler is called
 * with it, and what it leaves there is gone on with; no call of the kernel is needed.
 * RET takes the address from behind the red zone of the stack that was interrupted, and
 * gives back both. (IRETQ would do, too, but QEMU 7.2 reads its stack as ring 0 would,
 * which SMAP forbids.)
 */
	.set RED_ZONE, 128
	.macro upcall name, handler
	.globl \name
\name:
	cld
	movq %rdi, %rbx
	andq $-16, %rsp
	call \handler
	movq EXO_FRAME_RSP(%rbx), %rcx
	movq EXO_FRAME_RIP(%rbx), %rdx
	subq $RED_ZONE + 8, %rcx
	movq %rdx, (%rcx)
	movq %rcx, EXO_FRAME_RSP(%rbx)
	leaq EXO_FRAME_REGS(%rbx), %rsp
	.irp reg, EXO_X64_REGS
	popq %\reg
	.endr
	popfq
	popq %rsp
	ret $RED_ZONE
	.endm

	upcall lnet_enter_fault, lnet_on_fault
	upcall lnet_enter_exception, lnet_on_exception
	upcall lnet_enter_packet, lnet_on_packet
	upcall lnet_enter_end, lnet_on_end
	upcall lnet_enter_revoke, lnet_on_revoke
	.section .note.GNU-stack, "", @progbits
