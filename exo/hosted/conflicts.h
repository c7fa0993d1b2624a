/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which claims and grants are in each other's way, whatever packets come.
 *
 * Compared is what --policy exclusive would bind: a binding's claim or, where it
 * states none, all that its owner has with the right exclusive.
 */
#ifndef EXO_HOSTED_CONFLICTS_H
#define EXO_HOSTED_CONFLICTS_H

#include "exo/hosted/binding.h"
#include "exo/hosted/witness.h"

#include <stdio.h>

enum conf_kind {
	CONF_CLAIMS,    /* claims of two owners have packets in common */
	CONF_OUTSIDE,   /* a claim is not inside its owner's grants */
	CONF_UNGRANTED, /* an owner has no grant with the right exclusive */
	CONF_GRANTS,    /* such grants of two owners have packets in common */
	CONF_KINDS
};

struct conf_owner {
	const char *name;
	uint32_t first, last; /* its bindings, in conf.order; last: behind */
	struct sp_region all; /* of its grants with the right exclusive; kept */
};

/** Bindings of an owner that claim the same: one that states a claim, or all
 * those that state none. */
struct conf_group {
	const struct conf_owner *owner;
	const uint32_t *bindings; /* indices into the set */
	uint32_t n;
	struct sp_region r;
};

struct conf_finding {
	enum conf_kind kind;
	uint32_t a, b; /* CLAIMS: groups; OUTSIDE: a group; UNGRANTED: an owner;
	                  GRANTS: grants of the set */
	bool undecided; /* it could not be worked out: the answer is no */
	char *text; /* the packets that it is about, as a region, perhaps cut;
	                   NULL: there is none */
	struct cmd_witness x; /* its bytes are the finding's */
};

struct conf {
	const struct cmd_bindings *set;
	uint32_t limit;  /* findings of a kind to be kept; others are counted */
	uint32_t *order; /* bindings by owner, those without a claim first */
	struct conf_owner *owners;
	struct conf_group *groups;
	uint32_t nowners, ngroups;
	struct conf_finding *v; /* by kind */
	size_t n, room;
	uint64_t total[CONF_KINDS];
};

/** Bytes of a finding's text. */
#define CONF_TEXT ((size_t)4096)

/** Compare all. *c is zeroed but for set, which must outlive it, and limit.
 * Returns 0; -EXO_ENOMEM; -EXO_EBUDGET, when grants of one owner cannot be put
 * together. conf_free() in all cases. */
int conf_run(struct conf *c);
void conf_free(struct conf *c);

/** True when nothing was found. */
bool conf_is_clean(const struct conf *c);

/* conflicts_show.c */
/** Print what was found, for people; or as JSON, with what was said: 0, or
 * -EXO_ENOMEM when not all could be shown, which is said and in there. */
void conf_show(const struct conf *c, FILE *f);
int conf_json(const struct conf *c, FILE *f);

#endif
