/* SPDX-License-Identifier: BSD-2-Clause */
/* What registers hold behind a call: what they held before, or ring 3's own rip and
 * flags; and a call in single steps. */
#include "tests/bare/check.h"

#include "exo/abi/err.h"

#define TF ((uint64_t)1 << 8)

static uint8_t stack[16384];
static struct exo_call_null args;
static volatile uint64_t steps;

/* In: rax, rdi, rsi. Out: all of them, in the order of struct regs. */
struct regs {
	uint64_t rax, rcx, rdx, rbx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15, flags;
};
void sysret_call(struct regs *r);
extern const uint8_t sysret_behind[];

/* Others begin as their number, by 257. */
__asm__(
    ".globl sysret_call, sysret_behind\n"
    "sysret_call:\n"
    "	pushq %rbx; pushq %rbp; pushq %r12; pushq %r13; pushq %r14; pushq "
    "%r15\n"
    "	pushq %rdi\n"
    "	movq (%rdi), %rax; movq 32(%rdi), %rsi; movq 40(%rdi), %rdi\n"
    "	movq $514, %rdx; movq $771, %rbx; movq $1542, %rbp\n"
    "	movq $2056, %r8; movq $2313, %r9; movq $2570, %r10\n"
    "	movq $3084, %r12; movq $3341, %r13; movq $3598, %r14\n"
    "	movq $3855, %r15\n"
    "	stc\n"
    "	syscall\n"
    "sysret_behind:\n"
    "	xchgq %rdi, (%rsp)\n"
    "	movq %rax, (%rdi); movq %rcx, 8(%rdi); movq %rdx, 16(%rdi)\n"
    "	movq %rbx, 24(%rdi); movq %rsi, 32(%rdi); movq %rbp, 48(%rdi)\n"
    "	movq %rsp, 56(%rdi); movq %r8, 64(%rdi); movq %r9, 72(%rdi)\n"
    "	movq %r10, 80(%rdi); movq %r11, 88(%rdi); movq %r12, 96(%rdi)\n"
    "	movq %r13, 104(%rdi); movq %r14, 112(%rdi); movq %r15, 120(%rdi)\n"
    "	pushfq\n"
    "	popq 128(%rdi)\n"
    "	popq 40(%rdi)\n"
    "	popq %r15; popq %r14; popq %r13; popq %r12; popq %rbp; popq %rbx\n"
    "	ret\n");

/* One call, and what it says. */
static int64_t call(uint64_t nr, uint64_t at, uint64_t size)
{
	struct regs r = { .rax = nr, .rdi = at, .rsi = size };

	sysret_call(&r);
	CHECK(r.rdx == 514 && r.rbx == 771 && r.rbp == 1542);
	CHECK(r.r8 == 2056 && r.r9 == 2313 && r.r10 == 2570);
	CHECK(r.r12 == 3084 && r.r13 == 3341 && r.r14 == 3598);
	CHECK(r.r15 == 3855 && r.rdi == at && r.rsi == size);
	CHECK(r.rcx == (uintptr_t)sysret_behind || r.rcx == 0);
	CHECK((r.flags & 1) == 1 && (r.flags & 0x200) == 0x200);
	CHECK(r.r11 == r.flags || r.r11 == 0);
	return (int64_t)r.rax;
}

/* The step is over when the call is: the handler lets it go on. */
void lnet_on_exception(struct exo_frame *f)
{
	CHECK(f->vector == 1);
	steps++;
	f->rflags &= ~TF;
}

static int64_t stepped(uint64_t nr, uint64_t at, uint64_t size)
{
	int64_t ret;

	steps = 0;
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq\n"
	                 "syscall\n"
	                 "nop\n"
	                 : "=a"(ret)
	                 : "a"(nr), "D"(at), "S"(size)
	                 : "rcx", "r11", "memory", "cc");
	CHECK(steps == 1);
	return ret;
}

int lnet_main(struct exo_pe *pe)
{
	uint64_t at = (uintptr_t)&args, size = sizeof(args);

	CHECK(call(EXO_CALL_NULL_NR, 0, 0) == 0);
	CHECK(call(EXO_CALL_NULL_NR, at, size) == 0);
	CHECK(call(EXO_CALL_NULL_NR, at, 0) == -EXO_EINVAL);
	CHECK(call(EXO_CALL_NULL_NR, 0, size) == -EXO_EINVAL);
	CHECK(call((uint64_t)1 << 32, 0, 0) == -EXO_ENOSYS);
	CHECK(call(EXO_CALL_YIELD_NR, at, size) == 0);
	args.zero = 1;
	CHECK(call(EXO_CALL_NULL_NR, at, size) == -EXO_EINVAL);
	args.zero = 0;
	lnet_upcalls(pe, stack, sizeof(stack));
	CHECK(stepped(EXO_CALL_NULL_NR, 0, 0) == 0);
	CHECK(stepped(EXO_CALL_NULL_NR, at, size) == 0);
	CHECK(stepped(EXO_CALL_YIELD_NR, at, size) == 0);
	return 0;
}
