/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes captures in memory for the tests of trace reading and writing. */
#ifndef TESTS_UNIT_TRACE_MAKE_H
#define TESTS_UNIT_TRACE_MAKE_H

#include "exo/hosted/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Growing bytes; swapped: numbers are put big-endian. */
struct mk {
	uint8_t *p;
	size_t len, cap;
	bool swapped;
};

void mk_bytes(struct mk *b, const void *p, size_t n);
void mk_16(struct mk *b, uint16_t v);
void mk_32(struct mk *b, uint32_t v);
void mk_64(struct mk *b, uint64_t v);
void mk_free(struct mk *b);
void mk_copy(struct mk *to, const struct mk *from);

/* pcap */
#define MK_MICRO   0xa1b2c3d4U
#define MK_NANO    0xa1b23c4dU
#define MK_PATCHED 0xa1b2cd34U
void mk_pcap(struct mk *b, uint32_t magic, uint32_t snap, uint32_t linktype);
void mk_rec(struct mk *b, uint32_t sec, uint32_t frac, uint32_t caplen,
    uint32_t wirelen, const uint8_t *data);

/* pcapng; opts is what mk_opt() calls gathered, or NULL */
void mk_opt(struct mk *opts, uint16_t code, const void *value, uint16_t len);
void mk_block(struct mk *b, uint32_t type, const struct mk *body);
void mk_shb(struct mk *b, const struct mk *opts);
void mk_idb(
    struct mk *b, uint16_t linktype, uint32_t snap, const struct mk *opts);
void mk_epb(struct mk *b, uint32_t ifid, uint64_t ts, uint32_t caplen,
    uint32_t wirelen, const uint8_t *data, const struct mk *opts);

/* The model capture: n packets of many lengths, times a microsecond's multiple
 * unless nano.  Packet i of the model is the same in every form. */
#define MK_SNAP 2000U
struct mk_pkt {
	uint32_t caplen, wirelen;
	uint64_t ts_ns;
	uint8_t data[MK_SNAP];
};
void mk_model(struct mk_pkt *k, unsigned i, bool nano);

enum mk_form {
	MK_F_MICRO,
	MK_F_NANO,
	MK_F_NG,
	MK_F_NG9,
	MK_FORMS
};
/* The first n packets of the model in a form; nano times where it holds them. */
void mk_capture(struct mk *b, enum mk_form form, bool swapped, unsigned n);

enum mk_pack {
	MK_P_NONE,
	MK_P_GZ,
	MK_P_ZST,
	MK_P_LZ4,
	MK_P_XZ,
	MK_PACKS
};
/* Append a packed member of from to to. */
void mk_packed(struct mk *to, enum mk_pack pack, const void *from, size_t len);

/* Read all of b; must be n model packets and the code at the end (0: none). */
void mk_expect(const struct mk *b, unsigned n, bool nano, int code);

/* What libpcap makes of b: packets before its end; *ok whether it ended well. */
unsigned mk_oracle(const struct mk *b, bool *ok, char why[256]);

/* How many packets we read of b; *code what ended it (0: well). */
unsigned mk_count(const struct mk *b, int *code, char why[512]);

/* Reads a whole file (fails the test if it cannot). */
void mk_slurp(struct mk *b, const char *path);
void mk_spill(const struct mk *b, const char *path);

/* A fresh directory below $TMPDIR or /tmp, and its removal with all in it. */
char *mk_dir(void);
void mk_dir_gone(char *dir);
/* dir/name, in one of a few static buffers. */
const char *mk_path(const char *dir, const char *name);

#endif
