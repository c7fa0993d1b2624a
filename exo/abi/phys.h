/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's own resources as libOSes see them: page frames, time, the disk,
 * environments. Argument structures of machine.inc, and what the kernel shows of its
 * tables.
 *
 * Names are physical: a frame is a frame's number with its generation, a slot of time
 * its place in the vector. Keys (exo/abi/cap.h) say who may use one; whoever holds the
 * bytes may, until the generation is over.
 */
#ifndef EXO_ABI_PHYS_H
#define EXO_ABI_PHYS_H

#include <stdint.h>

#include "exo/abi/cap.h"

/* --- an environment's own -------------------------------------------------------- */

struct exo_call_exit {
	uint64_t status;
};

struct exo_call_print {
	uint64_t text; /* address */
	uint64_t
	    size; /* bytes, EXO_PRINT_MAX at most, in EXO_PRINT_LINES lines */
};
#define EXO_PRINT_MAX 256u
#define EXO_PRINT_LINES \
	8u /* at most, for each has its writer's name before it */

#define EXO_PAGE  4096u
#define EXO_BATCH 64u        /* frames or entries of one call, at most */
#define EXO_ANY   UINT32_MAX /* whichever there is */

/* --- page frames -------------------------------------------------------------- */

/** Take frames: zeroed, and nobody else's. All of them, or none. */
struct exo_call_frames {
	uint64_t keys; /* address: gets n keys, with all rights */
	uint32_t n;    /* 1 to EXO_BATCH */
	uint32_t want; /* the number of the frame if n is 1; EXO_ANY */
};

/** Give frames back; their mappings go, whosever they are, and their keys end. Needs
 * EXO_FRAME_OWN of each, which only the owner has. All of them, or none. */
struct exo_call_release {
	uint64_t keys; /* address: n keys */
	uint32_t n;
	uint32_t zero;
};

/** A key of a frame that the caller owns, with all rights: for frames that an
 * environment is started with. */
struct exo_call_key_of {
	uint32_t frame;
	uint32_t zero;
	struct exo_key out_key;
};

/** Make a lesser key: fewer rights, of a disk fewer blocks. */
struct exo_call_lessen {
	struct exo_key key;
	struct exo_key out_key;
	uint32_t rights; /* a subset */
	uint32_t zero;
	uint32_t first,
	    n; /* of a disk's blocks, from the key's first; else 0 */
};

/* Bits of an entry that a libOS chooses, as the processor has them [Intel SDM, volume
 * 3A, 4.5]. */
#define EXO_PTE_PRESENT  ((uint64_t)1 << 0)
#define EXO_PTE_WRITE    ((uint64_t)1 << 1)
#define EXO_PTE_ACCESSED ((uint64_t)1 << 5)
#define EXO_PTE_DIRTY    ((uint64_t)1 << 6)
#define EXO_PTE_NX       ((uint64_t)1 << 63)
/** What is the libOS's own in an entry that is present: the kernel keeps it and looks
 * at none of it. */
#define EXO_PTE_SOFT 0x07f0000000000e00u
/** Where the frame's number is. Of an entry that is not present all other bits but the
 * first are the libOS's own. These are ones there: some processors read memory by
 * entries that are not present before they notice [Intel, "L1 Terminal Fault",
 * INTEL-SA-00161], and there is none so far up. */
#define EXO_PTE_FRAME 0x000ffffffffff000u
/** Stay mapped when the cache is short; counts against a limit. The bit is the
 * processor's of a global page, which an environment's are not. */
#define EXO_PTE_PIN ((uint64_t)1 << 8)

/** One entry: the frame is the key's. An entry that is not present needs no key. */
struct exo_pte {
	uint64_t va; /* a multiple of EXO_PAGE, below EXO_MAP_END */
	uint64_t bits;
	struct exo_key key; /* needs EXO_FRAME_READ; WRITE; EXECUTE unless NX */
};

/** Enter n entries into an address space: all of them, or none. A page is never both
 * written and executed.
 * -EXO_ENOMEM: what is pinned takes all the tables that the space may have. */
struct exo_call_pte {
	struct exo_key env; /* whose, with EXO_ENV_MAP; zeroes: the caller's */
	uint64_t entries;   /* address: n struct exo_pte */
	uint32_t n;         /* 1 to EXO_BATCH */
	uint32_t zero;
};

/** Above are the kernel's windows (below), the ring, the shared page. */
#define EXO_MAP_END 0x00007e0000000000u

/* --- environments ------------------------------------------------------------- */

/** Make an environment without pages: of its maker's frames and slots it gets what is
 * said here, guaranteed, until it ends. Its maker's end is not its own. */
struct exo_call_env_new {
	uint32_t frames; /* of those guaranteed to the caller; 1 at least */
	uint32_t ring;   /* bytes of its packet ring, EXO_CHILD_RING at most; 0:
	                    it has none */
	uint64_t out_env;       /* its name */
	struct exo_key out_key; /* all rights */
};

#define EXO_CHILD_RING 65536u

/** Let it run. */
struct exo_call_env_start {
	struct exo_key key; /* needs EXO_ENV_START */
	uint64_t rip, rsp, rdi;
};

struct exo_call_env_end {
	struct exo_key key; /* needs EXO_ENV_END */
};

/* --- time --------------------------------------------------------------------- */

/** Take slots of the vector: first, first + step, ..., n of them, that nobody has; or
 * give back such. All of them, or none. */
struct exo_call_slots {
	uint32_t first; /* or EXO_ANY, if n is 1: the first that is free */
	uint32_t step;
	uint32_t n;
	uint32_t zero;
	uint32_t out_first;
	uint32_t zero2;
};

/** Give what is left of this slot to an environment, unless that is next to nothing (less
 * than the grace at its end): by its whole name, so that it is
 * -EXO_ESTALE if that one is gone; -EXO_EBUSY if it cannot run at present. */
struct exo_call_yield_to {
	uint64_t env;
};

/** Download what to wake up for: a program of memory (EXO_PROG_MEM) that reads `size`
 * bytes of a frame, in front of which the kernel puts a struct exo_wake. It runs when the
 * caller could run and sleeps, and lets it sleep on by returning 0. */
struct exo_call_wake {
	struct exo_key key; /* of a frame, EXO_FRAME_READ */
	uint64_t image;
	uint32_t image_size; /* 0: forget the one there is */
	uint32_t off, size;  /* of the frame's bytes; of 8 multiples */
	uint32_t zero;
	uint64_t report; /* address of a struct exo_report, or 0 */
};
#define EXO_WAKE_MAX   256u /* bytes of the frame */
#define EXO_WAKE_STEPS 256u /* proven, at most */

/** What is in front of the frame's bytes. */
struct exo_wake {
	uint64_t now;     /* nanoseconds since the machine began */
	uint64_t packets; /* bytes in the ring that were not taken */
};

/** Sleep until the program of WAKE lets not, or a time. */
struct exo_call_sleep {
	uint64_t until; /* nanoseconds since the machine began; 0: no matter */
	uint64_t zero;
};

/* --- revocation ---------------------------------------------------------------- */

enum exo_kind {
	EXO_KIND_FRAME = 1,
	EXO_KIND_SLOT = 2,
	EXO_KIND_BINDING = 3,
	EXO_KIND_KEY = 4,
};

/** Give up what the kernel asked for: names of this kind. All of them, or none. */
struct exo_call_surrender {
	uint64_t
	    names; /* address: n numbers: of frames generation << 32 | number, of slots
	                   their place, of bindings and keys what BIND and keys call them */
	uint32_t n;    /* 1 to EXO_BATCH */
	uint32_t kind; /* enum exo_kind */
};

/** Where frames are to be saved that are taken: blocks of the disk, in order. */
struct exo_call_seed {
	struct exo_key disk; /* needs EXO_DISK_WRITE; zeroes: nowhere */
};

/** One thing that was taken. */
struct exo_loss {
	uint32_t kind;  /* enum exo_kind */
	uint32_t block; /* of a frame, where it was saved, from the extent's
	                   first; EXO_ANY: it was not */
	uint64_t name;  /* as in SURRENDER */
	uint64_t va;    /* of a frame, where it was mapped; 0: nowhere */
	uint64_t time;  /* nanoseconds since the machine began */
};
#define EXO_LOSSES 126u

/** The repossession vector: the kernel writes it, the environment reads it, at
 * EXO_LOSSES_AT. The i-th of all is at i % EXO_LOSSES; of more than that many the
 * first were written over. */
struct exo_losses {
	uint64_t total;
	uint64_t saved; /* blocks of the extent that are used */
	uint64_t zero[6];
	struct exo_loss loss[EXO_LOSSES];
};
_Static_assert(sizeof(struct exo_losses) <= EXO_PAGE, "it is a page");

/* --- the disk ------------------------------------------------------------------- */

/** Read or write a block of EXO_PAGE bytes. */
struct exo_call_disk {
	struct exo_key disk;  /* needs EXO_DISK_READ or WRITE */
	struct exo_key frame; /* needs EXO_FRAME_WRITE to read, READ to write */
	uint32_t block;       /* from the extent's first */
	uint32_t write;       /* 1; 0: read */
};

/* --- what the kernel shows ------------------------------------------------------- */

/* Windows, for reading: the same of every environment ... */
#define EXO_STATE_AT 0x00007e8000000000u /* struct exo_state */
#define EXO_SLOTS_AT 0x00007e8000200000u /* struct exo_slot_row, each slot's */
#define EXO_BINDS_AT 0x00007e8000400000u /* struct exo_bind_row */
#define EXO_FRAMES_AT \
	0x00007e8040000000u /* struct exo_frame_row, each frame's */
/* ... and of its own: */
#define EXO_LOSSES_AT 0x00007ffffe800000u /* struct exo_losses */
#define EXO_TABLES_AT \
	0x00007f8000000000u /* leaf tables: of va at va >> 9 of it */

struct exo_frame_row {
	uint32_t owner; /* place in struct exo_state, from 1 on; 0: nobody */
	uint32_t generation;
	uint32_t maps; /* entries that show it */
	uint32_t zero;
};

struct exo_slot_row {
	uint32_t owner;     /* likewise */
	uint32_t forfeited; /* times that its owner lost it for an overrun */
	uint64_t turns;     /* times that its owner ran in it */
};

/** A binding's counters: of the first so many that there are. */
struct exo_bind_row {
	uint64_t binding; /* 0: there are no more */
	uint64_t env;
	uint64_t evaluated, matched, delivered, dropped;
	uint64_t unpaid;
	uint64_t max_steps;
};
#define EXO_BIND_ROWS 512u

#define EXO_STATE_ENVS 64u

/** What an environment does. */
enum exo_env_is {
	EXO_IS_MADE = 1,  /* nothing: it was not started */
	EXO_IS_RUNNING,   /* it runs, or would if it were its turn */
	EXO_IS_WAITING,   /* for packets, or a time */
	EXO_IS_CALLING,   /* it is in the middle of a call that takes long */
	EXO_IS_ACCEPTING, /* calls of other environments */
	EXO_IS_AWAITING,  /* the answer to such a call */
	EXO_IS_SLEEPING,  /* until a time, or its program says otherwise */
	EXO_IS_ENDED,     /* it is shown for the last time */
};

struct exo_env_row {
	uint64_t env; /* its name; 0: there is none in this place */
	char label[32];
	uint32_t state;      /* enum exo_env_is */
	uint32_t frames;     /* it owns, ... */
	uint32_t guaranteed; /* ... is guaranteed, */
	uint32_t slots;      /* and so many slots, */
	uint32_t owed;       /* of which it is going to lose some */
	uint32_t zero2;
	uint64_t ran_ns;          /* in ring 3 */
	uint64_t excess_ns;       /* beyond its slots */
	uint64_t turns, upcalls;  /* */
	uint64_t faults, refills; /* of pages: handed up, and of the S-TLB's */
	uint64_t preloaded;       /* entries of that, on return */
	uint32_t tables;          /* of the processor's that it has */
	uint32_t zero;
	uint64_t drops;  /* times that they were dropped */
	uint64_t kernel; /* bytes of the kernel's for it */
	uint64_t bindings, delivered, dropped, unpaid;
	uint64_t ring_used, ring_size;
	uint64_t lost; /* repossessed */
};

struct exo_state {
	uint64_t
	    now; /* nanoseconds since the machine began, of these numbers */
	uint64_t slot_ns;     /* a slot's length */
	uint32_t slots, slot; /* their number; the one at present */
	uint64_t frames, frames_free;
	uint64_t tables; /* of the processor's, of all environments */
	struct exo_env_row env[EXO_STATE_ENVS];
};

#endif
