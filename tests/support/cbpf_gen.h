/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random classic programs that bpf_validate() takes, and packets for them.
 *
 * All jumps are forward. All of M[] is written first, since bpf_filter() of
 * libpcap 1.10 reads what its stack held. Loads mostly hit, or every program
 * would reject.
 */
#ifndef TESTS_SUPPORT_CBPF_GEN_H
#define TESTS_SUPPORT_CBPF_GEN_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/filters.h"
#include "tests/support/cbpf_run.h"

#define CBPF_GEN_BODY 60u
#define CBPF_GEN_MAX  (BPF_MEMWORDS + 2 + CBPF_GEN_BODY + 3)
#define CBPF_GEN_PKT  128u

static inline uint32_t cbpf_gen_k(uint64_t *rnd)
{
	static const uint32_t odd[] = { 0, 1, 2, 4, 15, 16, 31, 0x1fff, 0xff,
		0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
	uint32_t v = cbpf_random(rnd);

	switch (v & 3) {
	case 0:
		return odd[(v >> 2) % (sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return v;
	default:
		return (v >> 2) % 64;
	}
}

/* One instruction other than a return; `left` instructions follow it. */
static inline struct flt_cbpf cbpf_gen_one(uint64_t *rnd, uint32_t left)
{
	static const uint16_t codes[] = {
#define FLT_CBPF(code, kind, mnemonic, operand) code,
#include "filters/cbpf.inc"
#undef FLT_CBPF
	};
	uint32_t c = cbpf_random(rnd) % (sizeof(codes) / sizeof(codes[0]));
	uint32_t reach = left < 8 ? left : 8;
	struct flt_cbpf in = { codes[c], 0, 0, cbpf_gen_k(rnd) };
	uint16_t op = BPF_OP(in.code);

	switch (BPF_CLASS(in.code)) {
	case BPF_LD:
	case BPF_LDX:
		if (BPF_MODE(in.code) == BPF_MEM)
			in.k %= BPF_MEMWORDS;
		else if (cbpf_random(rnd) % 16 != 0)
			in.k %= 100;
		break;
	case BPF_ST:
	case BPF_STX:
		in.k %= BPF_MEMWORDS;
		break;
	case BPF_ALU:
		if (BPF_SRC(in.code) == BPF_X)
			break;
		if (op == BPF_LSH || op == BPF_RSH)
			in.k %= 32;
		if ((op == BPF_DIV || op == BPF_MOD) && in.k == 0)
			in.k = 3;
		break;
	case BPF_JMP:
		in.jt = (uint8_t)(cbpf_random(rnd) % reach);
		in.jf = (uint8_t)(cbpf_random(rnd) % reach);
		if (op == BPF_JA)
			in.k = cbpf_random(rnd) % reach;
		break;
	case BPF_RET:
		/* few, or most of a program is never reached */
		if (cbpf_random(rnd) % 8 != 0)
			in.code = BPF_MISC | BPF_TAX;
		break;
	default:
		break;
	}
	return in;
}

/* Make a program of at most CBPF_GEN_MAX instructions; gives its length. */
static inline uint32_t cbpf_gen(struct flt_cbpf *p, uint64_t *rnd)
{
	uint32_t i, n = 0, body = cbpf_random(rnd) % CBPF_GEN_BODY;

	p[n++] = (struct flt_cbpf){ BPF_LD | BPF_IMM, 0, 0, cbpf_gen_k(rnd) };
	for (i = 0; i < BPF_MEMWORDS; i++)
		p[n++] = (struct flt_cbpf){ BPF_ST, 0, 0, i };
	p[n++] =
	    (struct flt_cbpf){ BPF_LDX | BPF_IMM, 0, 0, cbpf_gen_k(rnd) % 32 };
	for (i = 0; i < body; i++)
		p[n++] = cbpf_gen_one(rnd, body - i + 2);
	p[n++] = (struct flt_cbpf){ BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0 };
	p[n++] = (struct flt_cbpf){ BPF_ALU | BPF_ADD | BPF_K, 0, 0, 1 };
	p[n++] = (struct flt_cbpf){ BPF_RET | BPF_A, 0, 0, 0 };
	return n;
}

/* Fill a packet; gives its length: 0, then any, then mostly long. */
static inline uint32_t cbpf_gen_pkt(
    uint8_t *pkt, uint64_t *rnd, uint32_t number)
{
	uint32_t i;

	for (i = 0; i < CBPF_GEN_PKT; i++) {
		uint32_t v = cbpf_random(rnd);

		pkt[i] = (uint8_t)((v & 0x700) == 0 ? 0 : v);
	}
	if (number == 0)
		return 0;
	return number == 1 ? cbpf_random(rnd) % CBPF_GEN_PKT : CBPF_GEN_PKT;
}

#endif
