/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters for the demultiplexer's oracle, and their judge.
 *
 * Filters are expressions of a list; expressions made of what a packet has, so
 * that they match; assembler text that no condition tells anything of; text
 * with helpers and maps (demux_effect.c), of which each binding has a world of
 * its own; and programs of tests/support/accgen.h. All go through the image that a core is
 * given. The judge is the interpreter, one packet at a time.
 */
#ifndef TESTS_SUPPORT_DEMUX_PROG_H
#define TESTS_SUPPORT_DEMUX_PROG_H

#include "filters/filters.h"
#include "tests/support/demux_pkt.h"
#include "verifier/accept.h"

#define DX_TEXT 1024u

struct isa_vm;
struct exo_core;
struct exo_world;

struct dx_prog {
	struct flt_image img;
	struct vf_prog *prog;
	const struct exo_insn *insns;
	uint32_t n, type, link;
	bool world;         /* it is asked in one: dx_effect_ask() */
	bool effects;       /* it runs, whoever took the packet */
	char text[DX_TEXT]; /* where it comes from */
	uint64_t asked;     /* the number of the packet of `kept` */
	uint32_t kept;
};

/** Read the list of expressions; false with errno. */
bool dx_list_read(const char *path);
void dx_list_free(void);

/** Make a filter for packets of a link type that the verifier accepts, from
 * what chance says; false: that made none. */
bool dx_prog_make(struct dx_prog *p, struct spacegen *g, uint32_t link);
void dx_prog_free(struct dx_prog *p);

/** Bytes that it wants of a packet; 0: it does not accept it. The packet has
 * a number, for which it is asked once. */
uint32_t dx_prog_ask(struct dx_prog *p, struct isa_vm *vm,
    const struct dx_packet *pkt, uint64_t number);

/** Its condition, in the arena of the work. */
bool dx_prog_where(
    const struct dx_prog *p, struct sp_work *w, struct sp_region *out);

void dx_prog_print(const struct dx_prog *p);

/** Make one with helpers, as dx_prog_make() does; its memory is mem's. */
bool dx_effect_make(struct dx_prog *p, struct spacegen *g);

/** A world for a binding of it, and its end. */
struct exo_world *dx_effect_world(void);
void dx_effect_free(struct exo_world *w);

/** What its next run says, as dx_prog_ask() does. */
uint32_t dx_effect_ask(
    struct dx_prog *p, struct exo_world *w, const struct dx_packet *pkt);

/** Whether a binding's maps are what the world's are; records of rings are
 * taken out of both. */
bool dx_effect_same(
    struct exo_core *core, uint64_t binding, struct exo_world *w);

/** Bytes that a program says are wanted, by its result. */
uint32_t dx_kept(uint32_t type, uint32_t w0);

/** The maps of those that have some. */
extern const struct exo_map_def dx_maps[];
extern const uint32_t dx_nmaps;

/** An expression about a packet that mostly is true of it, of several terms;
 * text has DX_TEXT bytes. */
void dx_say(struct spacegen *g, const struct dx_packet *p, char *text);

#endif
