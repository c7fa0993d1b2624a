/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a program was refused: what the tool finds out beyond the report.
 *
 * The verifier says which instruction and which register. From the order in
 * which it looked at instructions (struct vf_trace) follows the way that leads
 * there: why_path.c. A second run, which is the same for verification is
 * deterministic, gives the states along it. why_slice.c picks what on the way
 * gave the register its kind and its range, why_packet.c looks for a packet
 * that really gets there, why_hint.c says what would help.
 *
 * Bounds: the way is followed for WHY_LOG explored instructions at most, and
 * states are kept for its last WHY_STEPS instructions. Beyond that something
 * is not said; it is never said wrongly.
 */
#ifndef EXO_HOSTED_WHY_H
#define EXO_HOSTED_WHY_H

#include "exo/lib/fmt.h"
#include "verifier/trace.h"

#define WHY_LOG   ((size_t)8 << 20) /* explored instructions written down */
#define WHY_STEPS 4096u             /* instructions of a way with states */
#define WHY_ROWS  12u               /* instructions of a slice */
#define WHY_NOTE  160u              /* bytes of text beside one */
#define WHY_BYTES 2048u             /* of a packet or memory that is tried */
#define WHY_VALUE 256u              /* of a map's value that are tried */
#define WHY_MAPS  8u                /* maps whose values are tried */
#define WHY_TRIES 20000u            /* runs of the interpreter */
#define WHY_NS    200000000u        /* nanoseconds, all runs together */

/** The part of an abstract state that is kept. */
struct why_state {
	struct vf_reg r[EXO_REGS];
	uint64_t mem_min;
	uint32_t depth;
	uint32_t nrefs;
	uint32_t ref_at[VF_REFS_MAX];
};

/** One instruction of the way, and the state before it. */
struct why_step {
	uint32_t pc;
	struct why_state before;
};

/** One instruction of the slice. */
struct why_row {
	uint32_t pc;
	uint32_t times; /* the way came here so often; step is the last one */
	uint32_t step;
	char note[WHY_NOTE]; /* what it did to what matters */
};

/** A packet, or memory, and the maps' content. */
struct why_world {
	uint32_t n;
	uint32_t nvalues; /* maps whose elements begin with value[i] */
	uint8_t byte[WHY_BYTES];
	uint8_t value[WHY_MAPS][WHY_VALUE];
};

/** What came of looking for one. */
enum why_search {
	WHY_SEARCH_NONE, /* this refusal is not about one access */
	WHY_SEARCH_FAILED,
	WHY_SEARCH_FOUND,
};

struct why {
	const struct vf_input *in;
	struct exo_report report;
	int ret; /* of the verifier */
	struct vf_facts facts;
	bool lost;       /* more was explored than is written down */
	uint32_t length; /* instructions of the way; 0: there is none */
	uint32_t jumps;  /* conditional jumps among them */
	uint32_t nsteps; /* the last of them */
	struct why_step *step;
	uint32_t nrows, more; /* shown, and not shown */
	struct why_row row[WHY_ROWS];
	char reason[256];
	char hint[320];
	enum why_search search;
	uint32_t tries;
	bool timed_out;
	const char *trap; /* how the run ended */
	struct why_world world;
};

/**
 * Judge a program and find out why it is refused, if it is. *in and its
 * instructions must outlive *w; why_free() at the end.
 * Returns what vf_verify() does, which is in w->ret as well; -EXO_ENOMEM also
 * when there is no memory for all this.
 */
int why_ask(
    struct why *w, const struct vf_input *in, const struct vf_limits *limits);

void why_free(struct why *w);

/* --- the parts --- */

/** why_path.c: verify; fill ret, facts, report, length, jumps, step. */
int why_path(struct why *w, const struct vf_limits *limits);

/** why_slice.c: fill row[]. */
void why_slice(struct why *w);

/** why_hint.c: fill reason and hint. */
void why_reason(struct why *w);
void why_hint(struct why *w);

/** why_packet.c: fill search and what belongs to it. */
int why_packet(struct why *w);

/** The state at the refused instruction, or NULL. */
static inline const struct why_state *why_last(const struct why *w)
{
	return w->nsteps == 0 ? NULL : &w->step[w->nsteps - 1].before;
}

/* --- why_state.c: states as people read them --- */

/** "0 to 255, a multiple of 4" */
void why_scalar(struct exo_fmt *f, const struct vf_scalar *s);

/** "packet + 14 + (0 to 60), 20 bytes proven from there"; depth is that of
 * the running frame, maps may be NULL. */
void why_reg(struct exo_fmt *f, const struct vf_reg *r, uint32_t depth,
    const struct vf_input *in);

/** True when both say the same of what they hold. */
bool why_same(const struct vf_reg *a, const struct vf_reg *b);

/** The registers that the report is about, as bits; needs the instruction. */
uint16_t why_blamed(const struct why *w);

/* --- walking the way backwards --- */

/** Where a number comes from outside. */
struct why_feed {
	enum {
		WHY_FEED_PKT, /* packet or memory */
		WHY_FEED_MAP,
		WHY_FEED_LEN,
	} kind;
	uint32_t map;
	uint32_t off, size;
};
#define WHY_FEEDS 16u

/** What matters at a place of the way: registers and stack bytes by frame. */
struct why_needs {
	uint16_t regs[EXO_MAX_FRAMES];
	uint64_t bytes[EXO_MAX_FRAMES][EXO_STACK_SIZE / 64];
	uint32_t nfeeds;
	struct why_feed feed[WHY_FEEDS];
};

/**
 * Go from what matters after step k (k + 1 is on the way) to what does
 * before it; instructions that made something of it write to note, if it is
 * not NULL. Returns true for these.
 */
bool why_back(const struct why *w, struct why_needs *needs, uint32_t k,
    struct exo_fmt *note);

/** A jump that compares. */
static inline bool why_is_cond(const struct exo_insn *in)
{
	unsigned class = in->code & 0x07u, op = in->code & 0xf0u;

	return (class == EXO_JMP || class == EXO_JMP32) && op != EXO_JA &&
	       op != EXO_CALL && op != EXO_EXIT;
}

#endif
