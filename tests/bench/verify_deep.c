/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_verify on short programs of very many ways: parsers, classifiers,
 * balancers and loops, which are fixed and harmless to the running kernel.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/verify_parts.h"
#include "tests/bench/verify_time.h"
#include "tests/support/vprog_kinds.h"

#define ROUNDS 3
#define MANY   100u /* times its length: what a row of the summary takes */

static const struct kind {
	const char *name;
	void (*one)(struct vprog *p, uint32_t a);
	void (*two)(struct vprog *p, uint32_t a, uint32_t b);
	uint32_t a, b;
} kinds[] = {
	{ "flags_12", vp_deep_flags, NULL, 12, 0 },
	{ "flags_20", vp_deep_flags, NULL, 20, 0 },
	{ "options_12", vp_deep_options, NULL, 12, 0 },
	{ "options_20", vp_deep_options, NULL, 20, 0 },
	{ "tcp_options_10", vp_deep_tcp, NULL, 10, 0 },
	{ "tcp_options_40", vp_deep_tcp, NULL, 40, 0 },
	{ "balancer_8x64", NULL, vp_deep_balancer, 8, 64 },
	{ "balancer_32x256", NULL, vp_deep_balancer, 32, 256 },
	{ "nest_16", vp_deep_nest, NULL, 16, 0 },
	{ "nest_24", vp_deep_nest, NULL, 24, 0 },
};

struct turn {
	struct vf_input in;
	struct vf_facts facts;
	struct exo_report why;
	double best; /* us */
};

static bool our_turn(void *arg)
{
	struct turn *t = arg;
	double us = vt_ours(&t->in, &t->facts, &t->why);

	if (us < 0)
		return false;
	t->best = fmin(t->best, us);
	return true;
}

static struct vt_linux measure(struct turn *t, bool linux_there)
{
	struct vt_linux theirs = { .us = -1 };
	struct vt_loaded *l = linux_there ? vt_linux_open(&t->in) : NULL;
	int k;

	if (l == NULL) {
		for (k = 0; k < ROUNDS; k++)
			(void)our_turn(t);
		return theirs;
	}
	theirs = vt_linux(l, ROUNDS, our_turn, t);
	vt_linux_close(l);
	return theirs;
}

static void show(const char *name, const struct turn *t,
    const struct vt_linux *theirs, bool linux_there)
{
	printf("%s,%u,%.1f,%" PRIu64 ",%.1f,", name, t->in.ninsns, t->best,
	    t->facts.explored, (double)t->facts.peak_mem / 1024);
	if (!linux_there)
		puts(",,,");
	else if (theirs->us < 0)
		printf(",%" PRIu64 ",%.0f,,refused: %s\n", theirs->explored,
		    (double)theirs->explored / t->in.ninsns,
		    strerror(theirs->error));
	else
		printf("%.1f,%" PRIu64 ",%.0f,%.4f,\n", theirs->us,
		    theirs->explored, (double)theirs->explored / t->in.ninsns,
		    t->best / theirs->us);
	fflush(stdout);
}

static bool row(const struct kind *kind, bool linux_there, struct vb_deep *sum)
{
	struct turn t = { .best = 1e15 };
	struct vt_linux theirs;
	struct vprog p;

	if (kind->one != NULL)
		kind->one(&p, kind->a);
	else
		kind->two(&p, kind->a, kind->b);
	t.in = (struct vf_input){ .insns = p.insns,
		.ninsns = p.n,
		.type = p.type,
		.maps = p.maps,
		.nmaps = p.nmaps };
	theirs = measure(&t, linux_there);
	vp_free(&p);
	if (t.best >= 1e15) {
		printf("%s,%u: refused: VF%03u at instruction %u\n", kind->name,
		    t.in.ninsns, t.why.code, t.why.insn);
		return false;
	}
	show(kind->name, &t, &theirs, linux_there);
	if (linux_there && theirs.us < 0) {
		sum->alone++;
	} else if (theirs.explored >= (uint64_t)MANY * t.in.ninsns) {
		sum->ratio += log(t.best / theirs.us);
		sum->rows++;
	}
	return true;
}

bool vb_deep(bool linux_there, struct vb_deep *sum)
{
	bool ok = true;
	size_t k;

	puts("program,insns,ours_us,explored,peak_kib,linux_us,linux_explored,"
	     "linux_times_its_length,ratio,linux_says");
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		ok &= row(&kinds[k], linux_there, sum);
	if (sum->rows != 0)
		sum->ratio = exp(sum->ratio / sum->rows);
	return ok;
}
