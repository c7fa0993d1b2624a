/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions come as upcalls, in each other too, and the handler goes on by itself. */
#include "tests/bare/check.h"

static uint8_t stack[16384];
static volatile int faults, exceptions, nested;
static volatile uint64_t about;
static struct exo_pe *page;

/* The load that faulted has 2 bytes: go on behind it, with another value. */
void lnet_on_fault(struct exo_frame *f)
{
	faults++;
	about = f->address;
	if (f->rbx == 77 && nested == 0) {
		nested = 1;
		__asm__ volatile("xorl %%ebx, %%ebx; movb (%%rcx), %%al"
		                 :
		                 : "c"((uint64_t)0x222000)
		                 : "rax", "rbx");
	}
	f->rip += 2;
	f->rax = 42;
}

void lnet_on_exception(struct exo_frame *f)
{
	exceptions++;
	CHECK(f->vector == 6);
	f->rip += 2; /* ud2 */
}

/* movb (%rcx), %al: two bytes. */
static uint64_t load(uint64_t at, uint64_t rbx)
{
	uint64_t v = 0;

	__asm__ volatile("movb (%%rcx), %%al" : "+a"(v), "+b"(rbx) : "c"(at));
	return v;
}

/* Every register that a handler could spoil. */
static void registers_stay(void)
{
	uint64_t bad;

	__asm__ volatile("movq $1, %%r8; movq $2, %%r9; movq $3, %%r10\n"
	                 "movq $4, %%r11; movq $5, %%r12; movq $6, %%r13\n"
	                 "movq $7, %%r14; movq $8, %%r15; movq $9, %%rsi\n"
	                 "movq $10, %%rdi; movq $11, %%rdx\n"
	                 "stc\n"
	                 "ud2\n"
	                 "sbbq %%rax, %%rax; incq %%rax\n" /* 0 if CF stayed */
	                 "subq $1, %%r8; orq %%r8, %%rax\n"
	                 "subq $2, %%r9; orq %%r9, %%rax\n"
	                 "subq $3, %%r10; orq %%r10, %%rax\n"
	                 "subq $4, %%r11; orq %%r11, %%rax\n"
	                 "subq $5, %%r12; orq %%r12, %%rax\n"
	                 "subq $6, %%r13; orq %%r13, %%rax\n"
	                 "subq $7, %%r14; orq %%r14, %%rax\n"
	                 "subq $8, %%r15; orq %%r15, %%rax\n"
	                 "subq $9, %%rsi; orq %%rsi, %%rax\n"
	                 "subq $10, %%rdi; orq %%rdi, %%rax\n"
	                 "subq $11, %%rdx; orq %%rdx, %%rax\n"
	                 : "=a"(bad)
	                 :
	                 : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	                 "rsi", "rdi", "rdx", "cc", "memory");
	CHECK(bad == 0);
}

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	lnet_upcalls(pe, stack, sizeof(stack));
	CHECK(load(0x123000, 0) == 42);
	CHECK(faults == 1 && about == 0x123000);
	CHECK(load(0x124000, 77) == 42);
	CHECK(faults == 3 && nested == 1);
	registers_stay();
	CHECK(exceptions == 1);
	/* upcalls by the thousand: the stack is as it was after each */
	for (int i = 0; i < 2000; i++)
		CHECK(load(0x125000, 0) == 42);
	CHECK(faults == 2003);
	return 0;
}
