/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Witnesses: packets that show an answer, as a line for people, as JSON, and as
 * a capture of one packet.
 */
#ifndef EXO_HOSTED_WITNESS_H
#define EXO_HOSTED_WITNESS_H

#include "exo/abi/region.h"
#include "exo/hosted/json.h"
#include "exo/hosted/region_text.h"
#include "exo/hosted/trace_out.h"

/** A packet, and what is wrong with it. */
struct cmd_witness {
	struct sp_packet p; /* its data are where it was made */
	uint32_t flaws;     /* bits of enum sp_flaw */
	bool made;          /* false: none that can be kept is in the region */
};

/**
 * Make a witness of a region that is not empty, in k's memory. One that is
 * larger than a packet may be is none.
 * Returns 0, -EXO_ENOMEM or -EXO_EBUDGET.
 */
int cmd_witness_make(
    struct cmd_region_work *k, struct sp_region r, struct cmd_witness *out);

/** The one that a call of the kernel wrote into room bytes at x, of a link type
 * as tr_link() tells them apart. It points there. */
struct cmd_witness cmd_witness_of(const struct exo_witness *x, size_t room);

/** Append a packet in one line, as tcpdump would, and its flaws in words. */
void cmd_witness_line(struct exo_fmt *f, const struct cmd_witness *x);

/** Bytes that a line fits in. */
#define CMD_WITNESS_LINE 512u

/** Append what is wrong with a packet: "its IP version is another, ...". */
void cmd_flaws_write(struct exo_fmt *f, uint32_t flaws);

/** Write an object, or null if none was made: linktype, caplen, len, flaws,
 * bytes in hexadecimal, line. Returns 0 or -EXO_ENOMEM. */
int cmd_witness_json(
    struct cmd_json *j, const char *key, const struct cmd_witness *x);

/**
 * Write a capture of this packet by an output of the set.
 * Returns 0, or -1 with why in err.
 */
int cmd_witness_file(struct tr_outs *set, const char *path,
    const struct cmd_witness *x, struct tr_error *err);

#endif
