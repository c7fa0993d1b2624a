/* SPDX-License-Identifier: BSD-2-Clause */
/* An environment's memory by its calls: see bare_model.h. */
#include "tests/support/bare_model.h"

#include <string.h>

#include "exo/bare/frames.h"
#include "exo/bare/space.h"
#include "exo/lib/bug.h"
#include "tests/support/ram.h"
#include "tests/support/walk.h"

#include "exo/bare/paging.h"

#define PAGES 1200u /* pins, and some */
#define KEPT  128u
#define ROWS  4096u

struct page {
	uint64_t va, frame, bits, age;
};

struct pages {
	struct page page[PAGES];
	unsigned n;
};

static struct {
	const struct bare *b;
	struct plat_env *e;
	uint32_t frames, entries;
	uint64_t age; /* of the page that was entered last */
	struct pages now;
	struct exo_frame_row rows[ROWS]; /* before */
	struct {
		uint64_t frame;
		uint8_t bytes[FRAME_SIZE];
	} kept[KEPT];
	unsigned nkept;
} m;

static uint8_t *bytes_of(uint64_t frame)
{
	return paging_direct(frame * FRAME_SIZE);
}

void model_new(const struct bare *b, struct plat_env *e, uint32_t entries)
{
	m.b = b;
	m.e = e;
	m.frames = (uint32_t)(b->size / FRAME_SIZE);
	m.entries = entries;
	m.now.n = 0;
	exo_assert(m.frames <= ROWS);
}

static struct page *find(struct pages *in, uint64_t va)
{
	for (unsigned i = 0; i < in->n; i++)
		if (va - in->page[i].va < FRAME_SIZE)
			return &in->page[i];
	return NULL;
}

static void forget(struct page *p)
{
	if (p != NULL)
		*p = m.now.page[--m.now.n];
}

void model_page(uint64_t va, uint64_t frame, uint64_t bits)
{
	exo_assert(m.now.n < PAGES);
	m.now.page[m.now.n++] =
	    (struct page){ va, frame, bits | EXO_PTE_PIN, ++m.age };
}

uint8_t *model_byte(uint64_t va, bool write)
{
	const struct page *p = find(&m.now, va);

	if (p == NULL || (write && (p->bits & EXO_PTE_WRITE) == 0))
		return NULL;
	return bytes_of(p->frame) + va % FRAME_SIZE;
}

bool model_copy(uint64_t va, void *kernels, uint64_t n, bool write)
{
	uint8_t *to = kernels;

	for (uint64_t i = 0; i < n; i++) {
		uint8_t *p = model_byte(va + i, write);

		if (p == NULL)
			return false;
		if (kernels != NULL && write)
			*p = to[i];
		else if (kernels != NULL)
			to[i] = *p;
	}
	return true;
}

/* --- calls -------------------------------------------------------------------- */

static void keep(uint64_t frame)
{
	exo_assert(m.nkept < KEPT);
	m.kept[m.nkept].frame = frame;
	memcpy(m.kept[m.nkept++].bytes, bytes_of(frame), FRAME_SIZE);
}

void model_keep(void)
{
	m.nkept = 0;
	memcpy(m.rows, m.b->rows, m.frames * sizeof(m.rows[0]));
	for (uint32_t i = 0; i < m.frames; i++)
		if (m.rows[i].owner != 0)
			keep(i);
	for (unsigned i = 0; i < m.now.n; i++)
		if (m.now.page[i].va >= EXO_MAP_END)
			keep(m.now.page[i].frame);
	space_run(m.e);
	tlb_touch_all(m.e);
}

/* The ninth of a set of the S-TLB has the oldest go. */
static void displace(uint64_t va)
{
	uint64_t set = FRAME_SIZE * (uint64_t)(m.entries / 8) - 1;
	struct page *oldest = NULL;
	uint32_t n = 0;

	for (unsigned i = 0; i < m.now.n; i++) {
		struct page *p = &m.now.page[i];

		if ((p->bits & EXO_PTE_PIN) != 0 || ((p->va ^ va) & set) != 0)
			continue;
		n++;
		if (oldest == NULL || p->age < oldest->age)
			oldest = p;
	}
	if (n == 8)
		forget(oldest);
}

/* One entry: what was there is gone, and what it displaces. */
static void enter(const struct exo_pte *pte)
{
	exo_assert(pte->va % FRAME_SIZE == 0 && pte->va < EXO_MAP_END);
	forget(find(&m.now, pte->va));
	if ((pte->bits & EXO_PTE_PRESENT) == 0)
		return;
	exo_assert((pte->bits & (EXO_PTE_WRITE | EXO_PTE_NX)) != EXO_PTE_WRITE);
	if ((pte->bits & EXO_PTE_PIN) == 0)
		displace(pte->va);
	exo_assert(m.now.n < PAGES);
	m.now.page[m.now.n++] =
	    (struct page){ pte->va, pte->key.region, pte->bits, ++m.age };
}

void model_enter(const struct exo_pte *pte, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		enter(&pte[i]);
}

static bool zeroes(const uint8_t *p)
{
	return p[0] == 0 && memcmp(p, p + 1, FRAME_SIZE - 1) == 0;
}

/* A frame is nobody's any more: no page shows it. */
static void given_back(uint64_t frame)
{
	for (unsigned i = m.now.n; i-- > 0;)
		if (m.now.page[i].va < EXO_MAP_END &&
		    m.now.page[i].frame == frame)
			forget(&m.now.page[i]);
}

void model_owners(uint32_t taken, uint32_t given)
{
	for (uint32_t i = 0; i < m.frames; i++) {
		const struct exo_frame_row *is = &m.b->rows[i];

		if (is->owner == m.rows[i].owner)
			continue;
		if (is->owner != 0) {
			exo_assert(m.rows[i].owner == 0 && taken-- > 0);
			exo_assert(zeroes(bytes_of(i)));
			continue;
		}
		exo_assert(given-- > 0);
		exo_assert(is->generation == m.rows[i].generation + 1);
		exo_assert(is->maps == 0);
		given_back(i);
	}
	exo_assert(taken == 0 && given == 0);
}

void model_wrote(uint64_t frame)
{
	for (unsigned i = 0; i < m.nkept; i++)
		if (m.kept[i].frame == frame)
			memcpy(m.kept[i].bytes, bytes_of(frame), FRAME_SIZE);
}

/* --- what must be true -------------------------------------------------------- */

/* Whether a byte of a frame may have changed, by any page that shows it by now. */
static bool by_any_page(uint64_t frame, unsigned off,
    bool (*may_change)(const void *arg, uint64_t va), const void *arg)
{
	for (unsigned i = 0; i < m.now.n; i++) {
		const struct page *p = &m.now.page[i];

		if (p->frame == frame && (p->bits & EXO_PTE_WRITE) != 0 &&
		    may_change(arg, p->va + off))
			return true;
	}
	return false;
}

static void check_bytes(
    bool (*may_change)(const void *arg, uint64_t va), const void *arg)
{
	for (unsigned k = 0; k < m.nkept; k++) {
		uint64_t frame = m.kept[k].frame;
		const uint8_t *was = m.kept[k].bytes, *is = bytes_of(frame);

		if (m.b->rows[frame].owner != m.rows[frame].owner ||
		    memcmp(was, is, FRAME_SIZE) == 0)
			continue;
		for (unsigned i = 0; i < FRAME_SIZE; i++)
			exo_assert(was[i] == is[i] ||
			           by_any_page(frame, i, may_change, arg));
	}
}

static void check_page(void *arg, uint64_t va, uint64_t entry)
{
	const uint64_t rights = EXO_PTE_WRITE | EXO_PTE_NX;
	const struct page *p = find(&m.now, va);

	(void)arg;
	exo_assert(p != NULL && p->frame == (entry & PT_FRAME) / FRAME_SIZE);
	exo_assert(((p->bits ^ entry) & rights) == 0);
}

void model_check(bool (*may_change)(const void *arg, uint64_t va), void *arg)
{
	check_bytes(may_change, arg);
	tlb_check();
	walk(m.e, check_page, NULL);
	for (unsigned i = 0; i < env_places(); i++)
		if (env_at(i) != NULL && env_at(i) != m.e)
			walk(env_at(i), NULL, NULL);
}
