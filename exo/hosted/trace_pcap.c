/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks the records of a pcap file.
 *
 * Variants, all as libpcap reads them: micro- and nanoseconds, either byte
 * order, Kuznetzov's longer records (0xa1b2cd34), versions 2.0 to 2.4, and
 * 543.0 (DG/UX), of which those before 2.3 have the two lengths exchanged and
 * 2.3 may have.  A record longer than the header's snaplen is cut to it.
 * [draft-ietf-opsawg-pcap]
 */
#include "exo/hosted/trace_int.h"

#include "exo/lib/bytes.h"

#define FILE_HEADER    24U
#define MAGIC_MICRO    0xa1b2c3d4U
#define MAGIC_NANO     0xa1b23c4dU
#define MAGIC_PATCHED  0xa1b2cd34U
#define REC_PLAIN      16U
#define REC_PATCHED    24U
#define SNAP_MAX       0x7fffffffU
#define LINKTYPE_ETHER 1U

static inline uint32_t load32(bool swapped, const uint8_t *p)
{
	return swapped ? exo_be32(p) : exo_le32(p);
}

static inline uint16_t load16(bool swapped, const uint8_t *p)
{
	return swapped ? exo_be16(p) : exo_le16(p);
}

static bool magic_known(uint32_t magic)
{
	return magic == MAGIC_MICRO || magic == MAGIC_NANO ||
	       magic == MAGIC_PATCHED;
}

/* Version numbers decide on the order of lengths.  False: not supported. */
static bool set_version(struct tr_reader *r, uint16_t major, uint16_t minor)
{
	if ((major != 2 || minor > 4) && (major != 543 || minor != 0))
		return false;
	if (minor < 3)
		r->lengths = TR_LEN_SWAPPED;
	else
		r->lengths = minor == 3 ? TR_LEN_MAYBE : TR_LEN_OK;
	return true;
}

static int add_iface(
    struct tr_reader *r, uint32_t u_snap, uint32_t u_type, struct tr_error *err)
{
	struct tr_iface ifc = { .linktype = (uint16_t)u_type,
		.ext = u_type & 0xffff0000U,
		.snaplen = u_snap,
		.tsresol = r->nano ? 9 : 6,
		.nano = r->nano,
		.swapped = r->swapped && tr_unfixed((uint16_t)u_type),
		.file = r->src.name };
	int64_t id;

	r->linktype = ifc.linktype;
	r->link_swapped = ifc.swapped;
	r->limit = tr_snap_limit(u_type & 0x03ffffffU);
	r->snapmax = u_snap == 0 || u_snap > SNAP_MAX ? r->limit : u_snap;
	if (r->record == REC_PATCHED && ifc.linktype == LINKTYPE_ETHER)
		r->snapmax += r->snapmax <= SNAP_MAX - 14 ? 14 : 0;
	ifc.snapmax = r->snapmax;
	id = tr_iftab_add(r->ifs, &ifc, err);
	if (id < 0)
		return (int)id;
	r->ifid = (uint32_t)id;
	return 0;
}

int tr_pcap_start(struct tr_reader *r, struct tr_error *err)
{
	uint32_t magic = exo_le32(r->src.cur);
	const uint8_t *h;
	int rc;

	r->swapped = !magic_known(magic);
	if (r->swapped)
		magic = __builtin_bswap32(magic);
	if (!magic_known(magic))
		return tr_fail(err, TR_EFORMAT, &r->src, 0,
		    "neither pcap nor pcapng (plain or in gzip, zstd, lz4 or "
		    "xz): it begins with %02x %02x %02x %02x",
		    r->src.cur[0], r->src.cur[1], r->src.cur[2], r->src.cur[3]);
	rc = tr_src_need(&r->src, FILE_HEADER, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return tr_fail(err, TR_ETRUNC, &r->src, 0,
		    "the file header has %td of its 24 bytes: truncated "
		    "capture without packets",
		    r->src.end - r->src.cur);
	h = r->src.cur;
	if (!set_version(
	        r, load16(r->swapped, h + 4), load16(r->swapped, h + 6)))
		return tr_fail(err, TR_EFORMAT, &r->src, 4,
		    "pcap version %u.%u is not supported (2.0 to 2.4 are)",
		    load16(r->swapped, h + 4), load16(r->swapped, h + 6));
	r->nano = magic == MAGIC_NANO;
	r->record = magic == MAGIC_PATCHED ? REC_PATCHED : REC_PLAIN;
	r->need = r->record;
	r->src.cur += FILE_HEADER;
	return add_iface(
	    r, load32(r->swapped, h + 16), load32(r->swapped, h + 20), err);
}

/* The two lengths of a record as this file's version means them. */
static inline void rec_lengths(const struct tr_reader *r, bool swapped,
    const uint8_t *p, uint32_t *caplen, uint32_t *wirelen)
{
	uint32_t a = load32(swapped, p + 8);
	uint32_t b = load32(swapped, p + 12);
	bool exchanged = r->lengths == TR_LEN_SWAPPED ||
	                 (r->lengths == TR_LEN_MAYBE && a > b);

	*caplen = exchanged ? b : a;
	*wirelen = exchanged ? a : b;
}

static void rec_too_long(struct tr_reader *r, uint64_t at, uint32_t caplen)
{
	(void)tr_fail(&r->fault, TR_EFORMAT, &r->src, at,
	    "record says %u captured bytes, more than the %u that link type "
	    "%u may have: corrupt capture; the packets before it were kept",
	    caplen, r->limit, r->linktype);
}

/*
 * The hot loop: one pass over record headers, no calls.  swapped and nano are
 * constants where it is expanded.
 */
static inline __attribute__((always_inline)) size_t rec_loop(
    struct tr_reader *r, struct tr_pkt *out, size_t max, bool swapped,
    bool nano)
{
	uint8_t *p = r->src.cur;
	const uint8_t *end = r->src.end;
	const uint32_t head = r->record, limit = r->limit;
	const uint64_t mul = nano ? 1000000000U : 1000000U;
	uintptr_t warm = r->src.warm;
	uint32_t caplen, wirelen;
	size_t n = 0;

	r->need = head;
	while (n < max && (size_t)(end - p) >= head) {
		struct tr_pkt *k = &out[n];
		uint64_t sec = load32(swapped, p);
		uint64_t frac = load32(swapped, p + 4);

		warm = tr_src_ask(warm, p);
		rec_lengths(r, swapped, p, &caplen, &wirelen);
		if (caplen > limit) {
			rec_too_long(r,
			    r->src.base + (uint64_t)(p - r->src.buf), caplen);
			break;
		}
		if (caplen > (size_t)(end - p) - head) {
			r->need = (size_t)head + caplen;
			break;
		}
		*k = (struct tr_pkt){ .data = p + head,
			.caplen = caplen < r->snapmax ? caplen : r->snapmax,
			.wirelen = wirelen,
			.ts_ns =
			    sec * 1000000000U + (nano ? frac : frac * 1000),
			.ts_raw = sec * mul + frac,
			.number = r->number + n + 1,
			.ifid = r->ifid,
			.linktype = r->linktype,
			.swapped = r->link_swapped };
		p += head + caplen;
		n++;
	}
	r->src.cur = p;
	r->src.warm = warm;
	r->number += n;
	return n;
}

static void rec_fix(struct tr_reader *r, struct tr_pkt *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tr_fix(r->linktype, r->swapped,
		    r->src.buf + (out[i].data - r->src.buf), &out[i]);
}

size_t tr_pcap_walk(struct tr_reader *r, struct tr_pkt *out, size_t max)
{
	size_t n;

	if (r->swapped)
		n = r->nano ? rec_loop(r, out, max, true, true)
		            : rec_loop(r, out, max, true, false);
	else
		n = r->nano ? rec_loop(r, out, max, false, true)
		            : rec_loop(r, out, max, false, false);
	if (tr_fixable(r->linktype, r->swapped))
		rec_fix(r, out, n);
	return n;
}

void tr_pcap_cut(struct tr_reader *r, struct tr_error *err)
{
	size_t held = (size_t)(r->src.end - r->src.cur);
	uint32_t caplen, wirelen;

	if (held < r->record) {
		(void)tr_fail(err, TR_ETRUNC, &r->src, tr_src_offset(&r->src),
		    "a record header has %zu of its %u bytes: truncated "
		    "capture; the packets before it were kept",
		    held, r->record);
		return;
	}
	rec_lengths(r, r->swapped, r->src.cur, &caplen, &wirelen);
	(void)tr_fail(err, TR_ETRUNC, &r->src, tr_src_offset(&r->src),
	    "record says %u captured bytes, the file ends after %zu: "
	    "truncated capture; the packets before it were kept",
	    caplen, held - r->record);
}
