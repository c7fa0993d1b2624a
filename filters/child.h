/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work for a process of its own: what a library is not trusted to survive.
 *
 * Life-cycle: flt_child_start() forks; the child does the work, which puts bytes,
 * and leaves. The parent gets them, and ends the child in any case. Where the
 * process has other threads, as one that reads a trace ahead, the child relies
 * on the C library to keep malloc() usable behind fork(), as glibc does. None
 * of them may be looking up a name at that moment: glibc's locks for that stay
 * locked in the child.
 *
 * Trust: the child may have eaten hostile bytes. Whatever it puts is to be
 * checked, and how much of it is taken.
 */
#ifndef FLT_CHILD_H
#define FLT_CHILD_H

#include <sys/types.h>
#include <time.h>

#include "filters/filters.h"

#define FLT_CHILD_STACK (64u << 20) /* a main thread's can grow so far */

struct flt_child_limits {
	uint32_t cpu, wall; /* seconds */
	uint64_t memory;    /* bytes, beyond what the process has */
};

struct flt_child {
	pid_t pid;
	int fd;
	struct timespec until;
	bool late; /* the deadline came before all was there */
};

/** Start one that does work(arg). It has standard error and nothing else of
 * ours open. Returns 0, or -EXO_ENOMEM with *err. */
int flt_child_start(struct flt_child *c, const struct flt_child_limits *limits,
    void (*work)(void *arg), void *arg, struct flt_error *err);

/** In the child: put n bytes. False: nobody reads them. */
bool flt_child_put(const void *bytes, size_t n);

/** Get n bytes. False: the end came first, or the deadline. */
bool flt_child_get(struct flt_child *c, void *to, size_t n);

/** End it, which has put all that it should, or not: then it is killed if it is
 * late. Returns the signal that it died of, or 0. */
int flt_child_end(struct flt_child *c, bool complete);

#endif
