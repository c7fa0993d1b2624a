/* SPDX-License-Identifier: BSD-2-Clause */
/* Machine code of filters: see code.h. */
#include "exo/bare/code.h"

#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define PAGES (CODE_SIZE / FRAME_SIZE)

static uint8_t taken[PAGES / 8];
static uint32_t next; /* where to look first */
static uint64_t used;

static bool is_taken(uint32_t i)
{
	return (taken[i / 8] >> i % 8 & 1) != 0;
}

static void take(uint32_t i, bool now)
{
	uint8_t bit = (uint8_t)(1u << i % 8);

	taken[i / 8] =
	    (uint8_t)(now ? taken[i / 8] | bit : taken[i / 8] & ~bit);
}

/* Pages in a row that nobody has, from somewhere on; PAGES: none. */
static uint32_t find(uint32_t n, uint32_t from, uint32_t to)
{
	uint32_t run = 0;

	for (uint32_t i = from; i < to; i++) {
		run = is_taken(i) ? 0 : run + 1;
		if (run == n)
			return i + 1 - n;
	}
	return PAGES;
}

static uint64_t page_va(uint32_t i)
{
	return CODE + (uint64_t)i * FRAME_SIZE;
}

/* One page of code; nothing of the frame's old content stays. */
static bool fill(uint32_t i, const uint8_t *from, size_t n)
{
	uint64_t at = frames_get(0), root = paging_root();
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	uint8_t *to = (uint8_t *)(uintptr_t)SCRATCH;

	if (at == 0)
		return false;
	paging_hide(at);
	if (!paging_map(root, SCRATCH, at, PT_PRESENT | PT_WRITE | PT_NX)) {
		paging_show(at);
		frames_put(at, 0);
		return false;
	}
	memset(to, 0xcc, FRAME_SIZE); /* int3 */
	memcpy(to, from, n);
	(void)paging_unmap(root, SCRATCH);
	if (paging_map(root, page_va(i), at, PT_PRESENT | PT_GLOBAL))
		return true;
	paging_show(at);
	frames_put(at, 0);
	return false;
}

static void empty(uint32_t i)
{
	uint64_t at = paging_unmap(paging_root(), page_va(i));

	exo_assert(at != 0);
	paging_show(at);
	memset(paging_direct(at), 0, FRAME_SIZE);
	frames_put(at, 0);
	take(i, false);
	used--;
}

const void *code_install(const void *code, size_t size)
{
	uint32_t n = (uint32_t)((size + FRAME_SIZE - 1) / FRAME_SIZE), at, i;

	if (size == 0 || size > CODE_SIZE)
		return NULL;
	at = find(n, next, PAGES);
	if (at == PAGES)
		at = find(n, 0, PAGES);
	if (at == PAGES)
		return NULL;
	for (i = 0; i < n; i++) {
		size_t left = size - (size_t)i * FRAME_SIZE;

		if (!fill(at + i,
		        (const uint8_t *)code + (size_t)i * FRAME_SIZE,
		        left < FRAME_SIZE ? left : FRAME_SIZE))
			break;
		take(at + i, true);
		used++;
	}
	if (i < n) {
		while (i-- > 0)
			empty(at + i);
		return NULL;
	}
	next = at + n;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (const void *)(uintptr_t)page_va(at);
}

void code_remove(const void *code, size_t size)
{
	uint32_t at = (uint32_t)(((uintptr_t)code - CODE) / FRAME_SIZE);
	uint32_t n = (uint32_t)((size + FRAME_SIZE - 1) / FRAME_SIZE);

	for (uint32_t i = 0; i < n; i++)
		empty(at + i);
}

uint64_t code_pages(void)
{
	return used;
}
