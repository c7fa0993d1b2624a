/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bindings of a run, and the grants under which they are bound.
 */
#ifndef EXO_HOSTED_BINDING_H
#define EXO_HOSTED_BINDING_H

#include "exo/hosted/grant.h"
#include "filters/filters.h"

#include <stdbool.h>

/** One binding. The strings are the set's. */
struct cmd_binding {
	char *name;
	char *owner; /* "default" where none was stated */
	char *expr;  /* a tcpdump expression, or which program of an object */
	char *file;  /* where the expression came from; NULL: written out */
	struct flt_image object; /* that program; no bytes: there is none */
	char *list;     /* the file that holds the binding; NULL: none does */
	unsigned line;  /* of that file, from 1 */
	bool fragments; /* it wants later fragments, too */
	bool claimed;   /* it states a claim */
	struct sp_region claim; /* its own, see cmd_region_keep(); not empty */
	int32_t priority;
	uint32_t index; /* place in the order of appearance */
};

/** Bindings in order of appearance. Zero it; cmd_bindings_free(). */
struct cmd_bindings {
	struct cmd_binding *v;
	uint32_t n, room;
	uint32_t *hash; /* names; private to binding.c */
	uint32_t hash_size;
	struct cmd_grants grants;
};

/**
 * Add the binding that text states; reads its file where it names one.
 * Returns 0, or -1 with what is wrong, and a hint, in err.
 */
int cmd_bindings_add(
    struct cmd_bindings *set, const char *text, char err[CMD_BINDING_ERR]);

/**
 * Add the bindings of a file ("-": standard input), one a line, and its grants,
 * lines that begin with the word grant; empty lines and those that begin with
 * '#' are skipped. Errors name file and line.
 */
int cmd_bindings_read(
    struct cmd_bindings *set, const char *path, char err[CMD_BINDING_ERR]);

/**
 * Give the indices of the bindings in the order in which they are asked: by
 * priority, highest first, then by appearance. order has set->n places.
 */
void cmd_bindings_order(const struct cmd_bindings *set, uint32_t *order);

void cmd_bindings_free(struct cmd_bindings *set);

#endif
