/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads one file in every way and compares. */
#include "tests/unit/trace_ways.h"

#include <check.h>
#include <string.h>

#define BATCH 37

static void mix(uint64_t *hash, uint64_t v)
{
	*hash = (*hash ^ v) * 0x100000001b3U;
	*hash ^= *hash >> 29;
}

static void mix_bytes(uint64_t *hash, const uint8_t *p, size_t n)
{
	mix(hash, n);
	for (size_t i = 0; i < n; i++)
		mix(hash, p[i]);
}

static void take(
    const struct tr_reader *r, const struct tr_pkt *k, struct ways_sum *s)
{
	const struct tr_iface *f = tr_iface_at(r, k->ifid);

	s->packets++;
	ck_assert_uint_eq(k->number, s->packets);
	ck_assert_ptr_nonnull(f);
	mix(&s->hash, k->wirelen);
	mix(&s->hash, k->ts_ns);
	mix(&s->hash, k->ts_raw);
	mix(&s->hash, (uint64_t)k->linktype << 2 | (uint64_t)k->swapped << 1 |
	                  k->opts_swapped);
	mix_bytes(&s->hash, k->data, k->caplen);
	mix_bytes(&s->hash, k->opts, k->opts_len);
	mix_bytes(&s->hash, f->opts.p, f->opts.len);
}

void ways_read(
    const char *path, enum tr_io io, size_t window, struct ways_sum *sum)
{
	struct tr_how how = { .window = window, .io = io };
	struct tr_pkt pkt[BATCH];
	struct tr_error err = { 0 };
	struct tr_reader *r;
	int n = -1;

	*sum = (struct ways_sum){ .hash = 0xcbf29ce484222325U };
	r = tr_open(path, &how, &err);
	while (r != NULL && (n = tr_batch(r, pkt, BATCH, &err)) > 0)
		for (int i = 0; i < n; i++)
			take(r, &pkt[i], sum);
	if (n < 0) {
		sum->code = err.code;
		sum->offset = err.offset;
		memcpy(sum->msg, err.msg, sizeof(err.msg));
	}
	tr_close(r);
}

void ways_same(const char *path)
{
	static const struct {
		enum tr_io io;
		size_t window;
	} way[] = {
		{ TR_IO_READ, 1 },
		{ TR_IO_MAP, 1 },
		{ TR_IO_MAP, 3 * 4096 },
		{ TR_IO_MAP, 0 },
		{ TR_IO_AHEAD, 0 },
		{ TR_IO_TURNS, 1 },
		{ TR_IO_TURNS, 0 },
		{ TR_IO_AUTO, 0 },
	};
	struct ways_sum want, got;

	ways_read(path, TR_IO_READ, 0, &want);
	for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++) {
		ways_read(path, way[i].io, way[i].window, &got);
		ck_assert_msg(got.code == want.code, "%zu: %s: %d %s, not %d",
		    i, path, got.code, got.msg, want.code);
		ck_assert_str_eq(got.msg, want.msg);
		ck_assert_uint_eq(got.offset, want.offset);
		ck_assert_uint_eq(got.packets, want.packets);
		ck_assert_uint_eq(got.hash, want.hash);
	}
}

void ways_same_bytes(const char *dir, const struct mk *b, size_t len)
{
	const struct mk part = { .p = b->p, .len = len };
	const char *path = mk_path(dir, "t");

	mk_spill(&part, path);
	ways_same(path);
}
