/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A refusal, with all that is known of it, for people and as data.
 */
#ifndef EXO_HOSTED_WHY_SHOW_H
#define EXO_HOSTED_WHY_SHOW_H

#include "exo/hosted/json.h"
#include "exo/hosted/source.h"
#include "exo/hosted/why.h"

/** Write the refusal in lines, the first of them "VF404: ...", each but the
 * first after `indent`, the last with its newline. */
void why_show(FILE *out, const struct why *w, const struct cmd_source *src,
    const char *indent);

/** Write the members that describe a refusal into the object that is open. */
void why_json(
    struct cmd_json *j, const struct why *w, const struct cmd_source *src);

#endif
