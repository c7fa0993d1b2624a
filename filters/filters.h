/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Front-ends: tcpdump expressions and assembler text become filter images.
 *
 * They stand outside the kernel line. Nothing that they produce is believed:
 * an image goes through the same door whoever made it.
 */
#ifndef FLT_FILTERS_H
#define FLT_FILTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/ctx.h"
#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "exo/abi/map.h"

/** What went wrong, as text for a person. */
struct flt_error {
	char text[256];
};

/** A growing array of instructions; zero it, flt_code_free() at the end. */
struct flt_code {
	struct exo_insn *insns;
	uint32_t n;
	uint32_t room;
};

void flt_code_free(struct flt_code *c);

/** A filter image in memory of its own; free() it through flt_image_free(). */
struct flt_image {
	uint8_t *bytes;
	uint32_t size;
};

void flt_image_free(struct flt_image *img);

/** Instruction of classic BPF as libpcap and SO_ATTACH_FILTER have it
 * (S. McCanne, V. Jacobson, "The BSD Packet Filter", USENIX 1993). */
struct flt_cbpf {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

/**
 * Convert classic BPF to eBPF of type EXO_PROG_SOCKET; pure.
 * The result accepts the packets that the source accepts, with the same
 * return value: loads past the captured bytes and divisions by zero reject,
 * arithmetic is 32 bits wide, A, X and M[] start at 0.
 * A loop, which libpcap makes of `protochain`, rejects when it jumps back for
 * the 193rd time; more headers than that are not in 1,518 bytes.
 * code is appended to, and unchanged on failure. Returns 0, -EXO_EINVAL with
 * *err (what bpf_validate() refuses, codes without meaning, and shifts by a
 * constant of 32 or more), -EXO_ENOMEM or -EXO_E2BIG.
 */
int flt_cbpf_convert(const struct flt_cbpf *insns, uint32_t n,
    struct flt_code *code, struct flt_error *err);

/** Append the text of one classic instruction as `tcpdump -d` writes it
 * ("(000) ldh      [12]"), at most size bytes with the terminator. */
void flt_cbpf_text(
    const struct flt_cbpf *insn, uint32_t index, char *buf, size_t size);

#define FLT_EXPR_RAW     1u /* leave out libpcap's optimiser */
#define FLT_EXPR_SWAPPED 2u /* for a trace of the other byte order */

/**
 * Compile a tcpdump expression (pcap-filter(7)) for a link type into classic
 * BPF. *out is malloc()ed, *n its length.
 * linktype is a LINKTYPE_* value as trace files carry it. With FLT_EXPR_SWAPPED
 * the program is for traces that are not in this machine's byte order: on NULL
 * and ENC it is another one. The netmask is 0, as in `tcpdump -r`. Host names in the expression are looked up as tcpdump does,
 * which may ask the DNS and wait for it; addresses never are.
 * Returns 0, -EXO_ESYNTAX with libpcap's own words in *err, -EXO_ENOMEM.
 */
int flt_expr_cbpf(const char *expr, uint32_t linktype, unsigned flags,
    struct flt_cbpf **out, uint32_t *n, struct flt_error *err);

/** True when the above is soon done for the expression, in this process: by
 * libpcap as a whole. Threads may do that at the same time. Others may take
 * half a minute and a child process. */
bool flt_expr_is_small(const char *expr);

/** The whole way from an expression to an image. Errors as above. */
int flt_expr_image(const char *expr, uint32_t linktype, unsigned flags,
    const char *name, struct flt_image *out, struct flt_error *err);

/** Assemble text (exo/isa/text.h) into an image of this program type. */
int flt_asm_image(const char *text, size_t len, uint32_t type, const char *name,
    struct flt_image *out, struct flt_error *err);

/** Write an image of n instructions. name and source may be NULL. */
int flt_image_write(uint32_t type, const struct exo_insn *insns, uint32_t n,
    const char *name, const char *source, struct flt_image *out,
    struct flt_error *err);

/** What is in a map from the start. */
struct flt_init {
	uint32_t map;
	const uint8_t *bytes;
	uint32_t n;
};

/** All that an image may hold; name, source, maps, init, lines and fields may be
 * NULL, lines and fields without texts may not. */
struct flt_whole {
	const struct exo_insn *insns;
	const struct exo_map_def *maps; /* EXO_MAPS_MAX at most */
	const struct flt_init *init;    /* by map, ascending */
	const char *name, *source;
	const struct exo_image_line *lines; /* ascending */
	const char *texts;                  /* bytes, the last a NUL */
	const struct exo_image_field *fields;
	const struct exo_image_tail *tails; /* by insn, ascending */
	uint32_t type;
	uint32_t n; /* insns */
	uint32_t nmaps;
	uint32_t ninit;
	uint32_t nlines;
	uint32_t ntexts;
	uint32_t nfields;
	uint32_t ntails;
};

/** Write an image of all that. */
int flt_image_whole(const struct flt_whole *parts, struct flt_image *out,
    struct flt_error *err);

/** Name of a link type ("EN10MB"), or NULL; and the number of a name, or -1. */
const char *flt_linktype_name(uint32_t linktype);
int flt_linktype_number(const char *name);

#endif
