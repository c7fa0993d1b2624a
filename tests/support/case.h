/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Case files: behaviours written as text, for interpreter and verifier.
 *
 * A file holds any number of cases. `== name` starts one; keys follow, each
 * at the start of a line, its value on the same line or indented below:
 *
 *	== addition wraps at 2^64
 *	asm:
 *		r0 = -1
 *		r0 += 1
 *		exit
 *	result: 0
 *
 * `#` at the start of a line is a comment; inside asm the assembler's own
 * comments hold. Bytes are hexadecimal, blanks between them are free.
 *
 * The program:  type: mem (default), xdp, socket or tc
 *               asm: text of exo/isa/text.h, or raw: bytes
 *               like: NAME, an earlier case of the file: its type, its maps
 *               and its program, in which this one's asm stands right before
 *               the label `here`
 * Its world:    mem: bytes, packet: bytes, wirelen: N (default: as captured)
 *               protocol: N, ifindex: N, fuel: N (default 100000)
 *               load: unchecked runs what the structure check refuses
 * Interpreter:  result: N, end: exit (default), reject, fuel, pc, opcode,
 *               load, store, ctx, frames, helper, map, or refused
 *               mem-after: bytes, cb-after: bytes, steps: N
 *               at: N, the instruction where it ended or was refused
 * Verifier:     maps: one a line, as kind, bytes of a key, bytes of a value,
 *               entries and flags (rdonly, wronly); `array 4 48 1 rdonly`
 *               verdict: accepted or refused, code: VF301, insn: N
 *               leaks: allowed (default: refused)
 *               without: helpers, or writes: nobody runs it with those
 *               explored: N, the budget; steps: N, proven at most
 *               safe: NAME of the near miss, or "this one (safe)", or `like`
 *               witness: N; a run on maps whose values begin with N traps
 */
#ifndef EXO_TESTS_CASE_H
#define EXO_TESTS_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/insn.h"
#include "exo/abi/map.h"

#define CASE_MAPS 8u

/** Bytes of a case; given is false when the key is absent. */
struct case_bytes {
	uint8_t *p;
	uint32_t n;
	bool given;
};

struct case_num {
	uint64_t v;
	bool given;
};

struct case_one {
	char file[96]; /* without its directory */
	unsigned line; /* of the "==" */
	char name[128];
	uint32_t type; /* enum exo_prog_type */
	char *text;    /* of asm */
	struct exo_insn *insns;
	uint32_t ninsns;
	struct case_bytes mem, packet, mem_after, cb_after;
	struct case_num wirelen, protocol, ifindex, fuel, result, steps, at,
	    insn, explored, witness;
	bool unchecked;
	bool leaks; /* allowed */
	bool no_helpers, no_writes;
	struct exo_map_def maps[CASE_MAPS];
	uint32_t nmaps;
	char safe[128];   /* "" when absent */
	char end[16];     /* "" when absent */
	char verdict[16]; /* "" when absent */
	char code[16];    /* "" when absent */
};

struct case_set {
	struct case_one *cases;
	unsigned n;
};

/**
 * Read every *.case file of a directory, in the order of their names.
 * Returns 0, or -1 with a message on stderr that names file and line. The
 * set is freed by case_free() in both cases.
 */
int case_load_dir(const char *dir, struct case_set *set);

/** The same of one text; file is for messages. */
int case_load_text(const char *file, const char *text, struct case_set *set);

void case_free(struct case_set *set);

#endif
