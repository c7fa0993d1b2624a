/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: programs made of bytes (tests/support/progen.h), in the verifier.
 *
 * usage: fuzz_verify -g N SEED [FROM [MOST]]
 *
 * What must hold of each verdict is said in tests/support/oracle.h; the input
 * goes on after the program with what packets and maps hold. A program that
 * breaks it is made short and printed. With -g it needs no inputs: programs
 * FROM (0) to N of SEED, each from bytes that its number gives; program i is
 * the same in every run. It stops after MOST (200) faults. FUZZ_TAME=1 makes
 * tame ones (progen.h). At the end, and with FUZZ_STATS=1 in any case, the
 * counts are printed.
 */
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/oracle.h"
#include "tests/support/reach.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define PATIENCE 20 /* CPU seconds for one program */

static struct oracle oracle;
static struct progen_prog prog;

static const char *const faults[] = { "fine", "report", "trap", "steps",
	"contain", "rename", "insert", "leak" };

/* How many programs have something in them. */
static const char *const names[] = { "loop", "packet", "spill", "call", "map",
	"callback", "ring", "link", "ld_abs", "packet-change", "tail-call",
	"packet-write", "atomic", "bounded", "pointer-compare", "overlap",
	"moved-context", "callback-change", "two-records", "record-given-away",
	"helper-bytes", "long-loop", "nested-3", "callback-ld_abs" };
#define NAMES (sizeof(names) / sizeof(names[0]))
static struct {
	uint64_t made[NAMES], accepted[NAMES];
	uint64_t codes[1000];
	unsigned faults[8];
	time_t start;
} stats;

static void print_codes(void)
{
	unsigned i, k;

	fprintf(stderr, "refused by code:");
	for (k = 0; k < 12; k++) {
		unsigned most = 0;

		for (i = 1; i < 1000; i++) {
			if (stats.codes[i] > stats.codes[most])
				most = i;
		}
		if (most == 0)
			break;
		fprintf(stderr, " VF%u %" PRIu64, most, stats.codes[most]);
		stats.codes[most] = 0;
	}
	fprintf(stderr, "\n");
}

static void print_stats(void)
{
	const struct oracle *o = &oracle;
	unsigned i;

	fprintf(stderr,
	    "programs %" PRIu64 " accepted %" PRIu64
	    " (%.1f %%) over-budget %" PRIu64 " explored %" PRIu64
	    " seconds %ld\n",
	    o->programs, o->accepted,
	    100.0 * (double)o->accepted /
	        (double)(o->programs == 0 ? 1 : o->programs),
	    o->budget, o->explored, (long)(time(NULL) - stats.start));
	fprintf(stderr,
	    "runs %" PRIu64 " steps %" PRIu64 " looked-at %" PRIu64 "\n",
	    o->runs, o->steps, o->looked);
	fprintf(stderr, "accepted with (made):");
	for (i = 0; i < NAMES; i++)
		fprintf(stderr, " %s %" PRIu64 " (%" PRIu64 ")", names[i],
		    stats.accepted[i], stats.made[i]);
	fprintf(stderr, "\n");
	print_codes();
}

static void count(void)
{
	unsigned i;

	for (i = 0; i < NAMES; i++) {
		if ((prog.has >> i & 1) == 0)
			continue;
		stats.made[i]++;
		stats.accepted[i] += oracle.verdict == 0;
	}
	if (oracle.verdict != 0)
		stats.codes[oracle.report.code % 1000]++;
}

/* True when it is fine; else says all there is to say. */
static bool one(const uint8_t *data, size_t size)
{
	size_t used;
	enum oracle_fault f;

	used = progen(&prog, data, size > PROGEN_BYTES ? PROGEN_BYTES : size);
	f = oracle_judge(&oracle, &prog, data + used, size - used);
	count();
	if (f == ORACLE_FINE)
		return true;
	fprintf(stderr, "FAULT %s: %s\n", faults[f], oracle.text);
	if (stats.faults[f]++ >= 5) /* more of the same would only take time */
		return false;
	oracle_minimise(&oracle, &prog, f, data + used, size - used);
	fprintf(stderr, "MINIMISED %s: %s\n", faults[f], oracle.text);
	progen_print(&prog);
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!one(data, size))
		abort();
	return 0;
}

/*
 * Without inputs
 */

static uint64_t at_work; /* program */

/* It takes too long, or the verifier itself fails. */
static void died(int sig)
{
	dprintf(STDERR_FILENO, "FAULT signal %d: program %" PRIu64 "\n", sig,
	    at_work);
	signal(sig, SIG_DFL);
	raise(sig);
}

static int generate(uint64_t n, uint64_t seed, uint64_t from, uint64_t most)
{
	static uint8_t bytes[PROGEN_BYTES + 8];
	const struct itimerval patience = { .it_value.tv_sec = PATIENCE };
	uint64_t i, bad = 0;

	signal(SIGPROF, died);
	signal(SIGABRT, died);
	signal(SIGSEGV, died);
	for (i = from; i < n && bad < most; i++) {
		size_t size = progen_bytes(bytes, seed, i);
		uint8_t *copy = malloc(size);

		if (copy == NULL)
			abort();
		memcpy(copy, bytes, size);
		at_work = i;
		setitimer(ITIMER_PROF, &patience, NULL);
		if (!one(copy, size)) {
			fprintf(stderr,
			    "IS program %" PRIu64 " of %" PRIu64 "\n\n", i,
			    seed);
			bad++;
		}
		free(copy);
		if ((i + 1) % 1000000 == 0)
			print_stats();
	}
	print_stats();
	reach_print();
	oracle_free(&oracle);
	return bad == 0 ? 0 : 1;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char **a = *argv;

	stats.start = time(NULL);
	/* Worlds come and go; the system need not hear of it. */
	mallopt(M_MMAP_THRESHOLD, 1 << 26);
	mallopt(M_TRIM_THRESHOLD, 1 << 28);
	prog.tame = getenv("FUZZ_TAME") != NULL;
	if (*argc >= 4 && strcmp(a[1], "-g") == 0)
		exit(generate(strtoull(a[2], NULL, 0), strtoull(a[3], NULL, 0),
		    *argc > 4 ? strtoull(a[4], NULL, 0) : 0,
		    *argc > 5 ? strtoull(a[5], NULL, 0) : 200));
	if (getenv("FUZZ_STATS") != NULL)
		atexit(print_stats);
	return 0;
}
