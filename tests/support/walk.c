/* SPDX-License-Identifier: BSD-2-Clause */
/* A processor's view of page tables: see walk.h. */
#include "tests/support/walk.h"

#include "exo/abi/err.h"
#include "exo/abi/phys.h"
#include "exo/bare/fiber.h"
#include "exo/bare/frames.h"
#include "exo/bare/tlb.h"
#include "exo/lib/bug.h"
#include "tests/support/ram.h"

#include "exo/bare/paging.h"

#define PER     512u
#define SHARED  (EXO_STATE_AT >> 39)
#define WINDOWS (EXO_TABLES_AT + (EXO_MAP_END >> 9))
#define KNOWN   4096u
#define KEEP    (TLB_TAGS / 2) /* beside a tag */
#define SHOWN   (PT_PRESENT | PT_USER | PT_NX)
#define MARKS   (EXO_PTE_ACCESSED | EXO_PTE_DIRTY)

/* --- pages -------------------------------------------------------------------- */

struct walk {
	const struct plat_env *e;
	const struct exo_frame_row *rows;
	void (*fn)(void *arg, uint64_t va, uint64_t entry);
	void *arg;
	uint32_t tables;
};

struct exo_frame_row *walk_rows(const struct plat_env *e)
{
	uint64_t entry = paging_entry(e->root, EXO_FRAMES_AT);

	exo_assert((entry & SHOWN) == SHOWN);
	return paging_direct(entry & PT_FRAME);
}

static uint64_t frame_of(uint64_t entry)
{
	return (entry & PT_FRAME) / FRAME_SIZE;
}

/* A window on a leaf table. */
static void look_at_window(const struct walk *w, uint64_t va, uint64_t entry)
{
	uint64_t of = (va - EXO_TABLES_AT) << 9;
	const uint64_t *above = paging_place(w->e->root, of, 2, NULL, NULL);

	exo_assert(of < EXO_MAP_END && above != NULL);
	exo_assert((entry & ~MARKS) == ((*above & PT_FRAME) | SHOWN));
}

static void look_at_page(const struct walk *w, uint64_t va, uint64_t entry)
{
	const struct exo_frame_row *row = &w->rows[frame_of(entry)];

	if ((entry & PT_USER) == 0)
		return;
	exo_assert((entry & (PT_WRITE | PT_NX)) != PT_WRITE);
	exo_assert((entry & (PT_GLOBAL | PT_LARGE | PT_UNCACHED)) == 0);
	exo_assert(va < EXO_MAP_END ? row->owner != 0 && row->maps != 0
	                            : row->owner == 0);
	if (va >= EXO_TABLES_AT && va < WINDOWS)
		look_at_window(w, va, entry);
	else if (w->fn != NULL)
		w->fn(w->arg, va, entry);
}

static void look_at_table(struct walk *w, uint64_t at, unsigned level,
    unsigned from, unsigned to, uint64_t va)
{
	const uint64_t *table = paging_direct(at);
	uint64_t step = (uint64_t)FRAME_SIZE << 9 * (level - 1);

	exo_assert(w->rows[frame_of(at)].owner == 0);
	for (unsigned i = from; i < to; i++) {
		uint64_t here = va + i * step;

		if ((table[i] & PT_PRESENT) == 0 || here >> 39 == SHARED)
			continue;
		if (level == 1) {
			look_at_page(w, here, table[i]);
			continue;
		}
		w->tables++;
		if (level == 2 && here < EXO_MAP_END)
			exo_assert(
			    (paging_entry(
			         w->e->root, EXO_TABLES_AT + (here >> 9)) &
			        ~MARKS) == ((table[i] & PT_FRAME) | SHOWN));
		look_at_table(w, table[i] & PT_FRAME, level - 1, 0, PER, here);
	}
}

/* What everybody sees is the frame table. */
static void look_at_shared(const struct walk *w)
{
	const uint64_t *entry =
	    paging_place(w->e->root, EXO_FRAMES_AT, 1, NULL, NULL);

	for (uint64_t i = 0; i < PER; i++)
		exo_assert(
		    entry[i] == 0 ||
		    (entry[i] & ~MARKS) ==
		        ((entry[0] & PT_FRAME) + i * FRAME_SIZE) + SHOWN);
}

void walk(const struct plat_env *e,
    void (*fn)(void *arg, uint64_t va, uint64_t entry), void *arg)
{
	struct walk w = { .e = e, .rows = walk_rows(e), .fn = fn, .arg = arg };

	look_at_table(&w, e->root, 4, 0, PER / 2, 0);
	look_at_shared(&w);
	exo_assert(w.tables == e->tables);
}

/* --- a TLB -------------------------------------------------------------------- */

unsigned tlb_alls, tlb_ones;

static struct {
	uint64_t root;
	unsigned tag, n;
	struct {
		unsigned tag;
		uint64_t va, entry;
	} known[KNOWN];
} tlb;

bool tlb_uses(uint64_t root)
{
	return root != 0 && root == tlb.root;
}

static void forget(unsigned i)
{
	tlb.known[i] = tlb.known[--tlb.n];
}

void tlb_forget(uint64_t va)
{
	tlb_ones++;
	for (unsigned i = tlb.n; i-- > 0;)
		if (tlb.known[i].tag == tlb.tag && tlb.known[i].va == va)
			forget(i);
}

static void forget_all(void)
{
	for (unsigned i = tlb.n; i-- > 0;)
		if (tlb.known[i].tag == tlb.tag)
			forget(i);
}

void tlb_forget_all(void)
{
	tlb_alls++;
	forget_all();
}

uint64_t tlb_word(uint64_t root, unsigned tag, bool keep)
{
	exo_assert(tag < KEEP);
	return root | tag | (keep ? KEEP : 0);
}

void tlb_use(uint64_t word)
{
	tlb.root = word & PT_FRAME;
	tlb.tag = (unsigned)word & (KEEP - 1);
	if ((word & KEEP) == 0)
		forget_all();
}

bool tlb_knows(uint64_t va)
{
	for (unsigned i = 0; i < tlb.n; i++)
		if (tlb.known[i].tag == tlb.tag && tlb.known[i].va == va)
			return true;
	return false;
}

static void learn(void *arg, uint64_t va, uint64_t entry)
{
	(void)arg;
	if (tlb_knows(va))
		return;
	exo_assert(tlb.n < KNOWN);
	tlb.known[tlb.n].tag = tlb.tag;
	tlb.known[tlb.n].va = va;
	tlb.known[tlb.n++].entry = entry;
}

bool tlb_touch(uint64_t va)
{
	uint64_t page = va & ~(uint64_t)(FRAME_SIZE - 1), entry;

	if (tlb_knows(page))
		return true;
	entry = paging_entry(tlb.root, page);
	if ((entry & PT_USER) == 0)
		return false;
	learn(NULL, page, entry);
	return true;
}

void tlb_touch_all(const struct plat_env *e)
{
	exo_assert(tlb.root == e->root);
	walk(e, learn, NULL);
	for (unsigned i = tlb.n; i-- > 0;)
		if (tlb.known[i].tag == tlb.tag &&
		    tlb.known[i].va < EXO_MAP_END)
			(void)tlb_touch(EXO_TABLES_AT + (tlb.known[i].va >> 9));
}

void tlb_check(void)
{
	for (unsigned i = 0; i < tlb.n; i++) {
		uint64_t was = tlb.known[i].entry;
		uint64_t is = paging_entry(tlb.root, tlb.known[i].va);

		if (tlb.known[i].tag != tlb.tag)
			continue;
		exo_assert((is & PT_FRAME) == (was & PT_FRAME));
		exo_assert((is & PT_USER) != 0);
		exo_assert((was & ~is & PT_WRITE) == 0);
		exo_assert((is & ~was & PT_NX) == 0);
	}
}

/* No call of theirs pauses. */
void fiber_free(struct plat_env *e)
{
	(void)e;
}
