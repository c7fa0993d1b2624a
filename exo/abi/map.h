/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps as programs and the verifier see them: kinds, shapes, flags.
 *
 * Numbers and flags are Linux's (linux/bpf.h, enum bpf_map_type), so that
 * objects made for Linux keep their meaning. What a kind can do is a row of
 * map.inc. A program names a map by its index in the list of maps that it
 * comes with: the imm of a 64-bit immediate load of source 1 (the map itself)
 * or 2 (a byte of the value of an array's first element, its offset in the
 * second slot's imm).
 */
#ifndef EXO_ABI_MAP_H
#define EXO_ABI_MAP_H

#include <stdint.h>

/** What a kind of map can do: bits of a row of map.inc. */
#define EXO_MAP_LOOKUP 0x01u  /* map_lookup_elem */
#define EXO_MAP_UPDATE 0x02u  /* map_update_elem */
#define EXO_MAP_DELETE 0x04u  /* map_delete_elem */
#define EXO_MAP_DIRECT 0x08u  /* address of a value as a 64-bit immediate */
#define EXO_MAP_EACH   0x10u  /* for_each_map_elem */
#define EXO_MAP_RING   0x20u  /* ringbuf_* */
#define EXO_MAP_TAIL   0x40u  /* tail_call */
#define EXO_MAP_PERF   0x80u  /* perf_event_output */
#define EXO_MAP_PUSH   0x100u /* map_push_elem, map_pop_elem, map_peek_elem */

enum exo_map_kind {
#define EXO_MAP_KIND(nr, NAME, text, can) EXO_MAP_##NAME = (nr),
#include "exo/abi/map.inc"
#undef EXO_MAP_KIND
};

/** Flags. Other flags are refused. */
#define EXO_MAP_NO_PREALLOC \
	0x001u /* a trie must have it, a hash may; all that
				      a map needs is taken at once anyway */
/* What programs may not do: */
#define EXO_MAP_RDONLY_PROG 0x080u /* programs may not write values */
#define EXO_MAP_WRONLY_PROG 0x100u /* programs may not read values */

/** The shape of one map. */
struct exo_map_def {
	uint32_t kind;        /* enum exo_map_kind */
	uint32_t key_size;    /* bytes; 0 for a ring buffer */
	uint32_t value_size;  /* bytes; 0 for a ring buffer */
	uint32_t max_entries; /* elements; bytes of a ring buffer */
	uint32_t flags;
};

#define EXO_MAPS_MAX      64u /* of one program */
#define EXO_MAP_KEY_MAX   512u
#define EXO_MAP_VALUE_MAX (1u << 20)

#endif
