/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the embeddable library share: a program.
 *
 * Overview: lib_options.c reads what the embedder wants, lib.c loads by it,
 * lib_tail.c has what is in slots of program arrays, lib_run.c runs, lib_map.c is
 * the maps from outside. Functions that are
 * exported are PUBLIC, and stand in libexopf.map.
 */
#ifndef EXO_HOSTED_LIB_H
#define EXO_HOSTED_LIB_H

#include "exopf/exopf.h"

#include "exo/core/tails.h"

#define PUBLIC __attribute__((visibility("default")))

/** The name of a map, empty where it has none. */
struct lib_name {
	char text[sizeof(((struct exopf_map_info *)NULL)->name)];
};

struct exopf_program {
	struct exo_mem mem; /* that all is charged to, this as well */
	struct vf_prog *prog;
	struct exo_world *world;
	struct exo_world_code *code; /* NULL: there was no memory for it */
	enum exopf_engine engine;
	struct exopf_options options; /* functions; what was only for loading
	                                 means nothing any more */
	struct lib_name *names;       /* of its maps; NULL: it has none */
	uint32_t nmaps;
	struct exo_tails_facts tails; /* of what is in slots */
	bool runs;       /* it is at work: what is in slots stays */
	uint8_t nothing; /* where a packet without bytes lies */
};

/** Copy an embedder's options, of any version, or the defaults where from is
 * NULL. 0; EXOPF_EINVAL: they make no sense; EXOPF_E2BIG: of a later version. */
int lib_options_take(
    const struct exopf_options *from, struct exopf_options *to);

/** Tell an embedder why; to may be NULL. Of a refusal: the program and which of
 * its instructions; else a text. */
void lib_report(struct exopf_report *to, const struct exo_report *from,
    const struct exo_insn *insns, uint32_t n);
void lib_report_text(struct exopf_report *to, const char *text);
/** That a run may take so many steps, which is too many. */
void lib_report_steps(struct exopf_report *to, uint64_t most, uint64_t limit);

/** Put the programs of an image into slots of one that is made. */
int lib_tails_fill(struct exopf_program *p, const struct exo_image *img,
    struct exopf_report *report);

/** The most steps of a run, whatever is in slots. */
uint64_t lib_max_steps(const struct exopf_program *p);

/** The memory of a program with these options. */
struct exo_mem lib_options_mem(const struct exopf_options *options);

#endif
