/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes captures in memory for the tests of trace reading and writing. */
#include "tests/unit/trace_make.h"

#include "exo/lib/bytes.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <lz4frame.h>
#include <lzma.h>
#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

static uint8_t *mk_more(struct mk *b, size_t n)
{
	if (b->len + n > b->cap) {
		b->cap = (b->len + n) * 2 + 64;
		b->p = realloc(b->p, b->cap);
		ck_assert_ptr_nonnull(b->p);
	}
	b->len += n;
	return b->p + b->len - n;
}

void mk_bytes(struct mk *b, const void *p, size_t n)
{
	uint8_t *to = mk_more(b, n);

	if (n > 0)
		memcpy(to, p, n);
}

void mk_16(struct mk *b, uint16_t v)
{
	exo_put_le16(mk_more(b, 2), b->swapped ? __builtin_bswap16(v) : v);
}

void mk_32(struct mk *b, uint32_t v)
{
	exo_put_le32(mk_more(b, 4), b->swapped ? __builtin_bswap32(v) : v);
}

void mk_64(struct mk *b, uint64_t v)
{
	exo_put_le64(mk_more(b, 8), b->swapped ? __builtin_bswap64(v) : v);
}

void mk_free(struct mk *b)
{
	free(b->p);
	*b = (struct mk){ 0 };
}

void mk_copy(struct mk *to, const struct mk *from)
{
	*to = (struct mk){ .swapped = from->swapped };
	mk_bytes(to, from->p, from->len);
}

void mk_pcap(struct mk *b, uint32_t magic, uint32_t snap, uint32_t linktype)
{
	mk_32(b, magic);
	mk_16(b, 2);
	mk_16(b, 4);
	mk_32(b, 0);
	mk_32(b, 0);
	mk_32(b, snap);
	mk_32(b, linktype);
}

void mk_rec(struct mk *b, uint32_t sec, uint32_t frac, uint32_t caplen,
    uint32_t wirelen, const uint8_t *data)
{
	mk_32(b, sec);
	mk_32(b, frac);
	mk_32(b, caplen);
	mk_32(b, wirelen);
	mk_bytes(b, data, caplen);
}

static void mk_padded(struct mk *b, const void *p, size_t n)
{
	static const uint8_t zero[4];

	mk_bytes(b, p, n);
	mk_bytes(b, zero, -n & 3);
}

void mk_opt(struct mk *opts, uint16_t code, const void *value, uint16_t len)
{
	mk_16(opts, code);
	mk_16(opts, len);
	mk_padded(opts, value, len);
}

void mk_block(struct mk *b, uint32_t type, const struct mk *body)
{
	uint32_t len = 12 + (uint32_t)((body->len + 3) & ~(size_t)3);

	mk_32(b, type);
	mk_32(b, len);
	mk_padded(b, body->p, body->len);
	mk_32(b, len);
}

static void mk_opts(struct mk *body, const struct mk *opts)
{
	if (opts == NULL || opts->len == 0)
		return;
	mk_bytes(body, opts->p, opts->len);
	mk_32(body, 0);
}

void mk_shb(struct mk *b, const struct mk *opts)
{
	struct mk body = { .swapped = b->swapped };

	mk_32(&body, 0x1a2b3c4d);
	mk_16(&body, 1);
	mk_16(&body, 0);
	mk_64(&body, UINT64_MAX);
	mk_opts(&body, opts);
	mk_block(b, 0x0a0d0d0a, &body);
	mk_free(&body);
}

void mk_idb(
    struct mk *b, uint16_t linktype, uint32_t snap, const struct mk *opts)
{
	struct mk body = { .swapped = b->swapped };

	mk_16(&body, linktype);
	mk_16(&body, 0);
	mk_32(&body, snap);
	mk_opts(&body, opts);
	mk_block(b, 1, &body);
	mk_free(&body);
}

void mk_epb(struct mk *b, uint32_t ifid, uint64_t ts, uint32_t caplen,
    uint32_t wirelen, const uint8_t *data, const struct mk *opts)
{
	struct mk body = { .swapped = b->swapped };

	mk_32(&body, ifid);
	mk_32(&body, (uint32_t)(ts >> 32));
	mk_32(&body, (uint32_t)ts);
	mk_32(&body, caplen);
	mk_32(&body, wirelen);
	mk_padded(&body, data, caplen);
	mk_opts(&body, opts);
	mk_block(b, 6, &body);
	mk_free(&body);
}

void mk_model(struct mk_pkt *k, unsigned i, bool nano)
{
	uint32_t x = i * 2654435761U + 12345;

	k->caplen = i % 7 == 6 ? 0 : x % 1500;
	k->wirelen = k->caplen + (i % 3 == 0 ? i : 0);
	k->ts_ns = (1700000000U + i / 10) * UINT64_C(1000000000) +
	           (i * UINT64_C(7919)) % 1000000 * 1000 +
	           (nano ? i % 1000 : 0);
	for (uint32_t j = 0; j < k->caplen; j++) {
		x = x * 1664525U + 1013904223U;
		/* compressible, but not trivially */
		k->data[j] = (uint8_t)(j % 8 < 6 ? i : x >> 24);
	}
}

void mk_capture(struct mk *b, enum mk_form form, bool swapped, unsigned n)
{
	bool ng = form == MK_F_NG || form == MK_F_NG9;
	bool nano = form == MK_F_NANO || form == MK_F_NG9;
	struct mk opts = { .swapped = swapped };
	const uint8_t nine = 9;
	struct mk_pkt k;

	b->swapped = swapped;
	if (form == MK_F_NG9)
		mk_opt(&opts, 9, &nine, 1);
	if (ng) {
		mk_shb(b, NULL);
		mk_idb(b, 1, MK_SNAP, &opts);
	} else {
		mk_pcap(b, nano ? MK_NANO : MK_MICRO, MK_SNAP, 1);
	}
	for (unsigned i = 0; i < n; i++) {
		mk_model(&k, i, nano);
		if (ng)
			mk_epb(b, 0, nano ? k.ts_ns : k.ts_ns / 1000, k.caplen,
			    k.wirelen, k.data, NULL);
		else
			mk_rec(b, (uint32_t)(k.ts_ns / 1000000000U),
			    (uint32_t)(k.ts_ns % 1000000000U) /
			        (nano ? 1 : 1000),
			    k.caplen, k.wirelen, k.data);
	}
	mk_free(&opts);
}

static void mk_gzip(struct mk *to, const void *from, size_t len)
{
	z_stream z = { 0 };
	size_t bound;

	ck_assert_int_eq(
	    deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	bound = deflateBound(&z, len);
	z.next_out = mk_more(to, bound);
	z.avail_out = (uInt)bound;
	z.next_in = (Bytef *)(uintptr_t)from;
	z.avail_in = (uInt)len;
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	to->len -= z.avail_out;
	deflateEnd(&z);
}

void mk_packed(struct mk *to, enum mk_pack pack, const void *from, size_t len)
{
	size_t bound, at = to->len, n = 0;

	switch (pack) {
	case MK_P_GZ:
		mk_gzip(to, from, len);
		return;
	case MK_P_ZST:
		bound = ZSTD_compressBound(len);
		n = ZSTD_compress(mk_more(to, bound), bound, from, len, 3);
		ck_assert(!ZSTD_isError(n));
		break;
	case MK_P_LZ4:
		bound = LZ4F_compressFrameBound(len, NULL);
		n = LZ4F_compressFrame(
		    mk_more(to, bound), bound, from, len, NULL);
		ck_assert(!LZ4F_isError(n));
		break;
	case MK_P_XZ:
		bound = lzma_stream_buffer_bound(len);
		ck_assert_int_eq(
		    lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, from,
		        len, mk_more(to, bound), &n, bound),
		    LZMA_OK);
		break;
	default:
		mk_bytes(to, from, len);
		return;
	}
	to->len = at + n;
}

void mk_expect(const struct mk *b, unsigned n, bool nano, int code)
{
	struct tr_pkt pkt[16];
	struct tr_error err = { 0 };
	struct tr_reader *r;
	struct mk_pkt k;
	unsigned at = 0;
	int got;

	r = tr_open_mem("t", b->p, b->len, NULL, &err);
	ck_assert_msg(r != NULL, "%s", err.msg);
	while ((got = tr_batch(r, pkt, 16, &err)) > 0) {
		for (int i = 0; i < got; i++, at++) {
			mk_model(&k, at, nano);
			ck_assert_uint_eq(pkt[i].caplen, k.caplen);
			ck_assert_uint_eq(pkt[i].wirelen, k.wirelen);
			ck_assert_uint_eq(pkt[i].ts_ns, k.ts_ns);
			ck_assert_uint_eq(pkt[i].number, at + 1);
			ck_assert_uint_eq(pkt[i].linktype, 1);
			ck_assert_mem_eq(pkt[i].data, k.data, k.caplen);
		}
	}
	ck_assert_msg(got == -code, "%d, not %d: %s", got, -code, err.msg);
	ck_assert_uint_eq(at, n);
	ck_assert_int_eq(tr_batch(r, pkt, 16, &err), 0);
	tr_close(r);
}

unsigned mk_oracle(const struct mk *b, bool *ok, char why[256])
{
	FILE *f = fmemopen(b->p, b->len, "rb");
	struct pcap_pkthdr *h;
	const u_char *data;
	unsigned n = 0;
	pcap_t *p;
	int rc;

	*ok = false;
	if (f == NULL)
		return 0;
	p = pcap_fopen_offline_with_tstamp_precision(
	    f, PCAP_TSTAMP_PRECISION_NANO, why);
	if (p == NULL) {
		fclose(f);
		return 0;
	}
	while ((rc = pcap_next_ex(p, &h, &data)) == 1)
		n++;
	*ok = rc == PCAP_ERROR_BREAK;
	if (!*ok)
		snprintf(why, 256, "%s", pcap_geterr(p));
	pcap_close(p);
	return n;
}

unsigned mk_count(const struct mk *b, int *code, char why[512])
{
	struct tr_error err = { 0 };
	struct tr_pkt pkt[7];
	struct tr_reader *r;
	unsigned n = 0;
	int got;

	r = tr_open_mem("t", b->p, b->len, NULL, &err);
	while (r != NULL && (got = tr_batch(r, pkt, 7, &err)) > 0) {
		for (int i = 0; i < got; i++) {
			volatile uint8_t sum = 0;

			for (uint32_t j = 0; j < pkt[i].caplen; j++)
				sum ^= pkt[i].data[j];
			/* not ck_assert: it writes a message each time */
			if (tr_iface_at(r, pkt[i].ifid) == NULL)
				ck_abort_msg("packet of no interface");
			(void)sum;
		}
		n += (unsigned)got;
	}
	*code = err.code;
	snprintf(why, 512, "%s", err.msg);
	tr_close(r);
	return n;
}

void mk_slurp(struct mk *b, const char *path)
{
	FILE *f = fopen(path, "rb");
	char buf[4096];
	size_t n;

	*b = (struct mk){ 0 };
	ck_assert_msg(f != NULL, "%s", path);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		mk_bytes(b, buf, n);
	fclose(f);
}

void mk_spill(const struct mk *b, const char *path)
{
	FILE *f = fopen(path, "wb");

	ck_assert_msg(f != NULL, "%s", path);
	ck_assert_uint_eq(fwrite(b->p, 1, b->len, f), b->len);
	ck_assert_int_eq(fclose(f), 0);
}

char *mk_dir(void)
{
	const char *base = getenv("TMPDIR");
	char *dir = NULL;

	ck_assert_int_ge(
	    asprintf(&dir, "%s/exopf-XXXXXX", base != NULL ? base : "/tmp"), 0);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	return dir;
}

static int gone(const char *path, const struct stat *st, int t, struct FTW *f)
{
	(void)st;
	(void)t;
	(void)f;
	return remove(path);
}

void mk_dir_gone(char *dir)
{
	ck_assert_int_eq(nftw(dir, gone, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(dir);
}

const char *mk_path(const char *dir, const char *name)
{
	static char ring[4][512];
	static unsigned at;
	char *to = ring[at++ % 4];

	snprintf(to, sizeof(ring[0]), "%s/%s", dir, name);
	return to;
}
