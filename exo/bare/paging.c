/* SPDX-License-Identifier: BSD-2-Clause */
/* Page tables: see paging.h. */
#include "exo/bare/paging.h"

#include "exo/bare/frames.h"
#include "exo/bare/x86.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define TABLE \
	(PT_PRESENT | PT_WRITE | PT_USER) /* leaves say what may be done */
#define DATA  (PT_PRESENT | PT_WRITE | PT_NX | PT_GLOBAL)
#define LARGE 0x200000u
#define LEAF  1u /* levels: 4 is the root's, 1 that of pages */
#define PER   512u
#define HALF  256u /* the kernel's of the root's entries */

static uint64_t root_of_kernel;
static const struct machine *early; /* frames come from there yet */

void *paging_early(uint64_t at)
{
	if (root_of_kernel == 0 || early != NULL)
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		return (void *)(uintptr_t)(KERNEL + at);
	return paging_direct(at);
}

static unsigned index_of(uint64_t va, unsigned level)
{
	return (unsigned)(va >> (12 + 9 * (level - 1))) & (PER - 1);
}

static uint64_t *table_at(uint64_t at)
{
	return paging_early(at);
}

uint64_t paging_table(void *arg)
{
	uint64_t at;

	(void)arg;
	if (early != NULL)
		return frames_early(early, 1);
	at = frames_get(0);
	if (at != 0)
		memset(paging_direct(at), 0, FRAME_SIZE);
	return at;
}

/* A large page becomes pages that show the same. */
static bool divide(uint64_t *entry)
{
	uint64_t table = paging_table(NULL), e = *entry;
	uint64_t *to;

	if (table == 0)
		return false;
	to = table_at(table);
	for (unsigned i = 0; i < PER; i++)
		to[i] = (e & ~PT_LARGE) + (uint64_t)i * FRAME_SIZE;
	*entry = table | TABLE;
	return true;
}

uint64_t *paging_place(uint64_t root, uint64_t va, unsigned level,
    uint64_t (*make)(void *arg), void *arg)
{
	uint64_t *table = table_at(root);

	for (unsigned l = 4; l > level; l--) {
		uint64_t *entry = &table[index_of(va, l)], made;

		if ((*entry & PT_PRESENT) == 0) {
			made = make == NULL ? 0 : make(arg);
			if (made == 0)
				return NULL;
			*entry = made | TABLE;
		} else if ((*entry & PT_LARGE) != 0 &&
		           (make == NULL || !divide(entry))) {
			return NULL;
		}
		table = table_at(*entry & PT_FRAME);
	}
	return &table[index_of(va, level)];
}

static uint64_t *place(uint64_t root, uint64_t va, unsigned level)
{
	return paging_place(root, va, level, paging_table, NULL);
}

bool paging_map(uint64_t root, uint64_t va, uint64_t at, uint64_t bits)
{
	uint64_t *entry = place(root, va, LEAF);

	if (entry == NULL)
		return false;
	*entry = at | bits;
	x86_invlpg(va);
	return true;
}

uint64_t paging_unmap(uint64_t root, uint64_t va)
{
	uint64_t *entry = place(root, va, LEAF), old;

	if (entry == NULL)
		return 0;
	old = *entry;
	*entry = 0;
	x86_invlpg(va);
	return (old & PT_PRESENT) != 0 ? old & PT_FRAME : 0;
}

/* Faults and calls come by here: the direct map is there, and loops are long. */
uint64_t *paging_leaf(uint64_t root, uint64_t va)
{
	const uint64_t way = PT_PRESENT | PT_LARGE;
	const uint64_t *table = paging_direct(root);
	uint64_t entry = table[index_of(va, 4)];

	if ((entry & PT_PRESENT) == 0)
		return NULL;
	table = paging_direct(entry & PT_FRAME);
	entry = table[index_of(va, 3)];
	if ((entry & way) != PT_PRESENT)
		return NULL;
	table = paging_direct(entry & PT_FRAME);
	entry = table[index_of(va, 2)];
	if ((entry & way) != PT_PRESENT)
		return NULL;
	return (uint64_t *)paging_direct(entry & PT_FRAME) + index_of(va, LEAF);
}

/* Large pages are of 2 MiB: map_direct(). */
uint64_t paging_entry(uint64_t root, uint64_t va)
{
	const uint64_t *entry = paging_leaf(root, va);

	if (entry == NULL) {
		entry = paging_place(root, va, LEAF + 1, NULL, NULL);
		if (entry == NULL || (*entry & PT_LARGE) == 0)
			return 0;
	}
	return (*entry & PT_PRESENT) != 0 ? *entry : 0;
}

uint64_t paging_root(void)
{
	return root_of_kernel;
}

uint64_t paging_new(void)
{
	uint64_t root = paging_table(NULL);

	if (root != 0)
		memcpy(table_at(root) + HALF, table_at(root_of_kernel) + HALF,
		    HALF * sizeof(uint64_t));
	return root;
}

static void free_level(uint64_t table, unsigned level, unsigned n)
{
	const uint64_t *entry = table_at(table);

	for (unsigned i = 0; level > LEAF && i < n; i++)
		if ((entry[i] & PT_PRESENT) != 0 && (entry[i] & PT_LARGE) == 0)
			free_level(entry[i] & PT_FRAME, level - 1, PER);
	frames_put(table, 0);
}

static uint64_t count_level(uint64_t table, unsigned level, unsigned from)
{
	const uint64_t *entry = table_at(table);
	uint64_t n = 1;

	for (unsigned i = from; level > LEAF && i < PER; i++)
		if ((entry[i] & PT_PRESENT) != 0 && (entry[i] & PT_LARGE) == 0)
			n += count_level(entry[i] & PT_FRAME, level - 1, 0);
	return n;
}

uint64_t paging_tables(void)
{
	return count_level(root_of_kernel, 4, HALF);
}

void paging_free(uint64_t root)
{
	free_level(root, 4, HALF);
}

void paging_hide(uint64_t at)
{
	(void)paging_unmap(root_of_kernel, DIRECT + at);
}

void paging_show(uint64_t at)
{
	exo_assert(paging_map(root_of_kernel, DIRECT + at, at, DATA));
}

void paging_device(uint64_t at, uint64_t size)
{
	uint64_t end = at + size;

	for (at &= ~(uint64_t)(FRAME_SIZE - 1); at < end; at += FRAME_SIZE)
		exo_assert(paging_map(
		    root_of_kernel, DIRECT + at, at, DATA | PT_UNCACHED));
}

/* All RAM in large pages, and what shares one with it. */
static void map_direct(const struct machine *m)
{
	for (uint64_t at = 0; at < m->ram_end; at += LARGE) {
		uint64_t *entry = place(root_of_kernel, DIRECT + at, 2);

		*entry = at | DATA | PT_LARGE;
	}
}

/* One section of the kernel, and the same frames in the direct map. */
static void map_section(const uint8_t *from, const uint8_t *to, uint64_t bits)
{
	for (uintptr_t va = (uintptr_t)from; va < (uintptr_t)to;
	     va += FRAME_SIZE) {
		uint64_t at = paging_phys_of_kernel(va);

		exo_assert(paging_map(root_of_kernel, va, at, bits));
		exo_assert(paging_map(root_of_kernel, DIRECT + at, at,
		    (bits & PT_WRITE) | PT_PRESENT | PT_NX | PT_GLOBAL));
	}
}

void paging_init(const struct machine *m)
{
	early = m;
	root_of_kernel = paging_table(NULL);
	/* environments share what is made later: all tables below the root's
	 * upper half are there from the start */
	for (unsigned i = HALF; i < PER; i++)
		table_at(root_of_kernel)[i] = paging_table(NULL) | TABLE;
	map_direct(m);
	map_section(kernel_text, kernel_rodata, PT_PRESENT | PT_GLOBAL);
	map_section(kernel_rodata, kernel_data, PT_PRESENT | PT_NX | PT_GLOBAL);
	map_section(kernel_data, kernel_end, DATA);
	x86_set_cr3(root_of_kernel);
	early = NULL;
}
