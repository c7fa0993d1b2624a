/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiled programs against C, and against others that run packet filters.
 *
 * Side by side in one process, on the same packets: C by gcc and by clang,
 * libpcap's evaluator, our interpreter, our compiled code, DPDK's JIT, Linux's.
 * The yardstick of a row is the fastest C function that there is for it. All
 * give the same results first, or nothing is timed and the exit status is 3.
 *
 * What cannot be measured here is left out, with a reason.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/jit_load.h"
#include "tests/bench/jit_parts.h"

/* Means over the six expressions, of an engine's ratios in one set. */
struct mean {
	double log, worst;
	uint32_t n;
};

static void add(struct mean *m, double ratio)
{
	m->log += log(ratio);
	m->worst = fmax(m->worst, ratio);
	m->n++;
}

/* " name=figure", or why there is none. */
static void figure(const char *name, double v, bool there)
{
	if (there)
		printf(" %s=%.3f", name, v);
	else
		printf(" %s=skipped", name);
}

static void figure_mean(const char *name, const struct mean *m, bool all)
{
	figure(name, exp(m->log / m->n), m->n != 0 && (m->n == 6 || !all));
}

static struct mean mean_of(const struct jp_row *rows, uint32_t n,
    const struct jb_engine *engine, uint32_t set)
{
	struct mean m = { 0, 0, 0 };
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct jp_cell *c = jp_cell(&rows[i], engine);

		if (rows[i].row->six && c != NULL)
			add(&m, c->ratio[set]);
	}
	return m;
}

/* Our compiled code's ratio in one row. */
static void figure_row(
    const char *name, const struct jp_row *rows, uint32_t n, const char *row)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct jp_cell *c = jp_cell(&rows[i], &jb_jit);

		if (strcmp(rows[i].row->name, row) == 0)
			figure(name, c != NULL ? c->ratio[0] : 0, c != NULL);
	}
}

/* Our interpreter against libpcap's, on the packets that match: a run, and an
 * instruction. */
static void interpreters(
    const struct jp_row *rows, uint32_t n, struct mean *run, struct mean *insn)
{
	uint32_t i;

	puts("program,interp_steps,libpcap_steps,interp_ns_a_step,"
	     "libpcap_ns_a_step,ratio_a_step");
	for (i = 0; i < n; i++) {
		const struct jp_cell *ours = jp_cell(&rows[i], &jb_interp);
		const struct jp_cell *theirs = jp_cell(&rows[i], &jb_libpcap);
		const struct jb_pkt *p = &rows[i].row->sets[0].pkts[0];
		double steps, classic, ratio;

		if (ours == NULL || theirs == NULL)
			continue;
		steps = (double)jb_interp_steps(ours->state, p);
		classic = (double)jb_classic_steps(rows[i].row, p);
		ratio = jp_ratio(ours, theirs, 0);
		printf("%s,%.0f,%.0f,%.2f,%.2f,%.3f\n", rows[i].row->name,
		    steps, classic, ours->median[0] / steps,
		    theirs->median[0] / classic, ratio * classic / steps);
		if (!rows[i].row->six)
			continue;
		add(run, ratio);
		add(insn, ratio * classic / steps);
	}
}

static void summary(
    const struct jp_row *rows, uint32_t n, const struct jl_sum *load)
{
	struct mean jit = mean_of(rows, n, &jb_jit, 0);
	struct mean mixed = mean_of(rows, n, &jb_jit, 1);
	struct mean pcap = mean_of(rows, n, &jb_libpcap, 0);
	struct mean blind = mean_of(rows, n, &jb_blind, 0);
	struct mean fence = mean_of(rows, n, &jb_fence, 0);
	struct mean dpdk = mean_of(rows, n, &jb_dpdk, 0);
	struct mean linux_jit = mean_of(rows, n, &jb_linux, 0);
	struct mean run = { 0, 0, 0 }, insn = { 0, 0, 0 };

	interpreters(rows, n, &run, &insn);
	printf("summary:");
	figure_mean("geomean_vs_c", &jit, true);
	figure("max_vs_c", jit.worst, jit.n == 6);
	figure_row("hosts50_vs_c", rows, n, "50 hosts");
	figure_row("checksum_vs_c", rows, n, "checksum 1514");
	figure("jit_us_20", load->us_20, load->us_20 > 0);
	figure_mean("mixed_geomean_vs_c", &mixed, true);
	figure("mixed_max_vs_c", mixed.worst, mixed.n == 6);
	figure_row("hosts1000_vs_c", rows, n, "1000 hosts");
	figure("hosts1000_ms", load->ms_1000, true);
	figure("hosts10000_ms", load->ms_10000, true);
	figure_row("checksum64_vs_c", rows, n, "checksum 64");
	figure_row("map_vs_c", rows, n, "map lookup");
	figure_row("call_vs_c", rows, n, "empty");
	figure("jit_vs_dpdk_jit", load->by_dpdk, load->by_dpdk > 0);
	figure("jit_vs_linux_load", load->by_linux, load->by_linux > 0);
	figure("jit_vs_linux_attach", load->by_attach, load->by_attach > 0);
	figure("jit_insn_vs_1000", load->linear, load->linear > 0);
	figure_mean("libpcap_vs_c", &pcap, true);
	figure_mean("blinded_vs_c", &blind, true);
	figure_mean("fenced_vs_c", &fence, true);
	figure_mean("dpdk_vs_c", &dpdk, false);
	printf(" dpdk_rows=%u", dpdk.n);
	figure_mean("linux_body_vs_c", &linux_jit, true);
	figure_mean("interp_vs_libpcap", &run, true);
	figure_mean("interp_insn_vs_libpcap", &insn, true);
	putchar('\n');
}

/* Has our compiler compiled all rows? */
static bool whole(const struct jp_row *rows, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (jp_cell(&rows[i], &jb_jit) == NULL)
			return false;
	}
	return true;
}

int main(void)
{
	struct jl_sum load = {
		.us_20 = -1, .by_dpdk = -1, .by_linux = -1, .by_attach = -1
	};
	struct jp_row *rows;
	struct jb_row *made;
	uint32_t n, i;
	bool ok;

	made = jb_rows(&n);
	rows = jb_get(n * sizeof(*rows));
	for (i = 0; i < n; i++)
		jp_open(&rows[i], &made[i]);
	if (!jp_check(rows, n))
		return 3;
	jp_time(rows, n);
	puts("program,packets,engine,ns,ratio_to_c,note");
	for (i = 0; i < n; i++)
		jp_print(&rows[i]);
	ok = jl_load(made, n, &load);
	summary(rows, n, &load);
	return ok && whole(rows, n) ? 0 : 1;
}
