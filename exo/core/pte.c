/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of an address space, in batches. See phys.h.
 *
 * All of a batch is looked at before anything is done, so that it is entered as a whole
 * or not at all; and once it is, what the processor knew is made void at once. The call
 * is not interrupted, so that a batch makes room for tables once: pages that have none
 * then are entered when they are touched.
 */
#include "exo/abi/err.h"
#include "exo/core/phys_int.h"
#include "exo/lib/bug.h"

#define CHOICE                                                                \
	(EXO_PTE_PRESENT | EXO_PTE_WRITE | EXO_PTE_ACCESSED | EXO_PTE_DIRTY | \
	    EXO_PTE_PIN | EXO_PTE_SOFT | EXO_PTE_NX)

/* Rights that an entry's key needs. */
static uint32_t rights_of(uint64_t bits)
{
	return EXO_FRAME_READ |
	       ((bits & EXO_PTE_WRITE) != 0 ? EXO_FRAME_WRITE : 0) |
	       ((bits & EXO_PTE_NX) != 0 ? 0 : EXO_FRAME_EXECUTE);
}

static int check(const struct exo_phys *p, const struct exo_pte *e)
{
	uint32_t i;

	if (e->va % EXO_PAGE != 0 || e->va >= EXO_MAP_END)
		return -EXO_EINVAL;
	if ((e->bits & EXO_PTE_PRESENT) == 0)
		return (e->bits & EXO_PTE_FRAME) == 0 ? 0 : -EXO_EINVAL;
	if ((e->bits & ~CHOICE) != 0 ||
	    (e->bits & (EXO_PTE_WRITE | EXO_PTE_NX)) == EXO_PTE_WRITE)
		return -EXO_EINVAL;
	return frame_of_key(p, &e->key, rights_of(e->bits), &i);
}

static bool is_pin(const struct exo_pte *e)
{
	const uint64_t pin = EXO_PTE_PRESENT | EXO_PTE_PIN;

	return (e->bits & pin) == pin;
}

/* Whose space, and all that could be wrong. */
static int decode(struct exo_phys *p, struct exo_holder *h,
    const struct exo_call_pte *a, struct exo_holder **to, uint32_t *pins)
{
	int err = 0;

	if (a->n == 0 || a->n > EXO_BATCH || a->zero != 0)
		return -EXO_EINVAL;
	*to = h;
	if (a->env.res != 0)
		err = exo_holder_find(p, &a->env, EXO_ENV_MAP, to);
	if (err == 0)
		err = plat_copy_in(h->args.plat, p->ptes, a->entries,
		    a->n * sizeof(p->ptes[0]));
	for (uint32_t i = 0; err == 0 && i < a->n; i++) {
		err = check(p, &p->ptes[i]);
		*pins += is_pin(&p->ptes[i]);
	}
	return err == 0 && *pins > 0 ? mapping_reserve(*to, *pins) : err;
}

static void enter(
    struct exo_phys *p, struct exo_holder *to, const struct exo_pte *e)
{
	if ((e->bits & EXO_PTE_PRESENT) != 0) {
		bool fits = mapping_enter(
		    p, to, e->va, e->key.region - p->cfg.first, e->bits);

		exo_assert(fits || !is_pin(e)); /* that was reserved */
		return;
	}
	mapping_remove(p, to, e->va);
	(void)p->cfg.ops->enter(to->args.plat, e->va, EXO_FRAME_NONE,
	    e->bits == 0 ? 0 : e->bits | EXO_PTE_FRAME);
}

int call_pte(struct exo_phys *p, struct exo_holder *h, struct exo_call_pte *a)
{
	struct exo_holder *to;
	uint32_t pins = 0;
	bool batch;
	int err = decode(p, h, a, &to, &pins);

	batch = err == 0 && (pins > 0 || a->n > 1);
	if (batch && !p->cfg.ops->reserve(to->args.plat, p->ptes, a->n))
		err = -EXO_ENOMEM;
	if (err != 0)
		return err;
	for (uint32_t i = 0; i < a->n; i++)
		enter(p, to, &p->ptes[i]);
	if (batch)
		p->cfg.ops->settle(to->args.plat);
	p->cfg.ops->flush(to->args.plat);
	to->stat.entered += a->n;
	return 0;
}
