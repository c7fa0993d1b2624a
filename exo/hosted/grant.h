/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grants as people write them: OWNER 'REGION' RIGHT[,RIGHT...].
 *
 * A grant is a key that its owner will hold. Bindings of the owner are bound
 * under it where it has the right that the policy wants.
 */
#ifndef EXO_HOSTED_GRANT_H
#define EXO_HOSTED_GRANT_H

#include "exo/hosted/binding_text.h"
#include "exo/space/region.h"

struct cmd_grant {
	char *owner;
	struct sp_region region; /* its own, see cmd_region_keep(); not empty */
	uint32_t rights;         /* EXO_RIGHT_* */
	char *list;              /* the file that holds it; NULL: none does */
	unsigned line;           /* of that file, from 1 */
};

/** Grants in order of appearance. Zero it; cmd_grants_free(). */
struct cmd_grants {
	struct cmd_grant *v;
	uint32_t n, room;
};

/** The parts of a grant; pointers into its text. */
struct cmd_grant_parts {
	const char *owner, *region;
	size_t owner_len, region_len;
	uint32_t rights;
};

/** Take a grant apart; the region is not read. Returns 0, or -1 with err. */
int cmd_grant_parse(
    const char *text, struct cmd_grant_parts *out, char err[CMD_BINDING_ERR]);

/**
 * Add the grant that text states, without the word grant; list, which is copied,
 * and line say where it stands (NULL, 0: nowhere).
 * Returns 0, or -1 with what is wrong, and a hint, in err.
 */
int cmd_grants_add(struct cmd_grants *set, const char *text, const char *list,
    unsigned line, char err[CMD_BINDING_ERR]);

/** What of a line follows the word grant; NULL: it is no grant. */
const char *cmd_grant_line(const char *line);

/** The word of a right that people grant, "exclusive", and the words of several
 * with commas between; NULL: it has none. */
const char *cmd_right_word(uint32_t right);

/** Bytes that the words of all rights fit in. */
#define CMD_RIGHTS_TEXT 64u

const char *cmd_rights_text(uint32_t rights, char buf[CMD_RIGHTS_TEXT]);

void cmd_grants_free(struct cmd_grants *set);

/**
 * Read a region that must have a packet, into memory of its own; whose begins
 * the message. Returns 0, or -1 with err.
 */
int cmd_claim_read(const char *whose, const char *text, size_t len,
    struct sp_region *out, char err[CMD_BINDING_ERR]);

#endif
