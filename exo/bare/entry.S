/* SPDX-License-Identifier: BSD-2-Clause */
/* Ways into the kernel: one for each vector, all to trap_enter(). */
	.text
	.code64

/* Those with an error code of the processor's: 8, 10 to 14, 17, 21, 29, 30. */
	.macro stub n
	.balign 16
	.if (\n == 8) || ((\n >= 10) && (\n <= 14)) || (\n == 17) || (\n == 21) || (\n == 29) || (\n == 30)
	.else
	pushq $0
	.endif
	pushq $\n
	jmp trap_common
	.endm

	.balign 16
	.globl trap_stubs
trap_stubs:
	.altmacro
	.set n, 0
	.rept 256
	stub %n
	.set n, n + 1
	.endr
	.noaltmacro

trap_common:
	cld
	pushq %rax
	pushq %rcx
	pushq %rdx
	pushq %rbx
	pushq %rbp
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, %rdi
	movq %rsp, %rbp
	andq $-16, %rsp
	call trap_enter
	movq %rbp, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rbp
	popq %rbx
	popq %rdx
	popq %rcx
	popq %rax
	addq $16, %rsp		/* vector, error */
	iretq

/* void trap_go(uint64_t stack, void (*go)(void)) */
	.globl trap_go
trap_go:
	movq %rdi, %rsp
	xorl %ebp, %ebp
	pushq $0
	pushq $0
	call *%rsi
	ud2

/* uint64_t trap_try(void (*fn)(uint64_t), uint64_t arg, uint64_t *resume): calls fn
 * and returns 0; the trap that it makes comes back by trap_back, to return 1. */
	.globl trap_try, trap_back
trap_try:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	subq $8, %rsp
	movq %rsp, (%rdx)
	movq %rdi, %rax
	movq %rsi, %rdi
	call *%rax
	xorl %eax, %eax
	jmp 1f
trap_back:			/* rsp is what was kept */
	movl $1, %eax
1:	addq $8, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret
	.section .note.GNU-stack, "", @progbits
