/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot of the kernel (top.h) as people read it, and as programs do. Pure.
 */
#ifndef EXO_HOSTED_TOP_SHOW_H
#define EXO_HOSTED_TOP_SHOW_H

#include "exo/hosted/top.h"

#include <stdio.h>

#define TOP_JSON_SCHEMA "exopf.top/1"

/** What there is room for. */
struct top_page {
	unsigned width;  /* columns; 0: lines may be as long as they are */
	unsigned height; /* lines; 0: likewise */
	bool colour;
};

/**
 * Print what is in t->now: a line about the machine, environments, the vector of slots,
 * bindings; those that do most first. Columns that there is no room for are left out, the
 * least important first; so are those in which there is nothing but 0 and whose 0 says
 * nothing. Returns how many lines there are, or -1: out of memory.
 */
int top_show(FILE *f, const struct top *t, const struct top_page *page);

/** One object on one line. */
void top_json(FILE *f, const struct top *t);

#endif
