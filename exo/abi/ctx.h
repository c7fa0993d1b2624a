/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Program types and the context structure that each finds behind r1.
 *
 * The layouts are Linux's (linux/bpf.h, struct xdp_md and struct __sk_buff),
 * so that programs written for Linux load unmodified. Fields not listed in
 * ctx.inc may not be touched. `data` fields are 32 bits wide in the structure
 * and yield pointers when a program loads them. Which program type may do
 * what with a field is Linux's (net/core/filter.c, *_is_valid_access()), but
 * for one thing: socket programs may read data and data_end.
 */
#ifndef EXO_ABI_CTX_H
#define EXO_ABI_CTX_H

#include <stdint.h>

/** What kind of world a program expects. The numbers are stable. */
enum exo_prog_type {
	EXO_PROG_MEM = 1,    /* r1 memory, r2 its size; no packet */
	EXO_PROG_XDP = 2,    /* r1 struct xdp_md */
	EXO_PROG_SOCKET = 3, /* r1 struct __sk_buff; r0: bytes to keep */
	EXO_PROG_TC = 4,     /* r1 struct __sk_buff; r0: TC_ACT_* */
};
#define EXO_PROG_TYPE_MAX 4

/** What loading a context field yields. The first three are pointers. */
enum exo_ctx_kind {
	EXO_CTX_DATA,      /* pointer to the first packet byte */
	EXO_CTX_DATA_END,  /* pointer past the last captured byte */
	EXO_CTX_DATA_META, /* pointer to the metadata before the packet */
	EXO_CTX_LEN,       /* length on the wire, bytes */
	EXO_CTX_PROTOCOL,  /* Ethernet type, in network byte order */
	EXO_CTX_IFINDEX,   /* ingress interface */
	EXO_CTX_ZERO,      /* a field that Linux has and a trace has not */
	EXO_CTX_SCRATCH,   /* cb[]: five words that the program may write */
	EXO_CTX_KEPT,      /* 0, or what the program wrote before */
	EXO_CTX_KEPT16,    /* the same, of which Linux keeps 16 bits */
};

/** How a field may be touched, as Linux has it. */
enum exo_ctx_access {
	EXO_CTX_WHOLE,     /* loads of all of it */
	EXO_CTX_WHOLE_RW,  /* loads and stores of all of it */
	EXO_CTX_NARROW,    /* loads of 1, 2 or 4 aligned bytes of it */
	EXO_CTX_NARROW_RW, /* such loads, and stores of all of it */
	EXO_CTX_ANY_RW,    /* loads and stores of 1, 2, 4 or 8 aligned bytes */
};

/** One field of a context. */
struct exo_ctx_field {
	uint16_t type;  /* enum exo_prog_type */
	uint16_t off;   /* bytes from the start of the structure */
	uint8_t size;   /* bytes */
	uint8_t kind;   /* enum exo_ctx_kind */
	uint8_t access; /* enum exo_ctx_access */
	uint8_t own;    /* SCRATCH, KEPT, KEPT16: where in struct exo_ctx_own */
};

/** What a program may write of its context: zero when a run begins, and
 * handed on to the program that a tail call leads to. */
struct exo_ctx_own {
	uint64_t tstamp;
	uint32_t mark;
	uint32_t queue_mapping;
	uint32_t priority;
	uint32_t tc_index;
	uint32_t tc_classid;
	uint32_t cb[5];
};

#define EXO_XDP_MD_SIZE  24u
#define EXO_SK_BUFF_SIZE 192u
#define EXO_SKB_CB_OFF   48u
#define EXO_SKB_CB_SIZE  20u

#endif
