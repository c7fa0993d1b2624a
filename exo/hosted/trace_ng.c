/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks the blocks of a pcapng file.
 *
 * Strict where libpcap is (lengths, trailers, interface options), because a
 * block that contradicts itself leaves no place to go on from.  Packet and
 * section options are handed on as bytes and read with bounds later.
 * Each section has its own byte order and its own interfaces.
 * [draft-ietf-opsawg-pcapng]
 */
#include "exo/hosted/trace_int.h"

#include "exo/lib/bytes.h"

#include <stdlib.h>

#define BT_IDB 0x00000001U
#define BT_PB  0x00000002U
#define BT_SPB 0x00000003U
#define BT_EPB 0x00000006U
#define BT_SHB 0x0a0d0d0aU

#define BYTE_ORDER_MAGIC 0x1a2b3c4dU
#define BLOCK_MIN        12U
#define SHB_MIN          28U
#define SHB_FIRST_MAX    (1U << 20)
#define BLOCK_MAX        (16U << 20)
#define SNAP_MAX         0x7fffffffU
#define SECTION_IFS_MAX  (1U << 20)
#define NS               1000000000U

__extension__ typedef __int128 tr_wide;

/* One whole block in the window. */
struct block {
	const uint8_t *p;
	uint32_t len;
	uint64_t at; /* stream offset */
	bool swapped;
};

static inline uint32_t load32(bool swapped, const uint8_t *p)
{
	return swapped ? exo_be32(p) : exo_le32(p);
}

static inline uint16_t load16(bool swapped, const uint8_t *p)
{
	return swapped ? exo_be16(p) : exo_le16(p);
}

#define ng_fault(r, at, ...) \
	((void)tr_fail(&(r)->fault, TR_EFORMAT, &(r)->src, (at), __VA_ARGS__))
#define KEPT "corrupt capture; the packets before it were kept"

/* What lies between body and trailer of a block, as options. */
static struct tr_opts block_opts(const struct block *b, uint32_t from)
{
	struct tr_opts o = { NULL, 0, b->swapped };

	if (from < b->len - 4) {
		o.p = b->p + from;
		o.len = b->len - 4 - from;
	}
	return o;
}

/* Byte order of a section header of which 12 bytes are there. */
static bool shb_order(const uint8_t *p, bool *swapped)
{
	uint32_t magic = exo_le32(p + 8);

	*swapped = magic == __builtin_bswap32(BYTE_ORDER_MAGIC);
	return *swapped || magic == BYTE_ORDER_MAGIC;
}

static void ng_section(struct tr_reader *r, const struct block *b)
{
	if (b->len < SHB_MIN || load16(b->swapped, b->p + 12) != 1) {
		ng_fault(r, b->at,
		    "section header of %u bytes, pcapng version %u (1 is "
		    "supported): " KEPT,
		    b->len,
		    b->len < SHB_MIN ? 0 : load16(b->swapped, b->p + 12));
		return;
	}
	r->swapped = b->swapped;
	r->sec_count = 0;
	r->section = block_opts(b, 24);
}

int tr_ng_start(struct tr_reader *r, struct tr_error *err)
{
	struct block b = { .p = r->src.cur };
	uint32_t minor;
	int rc;

	rc = tr_src_need(&r->src, SHB_MIN, err);
	if (rc < 0)
		return rc;
	b.p = r->src.cur;
	if (rc == 0 || !shb_order(b.p, &b.swapped))
		return tr_fail(err, TR_EFORMAT, &r->src, 0,
		    "begins like pcapng, but has no section header");
	b.len = load32(b.swapped, b.p + 4);
	if (b.len < SHB_MIN || b.len > SHB_FIRST_MAX)
		return tr_fail(err, TR_EFORMAT, &r->src, 4,
		    "the section header says its length is %u (28 to 1048576 "
		    "make sense): corrupt capture",
		    b.len);
	minor = load16(b.swapped, b.p + 14);
	if (load16(b.swapped, b.p + 12) != 1 || (minor != 0 && minor != 2))
		return tr_fail(err, TR_EFORMAT, &r->src, 12,
		    "pcapng version %u.%u is not supported (1.0 is)",
		    load16(b.swapped, b.p + 12), minor);
	rc = tr_src_need(&r->src, b.len, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return tr_fail(err, TR_ETRUNC, &r->src, 0,
		    "the section header says %u bytes, the file ends after "
		    "%td: truncated capture without packets",
		    b.len, r->src.end - r->src.cur);
	r->block_max = BLOCK_MAX;
	r->swapped = b.swapped;
	r->need = 8;
	return 0; /* the walker takes the block itself */
}

/* Returns false (and faults) on an if_tsresol that no 64 bits can count. */
static bool ng_resolution(
    struct tr_reader *r, const struct block *b, uint8_t u_resol)
{
	if ((u_resol & 0x80) != 0 ? (u_resol & 0x7f) <= 63 : u_resol <= 19)
		return true;
	ng_fault(r, b->at, "interface with a time resolution of %s%u: " KEPT,
	    (u_resol & 0x80) != 0 ? "2^-" : "10^-", u_resol & 0x7f);
	return false;
}

/* One interface option; false (and a fault) where libpcap would refuse. */
static bool ng_if_option(struct tr_reader *r, const struct block *b,
    const struct tr_opt *o, struct tr_iface *ifc, unsigned *seen)
{
	unsigned bit = o->code == TR_OPT_IF_TSRESOL ? 1 : 2;
	uint16_t want = o->code == TR_OPT_IF_TSRESOL ? 1 : 8;

	if (o->code == TR_OPT_IF_FCSLEN && o->len == 1 && o->value[0] % 16 == 0)
		ifc->ext = (uint32_t)(o->value[0] / 16) << 28 | 0x04000000U;
	if (o->code != TR_OPT_IF_TSRESOL && o->code != TR_OPT_IF_TSOFFSET)
		return true;
	if (o->len != want || (*seen & bit) != 0) {
		ng_fault(r, b->at,
		    "interface with %s option %u of length %u: " KEPT,
		    (*seen & bit) != 0 ? "a second" : "an", o->code, o->len);
		return false;
	}
	*seen |= bit;
	if (o->code == TR_OPT_IF_TSOFFSET) {
		ifc->tsoffset = (int64_t)(b->swapped ? exo_be64(o->value)
		                                     : exo_le64(o->value));
		return true;
	}
	ifc->tsresol = o->value[0];
	return ng_resolution(r, b, o->value[0]);
}

/* All interface options; sets ifc->opts to the well-formed ones. */
static bool ng_if_options(
    struct tr_reader *r, const struct block *b, struct tr_iface *ifc)
{
	struct tr_opts rest = block_opts(b, 16);
	struct tr_opts at = rest;
	unsigned seen = 0;
	struct tr_opt o;

	ifc->opts = rest;
	while (tr_opt_next(&rest, &o)) {
		at = rest;
		if (!ng_if_option(r, b, &o, ifc, &seen))
			return false;
	}
	if (at.p == NULL)
		return true; /* there is no option list */
	ifc->opts.len = (uint32_t)(at.p - ifc->opts.p);
	if (at.len == 0)
		return true;
	if (at.len >= 4 && exo_le16(at.p) == TR_OPT_END &&
	    exo_le16(at.p + 2) == 0)
		return true;
	ng_fault(r, b->at, "interface whose options do not end well: " KEPT);
	return false;
}

/* Precompute how time stamps of an interface become nanoseconds. */
static void ng_clock(struct tr_ngif *f, const struct tr_iface *ifc)
{
	uint64_t unit = 1;
	unsigned n = ifc->tsresol & 0x7f;

	f->mult = 1;
	f->div = 1;
	f->offset_s = ifc->tsoffset;
	if ((ifc->tsresol & 0x80) != 0 && n != 0) {
		f->bin = (uint8_t)n;
		return;
	}
	for (unsigned i = 0; (ifc->tsresol & 0x80) == 0 && i < n; i++)
		unit *= 10;
	if (unit <= NS)
		f->mult = NS / unit;
	else
		f->div = unit / NS;
	f->plain = unit <= NS && ifc->tsoffset == 0;
	f->raw_max = UINT64_MAX / f->mult;
}

static uint64_t ng_time_slow(const struct tr_ngif *f, uint64_t raw)
{
	tr_wide t;

	if (f->bin != 0)
		t = (tr_wide)raw * NS >> f->bin;
	else
		t = (tr_wide)raw * (tr_wide)f->mult / (tr_wide)f->div;
	t += (tr_wide)f->offset_s * NS;
	if (t < 0)
		return 0;
	return t > (tr_wide)UINT64_MAX ? UINT64_MAX : (uint64_t)t;
}

static inline uint64_t ng_time(const struct tr_ngif *f, uint64_t raw)
{
	return f->plain && raw <= f->raw_max ? raw * f->mult
	                                     : ng_time_slow(f, raw);
}

static bool ng_room(struct tr_reader *r)
{
	uint32_t cap = r->sec_cap == 0 ? 4 : r->sec_cap * 2;
	struct tr_ngif *sec;

	if (r->sec_count < r->sec_cap)
		return true;
	if (cap > SECTION_IFS_MAX)
		return false;
	sec = realloc(r->sec, cap * sizeof(*sec));
	if (sec == NULL)
		return false;
	r->sec = sec;
	r->sec_cap = cap;
	return true;
}

static void ng_interface(struct tr_reader *r, const struct block *b)
{
	struct tr_iface ifc = { .tsresol = 6, .ng = true };
	struct tr_ngif f = { 0 };
	uint32_t limit;
	int64_t id;

	if (b->len < 20) {
		ng_fault(
		    r, b->at, "interface block of %u bytes: " KEPT, b->len);
		return;
	}
	ifc.file = r->src.name;
	ifc.linktype = load16(b->swapped, b->p + 8);
	ifc.snaplen = load32(b->swapped, b->p + 12);
	ifc.swapped = b->swapped && tr_unfixed(ifc.linktype);
	ifc.section = r->section;
	limit = tr_snap_limit(ifc.linktype);
	ifc.snapmax =
	    ifc.snaplen == 0 || ifc.snaplen > SNAP_MAX ? limit : ifc.snaplen;
	if (!ng_if_options(r, b, &ifc))
		return;
	ng_clock(&f, &ifc);
	ifc.nano = f.bin > 19 || f.div > 1 || (f.bin == 0 && f.mult < 1000);
	if (!ng_room(r))
		id = tr_fail(&r->fault, TR_EMEM, &r->src, b->at,
		    "out of memory for interface %u", r->sec_count);
	else
		id = tr_iftab_add(r->ifs, &ifc, &r->fault);
	if (id < 0)
		return;
	f.id = (uint32_t)id;
	f.snapmax = ifc.snapmax;
	f.linktype = ifc.linktype;
	f.swapped = ifc.swapped;
	r->sec[r->sec_count++] = f;
	limit += 131072 + 32;
	r->block_max = limit > r->block_max ? limit : r->block_max;
}

/*
 * Fill in a packet that lies from bytes into the block and says to have u_cap
 * captured bytes on interface u_if.  False (and a fault) when it cannot be.
 */
static inline bool ng_packet(struct tr_reader *r, const struct block *b,
    uint32_t from, uint32_t u_if, uint32_t u_cap, struct tr_pkt *k)
{
	const struct tr_ngif *f;
	struct tr_opts o;

	if (u_if >= r->sec_count) {
		ng_fault(r, b->at,
		    "packet on interface %u, but the section describes %u so "
		    "far: " KEPT,
		    u_if, r->sec_count);
		return false;
	}
	f = &r->sec[u_if];
	if (u_cap > f->snapmax || u_cap > b->len - 4 - from) {
		ng_fault(r, b->at,
		    "packet says %u captured bytes, its block has room for "
		    "%u, its interface a snaplen of %u: " KEPT,
		    u_cap, b->len - 4 - from, f->snapmax);
		return false;
	}
	o = block_opts(b, from + ((u_cap + 3) & ~3U));
	*k = (struct tr_pkt){ .data = b->p + from,
		.caplen = u_cap,
		.wirelen = k->wirelen,
		.ts_raw = k->ts_raw,
		.ts_ns = ng_time(f, k->ts_raw),
		.number = ++r->number,
		.opts = o.p,
		.opts_len = o.len,
		.opts_swapped = b->swapped,
		.ifid = f->id,
		.linktype = f->linktype,
		.swapped = f->swapped };
	if (tr_fixable(f->linktype, b->swapped))
		tr_fix(f->linktype, b->swapped,
		    r->src.buf + (k->data - r->src.buf), k);
	return true;
}

static bool ng_enhanced(
    struct tr_reader *r, const struct block *b, struct tr_pkt *k, bool old)
{
	const uint8_t *p = b->p;
	bool sw = b->swapped;

	if (b->len < 32) {
		ng_fault(r, b->at, "packet block of %u bytes: " KEPT, b->len);
		return false;
	}
	k->ts_raw = (uint64_t)load32(sw, p + 12) << 32 | load32(sw, p + 16);
	k->wirelen = load32(sw, p + 24);
	return ng_packet(r, b, 28, old ? load16(sw, p + 8) : load32(sw, p + 8),
	    load32(sw, p + 20), k);
}

static bool ng_simple(
    struct tr_reader *r, const struct block *b, struct tr_pkt *k)
{
	uint32_t caplen;

	if (b->len < 16) {
		ng_fault(r, b->at, "packet block of %u bytes: " KEPT, b->len);
		return false;
	}
	k->ts_raw = 0;
	k->wirelen = load32(b->swapped, b->p + 8);
	caplen = k->wirelen;
	if (r->sec_count > 0 && caplen > r->sec[0].snapmax)
		caplen = r->sec[0].snapmax;
	if (!ng_packet(r, b, 12, 0, caplen, k))
		return false;
	k->opts = NULL; /* simple packets have none: the rest is padding */
	k->opts_len = 0;
	return true;
}

/* Take a whole block; true when it gave a packet. */
static bool ng_take(
    struct tr_reader *r, uint32_t type, const struct block *b, struct tr_pkt *k)
{
	switch (type) {
	case BT_EPB:
		return ng_enhanced(r, b, k, false);
	case BT_PB:
		return ng_enhanced(r, b, k, true);
	case BT_SPB:
		return ng_simple(r, b, k);
	case BT_IDB:
		ng_interface(r, b);
		return false;
	case BT_SHB:
		ng_section(r, b);
		return false;
	default:
		return false;
	}
}

/*
 * Have the block at src.cur whole.  False: r->need or r->fault says why not.
 * The first section header of a file is held to less, as libpcap does.
 */
static inline bool ng_block(
    struct tr_reader *r, uint32_t *type, struct block *b)
{
	const uint8_t *p = r->src.cur;
	size_t held = (size_t)(r->src.end - p);
	bool first;

	b->p = p;
	b->at = tr_src_offset(&r->src);
	first = b->at == 0;
	b->swapped = r->swapped;
	r->need = 8;
	if (held < 8)
		return false;
	*type = exo_le32(p);
	if (*type == BT_SHB) {
		r->need = 12;
		if (held < 12)
			return false;
		if (!shb_order(p, &b->swapped)) {
			ng_fault(r, b->at,
			    "section header without byte-order magic: " KEPT);
			return false;
		}
	} else if (b->swapped) {
		*type = __builtin_bswap32(*type);
	}
	b->len = load32(b->swapped, p + 4);
	if (!first &&
	    (b->len < BLOCK_MIN || b->len % 4 != 0 || b->len > r->block_max)) {
		ng_fault(r, b->at,
		    "block of type 0x%08x says its length is %u (a multiple "
		    "of 4 from 12 to %u makes sense): " KEPT,
		    *type, b->len, r->block_max);
		return false;
	}
	r->need = b->len;
	if (held < b->len)
		return false;
	if (!first && load32(b->swapped, p + b->len - 4) != b->len) {
		ng_fault(r, b->at,
		    "block of type 0x%08x has length %u in front and %u "
		    "behind: " KEPT,
		    *type, b->len, load32(b->swapped, p + b->len - 4));
		return false;
	}
	return true;
}

size_t tr_ng_walk(struct tr_reader *r, struct tr_pkt *out, size_t max)
{
	struct block b;
	uint32_t type;
	size_t n = 0;

	while (n < max && ng_block(r, &type, &b)) {
		r->src.warm = tr_src_ask(r->src.warm, b.p);
		n += ng_take(r, type, &b, &out[n]) ? 1 : 0;
		if (r->fault.code != 0)
			break;
		r->src.cur += b.len;
	}
	return n;
}

void tr_ng_cut(struct tr_reader *r, struct tr_error *err)
{
	size_t held = (size_t)(r->src.end - r->src.cur);

	if (r->need <= 12)
		(void)tr_fail(err, TR_ETRUNC, &r->src, tr_src_offset(&r->src),
		    "a block header has %zu of its %zu bytes: truncated "
		    "capture; the packets before it were kept",
		    held, r->need);
	else
		(void)tr_fail(err, TR_ETRUNC, &r->src, tr_src_offset(&r->src),
		    "block says %zu bytes, the file ends after %zu: truncated "
		    "capture; the packets before it were kept",
		    r->need, held);
}
