/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual memory of a libOS's own: see vm.h. */
#include "libos-net/rt/vm.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"
#include "libos-net/rt/rt.h"

#define WRITES   2u /* of a page fault's code [Intel SDM, volume 3A, 4.7] */
#define FETCHES  16u
#define PT_FRAME 0x000ffffffffff000u
#define USABLE   (EXO_PTE_PRESENT | EXO_PTE_NX)

/* What lnet_vm_entry() reads with, and where it goes on when there is nothing. */
extern const uint8_t lnet_peek_at[], lnet_peek_none[];
uint64_t lnet_peek(uint64_t at);
__asm__(".globl lnet_peek, lnet_peek_at, lnet_peek_none\n"
        "lnet_peek:\n"
        "lnet_peek_at:\n"
        "	movq (%rdi), %rax\n"
        "	ret\n"
        "lnet_peek_none:\n"
        "	xorl %eax, %eax\n"
        "	ret\n");

static void *at_page(uint64_t va)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (void *)(uintptr_t)va;
}

static uint64_t va_of(const struct lnet_region *r, uint32_t i)
{
	return r->from + (uint64_t)i * EXO_PAGE;
}

void lnet_vm_init(struct lnet_vm *vm, uint32_t around)
{
	memset(vm, 0, sizeof(*vm));
	vm->around = around;
}

void lnet_vm_add(struct lnet_vm *vm, struct lnet_region *r)
{
	r->slot = vm->slots;
	vm->slots += r->n;
	r->next = vm->regions;
	vm->regions = r;
}

static struct lnet_region *find(const struct lnet_vm *vm, uint64_t va)
{
	struct lnet_region *r = vm->regions;

	while (r != NULL && (va < r->from || (va - r->from) / EXO_PAGE >= r->n))
		r = r->next;
	return r;
}

static struct lnet_page *page_at(const struct lnet_vm *vm, uint64_t va)
{
	struct lnet_region *r = find(vm, va);

	return r == NULL ? NULL : &r->page[(va - r->from) / EXO_PAGE];
}

/* --- the kernel's calls ----------------------------------------------------------- */

int lnet_vm_pte(
    const struct exo_key *env, const struct exo_pte *entries, uint32_t n)
{
	struct exo_call_pte a = { .entries = (uintptr_t)entries, .n = n };

	if (env != NULL)
		a.env = *env;
	return (int)lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a));
}

static int take(struct exo_key *keys, uint32_t n)
{
	struct exo_call_frames a = { (uintptr_t)keys, n, EXO_ANY };

	lnet_vm_touch(keys, n * sizeof(*keys), true);
	return (int)lnet_call(EXO_CALL_FRAMES_NR, &a, sizeof(a));
}

static int release(struct lnet_vm *vm, const struct exo_key *key)
{
	struct exo_call_release a = { (uintptr_t)key, 1, 0 };
	int err = (int)lnet_call(EXO_CALL_RELEASE_NR, &a, sizeof(a));

	vm->owned -= err == 0;
	return err;
}

static int key_of(uint32_t frame, struct exo_key *out)
{
	struct exo_call_key_of a = { .frame = frame };
	int err = (int)lnet_call(EXO_CALL_KEY_OF_NR, &a, sizeof(a));

	*out = a.out_key;
	return err;
}

uint64_t lnet_vm_bits(const struct lnet_region *r, const struct lnet_page *p)
{
	uint64_t bits = EXO_PTE_PRESENT;

	if ((r->rights & EXO_FRAME_WRITE) != 0 &&
	    (p->flags & LNET_PAGE_COW) == 0)
		bits |= EXO_PTE_WRITE;
	if ((r->rights & EXO_FRAME_EXECUTE) == 0)
		bits |= EXO_PTE_NX;
	if ((r->flags & LNET_REGION_STAYS) != 0)
		bits |= EXO_PTE_PIN;
	return bits;
}

static void make_entry(
    const struct lnet_region *r, uint32_t i, struct exo_pte *to)
{
	to->va = va_of(r, i);
	to->bits = lnet_vm_bits(r, &r->page[i]);
	to->key = r->page[i].key;
}

static int enter_one(const struct lnet_region *r, uint32_t i)
{
	struct exo_pte e;

	make_entry(r, i, &e);
	return lnet_vm_pte(NULL, &e, 1);
}

static int map_scratch(struct lnet_vm *vm)
{
	const struct exo_pte e = { LNET_SCRATCH,
		USABLE | EXO_PTE_WRITE | EXO_PTE_PIN, vm->scratch };

	return lnet_vm_pte(NULL, &e, 1);
}

static void unmap(uint64_t va)
{
	const struct exo_pte e = { .va = va };

	(void)lnet_vm_pte(NULL, &e, 1);
}

/* A fresh frame with a copy of what is at an address. */
static int copy(struct lnet_vm *vm, const struct exo_key *key, uint64_t from)
{
	int err;

	vm->scratch = *key;
	err = map_scratch(vm);
	if (err == 0)
		memcpy(at_page(LNET_SCRATCH), at_page(from), EXO_PAGE);
	vm->scratch.res = 0;
	unmap(LNET_SCRATCH);
	return err;
}

/* --- rings, and what is lent -------------------------------------------------------- */

static void join(struct lnet_page *of, struct lnet_page *p)
{
	p->same = of->same;
	of->same = p;
}

static bool alone(const struct lnet_page *p)
{
	return p->same == p;
}

static void leave(struct lnet_page *p)
{
	struct lnet_page *before = p;

	while (before->same != p)
		before = before->same;
	before->same = p->same;
	p->same = p;
}

static bool ended(const struct exo_key *child)
{
	struct exo_call_env_start a = { .key = *child };

	/* one that runs cannot be started */
	return lnet_call(EXO_CALL_ENV_START_NR, &a, sizeof(a)) == -EXO_ESTALE;
}

bool lnet_vm_lends(struct lnet_vm *vm)
{
	struct exo_key key;
	uint32_t i = 0;

	while (i < vm->children)
		if (ended(&vm->child[i]))
			vm->child[i] = vm->child[--vm->children];
		else
			i++;
	if (vm->forks)
		return true;
	while (vm->children == 0 && vm->nlent > 0)
		if (key_of(vm->lent[--vm->nlent], &key) == 0)
			(void)release(vm, &key);
	return vm->children > 0;
}

void lnet_vm_forsake(struct lnet_vm *vm, struct lnet_page *p)
{
	bool last = alone(p);
	uint32_t flags = p->flags;

	leave(p);
	p->flags = 0;
	if (!last || (flags & LNET_PAGE_OWN) == 0)
		return;
	if ((flags & LNET_PAGE_LENT) != 0 && lnet_vm_lends(vm) &&
	    vm->nlent < LNET_LENT)
		vm->lent[vm->nlent++] = p->key.region;
	else if ((flags & LNET_PAGE_LENT) == 0 || !lnet_vm_lends(vm))
		(void)release(vm, &p->key);
}

/* --- frames ---------------------------------------------------------------------- */

static bool evict(struct lnet_vm *vm)
{
	struct lnet_region *r = NULL;
	struct lnet_page *p;
	uint32_t i;

	if (vm->policy == NULL || vm->store == NULL)
		return false;
	i = vm->policy->victim(vm, &r);
	if (r == NULL)
		return false;
	p = &r->page[i];
	if (!vm->store->put(vm->store->arg, r->slot + i, at_page(va_of(r, i))))
		return false;
	lnet_vm_forsake(vm, p);
	p->flags = LNET_PAGE_OUT;
	vm->stat.evicted++;
	return true;
}

/* So many frames, or one. How many; a negated error. */
static int frames(struct lnet_vm *vm, struct exo_key *keys, uint32_t n)
{
	int err = -EXO_ELIMIT;

	if (vm->most == 0 || vm->owned + n <= vm->most)
		err = take(keys, n);
	while (err == -EXO_ELIMIT || err == -EXO_ENOMEM) {
		n = 1;
		if (vm->most == 0 || vm->owned < vm->most)
			err = take(keys, 1);
		if (err != 0 && err != -EXO_ELIMIT && err != -EXO_ENOMEM)
			break;
		if (err != 0 && !evict(vm))
			break;
	}
	if (err != 0)
		return err;
	vm->owned += n;
	return (int)n;
}

int lnet_vm_frame(struct lnet_vm *vm, struct exo_key *out)
{
	int n = frames(vm, out, 1);

	return n < 0 ? n : 0;
}

static void own(struct lnet_vm *vm, struct lnet_page *p,
    const struct exo_key *key, uint32_t flags)
{
	p->key = *key;
	p->same = p;
	p->flags = LNET_PAGE_IN | LNET_PAGE_OWN | flags;
	p->born = vm->born++;
}

int lnet_vm_adopt(struct lnet_vm *vm, struct lnet_region *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		uint64_t entry = lnet_vm_entry(va_of(r, i));
		struct exo_key key;
		int err =
		    key_of((uint32_t)((entry & PT_FRAME) / EXO_PAGE), &key);

		if (err != 0)
			return err;
		own(vm, &r->page[i], &key, 0);
	}
	vm->owned += r->n;
	lnet_vm_add(vm, r);
	return 0;
}

/* --- faults ------------------------------------------------------------------------ */

/* The block of a page: from, and up to *end. */
static uint32_t block(const struct lnet_vm *vm, const struct lnet_region *r,
    uint32_t i, uint32_t *end)
{
	uint32_t from = i & ~(vm->around - 1);

	*end = from + vm->around < r->n ? from + vm->around : r->n;
	return from;
}

/* Pages without anything get frames: this one, and its neighbours if there are as many
 * frames. */
static bool fill_zero(struct lnet_vm *vm, struct lnet_region *r, uint32_t i)
{
	struct exo_key keys[LNET_AROUND];
	struct exo_pte entries[LNET_AROUND];
	uint32_t which[LNET_AROUND], n = 0, end, k = block(vm, r, i, &end);
	int got;

	which[n++] = i;
	for (; k < end; k++)
		if (k != i && r->page[k].flags == 0)
			which[n++] = k;
	got = frames(vm, keys, n);
	if (got < 0)
		return false;
	for (n = 0; n < (uint32_t)got; n++) {
		own(vm, &r->page[which[n]], &keys[n], 0);
		make_entry(r, which[n], &entries[n]);
	}
	vm->stat.zeroed += n;
	return lnet_vm_pte(NULL, entries, n) == 0;
}

/* Enter again what the kernel has lost, and its neighbours. */
static bool enter_again(struct lnet_vm *vm, struct lnet_region *r, uint32_t i)
{
	struct exo_pte entries[LNET_AROUND];
	uint32_t n = 0, end, k = block(vm, r, i, &end);

	for (; k < end; k++)
		if ((r->page[k].flags & LNET_PAGE_IN) != 0)
			make_entry(r, k, &entries[n++]);
	vm->stat.entered++;
	return lnet_vm_pte(NULL, entries, n) == 0 || enter_one(r, i) == 0;
}

/* Whether an instruction faults again where it did just before: its pages displace each
 * other in the S-TLB. */
static bool thrashes(struct lnet_vm *vm, uint64_t rip, uint64_t va)
{
	bool again = false;

	if (rip != vm->rip)
		vm->faults = 0;
	vm->rip = rip;
	for (uint32_t i = 0; i < LNET_HELD && i < vm->faults; i++)
		again = again || vm->last[i] == va;
	vm->last[vm->faults++ % LNET_HELD] = va;
	return again;
}

/* Pin a page; the one that was longest is not any more. */
static bool hold(struct lnet_vm *vm, struct lnet_region *r, uint32_t i)
{
	uint64_t *held = &vm->held[vm->holds++ % LNET_HELD], before = *held;
	struct lnet_region *of = find(vm, before);
	struct exo_pte e;

	*held = va_of(r, i);
	if (of != NULL && before != *held) {
		uint32_t k = (uint32_t)((before - of->from) / EXO_PAGE);

		if ((of->page[k].flags & LNET_PAGE_IN) != 0)
			(void)enter_one(of, k);
	}
	make_entry(r, i, &e);
	e.bits |= EXO_PTE_PIN;
	return lnet_vm_pte(NULL, &e, 1) == 0 || enter_one(r, i) == 0;
}

static bool bring(struct lnet_vm *vm, struct lnet_region *r, uint32_t i)
{
	struct exo_key key;
	bool good;

	if (lnet_vm_frame(vm, &key) != 0)
		return false;
	vm->scratch = key;
	good = map_scratch(vm) == 0 && vm->store->get(vm->store->arg,
	                                   r->slot + i, at_page(LNET_SCRATCH));
	vm->scratch.res = 0;
	unmap(LNET_SCRATCH);
	if (!good) {
		(void)release(vm, &key);
		return false;
	}
	own(vm, &r->page[i], &key, 0);
	vm->stat.brought++;
	return enter_one(r, i) == 0;
}

/* A page that is written gets a frame of its own, unless it has one. */
static bool unshare(struct lnet_vm *vm, struct lnet_region *r, uint32_t i)
{
	struct lnet_page *p = &r->page[i];
	struct exo_key key;

	if (alone(p) && (p->flags & LNET_PAGE_OWN) != 0 &&
	    ((p->flags & LNET_PAGE_LENT) == 0 || !lnet_vm_lends(vm))) {
		p->flags &= ~(LNET_PAGE_COW | LNET_PAGE_LENT);
		vm->stat.upgraded++;
		return enter_one(r, i) == 0;
	}
	if (lnet_vm_frame(vm, &key) != 0)
		return false;
	if (copy(vm, &key, va_of(r, i)) != 0) {
		(void)release(vm, &key);
		return false;
	}
	lnet_vm_forsake(vm, p);
	own(vm, p, &key, 0);
	vm->stat.copied++;
	return enter_one(r, i) == 0;
}

static bool handle(struct lnet_vm *vm, uint64_t va, uint64_t code, uint64_t rip)
{
	struct lnet_region *r = find(vm, va);
	uint32_t need = EXO_FRAME_READ |
	                ((code & WRITES) != 0 ? EXO_FRAME_WRITE : 0) |
	                ((code & FETCHES) != 0 ? EXO_FRAME_EXECUTE : 0);
	struct lnet_page *p;
	uint32_t i;

	if (va / EXO_PAGE == LNET_SCRATCH / EXO_PAGE && vm->scratch.res != 0)
		return map_scratch(vm) == 0;
	if (r == NULL || (r->rights & need) != need)
		return false;
	i = (uint32_t)((va - r->from) / EXO_PAGE);
	p = &r->page[i];
	if (p->flags == 0)
		return fill_zero(vm, r, i);
	if ((p->flags & LNET_PAGE_OUT) != 0)
		return bring(vm, r, i);
	if ((need & EXO_FRAME_WRITE) != 0 && (p->flags & LNET_PAGE_COW) != 0)
		return unshare(vm, r, i);
	return thrashes(vm, rip, va / EXO_PAGE) ? hold(vm, r, i)
	                                        : enter_again(vm, r, i);
}

bool lnet_vm_fault(struct lnet_vm *vm, struct exo_frame *f)
{
	struct exo_pe *pe = at_page(EXO_PE_AT);
	uint32_t critical = pe->critical;
	bool good;

	if (f->rip == (uintptr_t)lnet_peek_at) {
		f->rip = (uintptr_t)lnet_peek_none;
		return true;
	}
	pe->critical = 1;
	good = handle(vm, f->address, f->code, f->rip);
	vm->stat.faults += good;
	pe->critical = critical;
	if (critical == 0 && pe->late != 0) /* else it is the end of us */
		(void)lnet_yield();
	if (critical == 0 && pe->packets != 0) {
		pe->packets = 0;
		lnet_on_packet(f);
	}
	return good;
}

/* --- sharing, dropping, touching ------------------------------------------------------ */

uint64_t lnet_vm_entry(uint64_t va)
{
	return lnet_peek(EXO_TABLES_AT + va / EXO_PAGE * sizeof(uint64_t));
}

void lnet_vm_touch(const void *p, uint64_t size, bool write)
{
	uint64_t at = (uintptr_t)p, end = at + size;

	for (; at < end; at = (at | (EXO_PAGE - 1)) + 1) {
		if (write)
			__asm__ volatile("orb $0, (%0)"
			                 :
			                 : "r"(at)
			                 : "memory", "cc");
		else
			__asm__ volatile("testb $0, (%0)"
			                 :
			                 : "r"(at)
			                 : "memory", "cc");
	}
}

static int share_one(struct lnet_vm *vm, uint64_t from, uint64_t to)
{
	struct lnet_page *p = page_at(vm, from), *q = page_at(vm, to);
	struct lnet_region *r = find(vm, from), *s = find(vm, to);
	struct exo_pte entries[2];

	if (p == NULL || q == NULL || q->flags != 0)
		return -EXO_EINVAL;
	lnet_vm_touch(at_page(from), 1, false);
	p->flags |= LNET_PAGE_COW;
	q->key = p->key;
	q->flags = p->flags;
	q->born = p->born;
	join(p, q);
	make_entry(r, (uint32_t)((from - r->from) / EXO_PAGE), &entries[0]);
	make_entry(s, (uint32_t)((to - s->from) / EXO_PAGE), &entries[1]);
	return lnet_vm_pte(NULL, entries, 2);
}

int lnet_vm_share(struct lnet_vm *vm, uint64_t from, uint64_t to, uint32_t n)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < n; i++)
		err = share_one(vm, from + (uint64_t)i * EXO_PAGE,
		    to + (uint64_t)i * EXO_PAGE);
	return err;
}

int lnet_vm_drop(struct lnet_vm *vm, uint64_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t va = from + (uint64_t)i * EXO_PAGE;
		struct lnet_page *p = page_at(vm, va);

		if (p == NULL)
			return -EXO_EINVAL;
		if ((p->flags & LNET_PAGE_IN) != 0) {
			unmap(va);
			lnet_vm_forsake(vm, p);
		}
		p->flags = 0;
	}
	return 0;
}

bool lnet_vm_lost(struct lnet_vm *vm, uint64_t va)
{
	struct lnet_page *p = page_at(vm, va);

	if (p == NULL || (p->flags & LNET_PAGE_OWN) == 0 || !alone(p))
		return false;
	p->flags = LNET_PAGE_OUT;
	vm->owned--;
	return true;
}

static int own_one(struct lnet_vm *vm, struct lnet_region *r, uint32_t i)
{
	struct lnet_page *p = &r->page[i];
	struct exo_pte e;
	struct exo_key key;
	int err = lnet_vm_frame(vm, &key);

	if (err == 0)
		err = copy(vm, &key, va_of(r, i));
	if (err != 0)
		return err;
	/* what is written of the page itself comes when it is its own */
	e.va = va_of(r, i);
	e.bits = lnet_vm_bits(r, &(struct lnet_page){ .flags = 0 });
	e.key = key;
	err = lnet_vm_pte(NULL, &e, 1);
	vm->scratch.res = 0;
	if (err != 0)
		return err;
	leave(p);
	own(vm, p, &key, 0);
	return 0;
}

int lnet_vm_own(struct lnet_vm *vm, bool pager)
{
	int err = 0;

	for (struct lnet_region *r = vm->regions; r != NULL; r = r->next) {
		if (((r->flags & LNET_REGION_PAGER) != 0) != pager ||
		    (r->flags & LNET_REGION_SHARED) != 0)
			continue;
		for (uint32_t i = 0; err == 0 && i < r->n; i++)
			if ((r->page[i].flags &
			        (LNET_PAGE_IN | LNET_PAGE_OWN)) == LNET_PAGE_IN)
				err = own_one(vm, r, i);
	}
	return err;
}
