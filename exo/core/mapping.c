/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries that were checked: the S-TLB, and what is pinned. See phys.h.
 *
 * The S-TLB has sets of eight entries; a page's set is its number's low bits. Pages that
 * lie side by side are in different sets, so that as many as there are entries never
 * displace each other. In a full set the oldest entry is displaced: the last eight that
 * were entered are there. An instruction needs six pages at most (two each of its own, to
 * read, and to write), which are entered one by one as it faults: none of them is gone
 * before it has them all.
 *
 * Each entry is in its frame's list, so that a frame finds all that show it.
 */
#include "exo/abi/err.h"
#include "exo/core/phys_int.h"
#include "exo/lib/bug.h"

/* The set of a page. */
static struct mapping *set_of(const struct exo_holder *h, uint64_t va)
{
	uint64_t sets = h->args.entries / STLB_WAYS;

	return &h->stlb[(va / EXO_PAGE & (sets - 1)) * STLB_WAYS];
}

static uint32_t head(uint64_t va)
{
	return va / EXO_PAGE & (PIN_HEADS - 1);
}

static struct pin *find_pin(const struct exo_holder *h, uint64_t va)
{
	struct pin *p = h->pin_of[head(va)];

	while (p != NULL && p->m.va != va)
		p = p->next;
	return p;
}

bool exo_holder_pinned(const struct exo_holder *h, uint64_t va)
{
	return find_pin(h, va) != NULL;
}

struct mapping *mapping_find(struct exo_holder *h, uint64_t va)
{
	struct mapping *m = set_of(h, va);
	struct pin *pin;

	for (uint32_t i = 0; i < STLB_WAYS; i++)
		if (m[i].prev != NULL && m[i].va == va)
			return &m[i];
	pin = find_pin(h, va);
	return pin == NULL ? NULL : &pin->m;
}

/* --- a frame's list ----------------------------------------------------------- */

static void link_map(struct exo_phys *p, struct mapping *m)
{
	struct mapping **list = &p->frames[m->frame].maps;

	m->prev = list;
	m->next = *list;
	if (m->next != NULL)
		m->next->prev = &m->next;
	*list = m;
	p->cfg.rows[m->frame].maps++;
}

static void unlink_map(struct exo_phys *p, struct mapping *m)
{
	*m->prev = m->next;
	if (m->next != NULL)
		m->next->prev = m->prev;
	m->prev = NULL;
	p->cfg.rows[m->frame].maps--;
}

/* --- memory ------------------------------------------------------------------- */

int mapping_init(struct exo_holder *h)
{
	h->stlb =
	    exo_mem_get(&h->mem, (uint64_t)h->args.entries * sizeof(*h->stlb));
	return h->stlb == NULL ? -EXO_ENOMEM : 0;
}

int mapping_reserve(struct exo_holder *h, uint32_t n)
{
	if (n > h->args.pins + h->pins_given - h->pinned)
		return -EXO_ELIMIT;
	while (h->pins_free < n) {
		struct pin_chunk *c = exo_mem_get(&h->mem, sizeof(*c));

		if (c == NULL)
			return -EXO_ENOMEM;
		c->next = h->chunks;
		h->chunks = c;
		for (uint32_t i = 0; i < PIN_CHUNK; i++) {
			c->pin[i].next = h->pin_free;
			h->pin_free = &c->pin[i];
		}
		h->pins_free += PIN_CHUNK;
	}
	return 0;
}

void mapping_free(struct exo_phys *p, struct exo_holder *h)
{
	for (uint32_t i = 0; i < h->args.entries; i++)
		if (h->stlb[i].prev != NULL)
			unlink_map(p, &h->stlb[i]);
	for (uint32_t i = 0; i < PIN_HEADS; i++)
		for (struct pin *pin = h->pin_of[i]; pin != NULL;
		     pin = pin->next)
			unlink_map(p, &pin->m);
	while (h->chunks != NULL) {
		struct pin_chunk *c = h->chunks;

		h->chunks = c->next;
		exo_mem_put(&h->mem, c, sizeof(*c));
	}
	exo_mem_put(
	    &h->mem, h->stlb, (uint64_t)h->args.entries * sizeof(*h->stlb));
}

/* --- entries come and go -------------------------------------------------------- */

static void free_pin(struct exo_holder *h, struct pin *pin)
{
	*pin->prev = pin->next;
	if (pin->next != NULL)
		pin->next->prev = pin->prev;
	pin->next = h->pin_free;
	h->pin_free = pin;
	h->pins_free++;
	h->pinned--;
}

/* Out of the tables, its frame's list, and its place. */
static void drop(struct exo_phys *p, struct mapping *m)
{
	p->cfg.ops->remove(m->holder->args.plat, m->va);
	unlink_map(p, m);
	if ((m->bits & EXO_PTE_PIN) != 0)
		free_pin(m->holder, (struct pin *)(void *)m);
}

void mapping_remove(struct exo_phys *p, struct exo_holder *h, uint64_t va)
{
	struct mapping *m = mapping_find(h, va);

	if (m != NULL)
		drop(p, m);
}

static struct mapping *take_pin(struct exo_holder *h, uint64_t va)
{
	struct pin *pin = h->pin_free, **at = &h->pin_of[head(va)];

	exo_assert(pin != NULL); /* it was reserved */
	h->pin_free = pin->next;
	h->pins_free--;
	h->pinned++;
	pin->next = *at;
	pin->prev = at;
	if (pin->next != NULL)
		pin->next->prev = &pin->next;
	*at = pin;
	return &pin->m;
}

static struct mapping *take_place(
    struct exo_phys *p, struct exo_holder *h, uint64_t va)
{
	struct mapping *set = set_of(h, va), *m = set;

	for (uint32_t i = 1; m->prev != NULL && i < STLB_WAYS; i++)
		if (set[i].prev == NULL || set[i].age < m->age)
			m = &set[i];
	if (m->prev != NULL) {
		drop(p, m);
		h->stat.displaced++;
	}
	m->age = ++h->age;
	return m;
}

bool mapping_enter(struct exo_phys *p, struct exo_holder *h, uint64_t va,
    uint32_t frame, uint64_t bits)
{
	struct mapping *m = mapping_find(h, va);
	bool fits;

	if (m != NULL && ((m->bits | bits) & EXO_PTE_PIN) == 0) {
		unlink_map(p, m); /* enter() writes over it */
		m->age = ++h->age;
	} else {
		if (m != NULL)
			drop(p, m);
		m = (bits & EXO_PTE_PIN) != 0 ? take_pin(h, va)
		                              : take_place(p, h, va);
	}
	m->va = va;
	m->bits = bits;
	m->holder = h;
	m->frame = frame;
	m->generation = frame_generation(p, frame);
	/* room for a table may cost the holder its S-TLB, but not this entry */
	fits = p->cfg.ops->enter(h->args.plat, va, p->cfg.first + frame, bits);
	if (!fits && (bits & EXO_PTE_PIN) != 0) {
		free_pin(h, (struct pin *)(void *)m);
		return false;
	}
	link_map(p, m);
	return true;
}

void mapping_of_frame(struct exo_phys *p, uint32_t i)
{
	while (p->frames[i].maps != NULL) {
		struct exo_holder *h = p->frames[i].maps->holder;

		drop(p, p->frames[i].maps);
		p->cfg.ops->flush(h->args.plat);
	}
}

bool exo_holder_pin(struct exo_phys *p, struct exo_holder *h, uint64_t va,
    uint32_t frame, uint64_t bits)
{
	uint32_t i = frame - p->cfg.first;
	bool ok;

	exo_assert(i < p->cfg.frames && p->frames[i].owner == h);
	h->pins_given++;
	ok = mapping_reserve(h, 1) == 0 &&
	     mapping_enter(p, h, va, i, bits | EXO_PTE_PRESENT | EXO_PTE_PIN);
	if (!ok)
		h->pins_given--;
	p->cfg.ops->flush(h->args.plat); /* of what was there */
	return ok;
}

/* --- the tables are a cache ------------------------------------------------------ */

/* Enter it again, if it is whole. Room for a table may cost the holder its S-TLB
 * (exo_holder_forget()), but not this entry. */
static bool again(struct exo_phys *p, struct mapping *m)
{
	if (m->generation != frame_generation(p, m->frame) ||
	    !p->cfg.ops->enter(
	        m->holder->args.plat, m->va, p->cfg.first + m->frame, m->bits))
		return false;
	if (m->prev == NULL)
		link_map(p, m);
	return true;
}

bool exo_phys_refill(struct exo_phys *p, struct exo_holder *h, uint64_t va,
    bool write, bool execute)
{
	struct mapping *m = mapping_find(h, va & ~(uint64_t)(EXO_PAGE - 1));

	if (m == NULL || (write && (m->bits & EXO_PTE_WRITE) == 0) ||
	    (execute && (m->bits & EXO_PTE_NX) != 0) || !again(p, m)) {
		h->stat.misses++;
		return false;
	}
	h->stat.refills++;
	return true;
}

void exo_holder_dropped(struct exo_holder *h, uint64_t va, uint64_t entry)
{
	struct mapping *m = mapping_find(h, va);

	if (m == NULL)
		return;
	m->bits |= entry & (EXO_PTE_ACCESSED | EXO_PTE_DIRTY);
	if ((entry & EXO_PTE_ACCESSED) != 0)
		h->recent[h->recent_next++ % RECENT] = va / EXO_PAGE + 1;
}

uint32_t exo_holder_preload(struct exo_phys *p, struct exo_holder *h)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < RECENT; i++) {
		struct mapping *m;

		if (h->recent[i] == 0)
			continue;
		m = mapping_find(h, (h->recent[i] - 1) * EXO_PAGE);
		n += m != NULL && again(p, m);
		h->recent[i] = 0;
	}
	h->recent_next = 0;
	h->stat.preloaded += n;
	return n;
}

void exo_holder_forget(struct exo_phys *p, struct exo_holder *h)
{
	for (uint32_t i = 0; i < h->args.entries; i++)
		if (h->stlb[i].prev != NULL)
			drop(p, &h->stlb[i]);
	p->cfg.ops->flush(h->args.plat);
}
