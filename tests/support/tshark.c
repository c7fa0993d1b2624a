/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/tshark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/lib/bytes.h"

#define ABSENT TSHARK_ABSENT

/* --- asking ---------------------------------------------------------------- */

/* What tshark is asked for; values of several headers are parted by commas. */
#define ASKED(X)                           \
	X(NUMBER, "frame.number")          \
	X(PROTOCOLS, "frame.protocols")    \
	X(ETH_TYPE, "eth.type")            \
	X(ETH_LEN, "eth.len")              \
	X(SLL_TYPE, "sll.etype")           \
	X(SLL_GRE, "sll.gretype")          \
	X(VLAN_TYPE, "vlan.etype")         \
	X(VLAN_LEN, "vlan.len")            \
	X(AD_SVID, "ieee8021ad.svid")      \
	X(IP_PROTO, "ip.proto")            \
	X(IP_MF, "ip.flags.mf")            \
	X(IP_OFF, "ip.frag_offset")        \
	X(IP6_NXT, "ipv6.nxt")             \
	X(HOP_NXT, "ipv6.hopopts.nxt")     \
	X(ROUT_NXT, "ipv6.routing.nxt")    \
	X(DST_NXT, "ipv6.dstopts.nxt")     \
	X(FRAG_NXT, "ipv6.fraghdr.nxt")    \
	X(FRAG_OFF, "ipv6.fraghdr.offset") \
	X(FRAG_MORE, "ipv6.fraghdr.more")  \
	X(AH_NXT, "ah.next_header")        \
	X(MIP_NXT, "mip6.proto")           \
	X(HIP_NXT, "hip.proto")            \
	X(SHIM_NXT, "shim6.nxt")           \
	X(TCP_S, "tcp.srcport")            \
	X(TCP_D, "tcp.dstport")            \
	X(TCP_FLAGS, "tcp.flags")          \
	X(UDP_S, "udp.srcport")            \
	X(UDP_D, "udp.dstport")            \
	X(SCTP_S, "sctp.srcport")          \
	X(SCTP_D, "sctp.dstport")          \
	X(DCCP_S, "dccp.srcport")          \
	X(DCCP_D, "dccp.dstport")          \
	X(ICMP_TYPE, "icmp.type")          \
	X(ICMP_CODE, "icmp.code")          \
	X(ICMP6_TYPE, "icmpv6.type")       \
	X(ICMP6_CODE, "icmpv6.code")

enum asked {
#define X(id, name) Q_##id,
	ASKED(X)
#undef X
	Q_COUNT
};

struct told {
	char *line;
	const char *col[Q_COUNT];
};

/* Nothing is dissected but these: no tunnels, nothing above transport. */
#define PROTOCOLS                                                        \
	"frame|eth|ethertype|vlan|ieee8021ad|sll|null|raw|loop|ip|ipv6|" \
	"ipv6[.].*|ah|tcp|udp|udplite|sctp|dccp|icmp|icmpv6|arp|mipv6|"  \
	"hip|shim6"

/* In a folder that goes with it. */
static const char command[] =
    "cd %s && export WIRESHARK_CONFIG_DIR=. && "
    "tshark -G protocols 2>/dev/null | cut -f 3 | "
    "grep -vxE '" PROTOCOLS "' >disabled_protos && "
    "tshark -n -r packets.pcapng -o ip.defragment:FALSE "
    "-o ipv6.defragment:FALSE -o ipv6.tso_support:TRUE "
    "-o tcp.desegment_tcp_streams:FALSE -o sctp.reassembly:FALSE "
    "-o tcp.analyze_sequence_numbers:FALSE -T fields -E occurrence=a"
#define X(id, name) " -e " name
    ASKED(X)
#undef X
        " 2>errors || cat errors >&2; cd / && rm -rf %s";

static void put32(FILE *f, uint32_t x)
{
	fwrite(&x, 1, 4, f);
}

/* An interface for each link type; a file in the order of this machine. */
static bool write_packets(
    const char *path, const struct sp_packet *packets, size_t npackets)
{
	static const uint32_t links[] = { 0, 1, 101, 108, 113, 228, 229, 276 };
	const uint32_t n = sizeof(links) / sizeof(links[0]);
	FILE *f = fopen(path, "wb");

	if (f == NULL)
		return false;
	for (int i = 0; i < 7; i++)
		put32(f, (const uint32_t[]){ 0x0a0d0d0a, 28, 0x1a2b3c4d, 1,
		             UINT32_MAX, UINT32_MAX, 28 }[i]);
	for (uint32_t i = 0; i < n; i++)
		for (int k = 0; k < 5; k++)
			put32(
			    f, (const uint32_t[]){ 1, 20, links[i], 0, 20 }[k]);
	for (size_t i = 0; i < npackets; i++) {
		const struct sp_packet *p = &packets[i];
		uint32_t pad = (4 - p->caplen % 4) % 4, iface = 0;
		uint32_t size = 32 + p->caplen + pad;

		while (links[iface] != p->link)
			iface++;
		for (int k = 0; k < 7; k++)
			put32(f, (const uint32_t[]){ 6, size, iface, 0, 0,
			             p->caplen, p->len }[k]);
		fwrite(p->data, 1, p->caplen, f);
		fwrite("\0\0\0", 1, pad, f);
		put32(f, size);
	}
	return fclose(f) == 0;
}

/* The next packet's row; false at the end. */
static bool next_told(FILE *f, struct told *t)
{
	static size_t size;
	char *s;

	if (getline(&t->line, &size, f) < 0)
		return false;
	s = t->line;
	s[strcspn(s, "\n")] = '\0';
	for (int i = 0; i < Q_COUNT; i++) {
		t->col[i] = s == NULL ? "" : s;
		if (s != NULL && (s = strchr(s, '\t')) != NULL)
			*s++ = '\0';
	}
	return true;
}

/* The n-th value of a column, from 0. */
static uint64_t value(const struct told *t, enum asked q, unsigned n)
{
	const char *s = t->col[q];

	for (; n > 0 && s != NULL; n--) {
		s = strchr(s, ',');
		s = s == NULL ? NULL : s + 1;
	}
	if (s == NULL || *s == '\0')
		return ABSENT;
	return strtoull(s, NULL, 0);
}

/* --- what it says, as fields ------------------------------------------------ */

/* Take a word off frame.protocols if it is next. */
static bool next_is(const char **s, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*s, word, n) != 0 || ((*s)[n] != ':' && (*s)[n] != '\0'))
		return false;
	*s += n + ((*s)[n] == ':');
	return true;
}

static void told_link(const struct told *t, const struct sp_packet *p,
    const char **s, uint64_t *x)
{
	bool eth = p->link == SP_LINK_ETHERNET;
	unsigned vlans = 0, doubles = 0;

	while (next_is(s, "eth") || next_is(s, "ethertype") ||
	       next_is(s, "sll") || next_is(s, "raw") || next_is(s, "null") ||
	       next_is(s, "loop"))
		continue;
	x[SP_TYPE] = value(t, eth ? Q_ETH_TYPE : Q_SLL_TYPE, 0);
	if (x[SP_TYPE] == ABSENT)
		x[SP_TYPE] = value(t, eth ? Q_ETH_LEN : Q_SLL_GRE, 0);
	if (x[SP_TYPE] != ABSENT)
		x[SP_TAGS] = 0;
	for (;; x[SP_TAGS]++) {
		if (next_is(s, "vlan")) {
			x[SP_TYPE] = value(t, Q_VLAN_TYPE, vlans++);
			if (x[SP_TYPE] == ABSENT)
				x[SP_TYPE] = value(t, Q_VLAN_LEN, 0);
		} else if (next_is(s, "ieee8021ad")) {
			x[SP_TYPE] = ABSENT;
		} else {
			break;
		}
		(void)next_is(s, "ethertype");
	}
	/* two tags of 802.1ad are told as one with two numbers */
	while (x[SP_TAGS] > 0 && value(t, Q_AD_SVID, doubles) != ABSENT)
		doubles++;
	x[SP_TAGS] += doubles;
}

static const struct {
	uint8_t number;
	const char *word;
	enum asked nxt;
} ext[] = { { 0, "ipv6.hopopts", Q_HOP_NXT },
	{ 43, "ipv6.routing", Q_ROUT_NXT }, { 44, "ipv6.fraghdr", Q_FRAG_NXT },
	{ 51, "ah", Q_AH_NXT }, { 60, "ipv6.dstopts", Q_DST_NXT },
	{ 135, "mipv6", Q_MIP_NXT }, { 139, "hip", Q_HIP_NXT },
	{ 140, "shim6", Q_SHIM_NXT } };
#define NEXT (sizeof(ext) / sizeof(ext[0]))

static void told_ip6(const struct told *t, const char **s, uint64_t *x)
{
	unsigned n[NEXT] = { 0 };
	uint64_t off;

	x[SP_PROTO] = value(t, Q_IP6_NXT, 0);
	x[SP_FRAG] = 0;
	for (size_t i = 0; i < NEXT; i++) {
		if (x[SP_PROTO] != ext[i].number || !next_is(s, ext[i].word))
			continue;
		x[SP_PROTO] = value(t, ext[i].nxt, n[i]);
		if (ext[i].number == 44) {
			off = value(t, Q_FRAG_OFF, n[i]);
			if (off != 0 && off != ABSENT)
				x[SP_FRAG] = 2;
			else if (value(t, Q_FRAG_MORE, n[i]) == 1)
				x[SP_FRAG] = 1;
		}
		if (x[SP_FRAG] == 2)
			return; /* tshark goes on, into what is no header */
		n[i]++;
		i = SIZE_MAX; /* from the first again */
	}
	if (sp_is_ext(x[SP_PROTO]))
		x[SP_PROTO] = ABSENT;
	if (x[SP_PROTO] == ABSENT)
		x[SP_FRAG] = ABSENT;
}

static void told_net(const struct told *t, const char **s, uint64_t *x)
{
	if (next_is(s, "ipv6")) {
		x[SP_TYPE] = 0x86dd;
		told_ip6(t, s, x);
	} else if (next_is(s, "ip")) {
		x[SP_TYPE] = 0x0800;
		x[SP_PROTO] = value(t, Q_IP_PROTO, 0);
		x[SP_FRAG] = value(t, Q_IP_MF, 0);
		if (x[SP_FRAG] != ABSENT && value(t, Q_IP_OFF, 0) != 0)
			x[SP_FRAG] = 2;
	}
}

static void told_transport(const struct told *t, const char **s, uint64_t *x)
{
	static const struct {
		const char *word;
		enum sp_field first;
		enum asked a, b;
	} rows[] = { { "tcp", SP_SPORT, Q_TCP_S, Q_TCP_D },
		{ "udp", SP_SPORT, Q_UDP_S, Q_UDP_D },
		{ "udplite", SP_SPORT, Q_UDP_S, Q_UDP_D },
		{ "sctp", SP_SPORT, Q_SCTP_S, Q_SCTP_D },
		{ "dccp", SP_SPORT, Q_DCCP_S, Q_DCCP_D },
		{ "icmp", SP_ICMP_TYPE, Q_ICMP_TYPE, Q_ICMP_CODE },
		{ "icmpv6", SP_ICMP_TYPE, Q_ICMP6_TYPE, Q_ICMP6_CODE } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!next_is(s, rows[i].word))
			continue;
		x[rows[i].first] = value(t, rows[i].a, 0);
		x[rows[i].first + 1] = value(t, rows[i].b, 0);
		if (i == 0 && value(t, Q_TCP_FLAGS, 0) != ABSENT)
			x[SP_TCP_FLAGS] = value(t, Q_TCP_FLAGS, 0) & 0xff;
		return;
	}
}

static void told_fields(
    const struct told *t, const struct sp_packet *p, uint64_t *x)
{
	const char *rest = t->col[Q_PROTOCOLS];

	for (int f = 0; f < SP_FIELDS; f++)
		x[f] = ABSENT;
	told_link(t, p, &rest, x);
	told_net(t, &rest, x);
	told_transport(t, &rest, x);
}

/* --- both -------------------------------------------------------------------- */

bool tshark_is_there(void)
{
	return system("command -v tshark >/dev/null 2>&1") == 0;
}

const char *tshark_ask(const struct sp_packet *p, size_t n,
    void (*told)(size_t i, const uint64_t *x, const char *protocols))
{
	char dir[] = "/tmp/tshark.XXXXXX", text[sizeof(command) + 64];
	uint64_t x[SP_FIELDS];
	struct told t = { 0 };
	size_t i = 0;
	FILE *f;

	if (mkdtemp(dir) == NULL)
		return "there can be no folder below /tmp";
	snprintf(text, sizeof(text), "%s/packets.pcapng", dir);
	if (!write_packets(text, p, n))
		return "the packets cannot be written";
	snprintf(text, sizeof(text), command, dir, dir);
	fflush(NULL);
	f = popen(text, "r");
	if (f == NULL)
		return "there can be no process";
	while (next_told(f, &t) && i < n && value(&t, Q_NUMBER, 0) == i + 1) {
		told_fields(&t, &p[i], x);
		told(i++, x, t.col[Q_PROTOCOLS]);
	}
	free(t.line);
	if (pclose(f) != 0 || i < n)
		return "tshark does not tell of all packets";
	return NULL;
}
