/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verification: our verifier by itself, and against Linux's on the same
 * programs in the same process.
 *
 * Ours is the time from raw bytes to a vf_prog that is freed again, with the
 * tool's limits; Linux's is that of verify_time.h. Both take turns, and the
 * best of several rounds counts. Three parts:
 *
 * - the programs of Linux's own verifier tests that both accept, from
 *   $EXOPF_VECTORS: what is usual;
 * - programs of 1,000 to 1,000,000 instructions whose ways come together in
 *   the same state: the work stays linear;
 * - short programs of very many ways.
 *
 * Nothing goes to the running kernel but programs that are fixed, and that
 * ours has accepted. What cannot be measured here is left out, with a reason.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/verify_parts.h"
#include "tests/bench/verify_time.h"

#define VECTORS "linux-6.1-verifier.jsonl.xz"

/* Returns why there are no vectors, or NULL. */
static const char *vectors(const char *no_linux, struct vb_vectors *sum)
{
	const char *dir = getenv("EXOPF_VECTORS");
	char path[4096];

	if (dir == NULL)
		return "EXOPF_VECTORS_is_not_set";
	if (no_linux != NULL)
		return no_linux;
	snprintf(path, sizeof(path), "%s/%s", dir, VECTORS);
	return vb_vectors(path, sum) ? NULL : "no_vectors_in_EXOPF_VECTORS";
}

static void summary(const char *no_vectors, const struct vb_vectors *v,
    double linear, const char *no_linux, const struct vb_deep *d)
{
	if (no_vectors != NULL)
		printf("summary: geomean_vs_linux=skipped:%s", no_vectors);
	else
		printf("summary: geomean_vs_linux=%.3f median_us=%.2f "
		       "p90_us=%.2f peak_kib=%.1f peak_p99_kib=%.1f "
		       "programs=%zu",
		    v->ratio, v->median, v->p90, v->peak, v->p99, v->programs);
	printf(" linear_1m_by_10k=%.2f", linear);
	if (no_linux != NULL)
		printf(" deep_vs_linux=skipped:%s\n", no_linux);
	else
		printf(" deep_vs_linux=%.4f deep_programs=%u "
		       "too_much_for_linux=%u\n",
		    d->ratio, d->rows, d->alone);
}

int main(void)
{
	const char *no_linux = NULL;
	const char *no_vectors;
	char reason[64];
	struct vb_vectors v = { 0 };
	struct vb_deep d = { 0 };
	double linear;
	bool ok;

	if (!vt_linux_begin()) {
		snprintf(reason, sizeof(reason), "bpf(2)_is_refused:_errno_%d",
		    errno);
		no_linux = reason;
	}
	no_vectors = vectors(no_linux, &v);
	if (no_vectors != NULL)
		printf("# no vectors: %s\n", no_vectors);
	linear = vb_linear();
	if (no_linux != NULL)
		printf("# no columns of Linux: %s\n", no_linux);
	ok = vb_deep(no_linux == NULL, &d);
	summary(no_vectors, &v, linear, no_linux, &d);
	return ok && linear > 0 ? 0 : 1;
}
