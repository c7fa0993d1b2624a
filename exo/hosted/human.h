/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers as people read them.
 *
 * Each writes into a buffer of CMD_HUMAN bytes and returns it.
 */
#ifndef EXO_HOSTED_HUMAN_H
#define EXO_HOSTED_HUMAN_H

#include <stdint.h>

#define CMD_HUMAN 48

/** 1234567 as "1,234,567". */
const char *cmd_human_u64(uint64_t v, char buf[CMD_HUMAN]);

/** A part of a whole as "12.3%"; "-" of nothing. */
const char *cmd_human_share(uint64_t part, uint64_t whole, char buf[CMD_HUMAN]);

/** Nanoseconds as seconds with six decimals, cut, not rounded. */
const char *cmd_human_seconds(uint64_t ns, char buf[CMD_HUMAN]);

/** Nanoseconds since 1970 as "2026-11-22T19:06:05.123456789Z". */
const char *cmd_human_time(uint64_t ns, char buf[CMD_HUMAN]);

#endif
