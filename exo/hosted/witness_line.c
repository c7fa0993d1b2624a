/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet in one line, as tcpdump would show it, by its canonical fields.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/trace.h"
#include "exo/hosted/witness.h"
#include "exo/space/text.h"

#define TYPE_IP4  0x0800u
#define TYPE_ARP  0x0806u
#define TYPE_RARP 0x8035u
#define TYPE_IP6  0x86ddu

static const struct {
	uint32_t flaw;
	const char *words;
} flaws_in_words[] = {
	{ SP_FLAW_CUT, "less of it was captured than there was, or more" },
	{ SP_FLAW_VERSION, "its IP version is another" },
	{ SP_FLAW_HEADER, "its header length is impossible" },
	{ SP_FLAW_LENGTH, "a length cannot be its own" },
	{ SP_FLAW_CHECKSUM, "a checksum is wrong" },
	{ SP_FLAW_SHORT, "it ends within a header" },
	{ SP_FLAW_EXT, "it has too many extension headers" },
};

static const struct {
	uint8_t number;
	const char *name;
} protos[] = {
	{ 1, "icmp" },
	{ 2, "igmp" },
	{ 6, "tcp" },
	{ 17, "udp" },
	{ 33, "dccp" },
	{ 47, "gre" },
	{ 50, "esp" },
	{ 51, "ah" },
	{ 58, "icmp6" },
	{ 132, "sctp" },
	{ 136, "udplite" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void cmd_flaws_write(struct exo_fmt *f, uint32_t flaws)
{
	const char *between = "";

	for (size_t i = 0; i < COUNT(flaws_in_words); i++) {
		if ((flaws & flaws_in_words[i].flaw) == 0)
			continue;
		exo_fmt_str(f, between);
		exo_fmt_str(f, flaws_in_words[i].words);
		between = ", ";
	}
}

static bool has(const struct sp_view *v, enum sp_field f)
{
	return (v->has & SP_BIT(f)) != 0;
}

static void put_field(
    struct exo_fmt *f, const struct sp_view *v, enum sp_field field)
{
	const struct sp_field_row *row = &sp_field_row[field];

	if (has(v, field))
		sp_text_value(f, row->form, row->bits, &v->v[field]);
	else
		exo_fmt_char(f, '?');
}

static void put_number(struct exo_fmt *f, const char *before, uint64_t n)
{
	exo_fmt_str(f, before);
	exo_fmt_u64(f, n);
}

/* One end of a packet: the address, or both halves of it, and the port. */
static void put_end(struct exo_fmt *f, const struct sp_view *v,
    enum sp_field address, enum sp_field port)
{
	if (address == SP_IP6_SRC || address == SP_IP6_DST) {
		if (has(v, address) && has(v, address + 1))
			sp_text_value(f, SP_F_IP6, 128, &v->v[address]);
		else
			exo_fmt_char(f, '?');
	} else {
		put_field(f, v, address);
	}
	if (has(v, port))
		put_number(f, ".", v->v[port]);
}

static void put_ends(struct exo_fmt *f, const struct sp_view *v,
    const char *name, enum sp_field src, enum sp_field dst)
{
	exo_fmt_str(f, name);
	put_end(f, v, src, SP_SPORT);
	exo_fmt_str(f, " > ");
	put_end(f, v, dst, SP_DPORT);
}

static void put_arp(struct exo_fmt *f, const struct sp_view *v)
{
	exo_fmt_str(f, v->v[SP_TYPE] == TYPE_ARP ? " ARP " : " RARP ");
	put_field(f, v, SP_ARP_SPA);
	exo_fmt_str(f, " > ");
	put_field(f, v, SP_ARP_TPA);
	exo_fmt_str(f, ": op ");
	put_field(f, v, SP_ARP_OP);
}

/* As tcpdump's letters, in its order. */
static void put_tcp_flags(struct exo_fmt *f, uint64_t flags)
{
	static const char letters[] = "FSRP.UEW";

	exo_fmt_str(f, " [");
	for (uint32_t i = 0; i < 8; i++)
		if ((flags >> i & 1) != 0)
			exo_fmt_char(f, letters[i]);
	exo_fmt_char(f, ']');
}

static void put_proto(struct exo_fmt *f, const struct sp_view *v)
{
	const char *name = NULL;

	if (!has(v, SP_PROTO))
		return;
	exo_fmt_str(f, ": ");
	for (size_t i = 0; i < COUNT(protos); i++)
		if (protos[i].number == v->v[SP_PROTO])
			name = protos[i].name;
	if (name != NULL)
		exo_fmt_str(f, name);
	else
		put_number(f, "proto ", v->v[SP_PROTO]);
	if (has(v, SP_TCP_FLAGS))
		put_tcp_flags(f, v->v[SP_TCP_FLAGS]);
	if (has(v, SP_ICMP_TYPE))
		put_number(f, " type ", v->v[SP_ICMP_TYPE]);
	if (has(v, SP_ICMP_CODE))
		put_number(f, " code ", v->v[SP_ICMP_CODE]);
	if (has(v, SP_FRAG) && v->v[SP_FRAG] != 0)
		exo_fmt_str(f, v->v[SP_FRAG] == 1 ? ", first fragment"
		                                  : ", later fragment");
}

static void put_network(struct exo_fmt *f, const struct sp_view *v)
{
	uint64_t type = has(v, SP_TYPE) ? v->v[SP_TYPE] : 0;

	if (has(v, SP_TCI0))
		put_number(f, ", vlan ", v->v[SP_TCI0] & 0xfff);
	if (has(v, SP_TCI1))
		put_number(f, ", vlan ", v->v[SP_TCI1] & 0xfff);
	if (has(v, SP_TCI0))
		exo_fmt_char(f, ',');
	if (type == TYPE_IP4) {
		put_ends(f, v, " IP ", SP_IP_SRC, SP_IP_DST);
	} else if (type == TYPE_IP6) {
		put_ends(f, v, " IP6 ", SP_IP6_SRC, SP_IP6_DST);
	} else if (type == TYPE_ARP || type == TYPE_RARP) {
		put_arp(f, v);
	} else if (has(v, SP_TYPE)) {
		exo_fmt_str(f, " type ");
		put_field(f, v, SP_TYPE);
	}
	put_proto(f, v);
}

static void put_link(struct exo_fmt *f, uint32_t link)
{
	char name[32];

	if (link < TR_LINK_COUNT) {
		exo_fmt_str(
		    f, cmd_linktype_text(link & ~TR_LINK_SWAPPED, name));
		if ((link & TR_LINK_SWAPPED) != 0)
			exo_fmt_str(f, " in the other byte order");
	} else {
		put_number(f, "link type ", link);
	}
}

void cmd_witness_line(struct exo_fmt *f, const struct cmd_witness *x)
{
	struct sp_view v;

	if (!x->made) {
		exo_fmt_str(f, "none could be made");
		return;
	}
	sp_parse(&x->p, &v);
	put_link(f, x->p.link);
	if (has(&v, SP_ETH_SRC) && has(&v, SP_ETH_DST)) {
		exo_fmt_char(f, ' ');
		put_field(f, &v, SP_ETH_SRC);
		exo_fmt_str(f, " > ");
		put_field(f, &v, SP_ETH_DST);
		exo_fmt_str(f, has(&v, SP_TCI0) ? "" : ",");
	}
	put_network(f, &v);
	put_number(f, ", ", x->p.caplen);
	if (x->p.len != x->p.caplen)
		put_number(f, " of ", x->p.len);
	exo_fmt_str(f, " bytes");
	if (x->flaws == 0)
		return;
	exo_fmt_str(f, "; malformed: ");
	cmd_flaws_write(f, x->flaws);
}
