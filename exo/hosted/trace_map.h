/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A window into a file, mapped.
 *
 * Whoever may write to a file may cut it while it is mapped. What lay behind
 * its new end is then read as zeros, up to the end of the page, and beyond
 * that is no memory: SIGBUS. The handler of this file puts zeros there too and
 * remembers it, so that a cut file never ends the process; whoever looks at
 * the bytes asks tr_map_good() afterwards and believes them only then.
 */
#ifndef EXO_HOSTED_TRACE_MAP_H
#define EXO_HOSTED_TRACE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tr_map {
	int fd;
	uint8_t *at; /* NULL: nothing is shown */
	size_t len;
	uint64_t off;  /* of at[0] in the file */
	size_t window; /* bytes to show at once */
	bool ready;    /* have all pages of a window at hand at once */
	int slot;      /* that the handler looks at; below 0: none */
};

/**
 * Prepare to map a file; ready: have all pages of a window at hand at once,
 * which is faster where all are looked at. False when it is none to be mapped
 * (no regular file, empty), or there are no slots left. Installs a handler of
 * SIGBUS.
 */
bool tr_map_open(struct tr_map *m, int fd, size_t window, bool ready);

/**
 * Show n bytes (> 0) at a file offset, and as many after them as the window
 * and the file have; what was shown before goes. The bytes are private and may
 * be written. False: they cannot be mapped, or are not there; nothing is shown
 * then.
 */
bool tr_map_show(struct tr_map *m, uint64_t off, size_t n);

/** Take away what is shown; more may be shown later. */
void tr_map_hide(struct tr_map *m);

/**
 * The file offset up to which what is shown is the file, now: its end at least
 * unless somebody cut the file or it could not be read, *sys is then errno or 0.
 */
uint64_t tr_map_good(const struct tr_map *m, int *sys);

void tr_map_close(struct tr_map *m);

#endif
