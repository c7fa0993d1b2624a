/* SPDX-License-Identifier: BSD-2-Clause */
/* The data of the demonstration's libOSes, and where it goes: see demo.h. */
#include "libos-net/demo/demo.h"
#include "libos-net/rt/rt.h"

static uint64_t address(uint32_t page)
{
	return DEMO_FROM + (uint64_t)page * EXO_PAGE;
}

volatile uint64_t *demo_word(uint32_t page, uint32_t word)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (volatile uint64_t *)(uintptr_t)address(page) + word;
}

/* --- the store --------------------------------------------------------------------- */

static bool put(void *arg, uint32_t slot, const void *page)
{
	struct demo *d = arg;

	(void)page;
	d->block[slot] = DEMO_SAVED + slot;
	d->out = slot + 1;
	return lnet_disk(&d->disk, &d->page[slot].key, d->block[slot], 1) == 0;
}

/* The page that is filled is the one at LNET_SCRATCH. */
static bool get(void *arg, uint32_t slot, void *page)
{
	struct demo *d = arg;

	(void)page;
	return lnet_disk(&d->disk, &d->vm.scratch, d->block[slot], 0) == 0;
}

static struct lnet_store store LNET_PAGER;

void demo_init(struct demo *d, const struct exo_pe *pe, uint32_t pages,
    uint32_t frames, uint32_t around, const struct lnet_policy *policy)
{
	d->began = demo_ticks();
	d->whose = "";
	d->disk = pe->disk;
	lnet_vm_init(&d->vm, around);
	d->data = (struct lnet_region){ .from = DEMO_FROM,
		.n = pages,
		.rights = EXO_FRAME_READ | EXO_FRAME_WRITE,
		.page = d->page };
	lnet_vm_add(&d->vm, &d->data);
	store = (struct lnet_store){ put, get, d };
	d->vm.store = &store;
	d->vm.policy = policy;
	d->vm.most = frames;
}

/* --- page faults -------------------------------------------------------------------- */

/* What a fault came to, by what is counted. */
static enum demo_event became(
    const struct lnet_vm_stat *a, const struct lnet_vm_stat *b)
{
	if (b->zeroed != a->zeroed)
		return DEMO_ZERO;
	if (b->brought != a->brought)
		return DEMO_BACK;
	return b->copied != a->copied || b->upgraded != a->upgraded
	           ? DEMO_COPY
	           : DEMO_AGAIN;
}

static void tell_fault(
    const struct demo *d, enum demo_event what, uint32_t page, uint64_t fresh)
{
	struct demo_line l = demo_now(d);

	demo_text(&l, "page fault at page ", 0);
	demo_number(&l, page, 0);
	if (what == DEMO_ZERO && fresh > 1) {
		demo_text(&l, ": never used; it and ", 0);
		demo_number(&l, fresh - 1, 0);
		demo_text(&l, " around it get frames, it", 0);
	} else if (what == DEMO_ZERO) {
		demo_text(&l, ": never used; it gets", 0);
	} else if (what == DEMO_BACK) {
		demo_text(&l, ": it is on the disk, block ", 0);
		demo_number(&l, d->block[page], 0);
		demo_text(&l, ", and is read into", 0);
	} else if (what == DEMO_COPY) {
		demo_text(&l, ": it was shown to two, and is now alone in", 0);
	} else {
		demo_text(&l, ": the S-TLB lost it; it is entered again, ", 0);
	}
	demo_text(&l, " frame ", 0);
	demo_number(&l, d->page[page].key.region, 0);
	demo_print(&l);
}

static void tell_out(const struct demo *d)
{
	struct demo_line l = demo_now(d);

	demo_text(&l, "  for it page ", 0);
	demo_number(&l, d->out - 1, 0);
	demo_text(&l,
	    d->vm.policy == &lnet_fifo
	        ? ", which came first, goes to block "
	        : ", not used since the hand came by, goes to block ",
	    0);
	demo_number(&l, d->block[d->out - 1], 0);
	demo_print(&l);
}

/* What the kernel took may have been wanted just now: then it is a loss that was not seen
 * yet, and the next try brings it back. */
static bool fault(struct demo *d, struct exo_frame *f)
{
	uint64_t seen;

	do {
		demo_losses(d);
		seen = d->losses;
		if (lnet_vm_fault(&d->vm, f))
			return true;
		demo_losses(d);
	} while (d->losses != seen);
	return false;
}

bool demo_fault(struct demo *d, struct exo_frame *f)
{
	uint64_t page = (f->address - DEMO_FROM) / EXO_PAGE;
	struct lnet_vm_stat before = d->vm.stat;
	enum demo_event what;

	d->out = 0;
	if (!fault(d, f))
		return false;
	if (f->address < DEMO_FROM || page >= d->data.n)
		return true;
	what = became(&before, &d->vm.stat);
	if (demo_tells(d, what))
		tell_fault(
		    d, what, (uint32_t)page, d->vm.stat.zeroed - before.zeroed);
	if (d->out != 0 && demo_tells(d, DEMO_OUT))
		tell_out(d);
	return true;
}

/* --- revocation -------------------------------------------------------------------- */

/* A page's frame was taken; it is where the kernel says. */
static void lost(struct demo *d, const struct exo_loss *loss)
{
	uint64_t page = (loss->va - DEMO_FROM) / EXO_PAGE;
	struct demo_line l = demo_now(d);

	if (loss->kind != EXO_KIND_FRAME || loss->block == EXO_ANY ||
	    loss->va < DEMO_FROM || page >= d->data.n ||
	    !lnet_vm_lost(&d->vm, loss->va)) {
		d->failed = true;
		return;
	}
	d->block[page] = loss->block;
	if (!demo_tells(d, DEMO_LOST))
		return;
	demo_text(&l, "repossessed: frame ", 0);
	demo_number(&l, loss->name & UINT32_MAX, 0);
	demo_text(&l, " of page ", 0);
	demo_number(&l, page, 0);
	demo_text(&l, "; the kernel saved it in block ", 0);
	demo_number(&l, loss->block, 0);
	demo_print(&l);
}

void demo_losses(struct demo *d)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	const struct exo_losses *v = (const void *)(uintptr_t)EXO_LOSSES_AT;
	uint64_t total = __atomic_load_n(&v->total, __ATOMIC_ACQUIRE);

	for (; d->losses < total; d->losses++)
		lost(d, &v->loss[d->losses % EXO_LOSSES]);
}

uint32_t demo_surrender(struct demo *d, uint32_t n)
{
	uint64_t names[EXO_BATCH];
	uint32_t k = 0;

	while (k < n && k < EXO_BATCH) {
		struct lnet_region *r = NULL;
		uint32_t i = d->vm.policy->victim(&d->vm, &r);
		const struct exo_key *key = &d->page[i].key;

		if (r != &d->data || !put(d, i, NULL))
			break;
		names[k++] = (uint64_t)key->epoch << 32 | key->region;
		(void)lnet_vm_lost(&d->vm, address(i));
		if (!demo_tells(d, DEMO_GIVEN))
			continue;
		demo_say(
		    d, "  page ", i, " is the coldest, and goes to the disk");
	}
	if (k > 0 && lnet_surrender(EXO_KIND_FRAME, names, k) != 0)
		return 0;
	return k;
}
