/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of diff_objects share.
 *
 * Overview: diff_objects.c goes through the programs of objects and prints a row for
 * each; scope.c says what of them exopf does not mean to have; ours.c verifies
 * a program and runs it on both engines; linux.c does the same with libbpf and
 * the kernel; fill.c puts the same into the maps of all and compares them
 * afterwards, scout.c finds keys for it; frames.c reads the packets; known.c knows the differences that
 * have a reason.
 */
#ifndef TESTS_OBJECTS_OBJECTS_H
#define TESTS_OBJECTS_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/core/image.h"
#include "exo/core/world.h"
#include "filters/elf.h"
#include "tests/support/spacegen.h"

struct bpf_map;
struct bpf_object;
struct bpf_program;

#define OB_WHY 320u

/** Say what is wrong with the machine, not with a program, and exit by 2. */
__attribute__((format(printf, 1, 2))) _Noreturn void ob_die(
    const char *fmt, ...);

/** Nanoseconds of a clock that only goes on. */
double ob_now(void);

enum ob_verdict {
	OB_UNKNOWN,
	OB_ACCEPTED,
	OB_REFUSED,
	OB_UNREAD, /* nobody got as far as a verifier */
};

/* --- frames.c ------------------------------------------------------------------ */

#define OB_FRAME_MIN 14u
#define OB_FRAME_MAX 1514u

struct ob_frame {
	const uint8_t *data;
	uint32_t n;
	const char *file; /* where it is from */
	uint32_t number;  /* in there, from 1 */
};

struct ob_frames {
	struct ob_frame *at;
	uint32_t n, room;
};

/** Read all whole Ethernet frames below a folder, and keep about `most` of
 * them, from all files alike. */
void ob_frames_read(const char *folder, uint32_t most, struct ob_frames *out);

/* --- scope.c ------------------------------------------------------------------- */

/** A program as a kernel gets it; kind gives the kind of the map that a 64-bit
 * immediate names. */
struct ob_code {
	const struct exo_insn *insns;
	uint32_t n;
	uint32_t type;
	const char *section;
	uint32_t (*kind)(const void *arg, int32_t imm);
	const void *arg;
};

/** The first thing in the program that exopf does not have and does not mean
 * to have, by its name in why; false: there is none. */
bool ob_outside(const struct ob_code *code, char why[OB_WHY]);

/** Whether the result depends on more than packet and maps. */
bool ob_varies(const struct ob_code *code);

/* --- ours.c -------------------------------------------------------------------- */

/** Worlds of a program, filled alike. */
enum ob_world {
	OB_INTERPRETER,
	OB_COMPILED,
	OB_SCOUT, /* only to see what it looks up */
	OB_WORLDS,
};

#define OB_PARTS 32u

/** A program that runs in the worlds: the one that is looked at, or one that its
 * tail calls may lead to. */
struct ob_part {
	const struct flt_elf_prog *p;
	struct vf_prog *prog;
	struct exo_world_prog in[2]; /* interpreted, compiled */
	struct exo_world_code *code;
};

/** Our side of one program. */
struct ob_ours {
	enum ob_verdict verdict;
	char why[OB_WHY];
	double ns; /* to verify it */
	struct flt_image image;
	struct exo_image img;
	struct exo_mem heap;
	struct vf_prog *prog;
	/* from ob_ours_ready(): all maps of the object, by its numbers */
	struct exo_map_def maps[EXO_MAPS_MAX];
	bool usable[EXO_MAPS_MAX]; /* else something small is in its place */
	uint32_t nmaps;
	struct exo_world *world[OB_WORLDS];
	struct ob_part parts[OB_PARTS];
	uint32_t nparts, self; /* which of them is looked at */
};

/** Judge program number prog of the object; ob_ours_free() at the end. */
void ob_ours_judge(struct ob_ours *o, const struct flt_elf *e, uint32_t prog);

/** Make the worlds of an accepted program, with those that it may call there
 * where it has program arrays, and compile them. Returns false with o->why. */
bool ob_ours_ready(struct ob_ours *o, const struct flt_elf *e, uint32_t prog);

/** A result: what the program returned, and the packet, metadata first. */
struct ob_result {
	uint32_t ret;
	const uint8_t *data;
	uint32_t n;
	bool trapped; /* the interpreter's answer to what is no such program */
};

/** Run it in one of its worlds. out->data is good until the next run there. */
void ob_ours_run(struct ob_ours *o, enum ob_world in,
    const struct ob_frame *frame, struct ob_result *out);

void ob_ours_free(struct ob_ours *o);

/* --- scout.c ------------------------------------------------------------------- */

struct ob_key {
	uint32_t map; /* of the object */
	uint8_t key[64];
};

/** Some keys that the program looks up in vain, each once; they are good until the next
 * call. */
const struct ob_key *ob_scout(
    struct ob_ours *o, const struct ob_frames *frames, uint32_t *n);

/* --- linux.c ------------------------------------------------------------------- */

/** Linux's side of one program. */
struct ob_linux {
	enum ob_verdict verdict;
	char why[OB_WHY];
	double ns; /* to verify it, by the kernel's own clock; less than 0: it
		      did not say */
	struct bpf_object *object;
	struct bpf_program *prog;
	int fd;
	uint32_t type;
	bool attached; /* to the loopback device */
	bool slow;     /* a run takes milliseconds */
};

/** NULL, or why bpf(2) cannot be used. */
const char *ob_linux_probe(void);

/** Load one program of the file alone; ob_linux_free() at the end. */
void ob_linux_load(struct ob_linux *l, const char *path, const char *name);

/** Its instructions as the kernel got them; kinds of maps for struct ob_code. */
void ob_linux_code(const struct ob_linux *l, struct ob_code *out);

/** Load it again, together with some others. Returns false, and nothing is loaded:
 * the kernel does not take one of them. */
bool ob_linux_load_parts(
    struct ob_linux *l, const char *path, const struct ob_ours *o);

/** The i-th map of the object. */
struct bpf_map *ob_linux_map(const struct ob_linux *l, uint32_t i);

/** Be ready to run it often. */
void ob_linux_ready(struct ob_linux *l);

/** Run it once; returns false where Linux does not run it on such a frame. */
bool ob_linux_run(const struct ob_linux *l, const struct ob_frame *frame,
    struct ob_result *out);

void ob_linux_free(struct ob_linux *l);

/** What the packet-program part of an object is called, before anything of it
 * is loaded: call fn for each. Returns false with why. */
typedef void ob_linux_fn(
    void *arg, const char *name, const char *section, uint32_t type);
bool ob_linux_list(
    const char *path, ob_linux_fn *fn, void *arg, char why[OB_WHY]);

/* --- fill.c -------------------------------------------------------------------- */

/** Put the same elements into the maps of all sides. */
void ob_fill(struct spacegen *gen, const struct flt_elf *e, struct ob_ours *o,
    const struct ob_linux *l, const struct ob_frames *frames);

/** Let the elements of program arrays name the same programs on all sides. */
void ob_fill_tails(struct ob_ours *o, const struct ob_linux *l);

/** Compare them. Returns false with why: they differ. */
bool ob_same_maps(const struct flt_elf *e, const struct ob_ours *o,
    const struct ob_linux *l, char why[OB_WHY]);

/* --- known.c ------------------------------------------------------------------- */

/** Read the table of differences that have a reason. */
void ob_known_read(const char *path);

/** The reason of a difference in `what` (interpreter, compiled: results; bytes,
 * maps) of the program, or NULL. */
const char *ob_known(
    const char *object, const char *function, const char *what);

/** Print the rows that were never asked for. */
void ob_known_unused(void);

#endif
