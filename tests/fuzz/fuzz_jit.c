/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: verified programs, interpreted and compiled (tests/support/twin.h).
 *
 * usage: fuzz_jit -g N SEED [FROM [MOST]]
 *
 * The first byte of the input says which generator makes a program of the
 * rest; what follows the program is what packets and maps hold. A program of
 * which compiled code does something else than the interpreter is made short
 * and printed. With -g it needs no inputs: programs FROM (0) to N of SEED,
 * each from bytes that its number gives; program i is the same in every run.
 * It stops after MOST (50) faults. FUZZ_KIND=K keeps to one generator. At the
 * end, and with FUZZ_STATS=1 in any case, the counts are printed.
 */
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/filtgen.h"
#include "tests/support/linegen.h"
#include "tests/support/reach.h"
#include "tests/support/twin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define PATIENCE 60 /* CPU seconds for one program */

static struct twin twin;
static struct progen_prog prog;

static const char *const faults[] = { "fine", "compile", "trap", "differs",
	"signal" };

/* Generators, and how many of 16 programs each makes. */
enum kind {
	KIND_PROGEN,
	KIND_FOLD, /* the same, and r0 tells all that it computed */
	KIND_LINE,
	KIND_FILT,
	KINDS
};
static const char *const names[KINDS] = { "progen", "fold", "line", "filter" };
static const uint8_t of_byte[16] = { 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3,
	3, 3 };

static struct {
	uint64_t made[KINDS], accepted[KINDS];
	unsigned faults[5];
	int only; /* a kind, or -1 */
	time_t start;
} stats;

static void print_stats(void)
{
	const struct twin *t = &twin;
	unsigned i, bad = 0;

	for (i = 1; i < 5; i++)
		bad += stats.faults[i];
	fprintf(stderr,
	    "programs %" PRIu64 " accepted %" PRIu64 " compared %" PRIu64
	    " compiled %" PRIu64 " pairs %" PRIu64 " code-bytes %" PRIu64
	    " differences %u seconds %ld\n",
	    t->programs, t->accepted, t->compared, t->compiled, t->pairs,
	    t->code, bad, (long)(time(NULL) - stats.start));
	fprintf(stderr, "accepted (made):");
	for (i = 0; i < KINDS; i++)
		fprintf(stderr, " %s %" PRIu64 " (%" PRIu64 ")", names[i],
		    stats.accepted[i], stats.made[i]);
	fprintf(stderr, "\n");
}

static size_t generate(enum kind kind, const uint8_t *data, size_t size)
{
	switch (kind) {
	case KIND_FOLD:
		prog.fold = true;
		return progen(&prog, data, size);
	case KIND_LINE:
		return linegen(&prog, data, size);
	case KIND_FILT:
		return filtgen(&prog, data, size);
	default:
		prog.fold = false;
		return progen(&prog, data, size);
	}
}

/* True when it is fine; else says all there is to say. */
static bool one(const uint8_t *data, size_t size)
{
	enum twin_fault f;
	enum kind kind;
	size_t used;

	if (size == 0)
		return true;
	kind =
	    (enum kind)(stats.only >= 0 ? stats.only : of_byte[data[0] % 16]);
	twin.number = data[0] + 256u * size;
	data++;
	size--;
	used = generate(kind, data, size > PROGEN_BYTES ? PROGEN_BYTES : size);
	f = twin_judge(&twin, &prog, data + used, size - used);
	stats.made[kind]++;
	stats.accepted[kind] += twin.verdict == 0;
	if (f == TWIN_FINE)
		return true;
	fprintf(stderr, "FAULT %s: %s\n", faults[f], twin.text);
	if (stats.faults[f]++ >= 8) /* more of the same would only take time */
		return false;
	twin_minimise(&twin, &prog, f, data + used, size - used);
	fprintf(stderr, "MINIMISED %s: %s\n", faults[f], twin.text);
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

/* It takes too long, or the compiler itself fails. */
static void died(int sig)
{
	dprintf(STDERR_FILENO, "FAULT signal %d: program %" PRIu64 "\n", sig,
	    at_work);
	signal(sig, SIG_DFL);
	raise(sig);
}

static int loop(uint64_t n, uint64_t seed, uint64_t from, uint64_t most)
{
	static uint8_t bytes[PROGEN_BYTES + 16];
	const struct itimerval patience = { .it_value.tv_sec = PATIENCE };
	uint64_t i, bad = 0;

	signal(SIGPROF, died);
	signal(SIGABRT, died);
	signal(SIGSEGV, died);
	for (i = from; i < n && bad < most; i++) {
		size_t size = 1 + progen_bytes(bytes + 1, seed, i);
		uint8_t *copy = malloc(size);

		if (copy == NULL)
			abort();
		bytes[0] = (uint8_t)(i * 7 + i / 16);
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
	return bad == 0 ? 0 : 1;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *kind = getenv("FUZZ_KIND");
	char **a = *argv;

	stats.start = time(NULL);
	stats.only = kind == NULL ? -1 : atoi(kind) % KINDS;
	/* Worlds come and go; the system need not hear of it. */
	mallopt(M_MMAP_THRESHOLD, 1 << 26);
	mallopt(M_TRIM_THRESHOLD, 1 << 28);
	if (*argc >= 4 && strcmp(a[1], "-g") == 0)
		exit(loop(strtoull(a[2], NULL, 0), strtoull(a[3], NULL, 0),
		    *argc > 4 ? strtoull(a[4], NULL, 0) : 0,
		    *argc > 5 ? strtoull(a[5], NULL, 0) : 50));
	if (getenv("FUZZ_STATS") != NULL)
		atexit(print_stats);
	return 0;
}
