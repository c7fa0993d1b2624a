/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the machine itself: memory, rights of pages, code, time. */
#include "exo/bare/test.h"
#include "exo/bare/tlb.h"

#include "exo/bare/clock.h"
#include "exo/bare/code.h"
#include "exo/bare/frames.h"
#include "exo/bare/heap.h"
#include "exo/bare/paging.h"
#include "exo/bare/tap.h"
#include "exo/bare/trap.h"
#include "exo/bare/x86.h"
#include "exo/lib/mem.h"

#define PF_WRITE 2u /* bits of a page fault's error code */

/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
#define POINTER(at) ((uint8_t *)(uintptr_t)(at))

void test_write(uint64_t at)
{
	*(volatile uint8_t *)POINTER(at) = 1;
}

void test_read(uint64_t at)
{
	(void)*(const volatile uint8_t *)POINTER(at);
}

void test_jump(uint64_t at)
{
	void (*fn)(void);

	memcpy(&fn, &at, sizeof(fn));
	fn();
}

void test_fill(uint8_t *to, uint32_t n, uint32_t x)
{
	for (uint32_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		to[i] = (uint8_t)(x >> 24);
	}
}

static void refused(void (*fn)(uint64_t), uint64_t at, const char *name)
{
	uint64_t about;

	tap_ok(trap_expect(fn, at, &about) == TRAP_PF && about == at, name);
}

static void test_frames(void)
{
	uint64_t before = frames_free(), at[64], sum = 0;

	for (unsigned i = 0; i < 64; i++)
		at[i] = frames_get(i % 5);
	for (unsigned i = 0; i < 64; i++)
		for (unsigned k = 0; k < i; k++)
			sum += at[i] == at[k];
	tap_ok(sum == 0 && at[63] != 0, "frames are given once");
	for (unsigned i = 64; i-- > 0;)
		frames_put(at[i], i % 5);
	tap_ok(frames_free() == before, "and come back");
	at[0] = frames_get(FRAME_ORDER);
	tap_ok(at[0] == 0 || at[0] % ((uint64_t)FRAME_SIZE << FRAME_ORDER) == 0,
	    "a large run is aligned");
	if (at[0] != 0)
		frames_put(at[0], FRAME_ORDER);
}

static void test_heap(void)
{
	uint64_t before = frames_free(), used = heap_used();
	void *p[200];
	bool ok = true;

	for (unsigned i = 0; i < 200; i++) {
		p[i] = heap_get(1 + i * 37);
		ok = ok && p[i] != NULL && (uintptr_t)p[i] % 64 == 0;
		if (p[i] != NULL)
			memset(p[i], (int)i, 1 + i * 37);
	}
	for (unsigned i = 0; i < 200; i++)
		ok = ok && ((uint8_t *)p[i])[i * 37] == (uint8_t)i;
	tap_ok(ok, "pieces of the heap are apart");
	for (unsigned i = 0; i < 200; i++)
		heap_put(p[i * 77 % 200], 1 + i * 77 % 200 * 37);
	tap_ok(heap_used() == used && frames_free() == before,
	    "and all of it comes back");
}

/* ret, and room for more. */
static const uint8_t a_return[] = { 0xc3, 0x90, 0x90, 0x90 };

static void test_code(void)
{
	const void *code = code_install(a_return, sizeof(a_return));
	uint64_t before, at, frame;

	/* tables that code needs stay, once there was some */
	tap_ok(code != NULL, "code is installed");
	code_remove(code, sizeof(a_return));
	before = frames_free();
	code = code_install(a_return, sizeof(a_return));
	tap_ok(
	    code != NULL && trap_expect(test_jump, (uintptr_t)code, NULL) == 0,
	    "code runs");
	at = (uintptr_t)code;
	frame = paging_entry(paging_root(), at) & PT_FRAME;
	refused(test_write, at, "code is not written where it runs");
	refused(test_write, DIRECT + frame, "nor where RAM is");
	refused(test_read, DIRECT + frame, "where it is not seen at all");
	refused(test_write, SCRATCH, "nor where it was made");
	tap_ok(trap_expect(test_jump, at + sizeof(a_return), NULL) == 3,
	    "what is behind it traps");
	code_remove(code, sizeof(a_return));
	refused(test_jump, at, "code that was removed is not there");
	tap_ok(frames_free() == before && code_pages() == 0,
	    "its frames come back");
}

static void test_rights(const struct machine *m)
{
	static uint8_t data[16];
	uint8_t on_stack[16] = { 0xc3 };

	data[0] = 0xc3;
	refused(test_write, (uintptr_t)kernel_text, "the kernel's text");
	refused(test_write, (uintptr_t)a_return, "its constants");
	refused(test_write,
	    DIRECT + paging_phys_of_kernel((uintptr_t)kernel_text),
	    "its text as RAM");
	refused(test_jump, (uintptr_t)data, "data is not executed");
	refused(test_jump, (uintptr_t)on_stack, "nor the stack");
	refused(test_jump, (uintptr_t)a_return, "nor constants");
	refused(test_jump,
	    DIRECT + paging_phys_of_kernel((uintptr_t)kernel_text),
	    "nor text as RAM");
	refused(test_read, STACKS, "below the stack there is nothing");
	refused(test_read, 0, "nor at 0");
	tap_ok(
	    m->nx && m->smep && m->smap, "the processor has NX, SMEP and SMAP");
	tap_ok((x86_cr4() & (CR4_SMEP | CR4_SMAP)) == (CR4_SMEP | CR4_SMAP),
	    "and they are on");
}

/* What an environment could have mapped is none of the kernel's. */
static void test_user_pages(void)
{
	uint64_t root = paging_new(), at = frames_get(0), old = x86_cr3();
	const uint64_t va = 0x400000;

	memset(paging_direct(at), 0xc3, FRAME_SIZE);
	(void)paging_map(root, va, at, PT_PRESENT | PT_WRITE | PT_USER);
	x86_set_cr3(root);
	refused(
	    test_jump, va, "SMEP: the kernel does not run what is ring 3's");
	refused(test_read, va, "SMAP: nor does it read it by chance");
	x86_user_open(true);
	tap_ok(trap_expect(test_read, va, NULL) == 0, "but on purpose");
	x86_user_close(true);
	x86_set_cr3(old);
	paging_free(root);
	frames_put(at, 0);
}

static uint8_t user_byte(uint64_t va)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	const volatile uint8_t *p = (const volatile uint8_t *)(uintptr_t)va;
	uint8_t v;

	x86_user_open(true);
	v = *p;
	x86_user_close(true);
	return v;
}

/* Two sets of tables with tags of their own: pages of one are not those of the other, and
 * a change of those that are not in use is seen when they are, if they are not kept. */
static void test_tags(const struct machine *m)
{
	uint64_t root[2] = { paging_new(), paging_new() };
	uint64_t at[2] = { frames_get(0), frames_get(0) };
	const uint64_t va = 0x400000;
	unsigned shows[2] = { 0, 1 };
	bool apart = true, seen = true;

	for (unsigned i = 0; i < 2; i++) {
		memset(paging_direct(at[i]), (int)i, FRAME_SIZE);
		(void)paging_map(root[i], va, at[i], PT_PRESENT | PT_USER);
		tlb_use(tlb_word(root[i], 1 + i, false));
		apart &= user_byte(va) == i;
	}
	for (unsigned i = 0; i < 16; i++) {
		unsigned k = i % 2;

		tlb_use(tlb_word(root[k], 1 + k, true));
		apart &= user_byte(va) == shows[k];
		if (i < 8)
			continue;
		tlb_use(paging_root());
		shows[k] ^= 1;
		*paging_place(root[k], va, 1, NULL, NULL) =
		    at[shows[k]] | PT_PRESENT | PT_USER;
		tlb_use(tlb_word(root[k], 1 + k, false));
		seen &= user_byte(va) == shows[k];
	}
	tlb_use(paging_root());
	tap_ok(tlb_tagged() == (m->pcid && m->pge) &&
	           ((x86_cr4() & CR4_PCIDE) != 0) == tlb_tagged(),
	    "tables have tags where the processor knows them");
	tap_ok(apart, "pages of one are not those of another");
	tap_ok(seen, "and a change is seen when it is told");
	for (unsigned i = 0; i < 2; i++) {
		paging_free(root[i]);
		frames_put(at[i], 0);
	}
}

static void test_clock(const struct machine *m)
{
	uint64_t a = clock_ns(), b = a, hz = clock_hz();
	uint64_t want = machine_number(m, "clock_hz", 0);

	for (unsigned i = 0; i < 1000 && b == a; i++)
		b = clock_ns();
	tap_ok(b > a, "time goes on");
	if (want > 0)
		tap_ok(hz > want - want / 64 && hz < want + want / 64,
		    "as fast as it should");
}

void test_machine(const struct machine *m)
{
	test_frames();
	test_heap();
	test_code();
	test_rights(m);
	test_user_pages();
	test_tags(m);
	test_clock(m);
	test_fiber();
}
