/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two libOSes of the demonstration share: their data, where it goes when it has
 * no frame, and lines that say what happens.
 *
 * Each has DEMO_PAGES pages of data or fewer, and fewer frames than pages. A page that
 * has to go is written to the libOS's own blocks of the disk, behind those that are for
 * the kernel, where it saves what it takes.
 *
 * Of each kind of event the first DEMO_LINES are told, and all are counted.
 */
#ifndef LNET_DEMO_H
#define LNET_DEMO_H

#include "libos-net/rt/vm.h"

#define DEMO_PAGES 40u
#define DEMO_LINES 5u
#define DEMO_WORDS (EXO_PAGE / 8u)
#define DEMO_SAVED 16u /* blocks that are for what the kernel takes */
#define DEMO_FROM  0x0000100000000000u
#define DEMO_US    1000u /* ticks of a microsecond, as the demonstration boots */

/* What is told. */
enum demo_event {
	DEMO_ZERO,  /* a page had nothing yet */
	DEMO_OUT,   /* a page went to the disk for another */
	DEMO_BACK,  /* and came from there */
	DEMO_AGAIN, /* a page only had to be entered again */
	DEMO_COPY,  /* a page was copied before a write */
	DEMO_END,   /* the slot was over */
	DEMO_GIVEN, /* a frame was named, and is the kernel's */
	DEMO_LOST,  /* one was taken by the kernel */
	DEMO_EVENTS,
};

struct demo {
	struct lnet_vm vm;
	struct lnet_region data;
	struct lnet_page page[DEMO_PAGES];
	uint32_t block[DEMO_PAGES]; /* where its content is, or was last */
	struct exo_key disk;
	const char *whose; /* "", or who speaks */
	uint64_t began;    /* ticks */
	uint64_t losses;   /* of the repossession vector that were looked at */
	uint32_t n[DEMO_EVENTS], told[DEMO_EVENTS];
	uint32_t out; /* the page that went out in this fault, + 1 */
	bool failed;  /* the disk, or a page's content */
};

/** Data of so many pages, and so many frames for them at most. */
void demo_init(struct demo *d, const struct exo_pe *pe, uint32_t pages,
    uint32_t frames, uint32_t around, const struct lnet_policy *policy);

/** A page fault: handled, and told. False: it is none of the data's. */
bool demo_fault(struct demo *d, struct exo_frame *f);

/** Look at the repossession vector: pages whose frames the kernel took are where it saved
 * them. */
void demo_losses(struct demo *d);

/** Give up n frames that the policy chooses, by SURRENDER, with their content on the
 * disk. How many. */
uint32_t demo_surrender(struct demo *d, uint32_t n);

/** A word of the data. */
volatile uint64_t *demo_word(uint32_t page, uint32_t word);

/** Ticks of the processor, and to let some pass. */
uint64_t demo_ticks(void);
void demo_work(uint32_t us);

/* --- lines ---------------------------------------------------------------------- */

struct demo_line {
	char text[EXO_PRINT_MAX];
	uint32_t n;
};

/** Whether an event is to be told; it is counted. */
bool demo_tells(struct demo *d, enum demo_event event);

/** A line that begins with the time, or without; words and numbers, each to a width (0:
 * whatever it takes; numbers to the right); its end, which prints it. */
struct demo_line demo_now(const struct demo *d);
struct demo_line demo_row(void);
void demo_text(struct demo_line *l, const char *text, uint32_t width);
void demo_number(struct demo_line *l, uint64_t v, uint32_t width);
void demo_print(struct demo_line *l);

/** Both: "text number text". */
void demo_say(
    const struct demo *d, const char *before, uint64_t v, const char *behind);

#endif
