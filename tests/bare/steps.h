/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequences of calls by four libOSes, the same in ring 3 and in a process: what is
 * shared of them.
 *
 * A seed says who does what next. All that is known of the machine is in one struct
 * steps, which is a model made of arrays that are searched from their start: it says what
 * each call returns, and who owns what then (steps_model.h). Names that the machine
 * chooses (numbers of frames, bytes of keys) are in it, but are never written and never
 * decide anything: frames are called by the order in which they were taken. So each step
 * is a line that is the same wherever it is taken.
 *
 * Who takes a step makes the call (steps_frame.h and others) and compares what it
 * returned, and what the kernel shows, with the model (steps_check.h).
 */
#ifndef TESTS_BARE_STEPS_H
#define TESTS_BARE_STEPS_H

#include <stdint.h>

#include "exo/abi/call.h"
#include "exo/abi/err.h"

#define STEPS_LIBS   4u
#define STEPS_CLERK  STEPS_LIBS /* begins and ends them; the first environment */
#define STEPS_KIDS   24u        /* that they may make, in all */
#define STEPS_EACH   3u         /* ... and each of them */
#define STEPS_SPACES (STEPS_LIBS + STEPS_KIDS)
#define STEPS_PAGES  16u /* of each address space, that are entered */
#define STEPS_SLOTS  8u
#define STEPS_KEYS \
	64u /* that are remembered; of these, of packets, grants first: */
#define STEPS_OF_NET 20u
#define STEPS_NETS   96u
#define STEPS_BINDS  32u
#define STEPS_LIVE   640u
#define STEPS_LOST   120u /* between two turns of a libOS, at most */
#define STEPS_KINDS  (EXO_KIND_KEY + 1u)
#define STEPS_PLANS  48u /* revocations that boot.conf names, of all libOSes */

/* Frames: what each has from the start, what is guaranteed to it, the most that it may
 * own; of all of them and their tables, what the machine may give away, with its
 * reserve. */
#define STEPS_START   92u
#define STEPS_KEPT    96u
#define STEPS_MOST    152u
#define STEPS_RESERVE 512u
#define STEPS_TABLES  64u /* kept for each environment's */
#define STEPS_POOL \
	(STEPS_RESERVE + 170u + (STEPS_LIBS + 1) * (STEPS_KEPT + STEPS_TABLES))

#define STEPS_AT 0x50000000u /* where the state is; and the pages, in the */
#define STEPS_VA 0x50100000u /* same leaf table */

enum steps_call {
#define STEPS_CALL(name, weight) STEPS_##name,
#include "tests/bare/steps.inc"
#undef STEPS_CALL
	STEPS_NCALLS
};

/** A key that somebody was given, and what it is good for. */
struct steps_key {
	struct exo_key key;
	uint32_t res;  /* enum exo_res; 0: it is all zeroes */
	uint32_t what; /* a frame by its name, a child, a net key */
	uint32_t rights;
	uint32_t spoilt; /* a bit of it was changed */
};

/** A frame from when it was taken until it is given back. */
struct steps_frame {
	uint32_t number, generation;
	uint32_t name; /* 0: one that its owner began with */
	uint32_t owner;
};

struct steps_entry {
	uint32_t name; /* of the frame; 0: nothing is entered */
	uint32_t zero;
	uint64_t bits;
};

/** Packets: those of ports, or all. */
struct steps_region {
	uint32_t lo, hi;
};
#define STEPS_PORTS 12u
#define STEPS_ALL   ((struct steps_region){ 0, UINT32_MAX })

struct steps_net {
	uint64_t name;          /* 0: there is none */
	uint32_t owner, parent; /* itself: a grant */
	uint32_t rights;
	uint32_t age; /* greater: newer */
	struct steps_region of;
};

struct steps_bind {
	uint64_t name;
	uint32_t owner, key;
	uint32_t mode, age;
	struct steps_region of;
};

/** What somebody was asked for, of a kind. */
struct steps_asked {
	uint32_t n;           /* that it did not give up yet, */
	uint32_t first;       /* so many of it before the others */
	uint32_t soon, later; /* whether the first are due, and the others */
	uint32_t fresh;       /* it was not yet told when it was here last */
	uint32_t most;        /* that it ever was to give up */
};

/** When a libOS has written so many lines it is to give up n of a kind, soon: at once. */
struct steps_plan {
	uint32_t who, line;
	uint32_t kind, n, soon;
};

struct steps_lib {
	uint64_t env;
	uint32_t place; /* in struct exo_state */
	uint32_t alive;
	uint32_t owned, guaranteed;
	uint32_t first; /* frames that it owned when it was started */
	uint32_t lines; /* that it wrote */
	struct steps_asked asked[STEPS_KINDS];
	uint32_t wish; /* frames that it waits for */
	uint32_t kids; /* that it may still make */
	uint32_t kept; /* slots guaranteed to it */
	uint32_t nlost;
	uint64_t
	    seen; /* entries of its repossession vector that it looked at */
	struct steps_loss {
		uint64_t kind, name;
		uint64_t pages; /* of a frame, which of them showed it */
	} lost[STEPS_LOST];     /* what it has not yet looked for there */
};

struct steps_kid {
	uint64_t env;
	struct exo_key key;
	uint32_t alive, guaranteed;
	uint32_t maker, zero;
};

struct steps {
	struct exo_key shared[32]; /* frames of this structure */
	uint64_t rng;
	uint64_t clerk;       /* its name */
	uint32_t step, steps; /* taken, and to be taken */
	uint32_t turn;        /* of whom it is */
	uint32_t patient;     /* who is asked for frames has time */
	uint32_t dying; /* a libOS that may still be there, by number + 1 */
	uint32_t names; /* of frames, so far */
	uint32_t nlive;
	uint32_t rows;        /* of the frame table */
	uint64_t generations; /* of all frames, summed up */
	uint64_t calls[STEPS_NCALLS];
	uint64_t codes[32];
	uint64_t asks[STEPS_KINDS], gave[STEPS_KINDS]; /* when asked, */
	uint64_t taken[STEPS_KINDS]; /* by the kernel's choice */
	uint64_t lost[STEPS_KINDS];  /* likewise, and by others' calls */
	struct steps_lib lib[STEPS_LIBS];
	struct steps_kid kid[STEPS_KIDS];
	uint32_t nkid;
	uint32_t age;               /* of keys and bindings, so far */
	uint32_t slot[STEPS_SLOTS]; /* who has it, by number + 1 */
	struct steps_frame live[STEPS_LIVE];
	struct steps_entry entry[STEPS_SPACES][STEPS_PAGES];
	struct steps_net net[STEPS_NETS];
	struct steps_bind bind[STEPS_BINDS];
	struct steps_key key[STEPS_KEYS];
	struct steps_plan plan[STEPS_PLANS];
};

/* --- what each side has --------------------------------------------------------- */

/** A page of who takes the step: where it is, and its address there. */
extern uint8_t *steps_room;
extern uint64_t steps_room_at;

/** A call of who takes the step, whose arguments begin the page. */
int64_t steps_syscall(uint32_t nr, uint64_t size);

/** What it reads at an address; NULL: nothing is there. */
const void *steps_see(uint64_t va);

/** Let the kernel see to what is due, and others run. */
void steps_yield(void);

/** Have it show the numbers of now. */
void steps_refresh(void);

/** What it was told to give up, of each kind, since it was asked here last. */
void steps_told(uint32_t told[STEPS_KINDS]);

void steps_line(const char *text, uint32_t n);

/** Something is not as it must be. */
_Noreturn void steps_wrong(const char *what, int line);

#define STEPS_SO(cond)                                \
	do {                                          \
		if (!(cond))                          \
			steps_wrong(#cond, __LINE__); \
	} while (0)

/* --- chance ----------------------------------------------------------------------- */

/** [S. Vigna's splitmix64] */
static inline uint32_t steps_below(struct steps *s, uint32_t n)
{
	uint64_t z = s->rng += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) >> 32) % n;
}

static inline uint32_t steps_seldom(struct steps *s)
{
	return steps_below(s, 24) == 0;
}

/* --- lines ------------------------------------------------------------------------- */

struct steps_text {
	char s[250];
	uint32_t n;
};

static inline void steps_str(struct steps_text *t, const char *text)
{
	while (*text != '\0' && t->n < sizeof(t->s))
		t->s[t->n++] = *text++;
}

/** A word in front, and a number. */
static inline void steps_num(struct steps_text *t, const char *word, uint64_t v)
{
	char digits[20];
	uint32_t n = 0;

	steps_str(t, word);
	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	while (n > 0 && t->n < sizeof(t->s))
		t->s[t->n++] = digits[--n];
}

static inline const char *steps_error(int64_t code)
{
	switch (-code) {
	case 0:
		return "0";
#define EXO_ERR(name, number, meaning) \
	case number:                   \
		return #name;
#include "exo/abi/err.inc"
#undef EXO_ERR
	default:
		return "?";
	}
}

static inline const char *steps_name(uint32_t call)
{
	static const char *const names[] = {
#define STEPS_CALL(name, weight) #name,
#include "tests/bare/steps.inc"
#undef STEPS_CALL
	};

	return names[call];
}

static inline void steps_say(const struct steps_text *t)
{
	steps_line(t->s, t->n);
}

#endif
