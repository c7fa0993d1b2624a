/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls from a libOS into the kernel: numbers and argument structures.
 *
 * A call takes one structure, read once. Its results are written back into
 * the `out_` fields of the same structure and only when the call succeeds,
 * reports and witnesses excepted. Pointers are addresses in the caller's space.
 */
#ifndef EXO_ABI_CALL_H
#define EXO_ABI_CALL_H

#include <stdint.h>

#include "exo/abi/cap.h"
#include "exo/abi/phys.h"
#include "exo/abi/region.h"
#include "exo/abi/report.h"

enum exo_call_nr {
#define EXO_CALL_ROW(name, number, type, meaning) \
	EXO_CALL_##name##_NR = (number),
#include "exo/abi/call.inc"
#include "exo/abi/machine.inc"
#undef EXO_CALL_ROW
};

/** From ring 3 also without it: address and size are 0 then. */
struct exo_call_null {
	uint64_t zero;
};

struct exo_call_derive {
	struct exo_key key;     /* needs EXO_RIGHT_DERIVE */
	struct exo_key out_key; /* the lesser key */
	struct exo_span region; /* inside the key's; none: the same */
	struct exo_span
	    witness;     /* gets a struct exo_witness of -EXO_EOUTSIDE */
	uint32_t rights; /* a subset of the key's */
	uint32_t zero;
};

struct exo_call_revoke {
	struct exo_key key;
};

/** How a binding takes part in demultiplexing. */
enum exo_bind_mode {
	EXO_BIND_TAP = 1,   /* gets a copy; the packet goes on */
	EXO_BIND_FIRST = 2, /* takes the packet; later bindings, in the order of
	                       all owners, do not get it */
	EXO_BIND_EXCLUSIVE = 3, /* owns its claim: nobody else may take of it.
	                           Later ones of the same owner do not get what
	                           it took; taps do */
};

/** Of an exclusive or first binding of an XDP program: it is an application-specific
 * handler. It runs on a copy of each packet of its claim, which it may change; by
 * XDP_PASS the packet, as it came, goes to the ring, by XDP_TX the copy is sent, if the
 * key `send` lets it be, and by anything else the packet is not taken. A packet of more
 * than EXO_TRANSMIT_MAX bytes, or cut short, goes to the ring without being shown to it.
 * [D. A. Wallach, D. R. Engler, M. F. Kaashoek, "ASHs: Application-Specific Handlers for
 * High-Performance Messaging", SIGCOMM 1996] */
#define EXO_BIND_ASH 2u

/** Of an exclusive binding: later fragments follow the first that it took, if
 * the key has EXO_RIGHT_FOLLOW. */
#define EXO_BIND_FOLLOW 1u

struct exo_call_bind {
	struct exo_key key;      /* needs EXO_RIGHT_TAP, _FIRST or _EXCLUSIVE */
	struct exo_span claim;   /* inside the key's region; none: all of it */
	struct exo_span witness; /* gets a struct exo_witness of -EXO_EOUTSIDE,
	                            -EXO_ECONFLICT, -EXO_ELENT */
	uint64_t image;          /* address of a filter image */
	uint32_t image_size;
	uint32_t linktype;   /* LINKTYPE_* whose packets it sees */
	int32_t priority;    /* higher is asked first; ties by age */
	uint32_t mode;       /* enum exo_bind_mode */
	uint32_t snap;       /* bytes wanted of each packet; 0: count only */
	uint32_t flags;      /* EXO_BIND_* */
	struct exo_key send; /* of EXO_BIND_ASH: needs EXO_RIGHT_TRANSMIT */
	uint64_t tag;        /* comes back in every record */
	uint64_t report;     /* address of a struct exo_report, or 0 */
	uint64_t out_binding;
};

struct exo_call_unbind {
	uint64_t binding;
};

/** Counters of one binding. */
struct exo_bind_stat {
	uint64_t evaluated; /* packets the filter was asked about: not those
	                           that an index kept from it */
	uint64_t unpaid;    /* packets that its owner's budget let pass by */
	uint64_t matched;   /* packets it accepted */
	uint64_t matched_bytes; /* their bytes on the wire */
	uint64_t delivered;     /* records put on the ring, or counted */
	uint64_t followed;      /* of those matched, later fragments */
	uint64_t crowded;       /* first fragments that found no room to be
	                           remembered */
	uint64_t dropped;       /* records that found no room */
	uint64_t differed;      /* runs that the interpreter ended otherwise:
	                           0, or a bug; a core that judges counts */
	uint64_t replied;       /* of those matched, packets that an ASH sent */
	uint64_t withheld;  /* packets that it might not send, or too many */
	uint64_t first_ns;  /* earliest time of a match */
	uint64_t last_ns;   /* latest time of a match */
	uint64_t max_steps; /* proven bound of steps a packet */
	uint64_t insns;     /* instructions of the program */
};

struct exo_call_stat {
	uint64_t binding;
	struct exo_bind_stat out_stat;
};

/** A program for tail calls of a binding: the image of a program with the same
 * type and the same maps, in the same order. It is in the slot from then on and
 * what was there is no more. The contents of maps stay as they are. */
struct exo_call_slot {
	uint64_t binding;
	uint64_t image;      /* address of a filter image */
	uint32_t image_size; /* 0: empty the slot */
	uint32_t map;        /* a program array, by index */
	uint32_t slot;
	uint32_t zero;
	uint64_t report; /* address of a struct exo_report, or 0 */
};

/** A packet on its way out, of Ethernet. It is copied before anything looks at it,
 * and the copy is what is sent. */
struct exo_call_transmit {
	struct exo_key
	    key; /* needs EXO_RIGHT_TRANSMIT; its region has the packet */
	uint64_t packet; /* address */
	uint32_t size;   /* bytes, EXO_TRANSMIT_MIN to _MAX */
	uint32_t zero;
};
#define EXO_TRANSMIT_MIN 14u
#define EXO_TRANSMIT_MAX 1514u

#endif
