/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes trace reading and writing: any bytes are a capture.
 *
 * What is read is touched whole, its options walked, and it is written again
 * as pcap and as pcapng; what was written as pcapng must be readable, with as
 * many packets of the same lengths.
 */
#include "exo/hosted/trace_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BATCH       33
#define PACKETS_MAX 5000 /* a bomb of small packets is only slow */

static uint64_t touch(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += p[i];
	return sum;
}

static uint64_t touch_options(struct tr_opts rest)
{
	uint64_t sum = 0;
	struct tr_opt o;

	while (tr_opt_next(&rest, &o))
		sum += touch(o.value, o.len) + o.code;
	return sum;
}

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_trace: %s\n", what);
	abort();
}

/* Sums over the packets of a capture, to compare two by. */
struct sums {
	uint64_t packets, caplen, wirelen, ts, data;
};

static void add(struct sums *s, const struct tr_pkt *k)
{
	s->packets++;
	s->caplen += k->caplen;
	s->wirelen += k->wirelen;
	s->ts += k->ts_ns;
	s->data += touch(k->data, k->caplen);
}

/* Read all of it (up to a bound), into set's outputs 0 and 1 if there is one. */
static bool walk(struct tr_reader *r, struct tr_outs *set, struct sums *s)
{
	struct tr_pkt pkt[BATCH];
	struct tr_error err;
	volatile uint64_t sink;
	int n;

	while ((n = tr_batch(r, pkt, BATCH, &err)) > 0) {
		for (int i = 0; i < n; i++) {
			const struct tr_iface *f = tr_iface_at(r, pkt[i].ifid);

			must(f != NULL, "a packet of no interface");
			sink = touch_options(tr_pkt_opts(&pkt[i])) +
			       touch_options(f->opts) +
			       touch_options(f->section);
			(void)sink;
			add(s, &pkt[i]);
			if (set == NULL)
				continue;
			(void)tr_out_write(set, 0, &pkt[i], f);
			must(tr_out_write(set, 1, &pkt[i], f) == 0,
			    "a packet that pcapng cannot hold");
		}
		if (s->packets > PACKETS_MAX)
			return true;
	}
	must(n == 0 || (err.code == -n && err.msg[0] != '\0'),
	    "an error without a message");
	return n == 0;
}

static void again(const char *path, const struct sums *was)
{
	struct tr_error err = { 0 };
	struct tr_reader *r = tr_open(path, NULL, &err);
	struct sums s = { 0 };

	must(r != NULL, err.msg);
	must(walk(r, NULL, &s), "what we wrote cannot be read");
	must(s.packets == was->packets && s.caplen == was->caplen &&
	         s.wirelen == was->wirelen && s.ts == was->ts &&
	         s.data == was->data,
	    "what we wrote reads otherwise");
	tr_close(r);
}

/* Two outputs of this process, opened anew; path[] keeps their names. */
static struct tr_outs *outputs(char path[2][64])
{
	struct tr_outs *set = tr_outs_new(NULL);
	struct tr_error err = { 0 };

	for (int i = 0; i < 2; i++) {
		snprintf(path[i], 64, "/tmp/fuzz_trace.%d.%s", (int)getpid(),
		    i == 0 ? "pcap" : "ng");
		must(tr_out_open(set, path[i], &err) == i, err.msg);
	}
	return set;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tr_how how = { .window = 4096 };
	struct tr_error err = { 0 };
	struct tr_out_stat st[2];
	struct sums s = { 0 };
	struct tr_outs *set;
	struct tr_reader *r;
	char path[2][64];

	r = tr_open_mem("fuzz", data, size, &how, &err);
	if (r == NULL) {
		must(err.code != 0 && err.msg[0] != '\0', "no reason");
		return 0;
	}
	set = outputs(path);
	(void)walk(r, set, &s);
	(void)tr_outs_close(set, &err);
	for (int i = 0; i < 2; i++) {
		tr_out_stat(set, i, &st[i]);
		must(st[i].packets + st[i].lost == s.packets, "sums differ");
	}
	again(path[1], &s);
	tr_outs_free(set);
	tr_close(r);
	(void)unlink(path[0]);
	(void)unlink(path[1]);
	return 0;
}
