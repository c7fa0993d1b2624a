/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A console on which the kernel shows what it has (top.h): snapshots are shown, what else
 * is said passes through. Pure: bytes in, text out.
 *
 * On a terminal the newest snapshot stands below all that was said, and is drawn again in
 * its place; lines of text appear above it, so that they scroll as they would without it.
 * Nothing is asked of the terminal but to go up some lines and to erase from there on: it
 * is as it was whenever and however we end. Elsewhere one snapshot follows another. As
 * JSON, each is a line of the output, and text goes to where talk goes.
 */
#ifndef EXO_HOSTED_TOP_FEED_H
#define EXO_HOSTED_TOP_FEED_H

#include "exo/hosted/top_show.h"

struct top_feed;

enum top_how {
	TOP_PLAIN,
	TOP_TERMINAL,
	TOP_JSON,
};

/** NULL: out of memory. */
struct top_feed *top_feed_new(enum top_how how);
void top_feed_free(struct top_feed *f);

/** n bytes came; what is to be written is appended to out and talk. Page is what there is
 * room for at this moment: of one line of a terminal less. Returns 0, or -1: out of
 * memory, a snapshot was not shown. */
int top_feed(struct top_feed *f, const char *bytes, size_t n,
    const struct top_page *page, FILE *out, FILE *talk);

/** Somebody else wrote to the terminal: what is drawn there stays. */
void top_feed_leave(struct top_feed *f);

/** No more will come: the last line, if it has no end, and on a terminal the last
 * snapshot, all of its lines. */
int top_feed_end(
    struct top_feed *f, const struct top_page *page, FILE *out, FILE *talk);

#endif
