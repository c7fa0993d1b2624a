/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that C has no word for [Intel SDM, volume 2].
 */
#ifndef EXO_BARE_X86_H
#define EXO_BARE_X86_H

#include <stdbool.h>
#include <stdint.h>

#define MSR_EFER    0xc0000080u
#define MSR_STAR    0xc0000081u
#define MSR_LSTAR   0xc0000082u
#define MSR_SFMASK  0xc0000084u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u

#define CR0_TS         (1u << 3)
#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_PGE        (1u << 7)
#define CR4_PCIDE      (1u << 17)
#define CR4_SMEP       (1u << 20)
#define CR4_SMAP       (1u << 21)

static inline void x86_outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint8_t x86_inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void x86_outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint32_t x86_inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint64_t x86_rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void x86_wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr"
	                 :
	                 : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))
	                 : "memory");
}

struct x86_cpuid {
	uint32_t a, b, c, d;
};

static inline struct x86_cpuid x86_cpuid(uint32_t leaf, uint32_t sub)
{
	struct x86_cpuid r;

	__asm__ volatile("cpuid"
	                 : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
	                 : "a"(leaf), "c"(sub));
	return r;
}

/* So many words, of memory that does not overlap: of a few, a library's way to find out
 * how is longer. */
static inline void x86_copy(void *to, const void *from, uint64_t words)
{
	__asm__ volatile("rep movsq"
	                 : "+D"(to), "+S"(from), "+c"(words)
	                 :
	                 : "memory");
}

static inline uint64_t x86_rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

/** A random number of the processor's; false: it had none. */
static inline bool x86_rdrand(uint64_t *out)
{
	uint8_t ok;

	__asm__ volatile("rdrand %0; setc %1" : "=r"(*out), "=qm"(ok) : : "cc");
	return ok != 0;
}

static inline uint64_t x86_flags(void)
{
	uint64_t v;

	__asm__ volatile("pushfq; popq %0" : "=r"(v) : : "memory");
	return v;
}

static inline uint64_t x86_cr2(void)
{
	uint64_t v;

	__asm__ volatile("movq %%cr2, %0" : "=r"(v));
	return v;
}

static inline uint64_t x86_cr3(void)
{
	uint64_t v;

	__asm__ volatile("movq %%cr3, %0" : "=r"(v));
	return v;
}

static inline void x86_set_cr3(uint64_t v)
{
	__asm__ volatile("movq %0, %%cr3" : : "r"(v) : "memory");
}

static inline uint64_t x86_cr4(void)
{
	uint64_t v;

	__asm__ volatile("movq %%cr4, %0" : "=r"(v));
	return v;
}

static inline void x86_set_cr4(uint64_t v)
{
	__asm__ volatile("movq %0, %%cr4" : : "r"(v) : "memory");
}

static inline void x86_invlpg(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/** No segments for data: in 64-bit mode these registers mean nothing, but ring 3 can write
 * and read them. */
static inline void x86_no_segments(void)
{
	__asm__ volatile("movl %0, %%ds; movl %0, %%es\n"
	                 "movl %0, %%fs; movl %0, %%gs"
	                 :
	                 : "r"(0));
}

/** Wait for an interrupt; none is taken before it and none after it. */
static inline void x86_wait(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

/** Between these two the kernel may touch what ring 3 may. */
static inline void x86_user_open(bool smap)
{
	if (smap)
		__asm__ volatile("stac" : : : "memory");
}

static inline void x86_user_close(bool smap)
{
	if (smap)
		__asm__ volatile("clac" : : : "memory");
}

#endif
