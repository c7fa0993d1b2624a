/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_verify on programs of any length: does the work stay linear? */
#include <math.h>
#include <stdio.h>

#include "tests/bench/verify_parts.h"
#include "tests/bench/verify_time.h"
#include "tests/support/vprog_kinds.h"

#define LEAST_US 100000.0 /* of all rounds of one row together */
#define LEAST    5        /* rounds */
#define BASE     10000u   /* instructions: what larger ones are compared with */

static const uint32_t sizes[] = { 1000, 3000, BASE, 30000, 100000, 300000,
	VF_INSNS_MAX };

static const struct kind {
	const char *name;
	void (*make)(struct vprog *p, uint32_t n);
} kinds[] = {
	{ "straight_alu", vp_line_alu },
	{ "straight_stack", vp_line_stack },
	{ "filter_rules", vp_line_filter },
	{ "diamonds_dead", vp_line_dead },
	{ "diamonds_same", vp_line_same },
	{ "joins_everywhere", vp_line_joins },
};

/* The best of several rounds, in us; less than 0: refused. */
static double best_of(const struct vf_input *in, struct vf_facts *facts)
{
	double best = 1e15, all = 0;
	struct exo_report why;
	int k;

	for (k = 0; k < LEAST || all < LEAST_US; k++) {
		double us = vt_ours_cpu(in, facts, &why);

		if (us < 0) {
			printf("refused: VF%03u at instruction %u\n", why.code,
			    why.insn);
			return -1;
		}
		best = fmin(best, us);
		all += us;
	}
	return best;
}

/* Returns ns an instruction; *base is that of BASE, when it is known. */
static double row(const struct kind *kind, uint32_t n, double *base)
{
	struct vf_facts facts;
	struct vprog p;
	double ns;

	kind->make(&p, n);
	ns = best_of(
	         &(struct vf_input){
	             .insns = p.insns, .ninsns = p.n, .type = p.type },
	         &facts) *
	     1e3 / n;
	vp_free(&p);
	if (ns < 0)
		return -1;
	if (n == BASE)
		*base = ns;
	printf("%s,%u,%.1f,%.1f,%.1f,", kind->name, n, ns,
	    (double)facts.explored / n, (double)facts.peak_mem / n);
	if (n >= BASE)
		printf("%.2f", ns / *base);
	putchar('\n');
	fflush(stdout);
	return ns / *base;
}

double vb_linear(void)
{
	double worst = 0;
	size_t k, i;

	puts("kind,insns,ns_per_insn,explored_per_insn,peak_bytes_per_insn,"
	     "ns_by_that_at_10000");
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		double base = 1, ratio = 0;

		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			ratio = row(&kinds[k], sizes[i], &base);
			if (ratio < 0)
				return -1;
		}
		worst = fmax(worst, ratio);
	}
	return worst;
}
