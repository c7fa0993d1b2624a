/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Program types and the context structure that each finds behind r1.
 *
 * The layouts are Linux's (linux/bpf.h, struct xdp_md and struct __sk_buff),
 * so that programs written for Linux load unmodified. Fields not listed in
 * ctx.inc may not be read. `data` fields are 32 bits wide in the structure
 * and yield pointers when a program loads them.
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

/** What loading a context field yields. */
enum exo_ctx_kind {
	EXO_CTX_DATA,      /* pointer to the first packet byte */
	EXO_CTX_DATA_END,  /* pointer past the last captured byte */
	EXO_CTX_DATA_META, /* pointer to the metadata before the packet */
	EXO_CTX_LEN,       /* length on the wire, bytes */
	EXO_CTX_PROTOCOL,  /* Ethernet type, in network byte order */
	EXO_CTX_IFINDEX,   /* ingress interface */
	EXO_CTX_ZERO,      /* a field that Linux has and a trace has not */
	EXO_CTX_SCRATCH,   /* cb[]: five words that the program may write */
};

/** One readable field of a context. */
struct exo_ctx_field {
	uint16_t type; /* enum exo_prog_type */
	uint16_t off;  /* bytes from the start of the structure */
	uint16_t size; /* bytes; wider or partial access is refused */
	uint16_t kind; /* enum exo_ctx_kind */
};

#define EXO_XDP_MD_SIZE  24u
#define EXO_SK_BUFF_SIZE 192u
#define EXO_SKB_CB_OFF   48u
#define EXO_SKB_CB_SIZE  20u

#endif
