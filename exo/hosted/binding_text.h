/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A binding's line, taken apart: NAME[@PRIORITY][,OPTION...]=FILTER.
 */
#ifndef EXO_HOSTED_BINDING_TEXT_H
#define EXO_HOSTED_BINDING_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes that a message about a binding or a grant fits in. */
#define CMD_BINDING_ERR 1024

/** Characters of a name or an owner: they go into file names. */
#define CMD_NAME_MAX 128u

/** The parts of a binding; pointers into its text, but for owner's default. */
struct cmd_binding_parts {
	const char *name, *filter;
	const char *owner; /* "default" where none was stated */
	const char *claim; /* a region as it stands there; NULL: none does */
	bool fragments;    /* later fragments are wanted, too */
	size_t name_len, owner_len, claim_len;
	int32_t priority;
};

/**
 * Take a binding apart; nothing is read or looked up.
 * Returns 0, or -1 with what is wrong, and a hint, in err.
 */
int cmd_binding_parse(
    const char *text, struct cmd_binding_parts *out, char err[CMD_BINDING_ERR]);

/** How many characters of s a name or owner may have; 0: it is none. */
size_t cmd_name_span(const char *s);

/**
 * Take a text in single or double quotes off *p, which is behind the closing one
 * then; what stands for the message. Returns 0, or -1 with err.
 */
int cmd_quoted(const char **p, const char *what, const char **text, size_t *len,
    char err[CMD_BINDING_ERR]);

#endif
