/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads one file in every way, which must not be told apart by what comes. */
#ifndef TESTS_UNIT_TRACE_WAYS_H
#define TESTS_UNIT_TRACE_WAYS_H

#include "tests/unit/trace_make.h"

/* What came: sums over packets, and the end. */
struct ways_sum {
	uint64_t packets, hash;
	int code;
	uint64_t offset;
	char msg[512];
};

/* Read all of a file in one way, from windows of this size. */
void ways_read(
    const char *path, enum tr_io io, size_t window, struct ways_sum *sum);

/* Read it in every way; fails the test where one differs. */
void ways_same(const char *path);

/* The same for bytes, through a file in dir. */
void ways_same_bytes(const char *dir, const struct mk *b, size_t len);

#endif
