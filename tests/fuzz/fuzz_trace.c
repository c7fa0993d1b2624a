/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes trace reading and writing: any bytes are a capture.
 *
 * What is read is touched whole, its options walked, and it is written again
 * as pcap and as pcapng; what was written as pcapng must be readable, with as
 * many packets of the same lengths. The same bytes as a file, mapped in windows
 * of a page and read by a thread, must say the same, to the word of the error;
 * and a mapped file that is cut while it is read may say anything.
 */
#include "exo/hosted/trace_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
static bool walk(struct tr_reader *r, struct tr_outs *set, struct sums *s,
    struct tr_error *end)
{
	struct tr_pkt pkt[BATCH];
	struct tr_error err = { 0 };
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
	*end = n < 0 ? err : (struct tr_error){ 0 };
	return n == 0;
}

static bool equal(const struct sums *a, const struct sums *b)
{
	return a->packets == b->packets && a->caplen == b->caplen &&
	       a->wirelen == b->wirelen && a->ts == b->ts && a->data == b->data;
}

/* The words after the name of the file. */
static const char *words(const struct tr_error *err)
{
	const char *colon = strstr(err->msg, ": ");

	return colon != NULL ? colon : err->msg;
}

/* Read a file in another way than what came to `was` and `end`. */
static void otherwise(const char *path, enum tr_io io, const struct sums *was,
    const struct tr_error *end)
{
	struct tr_how how = { .window = 1, .io = io };
	struct tr_error err = { 0 };
	struct tr_reader *r = tr_open(path, &how, &err);
	struct sums s = { 0 };

	if (r != NULL)
		(void)walk(r, NULL, &s, &err);
	tr_close(r);
	if (s.packets > PACKETS_MAX && was->packets > PACKETS_MAX)
		return; /* neither was read to its end */
	must(equal(&s, was), "packets differ by the way they are read");
	must(err.code == end->code && err.offset == end->offset &&
	         err.packed == end->packed &&
	         strcmp(words(&err), words(end)) == 0,
	    "errors differ by the way they are read");
}

/* Cut the file after the first batch: all packets can be looked at. */
static void cut(const char *path, int fd, size_t len)
{
	struct tr_how how = { .window = 1, .io = TR_IO_MAP };
	struct tr_error err = { 0 };
	struct tr_reader *r = tr_open(path, &how, &err);
	struct tr_pkt pkt[1];
	struct sums s = { 0 };

	if (r == NULL)
		return;
	if (tr_batch(r, pkt, 1, &err) == 1) {
		must(ftruncate(fd, (off_t)len) == 0, "ftruncate");
		add(&s, &pkt[0]);
		(void)walk(r, NULL, &s, &err);
	}
	tr_close(r);
}

static void as_file(const uint8_t *data, size_t size, const struct sums *was,
    const struct tr_error *end)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size, "memfd");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	otherwise(path, TR_IO_MAP, was, end);
	if (size % 4 == 0) /* threads are slow to make */
		otherwise(path, TR_IO_AHEAD, was, end);
	if (size % 8 == 1)
		otherwise(path, TR_IO_TURNS, was, end);
	cut(path, fd, size == 0 ? 0 : data[size - 1] * size / 256);
	(void)close(fd);
}

static void again(const char *path, const struct sums *was)
{
	struct tr_error err = { 0 };
	struct tr_reader *r = tr_open(path, NULL, &err);
	struct sums s = { 0 };

	must(r != NULL, err.msg);
	must(walk(r, NULL, &s, &err), "what we wrote cannot be read");
	must(equal(&s, was), "what we wrote reads otherwise");
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
	struct tr_error end = { 0 };
	struct tr_out_stat st[2];
	struct sums s = { 0 };
	struct tr_outs *set;
	struct tr_reader *r;
	char path[2][64];

	r = tr_open_mem("fuzz", data, size, &how, &err);
	if (r == NULL) {
		must(err.code != 0 && err.msg[0] != '\0', "no reason");
		as_file(data, size, &s, &err);
		return 0;
	}
	set = outputs(path);
	(void)walk(r, set, &s, &end);
	as_file(data, size, &s, &end);
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
