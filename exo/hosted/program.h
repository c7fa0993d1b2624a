/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that a command is asked about: an expression, or one of an object,
 * raw bytes in hexadecimal, or assembler text.
 */
#ifndef EXO_HOSTED_PROGRAM_H
#define EXO_HOSTED_PROGRAM_H

#include "exo/hosted/source.h"
#include "exo/lib/fmt.h"
#include "filters/filters.h"
#include "verifier/verifier.h"

#include <stdbool.h>

/** Bytes of text that a program may be written in. */
#define CMD_PROGRAM_MAX (64u << 20)

/** What the command line says. Zero it; strings are the command line's. */
struct cmd_program_args {
	const char *expr;     /* tcpdump expression, or FILE[:FUNCTION] */
	const char *raw;      /* hexadecimal, or "-" */
	const char *assembly; /* file name, or "-" */
	uint32_t type;        /* 0: not stated */
	uint32_t linktype;    /* for expr */
	bool no_optimize;     /* for expr */
};

/** The program. cmd_program_free() at the end. */
struct cmd_program {
	uint32_t type;
	struct flt_code code;
	struct flt_cbpf *cbpf; /* what an expression became first; else NULL */
	uint32_t ncbpf;
	struct flt_image image;   /* of a file's program: all of it */
	struct exo_map_def *maps; /* of that */
	uint32_t nmaps;
	struct vf_const *consts; /* of maps that stay as they begin */
	uint32_t nconsts;
	bool object;     /* it is a file's program */
	uint32_t nparts; /* of a file's: programs, 1 and those in slots */
	char *text;      /* of assembler text; NULL else */
	struct cmd_source source; /* what its instructions were */
};

struct cmd;

/**
 * Get the program. Exactly one of the three sources must be set, and the type
 * of an expression is socket.
 * Returns 0, or CMD_FAULT after saying what is wrong.
 */
int cmd_program_load(const struct cmd *self,
    const struct cmd_program_args *args, struct cmd_program *out);

/**
 * Let *p be the k-th of a file's programs, below nparts: 0 is its own, the others
 * are in slots of its program arrays. Returns 0, or CMD_FAULT after saying why.
 */
int cmd_program_part(struct cmd_program *p, uint32_t k);

/** Write the slots that the k-th is in, k > 0: "jmp[3], jmp[4]". */
void cmd_program_slots(
    const struct cmd_program *p, uint32_t k, struct exo_fmt *f);

/**
 * Refuse a program without any instruction: empty input, most often that of a
 * pipe whose first command failed. Returns 0, or CMD_FAULT after saying so.
 */
int cmd_program_some(
    const struct cmd_program_args *args, const struct cmd_program *p);

/** Of an image: what its program does not bring. */
struct cmd_program_more {
	const char *name;               /* NULL: as it is */
	const struct exo_map_def *maps; /* for none of a file's */
	uint32_t nmaps;
	bool bare; /* leave out what only people read */
};

/** Write the image of a program. Returns 0, or CMD_FAULT after saying what is
 * wrong. */
int cmd_program_image(const struct cmd_program *p,
    const struct cmd_program_args *args, const struct cmd_program_more *more,
    struct flt_image *out);

/** Take p->image apart, of the file that is called so. Returns 0, or CMD_FAULT
 * after saying what is wrong. */
int cmd_program_image_take(const char *text, struct cmd_program *p);

void cmd_program_free(struct cmd_program *p);

/** Take the value of --type, of --linktype. Return 0, or CMD_FAULT after
 * saying what is wrong. */
int cmd_program_type(
    const struct cmd *self, struct cmd_program_args *args, const char *text);
int cmd_program_linktype(
    const struct cmd *self, struct cmd_program_args *args, const char *text);

/** Read hexadecimal text: itself, or standard input where it is "-".
 * *bytes is the caller's to free(). what names it in messages. */
int cmd_program_hex(
    const char *what, const char *text, uint8_t **bytes, size_t *n);

/** Join argv[from..argc) with spaces, as tcpdump does; free() it. NULL when
 * memory is short. */
char *cmd_program_join(int argc, char **argv, int from);

#endif
