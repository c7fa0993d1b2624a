/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capability as a libOS holds it: a bearer key that authenticates itself.
 *
 * A key is what the kernel said when it granted something, with a keyed MAC
 * (SipHash-2-4-128, key drawn at boot) over every other field. Whoever holds
 * the bytes holds the right; changing one bit makes the key worthless. Keys
 * are presented at bind time only, never on the packet path.
 */
#ifndef EXO_ABI_CAP_H
#define EXO_ABI_CAP_H

#include <stdint.h>

/** What a key is about. */
enum exo_res {
	EXO_RES_NET = 1,   /* packets */
	EXO_RES_FRAME = 2, /* a page frame: region is its number */
	EXO_RES_DISK =
	    3, /* blocks of the disk: region the first, slot how many */
	EXO_RES_ENV = 4, /* an environment: region is its place */
};

/* Rights of a packet key. */
#define EXO_RIGHT_TAP       0x01u /* receive copies beside others */
#define EXO_RIGHT_EXCLUSIVE 0x02u /* own the packets of a claim */
#define EXO_RIGHT_DERIVE    0x04u /* make lesser keys from this one */
#define EXO_RIGHT_STEPS     0x08u /* exceed EXO_STEPS_DEFAULT a packet */
#define EXO_RIGHT_FIRST     0x10u /* take packets before others that share */
#define EXO_RIGHT_TELL      0x20u /* be told whose binding is in the way */
#define EXO_RIGHT_FOLLOW    0x40u /* get later fragments, too */
#define EXO_RIGHT_TRANSMIT  0x80u /* send packets of the region */
#define EXO_RIGHT_ALL       0xffu

/* Rights of a frame's key. */
#define EXO_FRAME_READ    0x01u
#define EXO_FRAME_WRITE   0x02u
#define EXO_FRAME_EXECUTE 0x04u
#define EXO_FRAME_OWN     0x08u /* give it back, and have others do it */
#define EXO_FRAME_ALL     0x0fu

/* Rights of a disk's key. */
#define EXO_DISK_READ  0x01u
#define EXO_DISK_WRITE 0x02u

/* Rights of an environment's key. */
#define EXO_ENV_MAP   0x01u /* enter pages into its address space */
#define EXO_ENV_START 0x02u
#define EXO_ENV_END   0x04u
#define EXO_ENV_ALL   0x07u

/* Regions of packets; 0 is every packet, another number names one. */
#define EXO_REGION_ALL 0u

/** Proven steps a packet filter may take without EXO_RIGHT_STEPS. */
#define EXO_STEPS_DEFAULT 4096u

/** And with it, where the core is not told otherwise: a packet must not stop the
 * core, and a callback in a callback may take more steps than anybody waits. */
#define EXO_STEPS_MAX 1048576u

struct exo_key {
	uint32_t res;    /* enum exo_res */
	uint32_t rights; /* EXO_RIGHT_* */
	uint32_t region; /* EXO_REGION_ALL, or the number of a region */
	uint32_t slot;   /* the kernel's record of this grant */
	uint64_t epoch;  /* generation of that record */
	uint8_t mac[16];
};
_Static_assert(sizeof(struct exo_key) == 40, "no padding: it is hashed");

#endif
