/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forms pcapng blocks.
 *
 * One section, in this machine's byte order: options of input sections in the
 * other order have their numbers turned, which takes a table of the options
 * that hold numbers.  Time stamps are written as they were read, in units of
 * their interface.  [draft-ietf-opsawg-pcapng]
 */
#include "exo/hosted/trace_out_int.h"

#include "exo/hosted/trace_int.h"
#include "exo/lib/bytes.h"

#define BT_SHB 0x0a0d0d0aU
#define BT_IDB 1U
#define BT_EPB 6U

enum opt_place {
	IN_SECTION,
	IN_INTERFACE,
	IN_PACKET
};

/* Options with numbers in the section's byte order, and where they are. */
static const struct {
	uint8_t place;
	uint16_t code;
	uint8_t from;
	uint8_t size;
} opt_number[] = {
	{ IN_INTERFACE, 8, 0, 8 },  /* speed */
	{ IN_INTERFACE, 10, 0, 4 }, /* time zone */
	{ IN_INTERFACE, 14, 0, 8 }, /* time offset */
	{ IN_INTERFACE, 16, 0, 8 }, /* transmit speed */
	{ IN_INTERFACE, 17, 0, 8 }, /* receive speed */
	{ IN_PACKET, 2, 0, 4 },     /* flags */
	{ IN_PACKET, 4, 0, 8 },     /* packets dropped */
	{ IN_PACKET, 5, 0, 8 },     /* packet id */
	{ IN_PACKET, 6, 0, 4 },     /* queue */
	{ IN_PACKET, 8, 0, 4 },     /* process id */
	{ IN_PACKET, 8, 4, 4 },     /* thread id */
};

static void turn(uint8_t *p, size_t size)
{
	for (size_t i = 0; i < size / 2; i++) {
		uint8_t b = p[i];

		p[i] = p[size - 1 - i];
		p[size - 1 - i] = b;
	}
}

/* Turn the numbers in an option's value; custom ones begin with a number. */
static void opt_turn(
    enum opt_place place, uint16_t code, uint8_t *value, uint16_t len)
{
	bool custom =
	    code == 2988 || code == 2989 || code == 19372 || code == 19373;

	if (custom && len >= 4)
		turn(value, 4);
	if (place == IN_PACKET && code == 7 && len == 9 && value[0] != 0)
		turn(value + 1, 8); /* verdict of eBPF */
	for (size_t i = 0; i < sizeof(opt_number) / sizeof(opt_number[0]); i++)
		if (opt_number[i].place == (uint8_t)place &&
		    opt_number[i].code == code &&
		    len >= opt_number[i].from + opt_number[i].size)
			turn(value + opt_number[i].from, opt_number[i].size);
}

static uint8_t *opt_put(
    uint8_t *to, uint16_t code, const uint8_t *value, uint16_t len)
{
	uint32_t padded = ((uint32_t)len + 3) & ~3U;

	exo_put_le16(to, code);
	exo_put_le16(to + 2, len);
	if (padded > 0)
		exo_put_le32(to + padded, 0); /* the last word */
	memcpy(to + 4, value, len);
	return to + 4 + padded;
}

/* Copy the well-formed options; takes at most opts.len bytes. */
static uint8_t *opts_put(uint8_t *to, struct tr_opts opts, enum opt_place place)
{
	struct tr_opt o;
	uint8_t *next;

	while (tr_opt_next(&opts, &o)) {
		next = opt_put(to, o.code, o.value, o.len);
		if (opts.swapped)
			opt_turn(place, o.code, to + 4, o.len);
		to = next;
	}
	return to;
}

/* End the options that began at from, if any; then the block at p. */
static uint32_t block_end(uint8_t *p, uint8_t *from, uint8_t *to)
{
	uint32_t len;

	if (to != from) {
		exo_put_le32(to, 0);
		to += 4;
	}
	len = (uint32_t)(to + 4 - p);
	exo_put_le32(p + 4, len);
	exo_put_le32(to, len);
	return len;
}

bool out_ng_start(
    struct tr_outs *set, struct out *o, const struct tr_opts *section)
{
	uint8_t *p = out_room(set, o, 24U + section->len + 8);

	if (p == NULL)
		return false;
	exo_put_le32(p, BT_SHB);
	exo_put_le32(p + 8, 0x1a2b3c4dU);
	exo_put_le16(p + 12, 1);
	exo_put_le16(p + 14, 0);
	exo_put_le64(p + 16, UINT64_MAX); /* section length: not known */
	out_used(set, o, p,
	    block_end(p, p + 24, opts_put(p + 24, *section, IN_SECTION)));
	o->started = true;
	return true;
}

/* Describe an interface; it gets the next number of this output. */
static bool ng_interface(
    struct tr_outs *set, struct out *o, const struct tr_iface *iface)
{
	uint8_t *p = out_room(set, o, 16U + iface->opts.len + 16 + 8);
	uint8_t fcs = (uint8_t)((iface->ext >> 28) * 16);
	uint8_t *to;

	if (p == NULL)
		return false;
	if (!out_if_put(set, out_id(set, o), iface->id, o->ifs)) {
		out_fail(set, o, OUT_MEMORY, 0);
		return false;
	}
	exo_put_le32(p, BT_IDB);
	exo_put_le16(p + 8, iface->linktype);
	exo_put_le16(p + 10, 0);
	exo_put_le32(p + 12, iface->ng ? iface->snaplen : iface->snapmax);
	to = opts_put(p + 16, iface->opts, IN_INTERFACE);
	if (!iface->ng && iface->tsresol != 6)
		to = opt_put(to, TR_OPT_IF_TSRESOL, &iface->tsresol, 1);
	if (!iface->ng && (iface->ext & 0x04000000U) != 0)
		to = opt_put(to, TR_OPT_IF_FCSLEN, &fcs, 1);
	out_used(set, o, p, block_end(p, p + 16, to));
	o->last_if = iface->id;
	o->last_local = o->ifs++;
	return true;
}

/* o->last_local becomes the interface's number, described if it is new. */
static bool ng_local(
    struct tr_outs *set, struct out *o, const struct tr_iface *iface)
{
	int64_t local;

	if (o->ifs > 0 && o->last_if == iface->id)
		return true;
	local = out_if_get(set, out_id(set, o), iface->id);
	if (local < 0)
		return ng_interface(set, o, iface);
	o->last_if = iface->id;
	o->last_local = (uint32_t)local;
	return true;
}

bool out_ng_put(struct tr_outs *set, struct out *o, const struct tr_pkt *p,
    const struct tr_iface *iface)
{
	uint32_t padded = (p->caplen + 3) & ~3U;
	uint8_t *b, *from;

	if (!o->started && !out_ng_start(set, o, &iface->section))
		return false;
	if (!ng_local(set, o, iface))
		return false;
	b = out_room(set, o, (size_t)28 + padded + p->opts_len + 8);
	if (b == NULL)
		return false;
	exo_put_le32(b, BT_EPB);
	exo_put_le32(b + 8, o->last_local);
	exo_put_le32(b + 12, (uint32_t)(p->ts_raw >> 32));
	exo_put_le32(b + 16, (uint32_t)p->ts_raw);
	exo_put_le32(b + 20, p->caplen);
	exo_put_le32(b + 24, p->wirelen);
	from = b + 28 + padded;
	if (padded > 0)
		exo_put_le32(from - 4, 0);
	memcpy(b + 28, p->data, p->caplen);
	if (iface->swapped)
		tr_turn_unfixed(iface->linktype, b + 28, p->caplen);
	out_used(set, o, b,
	    block_end(b, from, opts_put(from, tr_pkt_opts(p), IN_PACKET)));
	return true;
}
