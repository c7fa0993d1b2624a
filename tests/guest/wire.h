/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs on their way into the guest: what the host writes, init reads.
 *
 * A file is records, each a struct wire_prog, its maps, its instructions. The
 * immediate of a 64-bit load of source 1 or 2 is the index of a map of the
 * record; every other one names none. Numbers are Linux's.
 */
#ifndef TESTS_GUEST_WIRE_H
#define TESTS_GUEST_WIRE_H

#include <stdint.h>

#define WIRE_MAGIC 0x676f7270u
#define WIRE_MAPS  64u
#define WIRE_INSNS 1000000u

/** Whose capabilities a program is loaded with: the guest tries each. */
enum wire_mode {
	WIRE_ALL,   /* root: leaks are allowed */
	WIRE_LEAKS, /* CAP_BPF and CAP_NET_ADMIN only: leaks are refused */
	WIRE_NONE,  /* nothing: the unprivileged; socket programs only */
	WIRE_MODES
};

struct wire_prog {
	uint32_t magic;
	uint32_t line; /* of the file that the host took it from, from 1 */
	uint32_t type;
	uint32_t nmaps;
	uint32_t ninsns;
};

struct wire_map {
	uint32_t type, key, value, max, flags;
};

#endif
