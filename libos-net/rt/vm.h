/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual memory of a libOS's own: regions of pages, made when they are touched.
 *
 * Overview: a region is a range of addresses with a struct lnet_page for each of its
 * pages, which is the page table that counts: the kernel's tables and its S-TLB
 * (exo/abi/phys.h) are caches of it, and a page that they lost is entered again when it
 * is touched. One instruction may need two pages that have the same place in the S-TLB: such
 * are pinned for a while. lnet_on_fault() calls lnet_vm_fault(). A page without a frame gets one,
 * zeroed; so do its neighbours in the same block (`around`), in the same batch.
 *
 * Copy-on-write: pages that show one frame are in a ring, and none is writable. The
 * first write copies the frame; the last one of the ring just becomes writable again.
 * Frames that are shown to a child (libos-net/rt/fork.h) are lent: they are written, and
 * given back, when no child is left.
 *
 * Eviction: when the kernel gives no more frames, or `most` are owned, a policy chooses
 * a page, and a store keeps what is in it.
 *
 * What the fault handler needs must never fault by itself, unless a re-entry helps: the
 * upcall stack, the struct lnet_vm, regions and pages are LNET_PAGER data.
 *
 * Synchronization: one thread. Packets wait while a fault is handled.
 */
#ifndef LNET_VM_H
#define LNET_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/pe.h"
#include "exo/abi/phys.h"

/** Where data lies that the fault handler needs. */
#define LNET_PAGER __attribute__((section(".bss.pager")))

#define LNET_AROUND 16u   /* pages of a batch, at most */
#define LNET_LENT   1024u /* frames that wait for children to end */
#define LNET_SCRATCH \
	0x00007c0000000000u /* a page to fill frames by; nothing else is there */

/* What a page is. */
#define LNET_PAGE_IN   0x01u /* it has a frame, */
#define LNET_PAGE_OWN  0x02u /* which is this libOS's to give back, */
#define LNET_PAGE_COW  0x04u /* is copied before it is written, */
#define LNET_PAGE_LENT 0x08u /* and which children may read */
#define LNET_PAGE_OUT  0x10u /* its content is in the store */

struct lnet_page {
	_Alignas(64) struct exo_key key; /* of its frame */
	struct lnet_page *same;          /* ring of those that show the frame */
	uint32_t flags;
	uint32_t born; /* the number of its frame's coming */
};
_Static_assert(sizeof(struct lnet_page) == 64, "none is on two pages");

/* What a region is. */
#define LNET_REGION_SHARED 1u /* children see what is written, and write */
#define LNET_REGION_STAYS  2u /* pinned, and never evicted */
#define LNET_REGION_PAGER \
	4u /* the fault handler's: children get a copy at once */
#define LNET_REGION_OURS 8u /* children do not get it */

struct lnet_region {
	uint64_t from; /* address, and pages */
	uint32_t n;
	uint32_t
	    rights; /* EXO_FRAME_READ, WRITE, EXECUTE: of a write or both */
	uint32_t flags;
	uint32_t slot; /* of the first page in the store */
	struct lnet_page *page;
	struct lnet_region *next;
};

struct lnet_vm;

/** Which page goes: its index, and *r; *r is NULL if there is none. */
struct lnet_policy {
	uint32_t (*victim)(struct lnet_vm *vm, struct lnet_region **r);
};
extern const struct lnet_policy lnet_fifo, lnet_clock;

/** Where pages go: a slot of it is a page's. False: it cannot be kept, or read. */
struct lnet_store {
	bool (*put)(void *arg, uint32_t slot, const void *page);
	bool (*get)(void *arg, uint32_t slot, void *page);
	void *arg;
};

struct lnet_vm_stat {
	uint64_t faults; /* that were handled */
	uint64_t zeroed; /* pages that got a fresh frame */
	uint64_t
	    entered;     /* faults at pages that only had to be entered again */
	uint64_t copied; /* before a write */
	uint64_t upgraded;         /* by the last of a ring, not copied */
	uint64_t evicted, brought; /* to the store, and from there */
};

#define LNET_CHILDREN 8u

#define LNET_HELD 4u /* pages that one instruction needs at once, about */

struct lnet_vm {
	struct lnet_region *regions;
	uint32_t around; /* a power of two, to LNET_AROUND */
	uint32_t owned;  /* frames that were taken here */
	uint32_t most;   /* of them; 0: what the kernel gives */
	uint32_t slots;  /* of the store that are somebody's */
	uint32_t born;
	const struct lnet_policy *policy; /* NULL: nothing is evicted */
	const struct lnet_store *store;
	struct lnet_region *hand_in; /* the clock's hand */
	uint32_t hand;
	struct exo_key scratch;   /* the frame at LNET_SCRATCH */
	uint64_t rip;             /* of the last faults, */
	uint64_t last[LNET_HELD]; /* their pages, */
	uint64_t held[LNET_HELD]; /* and pages that are pinned for them */
	uint32_t faults, holds;
	struct exo_key child[LNET_CHILDREN];
	uint32_t children;
	bool forks; /* one is being made */
	uint32_t nlent;
	uint32_t lent[LNET_LENT];
	struct lnet_vm_stat stat;
};

/** No regions yet. */
void lnet_vm_init(struct lnet_vm *vm, uint32_t around);

/** A region becomes part of it; its pages are all zero, or its table is. */
void lnet_vm_add(struct lnet_vm *vm, struct lnet_region *r);

/** A region of pages that the kernel mapped at the start: they keep their frames, and
 * stay pinned. 0 or a negated EXO_E*. */
int lnet_vm_adopt(struct lnet_vm *vm, struct lnet_region *r);

/** Handle a page fault, so that what faulted can be done again. False: it is none of a
 * region's, or not allowed there, or a frame is gone: with its owner, or the kernel took
 * it and lnet_vm_lost() was not told yet. Then it may be told, and the fault handled again. */
bool lnet_vm_fault(struct lnet_vm *vm, struct exo_frame *f);

/** Show n pages of one region in another, of which nothing is there, copy-on-write.
 * 0 or a negated EXO_E*. */
int lnet_vm_share(struct lnet_vm *vm, uint64_t from, uint64_t to, uint32_t n);

/** n pages are as if they had never been touched. 0 or a negated EXO_E*. */
int lnet_vm_drop(struct lnet_vm *vm, uint64_t from, uint32_t n);

/** The frame of a page was given up, or taken, and what was in it is in the store: the next
 * touch brings it back. False: the page has no frame of its own. */
bool lnet_vm_lost(struct lnet_vm *vm, uint64_t va);

/** Touch all pages of a buffer, so that the kernel finds them in a call. */
void lnet_vm_touch(const void *p, uint64_t size, bool write);

/** The processor's entry of a page, as it is now; 0: it has none. (It may be asked about
 * any page of a libOS that has lnet_vm_fault() called.) */
uint64_t lnet_vm_entry(uint64_t va);

/** Whether a child lives that was shown frames; if none does, what waited for that is
 * given back. */
bool lnet_vm_lends(struct lnet_vm *vm);

/** Every page gets a frame of this libOS's own, where it has none: then nobody's end is
 * its end. Pages of the region LNET_REGION_PAGER if `pager`, which must not be on the
 * upcall stack then; else the others, but for regions that are shared. 0 or a negated EXO_E*. */
int lnet_vm_own(struct lnet_vm *vm, bool pager);

/** Enter pages into an environment (NULL: this one): what the kernel says. */
int lnet_vm_pte(
    const struct exo_key *env, const struct exo_pte *entries, uint32_t n);

/** Take one frame; some are evicted for it, if need be. */
int lnet_vm_frame(struct lnet_vm *vm, struct exo_key *out);

/** The bits of a page's entry. */
uint64_t lnet_vm_bits(const struct lnet_region *r, const struct lnet_page *p);

/** It shows no frame any more, but may be asked to; the frame is given back if nobody
 * else's. */
void lnet_vm_forsake(struct lnet_vm *vm, struct lnet_page *p);

#endif
