/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks from ring 3, each by its name as the argument. What is refused ends with
 * status 0; what has to kill the attacker never comes back here (boot.conf says how it
 * is to end).
 */
#include "tests/bare/stage.h"

static struct exo_pe *page;
static uint8_t stack[4096];

static void poke(uint64_t at)
{
	__asm__ volatile("movb $1, (%0)" : : "r"(at) : "memory");
}

static void peek(uint64_t at)
{
	__asm__ volatile("movb (%0), %%al" : : "r"(at) : "rax", "memory");
}

static void jump(uint64_t at)
{
	__asm__ volatile("call *%0" : : "r"(at) : "memory");
}

/* --- memory ------------------------------------------------------------------- */

static void kernel_write(void)
{
	poke(KERNEL_TEXT);
}
static void kernel_read(void)
{
	peek(KERNEL_TEXT);
}
static void kernel_jump(void)
{
	jump(KERNEL_TEXT);
}
static void direct_read(void)
{
	peek(DIRECT_MAP);
}
static void null_read(void)
{
	peek(0);
}
static void not_canonical(void)
{
	peek(0x0000800000000000u);
}
static void text_write(void)
{
	poke(0x400000);
}
static void stack_jump(void)
{
	uint8_t ret[16] = { 0xc3 };

	jump((uintptr_t)ret);
}
static void page_jump(void)
{
	page->arg[0] = (char)0xc3;
	jump((uintptr_t)page->arg);
}
static void below_stack(void)
{
	peek(0x00007ffffe000000u - 17 * 4096);
}

/* --- instructions ------------------------------------------------------------- */

static void do_cli(void)
{
	__asm__ volatile("cli");
}
/* Flags that would serve in the kernel: AC lets it into pages of ring 3, DF turns its
 * copies round. It looks whether the way in has reset them (trap.h). */
#define AC_DF "pushq $0x40602\n popfq\n"

/* Interrupts come meanwhile, of the timer at least. */
static void flags_interrupt(void)
{
	for (unsigned k = 0; k < 50; k++)
		__asm__ volatile(AC_DF "movl $1000000, %%ecx\n"
		                       "1: decl %%ecx\n jnz 1b\n"
		                       "pushq $0x202\n popfq"
		                 :
		                 :
		                 : "rcx", "cc", "memory");
}

static void flags_call(void)
{
	static struct exo_call_null a;
	int64_t ret = EXO_CALL_NULL_NR;

	__asm__ volatile(AC_DF "syscall\n pushq $0x202\n popfq"
	                 : "+a"(ret)
	                 : "D"(&a), "S"(sizeof(a))
	                 : "rcx", "r11", "cc", "memory");
	CHECK(ret == 0);
}

static void flags_fault(void)
{
	__asm__ volatile(AC_DF "movb (%0), %%al" : : "r"(0) : "rax", "memory");
}

static void do_hlt(void)
{
	__asm__ volatile("hlt");
}
static void do_out(void)
{
	__asm__ volatile("outb %%al, $0xf4" : : "a"(16));
}
static void do_wrmsr(void)
{
	__asm__ volatile("wrmsr" : : "c"(0xc0000082), "a"(0), "d"(0));
}
static void do_cr3(void)
{
	__asm__ volatile("movq %0, %%cr3" : : "r"((uint64_t)0));
}
static void do_lgdt(void)
{
	__asm__ volatile("lgdt (%0)" : : "r"(stack));
}
static void do_int(void)
{
	__asm__ volatile("int $14");
}
static void do_swapgs(void)
{
	__asm__ volatile("swapgs");
}
static void do_iretq(void)
{
	/* to ring 0 */
	__asm__ volatile(
	    "pushq $0x10; pushq %0; pushq $2; pushq $8; pushq %1; iretq"
	    :
	    : "r"((uint64_t)(uintptr_t)stack), "r"((uint64_t)KERNEL_TEXT));
}

/* --- calls -------------------------------------------------------------------- */

static int64_t call_at(uint64_t nr, uint64_t at, uint64_t size)
{
	int64_t ret;

	__asm__ volatile("syscall"
	                 : "=a"(ret)
	                 : "a"(nr), "D"(at), "S"(size)
	                 : "rcx", "r11", "memory");
	return ret;
}

/* Addresses that are not the caller's to give. */
static void bad_pointers(void)
{
	static const uint64_t at[] = { 0, 1, 0x3ff000, KERNEL_TEXT, DIRECT_MAP,
		0x00007ffffffff000u, 0x0000800000000000u, UINT64_MAX,
		UINT64_MAX - 7, 0x400000, EXO_PE_AT + 4090, EXO_RING_AT - 8 };
	static const uint64_t size[] = { sizeof(struct exo_call_null),
		sizeof(struct exo_call_derive), sizeof(struct exo_call_revoke),
		sizeof(struct exo_call_bind), sizeof(struct exo_call_unbind),
		sizeof(struct exo_call_stat), sizeof(struct exo_call_slot),
		sizeof(struct exo_call_transmit) };

	for (uint64_t nr = 0; nr < sizeof(size) / sizeof(size[0]); nr++)
		for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
			if (at[i] == EXO_PE_AT + 4090 && size[nr] <= 6)
				continue;
			CHECK(call_at(nr, at[i], size[nr]) == -EXO_EINVAL);
		}
	CHECK(call_at(EXO_CALL_PRINT_NR, KERNEL_TEXT, 16) == -EXO_EINVAL);
}

static void bad_sizes(void)
{
	static uint8_t args[4096];

	for (uint64_t nr = 0; nr < 8; nr++)
		for (uint64_t size = 0; size < 300; size++)
			if (call_at(nr, (uintptr_t)args, size) == 0)
				CHECK(nr == EXO_CALL_NULL_NR && size == 8);
}

static void no_such_call(void)
{
	struct exo_call_null a = { 0 };

	for (uint64_t nr = 64; nr < 128; nr++)
		CHECK(call_at(nr, (uintptr_t)&a, 8) == -EXO_ENOSYS);
	CHECK(call_at(UINT64_MAX, (uintptr_t)&a, 8) == -EXO_ENOSYS);
	CHECK(call_at((uint64_t)1 << 32, (uintptr_t)&a, 8) == -EXO_ENOSYS);
}

static void print_kernel(void)
{
	struct exo_call_print a = { KERNEL_TEXT, 16 };

	CHECK(lnet_call(EXO_CALL_PRINT_NR, &a, sizeof(a)) == -EXO_EINVAL);
	a = (struct exo_call_print){ (uintptr_t)stack, UINT64_MAX };
	CHECK(lnet_call(EXO_CALL_PRINT_NR, &a, sizeof(a)) == -EXO_E2BIG);
	for (uint32_t i = 0; i < EXO_PRINT_MAX; i++)
		stack[i] = '\n'; /* each with a name before it */
	a.size = EXO_PRINT_MAX;
	CHECK(lnet_call(EXO_CALL_PRINT_NR, &a, sizeof(a)) == -EXO_E2BIG);
	a.size = EXO_PRINT_LINES + 1;
	CHECK(lnet_call(EXO_CALL_PRINT_NR, &a, sizeof(a)) == -EXO_E2BIG);
}

/* Lines of the console that look like the kernel's. */
static void print_forged(void)
{
	int64_t err = lnet_print("\nok 99 - forged\n1..0\n\npanic: forged"
	                         "\n@env 1 env=1 state=2 label=forged"
	                         "\n@top now=1\r@top now=2");

	CHECK(err == 0 || err == -EXO_ELIMIT);
}

/* A binding by a key that differs by one bit, each of them. */
static void forged_keys(void)
{
	struct exo_call_derive a = { .key = page->key };

	for (unsigned bit = 0; bit < 8 * sizeof(a.key); bit++) {
		int64_t ret;

		a.key = page->key;
		((uint8_t *)&a.key)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ret = lnet_call(EXO_CALL_DERIVE_NR, &a, sizeof(a));
		CHECK(ret == -EXO_EBADKEY || ret == -EXO_ESTALE);
	}
}

static void more_rights(void)
{
	struct exo_call_derive a = { .key = page->key,
		.rights = EXO_RIGHT_ALL };

	CHECK(lnet_call(EXO_CALL_DERIVE_NR, &a, sizeof(a)) == -EXO_EPERM);
}

static void kernel_image(void)
{
	struct exo_call_bind a = { .key = page->key,
		.image = KERNEL_TEXT,
		.image_size = 4096,
		.linktype = 1,
		.mode = EXO_BIND_TAP };

	CHECK(lnet_call(EXO_CALL_BIND_NR, &a, sizeof(a)) == -EXO_EINVAL);
	a.image = (uintptr_t)stack;
	a.image_size = UINT32_MAX;
	CHECK(lnet_call(EXO_CALL_BIND_NR, &a, sizeof(a)) == -EXO_E2BIG);
}

static void others_bindings(void)
{
	struct exo_call_unbind u = { 0 };

	for (uint64_t name = 0; name < 2000; name++) {
		u.binding = name % 50 | (name / 50) << 32;
		CHECK(lnet_call(EXO_CALL_UNBIND_NR, &u, sizeof(u)) ==
		      -EXO_ENOENT);
	}
}

/* --- upcalls ------------------------------------------------------------------ */

static void upcall_to(uint64_t entry, uint64_t from, uint64_t to)
{
	page->entry_fault = entry;
	page->entry_exception = entry;
	page->stack_from = from;
	page->stack_to = to;
	peek(0);
}

static void stack_in_kernel(void)
{
	upcall_to((uintptr_t)lnet_enter_fault, KERNEL_TEXT, KERNEL_TEXT + 4096);
}
static void stack_not_there(void)
{
	upcall_to((uintptr_t)lnet_enter_fault, 0x500000000, 0x500001000);
}
static void stack_in_text(void)
{
	upcall_to((uintptr_t)lnet_enter_fault, 0x400000, 0x401000);
}
static void stack_too_small(void)
{
	upcall_to((uintptr_t)lnet_enter_fault, (uintptr_t)stack,
	    (uintptr_t)stack + 64);
}
static void stack_wraps(void)
{
	upcall_to((uintptr_t)lnet_enter_fault, 0, UINT64_MAX - 15);
}
static void entry_in_kernel(void)
{
	upcall_to(KERNEL_TEXT, (uintptr_t)stack, (uintptr_t)stack + 4096);
}
/* The entry faults itself, again and again, until the stack is full. */
static void entry_not_there(void)
{
	upcall_to(0x123456, (uintptr_t)stack,
	    ((uintptr_t)stack + 4096) & ~(uintptr_t)15);
}

/* --- time and size ------------------------------------------------------------- */

static void never_yields(void)
{
	for (volatile uint64_t i = 0; i < 200000000; i++)
		continue;
}

static void deep_stack(void)
{
	__asm__ volatile("1: pushq $0; jmp 1b");
}

static const struct stage_attack attacks[] = {
	ATTACK(kernel_write),
	ATTACK(kernel_read),
	ATTACK(kernel_jump),
	ATTACK(direct_read),
	ATTACK(null_read),
	ATTACK(not_canonical),
	ATTACK(text_write),
	ATTACK(stack_jump),
	ATTACK(page_jump),
	ATTACK(below_stack),
	ATTACK(do_cli),
	ATTACK(flags_interrupt),
	ATTACK(flags_call),
	ATTACK(flags_fault),
	ATTACK(do_hlt),
	ATTACK(do_out),
	ATTACK(do_wrmsr),
	ATTACK(do_cr3),
	ATTACK(do_lgdt),
	ATTACK(do_int),
	ATTACK(do_swapgs),
	ATTACK(do_iretq),
	ATTACK(bad_pointers),
	ATTACK(bad_sizes),
	ATTACK(no_such_call),
	ATTACK(print_kernel),
	ATTACK(print_forged),
	ATTACK(forged_keys),
	ATTACK(more_rights),
	ATTACK(kernel_image),
	ATTACK(others_bindings),
	ATTACK(stack_in_kernel),
	ATTACK(stack_not_there),
	ATTACK(stack_in_text),
	ATTACK(stack_too_small),
	ATTACK(stack_wraps),
	ATTACK(entry_in_kernel),
	ATTACK(entry_not_there),
	ATTACK(never_yields),
	ATTACK(deep_stack),
};

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	return stage_main(pe, attacks, sizeof(attacks) / sizeof(attacks[0]));
}
