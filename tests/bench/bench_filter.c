/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One filter on one packet: our interpreter against libpcap's bpf_filter().
 *
 * Both run the same optimised program of libpcap's, ours converted and
 * verified, on a packet that matches. Short rounds alternate between the two;
 * a time is the median of the rounds, in nanoseconds a packet, a ratio is the
 * median of the ratios of neighbouring rounds, which a busy machine moves less.
 */
#include <time.h>

#include "tests/support/cbpf_run.h"

#define ETHERNET 1
#define ROUNDS   401
#define RUNS     3000
#define HOSTS    50

struct bench {
	const char *name;
	const char *expr;
	uint8_t pkt[96];
	struct flt_cbpf *insns;
	uint32_t n;
	struct cbpf_run run;
	double ours[ROUNDS], theirs[ROUNDS], ratio[ROUNDS];
};

static char hosts[HOSTS * 32];

static struct bench benches[] = {
	{ .name = "tcp port 80",
	    .expr = "tcp port 80",
	    .pkt = { [12] = 0x08,
	        [14] = 0x45,
	        [23] = 6,
	        [34] = 0x9c,
	        0x40,
	        0,
	        80 } },
	{ .name = "host and udp 53",
	    .expr = "host 10.1.2.3 and udp port 53",
	    .pkt = { [12] = 0x08,
	        [14] = 0x45,
	        [23] = 17,
	        [26] = 192,
	        168,
	        1,
	        1,
	        10,
	        1,
	        2,
	        3,
	        0x9c,
	        0x40,
	        0,
	        53 } },
	{ .name = "ip6 port range",
	    .expr = "ip6 and tcp portrange 8000-8100",
	    .pkt = { [12] = 0x86,
	        0xdd,
	        0x60,
	        [20] = 6,
	        [54] = 0x9c,
	        0x40,
	        0x1f,
	        0x90 } },
	{ .name = "50 hosts",
	    .expr = hosts,
	    .pkt = { [12] = 0x08,
	        [14] = 0x45,
	        [23] = 6,
	        [26] = 192,
	        168,
	        1,
	        1 } },
	{ .name = "vlan arp",
	    .expr = "vlan and arp",
	    .pkt = { [12] = 0x81, 0, 0, 5, 0x08, 0x06 } },
	{ .name = "tcpflags",
	    .expr = "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
	    .pkt = { [12] = 0x08, [14] = 0x45, [23] = 6, [47] = 2 } },
};
#define NBENCHES (sizeof(benches) / sizeof(benches[0]))

static _Noreturn void die(const char *name, const char *why)
{
	fprintf(stderr, "bench_filter: %s: %s\n", name, why);
	exit(2);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Fifty hosts at random; the packet goes to the one in the middle. */
static void make_hosts(struct bench *b)
{
	uint64_t rnd = 50;
	size_t len = 0;
	int i;

	for (i = 0; i < HOSTS; i++) {
		uint32_t v = cbpf_random(&rnd);
		unsigned a[4] = { 1 + v % 200, v >> 8 & 255, v >> 16 & 255,
			v >> 24 };

		len += (size_t)snprintf(hosts + len, sizeof(hosts) - len,
		    "%shost %u.%u.%u.%u", i != 0 ? " or " : "", a[0], a[1],
		    a[2], a[3]);
		if (i != HOSTS / 2)
			continue;
		for (int k = 0; k < 4; k++)
			b->pkt[30 + k] = (uint8_t)a[k];
	}
}

static void prepare(struct bench *b)
{
	struct flt_error err;
	uint64_t got;

	if (b->expr == hosts)
		make_hosts(b);
	if (flt_expr_cbpf(b->expr, ETHERNET, 0, &b->insns, &b->n, &err) < 0)
		die(b->name, err.text);
	if (!cbpf_run_make(&b->run, b->insns, b->n))
		die(b->name, b->run.why);
	if (!cbpf_run_on(
	        &b->run, b->pkt, sizeof(b->pkt), sizeof(b->pkt), &got) ||
	    got == 0 ||
	    got != cbpf_run_libpcap(
	               b->insns, b->pkt, sizeof(b->pkt), sizeof(b->pkt)))
		die(b->name, "the packet does not match");
}

static double time_ours(struct bench *b)
{
	double start = now_ns();
	uint64_t got, sum = 0;
	int i;

	for (i = 0; i < RUNS; i++) {
		(void)cbpf_run_on(
		    &b->run, b->pkt, sizeof(b->pkt), sizeof(b->pkt), &got);
		sum += got;
	}
	if (sum == 0)
		die(b->name, "did not match");
	return (now_ns() - start) / RUNS;
}

static double time_theirs(struct bench *b)
{
	double start = now_ns();
	uint64_t sum = 0;
	int i;

	for (i = 0; i < RUNS; i++)
		sum += cbpf_run_libpcap(
		    b->insns, b->pkt, sizeof(b->pkt), sizeof(b->pkt));
	if (sum == 0)
		die(b->name, "did not match");
	return (now_ns() - start) / RUNS;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), by_value);
	return v[ROUNDS / 2];
}

/* The sixth root, for the geometric mean, without libm: Newton's method. */
static double root(double v, unsigned degree)
{
	double x = 1;

	for (int i = 0; i < 100; i++) {
		double power = 1;

		for (unsigned k = 1; k < degree; k++)
			power *= x;
		x += (v / power - x) / degree;
	}
	return x;
}

int main(void)
{
	double product = 1;
	size_t i;
	int k;

	for (i = 0; i < NBENCHES; i++)
		prepare(&benches[i]);
	for (k = 0; k < ROUNDS; k++) {
		for (i = 0; i < NBENCHES; i++) {
			struct bench *b = &benches[i];

			b->theirs[k] = time_theirs(b);
			b->ours[k] = time_ours(b);
			b->ratio[k] = b->ours[k] / b->theirs[k];
		}
	}
	printf("filter,classic_insns,insns,libpcap_ns,interp_ns,ratio\n");
	for (i = 0; i < NBENCHES; i++) {
		struct bench *b = &benches[i];
		double ratio = median(b->ratio);

		printf("%s,%u,%u,%.1f,%.1f,%.2f\n", b->name, b->n,
		    b->run.ninsns, median(b->theirs), median(b->ours), ratio);
		product *= ratio;
		cbpf_run_free(&b->run);
		free(b->insns);
	}
	printf("summary: interp_vs_libpcap=%.2f\n", root(product, NBENCHES));
	return 0;
}
