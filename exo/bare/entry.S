/* SPDX-License-Identifier: BSD-2-Clause */
/* Ways into the kernel: one for each vector, all to trap_enter(). */
#include "exo/bare/cpu.h"
#include "exo/bare/regs.h"

	.text
	.code64

/* AT_rax is where rax is among the registers. */
	.set at, 0
	.irp reg, EXO_X64_REGS
	.set AT_\reg, at
	.set at, at + 8
	.endr
	.if at != EXO_X64_REGS_SIZE
	.error "EXO_X64_REGS has another size"
	.endif

/* The last first: in memory they are in order. */
	.macro push_regs first, others:vararg
	.ifnb \others
	push_regs \others
	.endif
	pushq %\first
	.endm

	.macro pop_regs all:vararg
	.irp reg, \all
	popq %\reg
	.endr
	.endm

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
	push_regs EXO_X64_REGS
	pushq $2		/* no AC, which would let the kernel into user pages, no DF */
	popfq
	movq %rsp, %rdi
	movq %rsp, %rbp
	andq $-16, %rsp
	call trap_enter
	movq %rbp, %rsp
	pop_regs EXO_X64_REGS
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

/* void fiber_switch(uint64_t *from, uint64_t to): what C keeps goes onto this stack, whose
 * place goes to *from; then the same the other way, from the stack at `to`. */
	.globl fiber_switch
fiber_switch:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret

/*
 * SYSCALL. The call that does nothing, without a structure, is answered at once, on no
 * stack at all: rax, rdi and rsi are 0. SYSRET to an address that is not canonical would
 * fault in ring 0: what is behind the last page goes the way of the others. SYSRET takes
 * rip and rflags from rcx and r11, where SYSCALL put ring 3's.
 *
 * Of others the registers go into the environment that runs, which begins with them;
 * the kernel's stack is as good as empty. syscall_enter() does not return.
 */
	.globl syscall_entry
syscall_entry:
	testq %rax, %rax
	jnz 1f
	orq %rdi, %rax
	orq %rsi, %rax
	jnz 2f
	btq $47, %rcx
	jc 1f
	sysretq
2:	xorl %eax, %eax
1:	movq %rsp, cpus + CPU_USER_RSP(%rip)
	movq cpus + CPU_CURRENT(%rip), %rsp
	addq $EXO_X64_REGS_SIZE, %rsp
	push_regs EXO_X64_REGS
	movq %rcx, USER_RIP(%rsp)
	movq %r11, USER_RFLAGS(%rsp)
	movq cpus + CPU_USER_RSP(%rip), %rcx
	movq %rcx, USER_RSP(%rsp)
	movq cpus + CPU_STACK(%rip), %rsp
	xorl %ebp, %ebp
	cld
	call syscall_enter
	ud2

/* The message of pct.h. */
	.macro take_message from
	.irp reg, r15, r14, r13, r12, r10, r9, r8, rbp, rbx, rdx
	movq AT_\reg(%\from), %\reg
	.endr
	.endm

/* void env_enter(const struct user_regs *): go on in ring 3. */
	.globl env_enter
env_enter:
	movq cpus + CPU_STACK(%rip), %rsp
	pushq $USER_DATA
	pushq USER_RSP(%rdi)
	pushq USER_RFLAGS(%rdi)
	pushq $USER_CODE
	pushq USER_RIP(%rdi)
	take_message rdi
	.irp reg, rax, rcx, rsi, r11
	movq AT_\reg(%rdi), %\reg
	.endr
	movq AT_rdi(%rdi), %rdi
	iretq

/* void env_return(const struct user_regs *, const struct user_regs *message): the same
 * behind SYSCALL, which left nothing in rcx and r11; the message is the second one's. rip
 * is canonical. */
	.globl env_return
env_return:
	take_message rsi
	movq AT_rax(%rdi), %rax
	movq AT_rsi(%rdi), %rsi
	movq USER_RIP(%rdi), %rcx
	movq USER_RFLAGS(%rdi), %r11
	movq USER_RSP(%rdi), %rsp
	movq AT_rdi(%rdi), %rdi
	sysretq

	.section .note.GNU-stack, "", @progbits
