/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `exopf doctor` finds, one row each.
 */
#ifndef EXO_HOSTED_DOCTOR_H
#define EXO_HOSTED_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

/** One finding. */
struct finding {
	const char *kind; /* build, machine, tool, limit, boot or tests */
	const char *name;
	char value[160];
	bool ok;
};

#define FINDINGS_MAX 64u

struct findings {
	struct finding v[FINDINGS_MAX];
	unsigned n;
};

/** Add a row; its value is the caller's to write. */
struct finding *doctor_add(
    struct findings *all, const char *kind, const char *name, bool ok);

/** Find a program as the shell does. */
bool doctor_in_path(const char *name, char *where, size_t size);

/** doctor_boot.c: what `exopf boot` needs. */
void doctor_boot(struct findings *all);

/** doctor_code.c: executable memory, the processor, the compiler at work. */
void doctor_code(struct findings *all);

#endif
