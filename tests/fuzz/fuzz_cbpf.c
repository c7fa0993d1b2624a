/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a classic program and a packet.
 *
 * Input: a byte of flags, the number of instructions, the instructions (code,
 * jt, jf, k, as in memory), the packet. With TAME set codes and jumps are
 * bent into valid ones, since raw bytes are refused nearly always.
 *
 * What bpf_validate() refuses must be refused, and little else; what is
 * converted must be verified, run within the proven steps, and give what
 * bpf_filter() gives. bpf_filter() of libpcap 1.10 does not clear M[], so that
 * both get the program behind stores of 0. It may loop for ever, so that a
 * program with a backward jump is only run here.
 */
#include "exo/abi/err.h"
#include "tests/support/cbpf_run.h"

#define TAME       1u
#define INSNS_MAX  255u
#define CODE_TOTAL (INSNS_MAX + BPF_MEMWORDS)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t codes[] = {
#define FLT_CBPF(code, kind, mnemonic, operand) code,
#include "filters/cbpf.inc"
#undef FLT_CBPF
};
#define NCODES (sizeof(codes) / sizeof(codes[0]))

static _Noreturn void finding(const char *what, const char *why)
{
	fprintf(stderr, "fuzz_cbpf: %s: %s\n", what, why);
	abort();
}

static void tame(struct flt_cbpf *in, uint32_t left)
{
	uint16_t op;

	in->code = codes[in->code % NCODES];
	op = BPF_OP(in->code);
	if (left == 0)
		in->code = BPF_RET | BPF_A;
	if (BPF_CLASS(in->code) == BPF_JMP) {
		in->jt = (uint8_t)(in->jt % left);
		in->jf = (uint8_t)(in->jf % left);
		if (op == BPF_JA)
			in->k %= left;
	}
	if (in->code == (BPF_LD | BPF_MEM) || in->code == (BPF_LDX | BPF_MEM) ||
	    in->code == BPF_ST || in->code == BPF_STX)
		in->k %= BPF_MEMWORDS;
	if (BPF_CLASS(in->code) == BPF_ALU &&
	    (op == BPF_LSH || op == BPF_RSH || op == BPF_DIV || op == BPF_MOD))
		in->k = in->k % 31 + 1;
}

static bool has_backward_jump(const struct flt_cbpf *p, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (p[i].code == (BPF_JMP | BPF_JA) && (int32_t)p[i].k < 0)
			return true;
	return false;
}

/* The two refusals that bpf_validate() does not share. */
static bool is_stricter(const struct cbpf_run *r)
{
	return strstr(r->why, "no such instruction") != NULL ||
	       strstr(r->why, "shift by a constant") != NULL;
}

static void check_result(struct cbpf_run *r, const struct flt_cbpf *p,
    bool back, const uint8_t *pkt, uint32_t len)
{
	uint64_t ours;
	uint32_t theirs;

	if (!cbpf_run_on(r, pkt, len, len + 7, &ours))
		finding("the run trapped", "or exceeded the proven steps");
	if (back)
		return;
	theirs = cbpf_run_libpcap(p, pkt, len, len + 7);
	if (ours != theirs) {
		fprintf(stderr, "libpcap %u, ours %llu\n", theirs,
		    (unsigned long long)ours);
		finding("difference", "see above");
	}
}

static void check(
    const struct flt_cbpf *p, uint32_t n, const uint8_t *pkt, uint32_t len)
{
	static struct cbpf_run r;
	bool valid = bpf_validate((const struct bpf_insn *)p, (int)n) != 0;
	bool back = has_backward_jump(p, n);

	if (cbpf_run_make(&r, p, n)) {
		if (!valid)
			finding("converted", "what bpf_validate() refuses");
		check_result(&r, p, back, pkt, len);
		cbpf_run_free(&r);
		return;
	}
	if (r.converted < 0) {
		if (valid && !is_stricter(&r))
			finding("not converted", r.why);
		return;
	}
	/* a loop rolled out may be more than the budget allows */
	if (r.verified != -EXO_EBUDGET || !back)
		finding("not verified", r.why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct flt_cbpf p[CODE_TOTAL];
	uint32_t n, i;

	if (size < 2)
		return 0;
	n = data[1];
	if (n == 0 || n * sizeof(p[0]) > size - 2)
		return 0;
	for (i = 0; i < BPF_MEMWORDS; i++)
		p[i] = (struct flt_cbpf){ BPF_ST, 0, 0, i };
	memcpy(&p[BPF_MEMWORDS], data + 2, n * sizeof(p[0]));
	for (i = 0; i < n && (data[0] & TAME) != 0; i++)
		tame(&p[BPF_MEMWORDS + i], n - 1 - i);
	data += 2 + n * sizeof(p[0]);
	size -= 2 + n * sizeof(p[0]);
	check(p, n + BPF_MEMWORDS, data, (uint32_t)size);
	return 0;
}
