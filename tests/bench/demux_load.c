/* SPDX-License-Identifier: BSD-2-Clause */
/* Flows and packets of bench_demux. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/demux_parts.h"

void dx_die(const char *fmt, ...)
{
	va_list ap;

	fputs("bench_demux: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

void *dx_get(size_t size)
{
	void *p = aligned_alloc(64, (size + 63) / 64 * 64 + 64);

	if (p == NULL)
		dx_die("no memory");
	memset(p, 0, (size + 63) / 64 * 64 + 64);
	return p;
}

double dx_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

uint64_t dx_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double dx_median(double *v, uint32_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

struct dx_flow *dx_flows(uint32_t n)
{
	struct dx_flow *f = dx_get(n * sizeof(*f));
	uint64_t rnd = 0x9e3779b97f4a7c15u;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t r = dx_random(&rnd);

		/* an odd multiple: 24 bits of the source make them differ */
		f[i].src = __builtin_bswap32(
		    0x0a000000 | (i * 0x9e3779b1u & 0xffffff));
		f[i].dst = __builtin_bswap32(
		    0xc0a80000 | (uint32_t)(r >> 32 & 0xffff));
		f[i].sport = (uint16_t)(r | 1024);
		f[i].dport = (uint16_t)(r >> 16);
		f[i].proto = (r >> 60 & 1) != 0 ? 6 : 17;
	}
	return f;
}

/* Even numbers of chance in the fields that no flow names. */
static void frame(uint8_t *b, const struct dx_flow *f, uint64_t *rnd)
{
	for (uint32_t i = 0; i < DX_FRAME; i++)
		b[i] = (uint8_t)(dx_random(rnd) >> 32 & 0xfe);
	b[12] = 8;
	b[13] = 0;
	b[14] = 0x45;
	b[20] = b[21] = 0;
	b[23] = f->proto;
	memcpy(b + 26, &f->src, 4);
	memcpy(b + 30, &f->dst, 4);
	memcpy(b + 34, &f->sport, 2);
	memcpy(b + 36, &f->dport, 2);
}

struct dx_packets *dx_packets(
    const struct dx_flow *f, uint32_t active, uint32_t count, bool uniform)
{
	struct dx_packets *p = dx_get(sizeof(*p));
	uint64_t rnd = count + active;

	p->n = count;
	p->p = dx_get(count * sizeof(*p->p));
	p->flow = dx_get(count * sizeof(*p->flow));
	p->frames = dx_get((size_t)count * DX_FRAME);
	for (uint32_t i = 0; i < count; i++)
		p->flow[i] =
		    uniform ? (uint32_t)(dx_random(&rnd) % active) : i % active;
	for (uint32_t i = count - 1; !uniform && i > 0; i--) {
		uint32_t k = (uint32_t)(dx_random(&rnd) % (i + 1));
		uint32_t t = p->flow[i];

		p->flow[i] = p->flow[k];
		p->flow[k] = t;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint8_t *b = p->frames + (size_t)i * DX_FRAME;

		frame(b, &f[p->flow[i]], &rnd);
		p->p[i] = (struct sp_packet){ b, DX_FRAME, DX_FRAME,
			SP_LINK_ETHERNET };
	}
	return p;
}

void dx_packets_free(struct dx_packets *p)
{
	free(p->p);
	free(p->flow);
	free(p->frames);
	free(p);
}
