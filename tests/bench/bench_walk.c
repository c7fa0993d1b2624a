/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardstick of reading: the least that any program does with a trace.
 *
 *	bench_walk [-r ROUNDS] [-m FORM] FILE
 *
 * Walks the records of a pcap file of this machine's byte order, looks at the
 * Ethernet type of each packet, and counts. The forms, in turn, ROUNDS times:
 * `read` copies 256 KiB at a time, `mmap` maps the whole file, and `ahead`
 * does that and asks for what follows before it is there. Seconds are medians.
 * Without FILE it makes a trace by mktrace, of BENCH_PACKETS packets.
 */
#include "exo/lib/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEADER     24u
#define RECORD     16u
#define ETHERNET   14u
#define WINDOW     ((size_t)256 << 10)
#define AHEAD      4096u
#define ROUNDS_MAX 99
#define FORMS      3

struct tally {
	uint64_t packets, ipv4;
};

static void give_up(const char *what, const char *which)
{
	fprintf(
	    stderr, "bench_walk: %s: %s: %s\n", which, what, strerror(errno));
	exit(2);
}

/* Walk what is whole; returns the bytes of it. */
static size_t walk(const uint8_t *from, size_t len, struct tally *t, bool ask)
{
	const uint8_t *p = from, *end = from + len, *warm = from;

	while ((size_t)(end - p) >= RECORD) {
		uint32_t caplen = exo_le32(p + 8);

		for (; ask && warm < p + AHEAD; warm += 64)
			__builtin_prefetch(warm);
		if (caplen > (size_t)(end - p) - RECORD)
			break;
		if (caplen >= ETHERNET)
			t->ipv4 += exo_be16(p + RECORD + 12) == 0x0800;
		t->packets++;
		p += RECORD + caplen;
	}
	return (size_t)(p - from);
}

static void by_read(const char *path, int fd, struct tally *t)
{
	uint8_t *buf = malloc(WINDOW + (1u << 20));
	size_t held = 0, at = HEADER;
	ssize_t n;

	if (buf == NULL)
		give_up("memory", path);
	while ((n = read(fd, buf + held, WINDOW)) > 0) {
		held += (size_t)n;
		at += walk(buf + at, held - at, t, false);
		held -= at;
		memmove(buf, buf + at, held);
		at = 0;
		if (held > (1u << 20))
			give_up("no pcap of this byte order", path);
	}
	if (n < 0)
		give_up("read", path);
	free(buf);
}

static void by_map(const char *path, int fd, struct tally *t, bool ask)
{
	struct stat st;
	uint8_t *p;

	if (fstat(fd, &st) != 0 || st.st_size < (off_t)HEADER)
		give_up("fstat", path);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		give_up("mmap", path);
	(void)madvise(p, (size_t)st.st_size, MADV_SEQUENTIAL);
	(void)walk(p + HEADER, (size_t)st.st_size - HEADER, t, ask);
	(void)munmap(p, (size_t)st.st_size);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double once(const char *path, int form, struct tally *t)
{
	double from = seconds();
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*t = (struct tally){ 0, 0 };
	if (fd < 0)
		give_up("open", path);
	if (form == 0)
		by_read(path, fd, t);
	else
		by_map(path, fd, t, form == 2);
	(void)close(fd);
	return seconds() - from;
}

static int smaller(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* A trace of our own; its name is the caller's to free and to remove. */
static char *make_trace(void)
{
	const char *build = getenv("BUILD"), *dir = getenv("TEST_TMP");
	const char *packets = getenv("BENCH_PACKETS");
	char *path = NULL, *command = NULL;

	if (asprintf(&path, "%s/walk.pcap", dir != NULL ? dir : "/tmp") < 0 ||
	    asprintf(&command,
	        "'%s/mktrace' -n %d -f 10000 -d zipf -s 1 -l imix -o '%s'",
	        build != NULL ? build : "build",
	        packets != NULL ? atoi(packets) : 1000000, path) < 0)
		give_up("memory", "trace");
	if (system(command) != 0)
		give_up("mktrace", path);
	free(command);
	return path;
}

static void report(const char *path, int only, int rounds)
{
	static const char *const name[FORMS] = { "read", "mmap", "ahead" };
	static double took[FORMS][ROUNDS_MAX];
	struct tally t[FORMS];
	double best = 0;

	for (int r = 0; r < rounds; r++)
		for (int f = 0; f < FORMS; f++)
			if (only < 0 || f == only)
				took[f][r] = once(path, f, &t[f]);
	puts("bench,form,packets,ipv4,seconds,fastest,slowest,packets_per_s");
	for (int f = 0; f < FORMS; f++) {
		double median, pps;

		if (only >= 0 && f != only)
			continue;
		qsort(took[f], (size_t)rounds, sizeof(double), smaller);
		median = took[f][rounds / 2];
		pps = (double)t[f].packets / median;
		printf("walk,%s,%llu,%llu,%.4f,%.4f,%.4f,%.0f\n", name[f],
		    (unsigned long long)t[f].packets,
		    (unsigned long long)t[f].ipv4, median, took[f][0],
		    took[f][rounds - 1], pps);
		best = pps > best ? pps : best;
	}
	printf("summary: walk_packets_per_s=%.0f\n", best);
}

int main(int argc, char **argv)
{
	int rounds = 5, only = -1, c;
	char *made = NULL;

	while ((c = getopt(argc, argv, "r:m:")) != -1) {
		if (c == 'r')
			rounds = atoi(optarg);
		else if (c == 'm')
			only = *optarg == 'r' ? 0 : *optarg == 'm' ? 1 : 2;
		else
			return 2;
	}
	rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
	if (optind == argc)
		made = make_trace();
	report(made != NULL ? made : argv[optind], only, rounds);
	if (made != NULL)
		(void)unlink(made);
	free(made);
	return 0;
}
