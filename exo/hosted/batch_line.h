/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of a batch: a program for the verifier as a JSON object.
 *
 * Members
 *	insns         text: hexadecimal, 8 bytes an instruction; required
 *	type          text: socket_filter, xdp, sched_cls, sched_act, or what
 *	              --type takes; required
 *	id            a whole number or text; echoed
 *	name          text; echoed
 *	unprivileged  true or false: pointers must not leak
 *	maps          list of { insn, map }: the 64-bit immediate at index insn
 *	              (source 1 or 2) means the map of that name
 *	map_defs      object, name: { type_nr, key, value, max, flags, init }:
 *	              maps besides, or instead of, those that are built in; init
 *	              is hexadecimal. A list of objects with a name does as well
 *	funcs         list of { insn, name, global, nargs }: checked, not used
 *
 * Other members are ignored. null is as good as absence. A member of a wrong
 * type, a name that stands twice in one object, or text that is no UTF-8 make
 * the line no program. Numbers of functions and maps that are not in the
 * program do so too; all that the verifier has a code for is left to it.
 *
 * Trust: none in the line. Memory is bounded by CMD_BATCH_MEM; nesting by
 * the JSON library, 2048 levels.
 */
#ifndef EXO_HOSTED_BATCH_LINE_H
#define EXO_HOSTED_BATCH_LINE_H

#include "exo/abi/insn.h"
#include "exo/abi/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes that reading one line may take. */
#define CMD_BATCH_MEM ((size_t)512 << 20)

/** Maps that one program may use, as in Linux. */
#define CMD_BATCH_MAPS 64u

/** The immediate of a reference to a map that nothing says the name of: the
 * index of no map. */
#define CMD_BATCH_NO_MAP INT32_MAX

struct json_t;

struct cmd_batch_line {
	struct json_t *root; /* owns the text below */
	enum {
		CMD_ID_NONE,
		CMD_ID_NUMBER,
		CMD_ID_TEXT,
	} id_kind;
	int64_t id;
	const char *id_text; /* of id_len bytes; may hold NUL */
	size_t id_len;
	const char *name; /* of name_len bytes, or NULL */
	size_t name_len;
	uint32_t type; /* enum exo_prog_type */
	bool unprivileged;
	struct exo_insn *insns; /* references to maps are indices of maps[] */
	uint32_t ninsns;
	struct exo_map_def maps[CMD_BATCH_MAPS];
	uint32_t nmaps;
	char why[256]; /* what is wrong with the line */
};

/**
 * Read a line of len bytes. Returns true when it holds a program; else why
 * says what it does not, and id and name are what could be read of them.
 * cmd_batch_line_free() in both cases.
 */
bool cmd_batch_line_read(
    struct cmd_batch_line *line, const char *text, size_t len);

void cmd_batch_line_free(struct cmd_batch_line *line);

#endif
