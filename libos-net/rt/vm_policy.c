/* SPDX-License-Identifier: BSD-2-Clause */
/* Which page of a libOS's goes when there are no more frames: see vm.h. */
#include "libos-net/rt/vm.h"

#define BATCH 16u

/* Whether a page may go: it has a frame, which nobody else shows. */
static bool may_go(const struct lnet_region *r, uint32_t i)
{
	const struct lnet_page *p = &r->page[i];

	return p->flags == (LNET_PAGE_IN | LNET_PAGE_OWN) && p->same == p &&
	       (r->flags & (LNET_REGION_STAYS | LNET_REGION_SHARED)) == 0;
}

/* The one whose frame came first. */
static uint32_t oldest(struct lnet_vm *vm, struct lnet_region **out)
{
	uint32_t found = 0, age, most = 0;

	*out = NULL;
	for (struct lnet_region *r = vm->regions; r != NULL; r = r->next)
		for (uint32_t i = 0; i < r->n; i++) {
			age = vm->born - r->page[i].born;
			if (!may_go(r, i) || age <= most)
				continue;
			most = age;
			found = i;
			*out = r;
		}
	return found;
}

const struct lnet_policy lnet_fifo = { oldest };

/* The processor's marks of pages that were used are taken away, a batch at a time. */
struct marks {
	struct exo_pte entry[BATCH];
	uint32_t n;
};

static void clear(struct marks *m)
{
	if (m->n > 0)
		(void)lnet_vm_pte(NULL, m->entry, m->n);
	m->n = 0;
}

static void mark(struct marks *m, const struct lnet_region *r, uint32_t i)
{
	m->entry[m->n++] = (struct exo_pte){ r->from + (uint64_t)i * EXO_PAGE,
		lnet_vm_bits(r, &r->page[i]), r->page[i].key };
	if (m->n == BATCH)
		clear(m);
}

/* Over all pages in turn, in a circle: one that was used since the hand came by stays,
 * once [F. J. Corbato, "A paging experiment with the Multics system", 1968]. */
static uint32_t by_hand(struct lnet_vm *vm, struct lnet_region **out)
{
	struct marks m = { .n = 0 };
	uint32_t total = 0, found = 0;

	*out = NULL;
	for (struct lnet_region *r = vm->regions; r != NULL; r = r->next)
		total += r->n;
	for (uint32_t k = 0; *out == NULL && k < 2 * total + 1; k++) {
		struct lnet_region *r = vm->hand_in;

		if (k == total)
			clear(&m);
		if (r == NULL || vm->hand >= r->n) {
			vm->hand_in = r == NULL || r->next == NULL ? vm->regions
			                                           : r->next;
			vm->hand = 0;
			r = vm->hand_in;
		}
		found = vm->hand++;
		if (!may_go(r, found))
			continue;
		if ((lnet_vm_entry(r->from + (uint64_t)found * EXO_PAGE) &
		        EXO_PTE_ACCESSED) != 0)
			mark(&m, r, found);
		else
			*out = r;
	}
	clear(&m);
	return found;
}

const struct lnet_policy lnet_clock = { by_hand };
