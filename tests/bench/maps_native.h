/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters in C as this machine runs them: an object is what maps_native.c makes
 * of one .bpf.c.
 */
#ifndef TESTS_BENCH_MAPS_NATIVE_H
#define TESTS_BENCH_MAPS_NATIVE_H

#include <stdint.h>

/** What a program gets: the packet. */
struct mn_ctx {
	uintptr_t data, data_end;
	uint32_t len;
};

struct mn_func {
	const char *name; /* NULL: no more */
	int (*run)(struct mn_ctx *ctx);
};

struct mn_object {
	const char *name;
	void (*open)(void);  /* make its maps, empty */
	void (*drain)(void); /* consume what is in its ring buffers */
	uint64_t *clock;     /* the time that its programs read */
	const struct mn_func *funcs;
};

#define MN_OBJECT(name) extern const struct mn_object mn_##name;
#include "tests/bench/maps_objects.inc"
#undef MN_OBJECT

#endif
