/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What compilation costs.
 *
 * Ours is jit_compile() alone, as DPDK's JIT is timed alone; Linux tells its
 * verifier and its JIT apart in no way, so BPF_PROG_LOAD is both of them, and
 * SO_ATTACH_FILTER is a check of the classic program, its conversion and the
 * JIT. All are timed in turn; the median of the rounds counts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/jit_engine.h"
#include "tests/bench/jit_load.h"
#include "tests/bench/jit_parts.h"
#include "tests/support/vprog_kinds.h"

#define ROUNDS   201u
#define FILTER   "tcp port 80" /* 20 classic instructions */
#define SIZE     20u
#define ETHERNET 1
#define LISTS    7u /* rounds of a list */

/* Steps that are timed. */
enum {
	OURS,
	VERIFY,
	CONVERT, /* DPDK's */
	LOAD,
	VALIDATE,
	JIT,
	LINUX,
	ATTACH,
	TEXT,
	STEPS,
};

static const char *const step_name[STEPS] = {
	[OURS] = "exopf: jit_compile",
	[VERIFY] = "exopf: vf_verify",
	[CONVERT] = "DPDK: convert",
	[LOAD] = "DPDK: load (validate and JIT)",
	[VALIDATE] = "DPDK: validate",
	[JIT] = "DPDK: JIT",
	[LINUX] = "Linux: BPF_PROG_LOAD (verifier and JIT)",
	[ATTACH] = "Linux: SO_ATTACH_FILTER (check, convert, JIT)",
	[TEXT] = "exopf: text to code (libpcap, verifier, JIT)",
};

/* Once, in ns; less than 0: not compiled. */
static double compile(const struct vf_prog *prog)
{
	const struct jit_options opt = { .passes = JIT_PASSES_ALL,
		.cpu = jit_cpu_detect() };
	struct jit_code *code;
	double t = jb_now_ns();
	int ret = jit_compile(prog, NULL, &opt, &jb_mem, &code);

	t = jb_now_ns() - t;
	if (ret != 0)
		return -1;
	jit_free(code, &jb_mem);
	return t;
}

/* The whole way of an expression, once, in ns. */
static double text_to_code(const char *expr)
{
	struct jb_row row = { .name = "a list", .type = EXO_PROG_SOCKET };
	struct flt_code code = { NULL, 0, 0 };
	double begin = jb_now_ns(), t;
	struct flt_error err;
	struct vf_prog *prog;

	if (flt_expr_cbpf(
	        expr, ETHERNET, 0, &row.classic, &row.nclassic, &err) < 0 ||
	    flt_cbpf_convert(row.classic, row.nclassic, &code, &err) < 0)
		jb_die("%.60s: %s", expr, err.text);
	row.insns = code.insns;
	row.ninsns = code.n;
	prog = jb_verify(&row);
	t = compile(prog) < 0 ? -1 : jb_now_ns() - begin;
	vf_prog_free(prog, &jb_mem);
	flt_code_free(&code);
	free(row.classic);
	return t;
}

/* A list of hosts that no verdict is asked of; freed by the caller. */
static char *list_of(uint32_t n)
{
	char *text = jb_get((size_t)n * 28);
	uint64_t rnd = n;
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t v = jb_random(&rnd);

		len += (size_t)sprintf(text + len, "%shost %u.%u.%u.%u",
		    i == 0 ? "" : " or ", v >> 24, v >> 16 & 255, v >> 8 & 255,
		    v & 255);
	}
	return text;
}

static double load_list(uint32_t n)
{
	static double ms[LISTS];
	char *text = list_of(n);
	uint32_t i;

	for (i = 0; i < LISTS; i++)
		ms[i] = text_to_code(text) / 1e6;
	free(text);
	printf("%u hosts,,\"%s\",%.0f,,,\n", n, step_name[TEXT],
	    jp_median(ms, LISTS) * 1e3);
	return jp_median(ms, LISTS);
}

/* All steps once; what is not there, or was not before, is less than 0. */
static void steps(const struct jb_row *row, double t[STEPS])
{
	struct jl_dpdk d = { -1, -1, -1, -1 };
	double begin = jb_now_ns();
	struct vf_prog *prog = jb_verify(row);

	t[VERIFY] = jb_now_ns() - begin;
	t[OURS] = compile(prog);
	vf_prog_free(prog, &jb_mem);
	if (t[LOAD] < 0 || !jl_dpdk(row->classic, row->nclassic, &d))
		d = (struct jl_dpdk){ -1, -1, -1, -1 };
	t[CONVERT] = d.convert;
	t[LOAD] = d.load;
	t[VALIDATE] = d.validate;
	t[JIT] = d.jit;
	t[LINUX] = jl_linux_load(row->type, row->insns, row->ninsns);
	t[ATTACH] = jl_linux_attach(row->classic, row->nclassic);
	t[TEXT] = row->expr == NULL ? -1 : text_to_code(row->expr);
}

/* Returns our time in us; less than 0: not compiled. */
static double one_row(const struct jb_row *row, double ratio[STEPS])
{
	static double ns[STEPS][ROUNDS], by[STEPS][ROUNDS];
	double t[STEPS] = { 0 }, ours = -1;
	uint32_t rounds = row->ninsns < 1000 ? ROUNDS : 21, k, s;

	for (k = 0; k < rounds; k++) {
		steps(row, t);
		for (s = 0; s < STEPS; s++) {
			ns[s][k] = t[s];
			by[s][k] = t[OURS] / t[s];
		}
	}
	for (s = 0; s < STEPS; s++) {
		double us = jp_median(ns[s], rounds) / 1e3;

		ratio[s] = us < 0 ? -1 : jp_median(by[s], rounds);
		printf("%s,%u,\"%s\",", row->name, row->ninsns, step_name[s]);
		if (us < 0)
			puts(",,");
		else
			printf("%.2f,%.1f,%.3f\n", us, us * 1e3 / row->ninsns,
			    ratio[s]);
		if (s == OURS)
			ours = us;
	}
	return ours;
}

/* The filter of 20 instructions, and the lists of hosts. */
static bool filters(const struct jb_row *rows, uint32_t n, struct jl_sum *sum)
{
	double ratio[STEPS], us;
	bool ok = true;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct jb_row *row = &rows[i];
		bool first = strcmp(row->name, FILTER) == 0;

		if (!first && strstr(row->name, "hosts") == NULL)
			continue;
		us = one_row(row, ratio);
		ok &= us >= 0;
		if (!first)
			continue;
		if (row->nclassic != SIZE)
			jb_die("%s has not %u instructions", FILTER, SIZE);
		sum->us_20 = us;
		sum->by_dpdk = ratio[JIT];
		sum->by_linux = ratio[LINUX];
		sum->by_attach = ratio[ATTACH];
	}
	return ok;
}

/*
 * Longer programs
 */

static const struct kind {
	const char *name;
	void (*make)(struct vprog *p, uint32_t n);
} kinds[] = {
	{ "straight alu", vp_line_alu },
	{ "straight stack", vp_line_stack },
	{ "filter rules", vp_line_filter },
};

#define BASE 1000u /* instructions: what longer ones are compared with */
static const uint32_t sizes[] = { 100, BASE, 10000, 100000 };

/* Returns ns an instruction of ours; less than 0: not compiled. */
static double one_size(const struct kind *kind, uint32_t n, double base)
{
	uint32_t rounds = n <= 1000 ? 101 : n <= 10000 ? 31 : 9, k;
	double ours[101], theirs[101], us, linux_us;
	struct jb_row row = { .name = kind->name };
	struct vf_prog *prog;
	struct vprog p;

	kind->make(&p, n);
	row.insns = p.insns;
	row.ninsns = p.n;
	row.type = p.type;
	prog = jb_verify(&row);
	for (k = 0; k < rounds; k++) {
		ours[k] = compile(prog);
		theirs[k] = jl_linux_load(p.type, p.insns, p.n);
	}
	vf_prog_free(prog, &jb_mem);
	vp_free(&p);
	us = jp_median(ours, rounds) / 1e3;
	linux_us = jp_median(theirs, rounds) / 1e3;
	if (us < 0) {
		printf("%s,%u,\"%s\",,,\n", kind->name, n, step_name[OURS]);
		return -1;
	}
	printf("%s,%u,\"%s\",%.2f,%.1f,", kind->name, n, step_name[OURS], us,
	    us * 1e3 / n);
	if (linux_us >= 0)
		printf("%.3f", us / linux_us);
	if (base > 0)
		printf(",%.2f", us * 1e3 / n / base);
	putchar('\n');
	if (linux_us >= 0)
		printf("%s,%u,\"%s\",%.2f,%.1f,\n", kind->name, n,
		    step_name[LINUX], linux_us, linux_us * 1e3 / n);
	return us * 1e3 / n;
}

bool jl_load(const struct jb_row *rows, uint32_t n, struct jl_sum *sum)
{
	bool ok;
	size_t k, i;

	puts("program,insns,step,us,ns_per_insn,ours_by_it,by_ours_at_1000");
	ok = filters(rows, n, sum);
	sum->ms_1000 = load_list(1000);
	sum->ms_10000 = load_list(10000);
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		double base = 0;

		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			double ns = one_size(&kinds[k], sizes[i], base);

			if (ns < 0)
				ok = false;
			if (base > 0)
				sum->linear = fmax(sum->linear, ns / base);
			if (sizes[i] == BASE)
				base = ns;
		}
	}
	return ok;
}
