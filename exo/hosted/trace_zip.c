/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacks gzip, zstd, lz4 and xz streams.
 *
 * Overview
 *	One input buffer, one decoder of four behind one step function each.
 *	A step turns input into output and says whether a member just ended;
 *	the loop in tr_zip_read() feeds it.  Files of several members (frames)
 *	are read through to their end, as the four tools themselves do.
 *
 * Trust
 *	Memory is bounded whatever the data claim: gzip needs a 32 KiB window,
 *	zstd at most 128 MiB (as zstd -d without --memory), lz4 4 MiB blocks,
 *	xz at most 256 MiB.  A bomb costs time, and the stop flag ends it.
 */
#include "exo/hosted/trace_int.h"

#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* input that inflate() does not write to */
#include <zlib.h>
#include <zstd.h>

#define ZIP_INPUT      (256U * 1024)
#define ZSTD_WINDOW    27
#define XZ_MEMORY      (256U << 20)
#define CUT_SHORT      "the packed data end in the middle: cut short"
#define TRAILING_BYTES "something else follows the packed data"

enum zip_step {
	STEP_MORE, /* give me input (or room), I am inside a member */
	STEP_END,  /* a member ended; another may follow */
	STEP_BAD,  /* *why is set */
};

struct tr_zip {
	enum tr_packing kind;
	bool inside;     /* in the middle of a member */
	bool ended;      /* no input is left in the file */
	bool padded;     /* zeros seen after a gzip member */
	const char *bad; /* the fault that ended it */
	struct tr_raw *raw;
	const uint8_t *in;
	size_t in_len;
	union {
		z_stream gz;
		ZSTD_DStream *zstd;
		LZ4F_dctx *lz4;
		lzma_stream xz;
	} u;
	uint8_t input[ZIP_INPUT];
};

enum tr_packing tr_zip_kind(const uint8_t *head, size_t len)
{
	static const uint8_t xz[6] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
	static const uint8_t zst[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const uint8_t lz4[4] = { 0x04, 0x22, 0x4d, 0x18 };

	if (len >= 2 && head[0] == 0x1f && head[1] == 0x8b)
		return TR_GZIP;
	if (len >= 6 && memcmp(head, xz, 6) == 0)
		return TR_XZ;
	if (len < 4)
		return TR_PLAIN;
	/* A skippable frame may begin either; pzstd is who writes them. */
	if (memcmp(head, zst, 4) == 0 ||
	    ((head[0] & 0xf0) == 0x50 &&
	        memcmp(head + 1, "\x2a\x4d\x18", 3) == 0))
		return TR_ZSTD;
	return memcmp(head, lz4, 4) == 0 ? TR_LZ4 : TR_PLAIN;
}

const char *tr_zip_name(enum tr_packing kind)
{
	switch (kind) {
	case TR_GZIP:
		return "gzip";
	case TR_ZSTD:
		return "zstd";
	case TR_LZ4:
		return "lz4";
	case TR_XZ:
		return "xz";
	case TR_PLAIN:
		break;
	}
	return "plain";
}

static bool zip_init(struct tr_zip *z)
{
	switch (z->kind) {
	case TR_GZIP:
		return inflateInit2(&z->u.gz, 15 + 16) == Z_OK;
	case TR_ZSTD:
		z->u.zstd = ZSTD_createDStream();
		return z->u.zstd != NULL &&
		       !ZSTD_isError(ZSTD_DCtx_setParameter(
		           z->u.zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW));
	case TR_LZ4:
		return !LZ4F_isError(
		    LZ4F_createDecompressionContext(&z->u.lz4, LZ4F_VERSION));
	case TR_XZ:
		z->u.xz = (lzma_stream)LZMA_STREAM_INIT;
		return lzma_stream_decoder(
		           &z->u.xz, XZ_MEMORY, LZMA_CONCATENATED) == LZMA_OK;
	case TR_PLAIN:
		break;
	}
	return false;
}

struct tr_zip *tr_zip_new(
    enum tr_packing kind, struct tr_raw *raw, const uint8_t *head, size_t len)
{
	struct tr_zip *z = calloc(1, sizeof(*z));

	if (z == NULL)
		return NULL;
	z->kind = kind;
	z->raw = raw;
	z->in = z->input;
	z->in_len = len;
	memcpy(z->input, head, len);
	if (!zip_init(z)) {
		tr_zip_free(z);
		return NULL;
	}
	return z;
}

void tr_zip_free(struct tr_zip *z)
{
	if (z == NULL)
		return;
	switch (z->kind) {
	case TR_GZIP:
		(void)inflateEnd(&z->u.gz);
		break;
	case TR_ZSTD:
		(void)ZSTD_freeDStream(z->u.zstd);
		break;
	case TR_LZ4:
		(void)LZ4F_freeDecompressionContext(z->u.lz4);
		break;
	case TR_XZ:
		lzma_end(&z->u.xz);
		break;
	case TR_PLAIN:
		break;
	}
	free(z);
}

static void zip_used(struct tr_zip *z, size_t n)
{
	z->in += n;
	z->in_len -= n;
}

/* Between gzip members: zeros are padding (tapes), 0x1f begins another. */
static enum zip_step gz_between(struct tr_zip *z, const char **why)
{
	while (z->in_len > 0 && *z->in == 0) {
		z->padded = true;
		zip_used(z, 1);
	}
	if (z->in_len == 0)
		return STEP_END;
	if (z->padded || *z->in != 0x1f || inflateReset(&z->u.gz) != Z_OK) {
		*why = TRAILING_BYTES;
		return STEP_BAD;
	}
	return STEP_MORE;
}

static enum zip_step gz_step(
    struct tr_zip *z, uint8_t *to, size_t cap, size_t *made, const char **why)
{
	z_stream *s = &z->u.gz;
	int rc;

	if (!z->inside && gz_between(z, why) != STEP_MORE)
		return *why != NULL ? STEP_BAD : STEP_END;
	s->next_in = z->in;
	s->avail_in = (uInt)z->in_len;
	s->next_out = to;
	s->avail_out = (uInt)cap;
	rc = inflate(s, Z_NO_FLUSH);
	zip_used(z, z->in_len - s->avail_in);
	*made = cap - s->avail_out;
	if (rc == Z_STREAM_END)
		return STEP_END;
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return STEP_MORE;
	*why = rc == Z_MEM_ERROR ? "out of memory"
	       : s->msg != NULL  ? s->msg
	                         : "damaged gzip data";
	return STEP_BAD;
}

static enum zip_step zstd_step(
    struct tr_zip *z, uint8_t *to, size_t cap, size_t *made, const char **why)
{
	ZSTD_inBuffer in = { z->in, z->in_len, 0 };
	ZSTD_outBuffer out = { to, cap, 0 };
	size_t rc = ZSTD_decompressStream(z->u.zstd, &out, &in);

	zip_used(z, in.pos);
	*made = out.pos;
	if (ZSTD_isError(rc)) {
		*why = ZSTD_getErrorName(rc);
		return STEP_BAD;
	}
	return rc == 0 ? STEP_END : STEP_MORE;
}

static enum zip_step lz4_step(
    struct tr_zip *z, uint8_t *to, size_t cap, size_t *made, const char **why)
{
	size_t in = z->in_len;
	size_t rc;

	*made = cap;
	rc = LZ4F_decompress(z->u.lz4, to, made, z->in, &in, NULL);
	if (LZ4F_isError(rc)) {
		*made = 0;
		*why = LZ4F_getErrorName(rc);
		return STEP_BAD;
	}
	zip_used(z, in);
	return rc == 0 ? STEP_END : STEP_MORE;
}

static const char *xz_reason(lzma_ret rc)
{
	switch ((int)rc) {
	case LZMA_MEMLIMIT_ERROR:
		return "xz data want more than 256 MiB of memory";
	case LZMA_MEM_ERROR:
		return "out of memory";
	case LZMA_BUF_ERROR:
		return CUT_SHORT;
	case LZMA_FORMAT_ERROR:
		return TRAILING_BYTES;
	default:
		return "damaged xz data";
	}
}

static enum zip_step xz_step(
    struct tr_zip *z, uint8_t *to, size_t cap, size_t *made, const char **why)
{
	lzma_stream *s = &z->u.xz;
	lzma_ret rc;

	s->next_in = z->in;
	s->avail_in = z->in_len;
	s->next_out = to;
	s->avail_out = cap;
	rc = lzma_code(s, z->ended ? LZMA_FINISH : LZMA_RUN);
	zip_used(z, z->in_len - s->avail_in);
	*made = cap - s->avail_out;
	if (rc == LZMA_STREAM_END)
		return STEP_END;
	if (rc == LZMA_OK || (rc == LZMA_BUF_ERROR && !z->ended))
		return STEP_MORE;
	*why = xz_reason(rc);
	return STEP_BAD;
}

static enum zip_step zip_step(
    struct tr_zip *z, uint8_t *to, size_t cap, size_t *made, const char **why)
{
	switch (z->kind) {
	case TR_GZIP:
		return gz_step(z, to, cap, made, why);
	case TR_ZSTD:
		return zstd_step(z, to, cap, made, why);
	case TR_LZ4:
		return lz4_step(z, to, cap, made, why);
	case TR_XZ:
		return xz_step(z, to, cap, made, why);
	case TR_PLAIN:
		break;
	}
	*why = "not packed";
	return STEP_BAD;
}

/* Returns 0 (z->ended may be set), or a negated tr_code. */
static int zip_fill(struct tr_zip *z)
{
	ptrdiff_t n = tr_raw_read(z->raw, z->input, sizeof(z->input));

	if (n < 0)
		return (int)n;
	z->ended = n == 0;
	z->in = z->input;
	z->in_len = (size_t)n;
	return 0;
}

/* One step; *made bytes came out.  Returns 0, or -TR_EPACKED (z->bad). */
static int zip_turn(struct tr_zip *z, uint8_t *to, size_t cap, size_t *made)
{
	size_t had = z->in_len;
	const char *why = NULL;
	enum zip_step step = zip_step(z, to, cap, made, &why);

	/* A decoder that neither eats nor makes anything never will. */
	if (step != STEP_BAD && had > 0 && z->in_len == had && *made == 0) {
		why = "damaged packed data";
		step = STEP_BAD;
	}
	/* Nor will one that wants more when there is no more. */
	if (step == STEP_MORE && had == 0 && *made == 0 && z->ended) {
		why = CUT_SHORT;
		step = STEP_BAD;
	}
	z->inside = step == STEP_MORE;
	if (step != STEP_BAD)
		return 0;
	z->bad = why;
	return -TR_EPACKED;
}

ptrdiff_t tr_zip_read(
    struct tr_zip *z, uint8_t *to, size_t cap, const char **why)
{
	size_t room = cap < (1U << 30) ? cap : 1U << 30;
	size_t made = 0;
	int rc = 0;

	while (rc == 0 && made == 0 && z->bad == NULL) {
		if (z->in_len > 0 || z->inside)
			rc = zip_turn(z, to, room, &made);
		else if (z->ended)
			return 0;
		if (rc == 0 && made == 0 && z->in_len == 0 && !z->ended)
			rc = zip_fill(z);
	}
	*why = z->bad;
	if (made > 0)
		return (ptrdiff_t)made;
	return z->bad != NULL ? -TR_EPACKED : rc;
}
