/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls from one environment to another, in registers: see pct.h. */
#include "libos-net/rt/pct.h"

	.set PCT, 32		/* exo/abi/machine.inc */
	.set PCT_RETURN, 33
	.set ACCEPT, 34
	.set BYTES, 8 * LNET_PCT_WORDS

/* The words of a message, in order. */
#define WORDS rdx, rbx, rbp, r8, r9, r10, r12, r13, r14, r15

	.macro words insn, base
	.set at, 0
	.irp reg, WORDS
	.ifc \insn, load
	movq at(%\base), %\reg
	.else
	movq %\reg, at(%\base)
	.endif
	.set at, at + 8
	.endr
	.endm

	.text
/* int64_t lnet_pct(uint64_t name, uint64_t how, uint64_t *message): when the kernel
 * refuses, the words are what they were. */
	.globl lnet_pct
lnet_pct:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	pushq %rdx
	movq %rdx, %rax
	words load, rax
	movl $PCT, %eax
	syscall
	popq %rsi
	words store, rsi
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret

/* A call begins with rsp as pe->call_stack, a multiple of 16. */
	.macro enter handler
	subq $BYTES + 16, %rsp
	movq %rdi, BYTES(%rsp)
	words store, rsp
	movq %rsp, %rsi
	call \handler
	.endm

/* Behind PCT_RETURN it accepts again. Where the kernel comes back, something else came,
 * or nobody waits any more for this answer: it accepts, too. */
	.globl lnet_enter_call, lnet_enter_send, lnet_pct_accept
lnet_enter_call:
	enter lnet_on_call
	movq BYTES(%rsp), %rdi
	words load, rsp
	addq $BYTES + 16, %rsp
	movl $PCT_RETURN, %eax
	syscall
lnet_pct_accept:
	movl $ACCEPT, %eax
	syscall
	jmp lnet_pct_accept

lnet_enter_send:
	enter lnet_on_send
	addq $BYTES + 16, %rsp
	jmp lnet_pct_accept

	.section .note.GNU-stack, "", @progbits
