/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions that people write and read: text in, text out, kept in between.
 */
#ifndef EXO_HOSTED_REGION_TEXT_H
#define EXO_HOSTED_REGION_TEXT_H

#include "exo/lib/arena.h"
#include "exo/lib/fmt.h"
#include "exo/space/region.h"

/** Steps of the algebra that one question may take: a second or two. */
#define CMD_REGION_STEPS ((uint64_t)1 << 26)

/** Bytes that a message of cmd_region_read() fits in. */
#define CMD_REGION_WHY 640u

/** Bytes of canonical text that are printed at most. */
#define CMD_REGION_SHOWN ((size_t)1 << 20)

/** What one question is worked out with; do not copy it. */
struct cmd_region_work {
	struct exo_mem mem;
	struct exo_arena arena;
	struct sp_work w;
};

/** Begin, with a budget of CMD_REGION_STEPS. */
void cmd_region_begin(struct cmd_region_work *k);

/** Give back its memory: regions that the question made are gone. */
void cmd_region_end(struct cmd_region_work *k);

/** Grant a new budget for a next question; memory stays. */
void cmd_region_again(struct cmd_region_work *k);

/**
 * Read a region and bring it into few cubes, in k's memory.
 * Returns 0; or -1, with why in lines without a newline at the end.
 */
int cmd_region_read(struct cmd_region_work *k, const char *text, size_t len,
    struct sp_region *out, char why[CMD_REGION_WHY]);

/** Copy a region into memory of its own. Returns 0 or -EXO_ENOMEM. */
int cmd_region_keep(struct sp_region r, struct sp_region *out);

/** Free what cmd_region_keep() made; a zeroed region is allowed. */
void cmd_region_free(struct sp_region *r);

/** The canonical text of a region, the caller's to free(), cut at about limit
 * bytes, where "..." stands then. NULL: out of memory. */
char *cmd_region_text(struct sp_region r, size_t limit);

/** Why the algebra has no answer, in words. */
const char *cmd_region_failure(int err);

#endif
