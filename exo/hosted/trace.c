/* SPDX-License-Identifier: BSD-2-Clause */
/* A reader of one trace file: opens it, tells its format, hands out batches. */
#include "exo/hosted/trace_int.h"

#include "exo/lib/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NG_MAGIC 0x0a0d0d0aU

uint32_t tr_snap_limit(uint32_t linktype)
{
	switch (linktype) {
	case 231: /* DBUS: its specification's longest message */
		return 128U << 20;
	case 279: /* EBHSCR */
		return 8U << 20;
	case 249: /* USBPCAP */
		return 1U << 20;
	default:
		return 262144;
	}
}

bool tr_opt_next(struct tr_opts *rest, struct tr_opt *opt)
{
	uint32_t padded;

	if (rest->p == NULL || rest->len < 4)
		return false;
	opt->code = rest->swapped ? exo_be16(rest->p) : exo_le16(rest->p);
	opt->len =
	    rest->swapped ? exo_be16(rest->p + 2) : exo_le16(rest->p + 2);
	opt->value = rest->p + 4;
	padded = ((uint32_t)opt->len + 3) & ~3U;
	if (opt->code == TR_OPT_END || padded > rest->len - 4) {
		rest->len = 0;
		return false;
	}
	rest->p += 4 + padded;
	rest->len -= 4 + padded;
	return true;
}

/* Look at the first bytes of the stream and read the file header. */
static int reader_start(struct tr_reader *r, struct tr_error *err)
{
	const char *pk = tr_zip_name(r->src.packing);
	bool packed = r->src.packing != TR_PLAIN;
	uint32_t magic;
	int rc;

	rc = tr_src_need(&r->src, 4, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return tr_fail(err, TR_EFORMAT, &r->src, 0,
		    "%td byte%s no capture: it would begin with a header of 24 "
		    "bytes or more",
		    r->src.end - r->src.cur,
		    r->src.end - r->src.cur == 1 ? " is" : "s are");
	magic = exo_le32(r->src.cur);
	r->format = magic == NG_MAGIC ? TR_NG : TR_PCAP;
	rc = r->format == TR_NG ? tr_ng_start(r, err) : tr_pcap_start(r, err);
	(void)snprintf(r->kind, sizeof(r->kind), "%s%s%s",
	    r->format == TR_NG ? "pcapng" : "pcap", packed ? " in " : "",
	    packed ? pk : "");
	return rc;
}

static struct tr_reader *reader_new(struct tr_raw raw, const char *name,
    const struct tr_how *how, struct tr_error *err)
{
	struct tr_reader *r = calloc(1, sizeof(*r));

	if (r != NULL) {
		r->ifs = how != NULL ? how->ifs : NULL;
		r->own_ifs = r->ifs == NULL;
		if (r->own_ifs)
			r->ifs = tr_iftab_new();
	}
	if (r == NULL || r->ifs == NULL) {
		free(r);
		tr_raw_close(&raw);
		(void)tr_fail_at(err, TR_EMEM, 0, name, "out of memory");
		return NULL;
	}
	/* raw moves into r->src, where it stays: the unpacker points at it */
	if (tr_src_open(&r->src, raw, name, how, err) < 0 ||
	    reader_start(r, err) < 0) {
		tr_close(r);
		return NULL;
	}
	return r;
}

struct tr_reader *tr_open(
    const char *path, const struct tr_how *how, struct tr_error *err)
{
	bool in = strcmp(path, "-") == 0;
	struct tr_raw raw = { .fd = -1 };

	raw.stop = how != NULL ? how->stop : NULL;
	raw.awake = how != NULL ? how->awake : NULL;
	raw.user = how != NULL ? how->user : NULL;
	if (tr_raw_open(&raw, path) < 0) {
		(void)tr_fail_at(err, TR_EOPEN, raw.sys, path, "cannot open");
		return NULL;
	}
	return reader_new(raw, in ? "standard input" : path, how, err);
}

struct tr_reader *tr_open_mem(const char *name, const void *bytes, size_t len,
    const struct tr_how *how, struct tr_error *err)
{
	struct tr_raw raw = { .fd = -1, .mem = bytes, .mem_len = len };

	raw.stop = how != NULL ? how->stop : NULL;
	return reader_new(raw, name, how, err);
}

static size_t reader_walk(struct tr_reader *r, struct tr_pkt *out, size_t max)
{
	return r->format == TR_PCAP ? tr_pcap_walk(r, out, max)
	                            : tr_ng_walk(r, out, max);
}

/*
 * Packets that were walked in a mapped window: how many of them lie in the
 * file as it is now. If all do, so does what is left of the window up to its
 * new end; else what follows is lost to whoever cut it. Those handed out
 * before were sound when they were, but may have been cut since.
 */
static size_t reader_trust(
    struct tr_reader *r, const struct tr_pkt *out, size_t n, uint64_t from)
{
	struct tr_src *s = &r->src;
	struct tr_error cut;
	uint64_t good = 0;
	size_t k = n;

	if (tr_src_check(s, &good, &cut) == 0)
		return n;
	while (k > 0 && s->base + (uint64_t)(out[k - 1].data - s->buf) +
	                        out[k - 1].caplen >
	                    good)
		k--;
	r->number -= n - k;
	if (r->fault.code == 0 && good >= tr_src_offset(s)) {
		s->end = s->buf + (good - s->base);
		s->fault = cut;
		return n;
	}
	r->fault = cut;
	if (good < from)
		(void)tr_fail(&r->fault, cut.code, s, good,
		    "the file was cut to this length, or could not be read, "
		    "while packets up to number %llu were looked at: those "
		    "behind it may have been taken for zeros",
		    (unsigned long long)r->number);
	return k;
}

/* The stream has ended where r->need bytes were wanted. */
static int reader_end(struct tr_reader *r, struct tr_error *err)
{
	r->over = true;
	if (r->src.cur == r->src.end)
		return 0;
	if (r->format == TR_PCAP)
		tr_pcap_cut(r, err);
	else
		tr_ng_cut(r, err);
	return -err->code;
}

int tr_batch(
    struct tr_reader *r, struct tr_pkt *out, size_t max, struct tr_error *err)
{
	uint64_t from;
	size_t n;
	int rc;

	if (max > INT32_MAX)
		max = INT32_MAX;
	while (!r->over) {
		n = 0;
		if (r->fault.code == 0) {
			from = tr_src_offset(&r->src);
			n = reader_walk(r, out, max);
			if (r->src.mapped)
				n = reader_trust(r, out, n, from);
		}
		if (n > 0)
			return (int)n;
		if (r->fault.code != 0) {
			r->over = true;
			*err = r->fault;
			return -r->fault.code;
		}
		rc = tr_src_need(&r->src, r->need, err);
		if (rc == 0)
			return reader_end(r, err);
		if (rc < 0) {
			r->over = true;
			return rc;
		}
	}
	return 0;
}

const struct tr_iface *tr_iface_at(const struct tr_reader *r, uint32_t id)
{
	return tr_iftab_at(r->ifs, id);
}

uint32_t tr_iface_count(const struct tr_reader *r)
{
	return tr_iftab_count(r->ifs);
}

const char *tr_kind(const struct tr_reader *r)
{
	return r->kind;
}

void tr_close(struct tr_reader *r)
{
	if (r == NULL)
		return;
	tr_src_close(&r->src);
	if (r->own_ifs)
		tr_iftab_free(r->ifs);
	free(r->sec);
	free(r);
}
