/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A story of a map: what one thread does to it, made up beforehand, so that others
 * know what may be seen meanwhile.
 *
 * An operation is numbered from 1; state n is what there is after operation n. A
 * reader notes `done` before it looks and `started` afterwards: what it gets must
 * be true of a state between the two. What an operation makes of an element is an
 * event; its number is in the value, and all bytes of the value follow from it.
 *
 * Synchronization: one thread tells, by story_begin() and story_end() around each
 * operation; any may ask.
 */
#ifndef TESTS_SUPPORT_MAPSTORY_H
#define TESTS_SUPPORT_MAPSTORY_H

#include <exopf/exopf.h>

#include <stdbool.h>
#include <stdint.h>

#define STORY_IDS    64u /* different keys */
#define STORY_STABLE 8u  /* that are never taken out of a hash or a trie */
#define STORY_KEY    8u
#define STORY_VALUE  48u

enum story_what {
	STORY_PUT = 0, /* of queues and stacks: push */
	STORY_GONE,    /* pop */
	STORY_OVER     /* push, whatever goes */
};

struct story_op {
	uint32_t event; /* 0: it changes nothing */
	uint32_t lost;  /* the event of what an LRU hash gives up, or 0 */
	uint8_t what, id;
};

struct story_event {
	uint32_t op;
	uint32_t before, after; /* events of the same key, or 0 */
	uint8_t id;
	bool put;
};

struct story {
	struct exopf_map_def def;
	uint32_t nops, nevents;
	struct story_op *op;
	struct story_event *event;
	uint32_t
	    *top; /* queues, stacks: what is next to be popped in each state */
	uint8_t key[STORY_IDS][STORY_KEY];
	uint32_t latest[STORY_IDS]; /* event that has begun */
	uint32_t started, done;
};

/** Make a story of so many operations; false: no memory. */
bool story_new(struct story *s, const struct exopf_map_def *def, uint32_t nops);
void story_free(struct story *s);

/** The teller: operation n begins; it is over. */
void story_begin(struct story *s, uint32_t n);
void story_end(struct story *s, uint32_t n);

/** The value that an event puts: STORY_VALUE bytes where the map has none. */
void story_value(const struct story *s, uint32_t event, uint8_t *value);

/** The event that put this value; 0: all bytes are 0. UINT32_MAX: none did. */
uint32_t story_event(const struct story *s, const uint8_t *value);

/** The number of a key; STORY_IDS: it is none. */
uint32_t story_id(const struct story *s, const uint8_t *key);

/** Is key a in a trie an element of what is looked up by b? Elsewhere: is it b? */
bool story_covers(const struct story *s, uint32_t a, uint32_t b);

/** Was it so in a state from lo to hi: there was what the event put; the key had
 * some element; it had none; an event was on top. */
bool story_shows(
    const struct story *s, uint32_t event, uint32_t lo, uint32_t hi);
bool story_has(const struct story *s, uint32_t id, uint32_t lo, uint32_t hi);
bool story_lacks(const struct story *s, uint32_t id, uint32_t lo, uint32_t hi);
bool story_tops(
    const struct story *s, uint32_t event, uint32_t lo, uint32_t hi);

#endif
