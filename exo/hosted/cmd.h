/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all subcommands of the tool share: the table of them, how they talk,
 * how they end.
 *
 * Results go to standard output, everything else to standard error. Nothing
 * here is used by the embeddable library.
 */
#ifndef EXO_HOSTED_CMD_H
#define EXO_HOSTED_CMD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** How the tool ends. A run ended by signal n exits with 128 + n. */
enum cmd_exit {
	CMD_YES = 0,      /* done; the answer is yes */
	CMD_NO = 1,       /* done; the answer is no */
	CMD_FAULT = 2,    /* wrong usage, bad input, input or output failed */
	CMD_DISAGREE = 3, /* two engines of our own contradict each other */
};

/** One subcommand. argv[0] is its name, as getopt wants it. */
struct cmd {
	const char *name;
	const char *summary; /* one line */
	const char *help;    /* the whole text of --help */
	int (*run)(const struct cmd *self, int argc, char **argv);
};

extern const struct cmd cmd_replay;
extern const struct cmd cmd_map;
extern const struct cmd cmd_verify;
extern const struct cmd cmd_dump;
extern const struct cmd cmd_compile;
extern const struct cmd cmd_run;
extern const struct cmd cmd_region;
extern const struct cmd cmd_conflicts;
extern const struct cmd cmd_explain;
extern const struct cmd cmd_boot;
extern const struct cmd cmd_doctor;

/**
 * Print "exopf: ..." and a newline to standard error. Newlines and tabs of the
 * message are printed; other control characters, and bytes that are no UTF-8,
 * may come from file names or traces and appear as \xNN.
 */
void cmd_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** The same; with the command's name in front unless self is NULL. */
void cmd_vsay(const struct cmd *self, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/** Keep what is said from now on, for --json; or no longer. What was kept
 * before is forgotten. */
void cmd_keep(bool on);

struct cmd_json;

/** Write what was kept as values of the array that is open. */
void cmd_json_kept(struct cmd_json *j);

/**
 * End a command that has nothing to show, after it said why: with json, print
 * an object with schema and what was kept, as errors.
 * Returns cmd_finish(code).
 */
int cmd_fail(bool json, const char *schema, int code);

/**
 * Say what is wrong with the arguments, point to --help.
 * Returns CMD_FAULT, so that a caller can return it.
 */
int cmd_usage(const struct cmd *self, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * Say what getopt_long() stumbled over. c is what it returned: '?' or ':' (the
 * option string must start with ':'). Returns CMD_FAULT.
 */
int cmd_bad_option(const struct cmd *self, int c, char **argv);

/** Print the help text to standard output; returns cmd_finish(CMD_YES). */
int cmd_help(const struct cmd *self);

/**
 * Flush standard output. Returns code, or CMD_FAULT when something that was
 * printed got lost: quietly when its reader went away, else with a message.
 */
int cmd_finish(int code);

/** True when colour is welcome on f: a terminal, and NO_COLOR is not set. */
bool cmd_colour(FILE *f);

/**
 * Read a whole file, "-" for standard input, into memory of the caller's to
 * free(); a NUL that is not counted follows the bytes. Files over limit bytes
 * are refused. Returns 0, or CMD_FAULT after saying why.
 */
int cmd_read_file(const char *path, size_t limit, char **bytes, size_t *len);

/** Parse a whole decimal number in [min, max]. Returns false if it is none. */
bool cmd_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/** Link type where none is stated: LINKTYPE_ETHERNET. */
#define CMD_LINKTYPE_DEFAULT 1u

/** The number of a link type given by name or number, or -1. */
int64_t cmd_linktype(const char *text);

/** "EN10MB", or "147" for one without a name, in a buffer of 32 bytes. */
const char *cmd_linktype_text(uint32_t linktype, char buf[32]);

#define CMD_EXPR_SHOWN 100

/** An expression for a message: a long one's beginning and "...". */
const char *cmd_expr_text(const char *expr, char buf[CMD_EXPR_SHOWN + 4]);

/** The enum exo_prog_type called mem, xdp, socket or tc; 0 when none is. */
uint32_t cmd_prog_type(const char *name);
const char *cmd_prog_type_text(uint32_t type);

#endif
