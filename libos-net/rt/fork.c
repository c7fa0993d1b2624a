/* SPDX-License-Identifier: BSD-2-Clause */
/* Environments that go on as copies of others: see fork.h. */
#include "libos-net/rt/fork.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"
#include "libos-net/rt/rt.h"

#define STACK_TO     0x00007d0000000000u
#define STACK_PAGES  16u
#define IMAGE_PAGES  512u
#define MIRROR       (LNET_SCRATCH + 0x200000u)
#define MIRROR_PAGES 256u
#define BATCH        16u

extern const uint8_t lnet_text[], lnet_rodata[], lnet_data[], lnet_pager[],
    lnet_bss[], lnet_end[];

/* What a child begins with; in its copy. */
struct start {
	struct lnet_vm *vm;
	uint64_t rsp; /* below what lnet_fork() saved */
	struct exo_pe pe;
	uint64_t own;
};

static struct start start LNET_PAGER;
static struct lnet_region image[6] LNET_PAGER, mirror LNET_PAGER;
static struct lnet_page image_pages[IMAGE_PAGES] LNET_PAGER;
static struct lnet_page mirror_pages[MIRROR_PAGES] LNET_PAGER;

extern const uint8_t lnet_fork_begin[];
int lnet_fork_parent(struct lnet_vm *vm, uint32_t frames, bool own,
    struct lnet_child *out, uint64_t rsp);
uint64_t lnet_fork_child(const struct start *s);
int lnet_fork_finish(const struct start *s);

/* The child begins on the upcall stack, and goes on below what was saved here. */
__asm__(".globl lnet_fork, lnet_fork_begin\n"
        "lnet_fork:\n"
        "	pushq %rbp; pushq %rbx; pushq %r12; pushq %r13\n"
        "	pushq %r14; pushq %r15; subq $8, %rsp\n"
        "	movq %rsp, %r8\n"
        "	call lnet_fork_parent\n"
        "1:	addq $8, %rsp; popq %r15; popq %r14; popq %r13\n"
        "	popq %r12; popq %rbx; popq %rbp\n"
        "	ret\n"
        "lnet_fork_begin:\n"
        "	movq %rdi, %rbx\n"
        "	call lnet_fork_child\n"
        "	movq %rax, %rsp\n"
        "	movq %rbx, %rdi\n"
        "	call lnet_fork_finish\n"
        "	jmp 1b\n");

static uint32_t pages(const uint8_t *from, const uint8_t *to)
{
	return (uint32_t)((uintptr_t)to - (uintptr_t)from) / EXO_PAGE;
}

int lnet_fork_init(struct lnet_vm *vm)
{
	const uint32_t rw = EXO_FRAME_READ | EXO_FRAME_WRITE;
	const struct lnet_region all[6] = {
		{ .from = (uintptr_t)lnet_text,
		    .n = pages(lnet_text, lnet_rodata),
		    .rights = EXO_FRAME_READ | EXO_FRAME_EXECUTE },
		{ .from = (uintptr_t)lnet_rodata,
		    .n = pages(lnet_rodata, lnet_data),
		    .rights = EXO_FRAME_READ },
		{ .from = (uintptr_t)lnet_data,
		    .n = pages(lnet_data, lnet_pager),
		    .rights = rw },
		{ .from = (uintptr_t)lnet_pager,
		    .n = pages(lnet_pager, lnet_bss),
		    .rights = rw,
		    .flags = LNET_REGION_PAGER },
		{ .from = (uintptr_t)lnet_bss,
		    .n = pages(lnet_bss, lnet_end),
		    .rights = rw },
		{ .from = STACK_TO - STACK_PAGES * EXO_PAGE,
		    .n = STACK_PAGES,
		    .rights = rw },
	};
	uint32_t used = 0;
	int err = all[3].n <= MIRROR_PAGES ? 0 : -EXO_E2BIG;

	for (uint32_t i = 0; err == 0 && i < 6; i++) {
		if (all[i].n > IMAGE_PAGES - used)
			return -EXO_E2BIG;
		image[i] = all[i];
		image[i].flags |= LNET_REGION_STAYS;
		image[i].page = &image_pages[used];
		used += image[i].n;
		err = lnet_vm_adopt(vm, &image[i]);
	}
	mirror = (struct lnet_region){ .from = MIRROR,
		.n = all[3].n,
		.rights = rw,
		.flags = LNET_REGION_OURS,
		.page = mirror_pages };
	lnet_vm_add(vm, &mirror);
	return err;
}

/* --- the parent --------------------------------------------------------------------- */

static bool in_pager(const void *p, uint64_t size)
{
	uint64_t at = (uintptr_t)p;

	return at >= (uintptr_t)lnet_pager && at + size <= (uintptr_t)lnet_bss;
}

/* Where the child's copy of the fault handler's data is written. */
static void *copy_of(const void *p)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (
	    void *)(uintptr_t)(MIRROR + ((uintptr_t)p - (uintptr_t)lnet_pager));
}

static bool copied(const struct lnet_region *r)
{
	return (r->rights & EXO_FRAME_WRITE) != 0 &&
	       (r->flags & (LNET_REGION_SHARED | LNET_REGION_PAGER)) == 0;
}

/* All that is to be copied is where it can be, and every page has its frame. */
static int prepare(struct lnet_vm *vm)
{
	for (const struct lnet_region *r = vm->regions; r != NULL;
	     r = r->next) {
		if (!in_pager(r, sizeof(*r)) ||
		    !in_pager(r->page, r->n * sizeof(*r->page)))
			return -EXO_EINVAL;
		for (uint32_t i = 0; i < r->n; i++) {
			uint64_t va = r->from + (uint64_t)i * EXO_PAGE;

			if ((r->page[i].flags & LNET_PAGE_OUT) != 0)
				/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
				lnet_vm_touch((void *)(uintptr_t)va, 1, false);
		}
	}
	for (const struct lnet_region *r = vm->regions; r != NULL; r = r->next)
		for (uint32_t i = 0; i < r->n; i++)
			if ((r->page[i].flags & LNET_PAGE_OUT) != 0)
				return -EXO_ELIMIT;
	lnet_vm_touch(copy_of(lnet_pager), (uint64_t)mirror.n * EXO_PAGE, true);
	return in_pager(vm, sizeof(*vm)) ? 0 : -EXO_EINVAL;
}

/* Entries in batches. */
struct batch {
	const struct exo_key *env;
	struct exo_pte entry[BATCH];
	uint32_t n;
	int err;
};

static void finish(struct batch *b)
{
	if (b->err == 0 && b->n > 0)
		b->err = lnet_vm_pte(b->env, b->entry, b->n);
	b->n = 0;
}

static void enter(struct batch *b, const struct lnet_region *r, uint32_t i,
    const struct lnet_page *p)
{
	b->entry[b->n++] = (struct exo_pte){ r->from + (uint64_t)i * EXO_PAGE,
		lnet_vm_bits(r, p), p->key };
	if (b->n == BATCH)
		finish(b);
}

/* What the child is shown of a region: the frames that its pages have now. From the end
 * of the batch on nobody writes them: who does gets another. */
static void lend_region(struct batch *b, struct lnet_region *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct lnet_page *p = &r->page[i], *c = copy_of(p);

		c->flags = 0;
		if ((r->flags & LNET_REGION_OURS) != 0 ||
		    (p->flags & LNET_PAGE_IN) == 0)
			continue;
		c->flags = LNET_PAGE_IN;
		c->key = (r->flags & LNET_REGION_PAGER) != 0
		             ? mirror.page[i].key
		             : p->key;
		if ((r->flags & LNET_REGION_PAGER) != 0)
			continue;
		p->flags |= LNET_PAGE_LENT;
		if (!copied(r))
			continue;
		p->flags |= LNET_PAGE_COW;
		c->flags |= LNET_PAGE_COW;
		enter(b, r, i, p);
	}
}

static int lend(struct lnet_vm *vm)
{
	struct batch b = { .n = 0 };

	for (struct lnet_region *r = vm->regions; r != NULL; r = r->next)
		lend_region(&b, r);
	finish(&b);
	return b.err;
}

static int lessen(struct exo_key *key, uint32_t rights)
{
	struct exo_call_lessen a = { .key = *key, .rights = rights };
	int err = (int)lnet_call(EXO_CALL_LESSEN_NR, &a, sizeof(a));

	*key = a.out_key;
	return err;
}

/* The child's tables, and its address space. */
static int show(struct lnet_vm *vm, const struct exo_key *child)
{
	struct batch b = { .env = child };
	struct lnet_vm *theirs = copy_of(vm);

	for (struct lnet_region *r = vm->regions; r != NULL; r = r->next)
		for (uint32_t i = 0; b.err == 0 && i < r->n; i++) {
			struct lnet_page *c = copy_of(&r->page[i]);

			if ((c->flags & LNET_PAGE_IN) == 0)
				continue;
			b.err = lessen(
			    &c->key, copied(r) ? r->rights & ~EXO_FRAME_WRITE
			                       : r->rights);
			if (b.err == 0)
				enter(&b, r, i, c);
		}
	finish(&b);
	theirs->owned = 0;
	theirs->most = 0;
	theirs->children = 0;
	theirs->nlent = 0;
	theirs->forks = false;
	theirs->scratch.res = 0;
	theirs->stat = (struct lnet_vm_stat){ 0 };
	return b.err;
}

static int go(const struct lnet_child *child)
{
	struct exo_call_env_start a = { .key = child->key,
		.rip = (uintptr_t)lnet_fork_begin,
		.rsp = start.pe.stack_to,
		.rdi = (uintptr_t)&start };

	return (int)lnet_call(EXO_CALL_ENV_START_NR, &a, sizeof(a));
}

/* The frames of the copy are the child's to use, and wait for its end. */
static void give_mirror(struct lnet_vm *vm)
{
	for (uint32_t i = 0; i < mirror.n; i++) {
		const struct exo_pte e = { .va = MIRROR + i * EXO_PAGE };

		if ((mirror.page[i].flags & LNET_PAGE_IN) == 0)
			continue;
		(void)lnet_vm_pte(NULL, &e, 1);
		mirror.page[i].flags |= LNET_PAGE_LENT;
		lnet_vm_forsake(vm, &mirror.page[i]);
	}
}

static int make(struct lnet_vm *vm, struct lnet_child *out)
{
	int err;

	memcpy(copy_of(lnet_pager), lnet_pager,
	    (uintptr_t)lnet_bss - (uintptr_t)lnet_pager);
	err = lend(vm);
	if (err == 0)
		err = show(vm, &out->key);
	if (err == 0)
		err = go(out);
	if (err == 0)
		vm->child[vm->children++] = out->key;
	return err;
}

int lnet_fork_parent(struct lnet_vm *vm, uint32_t frames, bool own,
    struct lnet_child *out, uint64_t rsp)
{
	struct exo_call_env_new a = { .frames = frames };
	int err;

	(void)lnet_vm_lends(vm);
	if (vm->children == LNET_CHILDREN)
		return -EXO_ELIMIT;
	err = prepare(vm);
	if (err == 0)
		err = (int)lnet_call(EXO_CALL_ENV_NEW_NR, &a, sizeof(a));
	if (err != 0)
		return err;
	*out = (struct lnet_child){ a.out_key, a.out_env };
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	memcpy(&start.pe, (const void *)(uintptr_t)EXO_PE_AT, sizeof(start.pe));
	start.vm = vm;
	start.rsp = rsp;
	start.own = own;
	vm->forks = true;
	err = make(vm, out);
	vm->forks = false;
	if (err == 0)
		give_mirror(vm);
	else
		(void)lnet_fork_end(out);
	return err == 0 ? 1 : err;
}

/* --- the child ---------------------------------------------------------------------- */

uint64_t lnet_fork_child(const struct start *s)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	struct exo_pe *pe = (struct exo_pe *)(uintptr_t)EXO_PE_AT;

	pe->entry_fault = s->pe.entry_fault;
	pe->entry_exception = s->pe.entry_exception;
	pe->stack_from = s->pe.stack_from;
	pe->stack_to = s->pe.stack_to;
	if (s->own != 0 && lnet_vm_own(s->vm, false) != 0)
		lnet_quit(LNET_FORK_FAILED);
	return s->rsp;
}

int lnet_fork_finish(const struct start *s)
{
	if (s->own != 0 && lnet_vm_own(s->vm, true) != 0)
		lnet_quit(LNET_FORK_FAILED);
	return 0;
}

/* --- its end ------------------------------------------------------------------------ */

bool lnet_fork_ended(const struct lnet_child *child)
{
	struct exo_call_env_start a = { .key = child->key };

	/* one that was started cannot be again */
	return lnet_call(EXO_CALL_ENV_START_NR, &a, sizeof(a)) == -EXO_ESTALE;
}

int lnet_fork_end(const struct lnet_child *child)
{
	struct exo_call_env_end a = { child->key };

	return (int)lnet_call(EXO_CALL_ENV_END_NR, &a, sizeof(a));
}
