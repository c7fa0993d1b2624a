/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the loader's entry to long mode in the higher half.
 *
 * The loader leaves 32-bit protected mode without paging, flat segments, and in
 * ebx the address of struct hvm_start_info [Xen, docs/misc/pvh.pandoc]; or, where GRUB
 * is the loader, of Multiboot2's information, with its number in eax [Multiboot2
 * Specification 2.0, 3.3]. The tables made here map the first GiB twice, at 0 and at
 * KERNEL, for as long as it takes to make better ones (paging.c).
 */
#define MULTIBOOT 0xe85250d6
#define KERNEL 0xffffffff80000000
#define PHYS(x) ((x) - KERNEL)

	.section .note.pvh, "a", @note
	.balign 4
	.long 4			/* of the name */
	.long 8			/* of what follows it */
	.long 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad PHYS(boot_start)

	.section .text.boot, "ax"
	/* within the first 32 KiB of the file */
	.balign 8
multiboot:
	.long MULTIBOOT
	.long 0			/* i386: 32-bit protected mode */
	.long multiboot_end - multiboot
	.long -(MULTIBOOT + (multiboot_end - multiboot))
	.balign 8
	.word 3, 0		/* where it begins */
	.long 12
	.long PHYS(multiboot_start)
	.balign 8
	.word 6, 0		/* modules are not in the middle of a page */
	.long 8
	.word 0, 0
	.long 8
multiboot_end:

	.code32
	.globl boot_start
boot_start:
	xorl %eax, %eax
multiboot_start:
	cli
	cld
	movl %eax, %esi
	movl $PHYS(boot_stack_end), %esp
	movl %ebx, %ebp

	/* a table of tables at both ends, and 512 pages of 2 MiB */
	movl $PHYS(boot_pml4), %edi
	movl $PHYS(boot_pdpt) + 3, %eax
	movl %eax, (%edi)
	movl %eax, 511 * 8(%edi)
	movl $PHYS(boot_pdpt), %edi
	movl $PHYS(boot_pd) + 3, %eax
	movl %eax, (%edi)
	movl %eax, 510 * 8(%edi)
	movl $PHYS(boot_pd), %edi
	movl $0x83, %eax	/* present, writable, large */
	movl $512, %ecx
1:	movl %eax, (%edi)
	addl $8, %edi
	addl $0x200000, %eax
	loop 1b

	movl %cr4, %eax
	orl $0x20, %eax		/* PAE */
	movl %eax, %cr4
	movl $PHYS(boot_pml4), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx	/* EFER */
	rdmsr
	orl $0x900, %eax	/* LME, NXE */
	wrmsr
	movl %cr0, %eax
	orl $0x80010001, %eax	/* PG, WP, PE */
	movl %eax, %cr0
	lgdt PHYS(boot_gdtr)
	ljmp $8, $PHYS(boot_long)

	.code64
boot_long:
	movabsq $boot_high, %rax
	jmp *%rax
boot_high:
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movl %eax, %ss
	movq $boot_stack_end, %rsp
	movl %ebp, %edi		/* what the loader says; esi: who it is */
	xorl %ebp, %ebp
	pushq $0		/* the end of every backtrace */
	pushq $0
	call bare_main
2:	hlt
	jmp 2b

	.section .rodata, "a"
	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* code, 64 bits */
boot_gdtr:
	.word . - boot_gdt - 1
	.long PHYS(boot_gdt)

	.section .bss, "aw", @nobits
	.balign 4096
boot_pml4:
	.skip 4096
boot_pdpt:
	.skip 4096
boot_pd:
	.skip 4096
	.globl boot_stack
boot_stack:
	.skip 16384
boot_stack_end:
	.section .note.GNU-stack, "", @progbits
