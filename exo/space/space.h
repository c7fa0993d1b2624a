/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Header space: packets as points, sets of them as unions of cubes.
 *
 * Overview
 *	sp_parse() maps a packet to its canonical fields. A field is there or
 *	not, and if it is, it has a number. A cube demands something of some
 *	fields; a region is a union of cubes. Authority is written in regions,
 *	and what a filter accepts is bounded by one.
 *
 * Literal and effective
 *	Literal fields are bytes at places that fixed or ihl-based offsets hold:
 *	a program that loads them tests the field. Effective ones (type, tags,
 *	frag, proto, sport, dport, icmp.*, tcp.flags) are what a person means:
 *	behind VLAN tags, IPv4 options and IPv6 extension headers, and not in a
 *	later fragment. Effective fields want a right version and header length;
 *	literal ones do not.
 *
 * Cut packets
 *	A field whose bytes, or bytes that say whether it is there, were not
 *	captured is not there. So a packet that is cut loses fields and keeps
 *	the numbers of the others, but for caplen and l4.left.
 *
 * What the parser says (SEEN), and when
 *	tags	type0 is there, and if it is a TPID then type1, too: 2 if both are
 *		TPIDs. A third tag is no tag: type is its TPID.
 *	type	the last of type0, type1, type2 that tags leads to, if it is there;
 *		of NULL and LOOP what af means, of RAW the version in the first
 *		byte, if that is one of IP; of IPV4, IPV6 always.
 *	l4.left	the L4 header of the literal fields begins at or before the end.
 *	frag	IPv4: ip.vhl has version 4 and at least 5 words, ip.frag is there;
 *		IPv6: where proto is.
 *	proto	IPv4: likewise, ip.proto is there; IPv6: the version is 6, and
 *		the extension headers end, after SP_EXT_MAX at most, or at a
 *		fragment header with an offset; what it says is proto, which
 *		may be an extension header's number then.
 *
 * Pure: nothing is kept, and memory comes from the caller's arena.
 */
#ifndef EXO_SPACE_SPACE_H
#define EXO_SPACE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exo_arena;
struct exo_fmt;

enum sp_field {
#define SP_FIELD(id, name, bits, header, byte, form) SP_##id,
#include "exo/space/fields.inc"
#undef SP_FIELD
	SP_FIELDS
};

/* What a field needs, and where its bytes count from. */
enum sp_header {
	SP_H_META,  /* nothing: every packet has it */
	SP_H_SEEN,  /* computed by the parser */
	SP_H_ETH,   /* Ethernet: the packet's first byte */
	SP_H_TYPED, /* Ethernet, SLL, SLL2: the type of the link header */
	SP_H_TAG0,  /* type0 is a TPID: what follows it */
	SP_H_TAG1,  /* type1 is one, too: what follows it */
	SP_H_AF,    /* NULL, LOOP: the packet's first byte */
	SP_H_IP4,   /* type is 0x0800: the network header */
	SP_H_IP6,   /* type is 0x86dd: the network header */
	SP_H_IP6X,  /* and ip6.nh an extension header: the network header */
	SP_H_ARP,   /* type is 0x0806 or 0x8035: the network header */
	SP_H_L4,    /* IPv4: 4 * ihl behind the network header; IPv6 whose nh
	               is no extension header: 40 behind it */
	SP_H_PORTS, /* proto is TCP, UDP, SCTP, DCCP or UDP-Lite, and frag not
	               2: the transport header */
	SP_H_ICMP,  /* proto is ICMP or ICMPv6, likewise */
	SP_H_TCP,   /* proto is TCP, likewise */
};

enum sp_form {
	SP_F_NUM,
	SP_F_HEX,
	SP_F_MAC,
	SP_F_IP4,
	SP_F_IP6,
};

struct sp_field_row {
	const char *name;
	uint8_t bits;
	uint8_t header; /* enum sp_header */
	uint8_t byte;   /* from where header counts */
	uint8_t form;   /* enum sp_form */
};

extern const struct sp_field_row sp_field_row[SP_FIELDS];

/** The largest value of a field. */
static inline uint64_t sp_max(enum sp_field f)
{
	return UINT64_MAX >> (64 - sp_field_row[f].bits);
}

#define SP_BIT(f) ((uint64_t)1 << (f))

/* LINKTYPE_ values that the parser knows; of others it sees META only. */
enum sp_link {
	SP_LINK_NULL = 0,
	SP_LINK_ETHERNET = 1,
	SP_LINK_RAW = 101,
	SP_LINK_LOOP = 108,
	SP_LINK_SLL = 113,
	SP_LINK_IPV4 = 228,
	SP_LINK_IPV6 = 229,
	SP_LINK_SLL2 = 276,
};

/* Numbers of frag. */
#define SP_FRAG_WHOLE 0u
#define SP_FRAG_FIRST 1u
#define SP_FRAG_LATER 2u

#define SP_NOWHERE UINT32_MAX

/* What the parser sees. */
struct sp_view {
	uint64_t has;          /* SP_BIT() of the fields that are there */
	uint64_t v[SP_FIELDS]; /* undefined where they are not */
	uint32_t l3, l4, e4;   /* where the headers begin: the network's, the
	                         literal and the effective transport's */
};

/* One packet. caplen bytes at data; data may be NULL when there are none. */
struct sp_packet {
	const uint8_t *data;
	uint32_t caplen;
	uint32_t len; /* on the wire */
	uint32_t link;
};

/**
 * Find the canonical fields of a packet. Total: whatever the bytes are, no byte
 * beyond caplen is read, and it takes a bounded number of steps.
 * [IEEE 802.1Q; RFC 791, 826, 8200, 4302; draft-ietf-opsawg-pcaplinktype]
 */
void sp_parse(const struct sp_packet *p, struct sp_view *out);

/**
 * The identification of a fragment: a packet whose view says frag 1 or 2.
 * False: it is no fragment, or that was not captured. Of several fragment
 * headers the last one's. [RFC 791; RFC 8200 section 4.5]
 */
bool sp_fragment_id(
    const struct sp_packet *p, const struct sp_view *v, uint32_t *id);

/** Extension headers that are walked at most; behind more there is no proto. */
#define SP_EXT_MAX 8u

/** Whether an IPv6 next header is an extension header, to be walked. */
bool sp_is_ext(uint64_t nh);

/** Whether an EtherType begins a VLAN tag. */
bool sp_is_tpid(uint64_t type);

#endif
