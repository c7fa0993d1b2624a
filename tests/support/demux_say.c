/* SPDX-License-Identifier: BSD-2-Clause */
/* tcpdump expressions about a packet: see demux_prog.h. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exo/lib/bytes.h"
#include "tests/support/demux_prog.h"

static const char *const dirs[] = { "src ", "dst ", "" };
static const char *const trans[] = { "tcp ", "udp ", "sctp ", "" };
static const char *const words[] = { "ip", "ip6", "arp", "tcp", "udp", "icmp",
	"icmp6", "sctp", "vlan", "mpls", "ip multicast", "ether broadcast",
	"rarp", "ip proto 50", "ip6 proto 44", "icmp[0] = 8", "ip[8] < 64",
	"tcp[13] & 2 != 0", "ip[6:2] & 0x1fff = 0", "udp[4:2] > 60",
	"ip[0] & 0xf > 5", "ip6[6] = 6", "tcp[tcpflags] & tcp-syn != 0",
	"ip[2:2] > 100", "len > 60", "greater 100", "less 60", "len & 1 = 0" };

#define PICK(g, of) ((of)[sg_below((g), sizeof(of) / sizeof((of)[0]))])

static bool has(const struct dx_packet *p, enum sp_field f)
{
	return (p->view.has & SP_BIT(f)) != 0;
}

/* An address of the packet, the source's if asked for; false: it has none. */
static bool address(
    const struct dx_packet *p, bool src, char *to, uint32_t size)
{
	const uint64_t *v = p->view.v;
	enum sp_field f = src ? SP_IP_SRC : SP_IP_DST;
	enum sp_field six = src ? SP_IP6_SRC : SP_IP6_DST;
	uint8_t b[16];

	if (has(p, f)) {
		exo_put_be32(b, (uint32_t)v[f]);
		return inet_ntop(AF_INET, b, to, size) != NULL;
	}
	if (!has(p, six) || !has(p, six + 1))
		return false;
	for (uint32_t i = 0; i < 16; i++)
		b[i] = (uint8_t)(v[six + i / 8] >> (56 - i % 8 * 8));
	return inet_ntop(AF_INET6, b, to, size) != NULL;
}

static int say_host(struct spacegen *g, const struct dx_packet *p, char *to)
{
	uint32_t dir = sg_below(g, 3);
	char text[64];

	if (!address(p, dir == 0, text, sizeof(text)))
		return 0;
	return sprintf(to, "%shost %s", dirs[dir], text);
}

static int say_net(struct spacegen *g, const struct dx_packet *p, char *to)
{
	uint32_t dir = sg_below(g, 3), bits = 1 + sg_below(g, 32), addr;
	enum sp_field f = dir == 0 ? SP_IP_SRC : SP_IP_DST;

	if (!has(p, f))
		return 0;
	addr = (uint32_t)p->view.v[f] & UINT32_MAX << (32 - bits);
	return sprintf(to, "%snet %u.%u.%u.%u/%u", dirs[dir], addr >> 24,
	    addr >> 16 & 255, addr >> 8 & 255, addr & 255, bits);
}

static int say_port(struct spacegen *g, const struct dx_packet *p, char *to)
{
	const char *t = trans[sg_below(g, 4)];
	uint32_t dir = sg_below(g, 3), port, lo, hi;
	enum sp_field f = dir == 0 ? SP_SPORT : SP_DPORT;

	if (has(p, SP_PROTO) && sg_below(g, 2) == 0)
		t = p->view.v[SP_PROTO] == 6 ? "tcp " : "udp ";
	port = has(p, f) ? (uint32_t)p->view.v[f] : sg_below(g, 1024);
	if (sg_below(g, 2) == 0)
		return sprintf(to, "%s%sport %u", t, dirs[dir], port);
	lo = port - sg_below(g, port + 1);
	hi = port + sg_below(g, 65536 - port);
	return sprintf(to, "%s%sportrange %u-%u", t, dirs[dir], lo, hi);
}

static int say_five(const struct dx_packet *p, char *to)
{
	char src[64], dst[64];

	if (!has(p, SP_SPORT) || !address(p, true, src, sizeof(src)) ||
	    !address(p, false, dst, sizeof(dst)) || p->view.v[SP_PROTO] == 132)
		return 0;
	return sprintf(to,
	    "%s and src host %s and dst host %s and src port %" PRIu64
	    " and dst port %" PRIu64,
	    p->view.v[SP_PROTO] == 6 ? "tcp" : "udp", src, dst,
	    p->view.v[SP_SPORT], p->view.v[SP_DPORT]);
}

/* A byte or more of the packet under a mask. */
static int say_bytes(struct spacegen *g, const struct dx_packet *p, char *to)
{
	static const char *const ops[] = { "=", "!=", "<", ">", "<=", ">=" };
	uint32_t size = 1u << sg_below(g, 3), at, x = 0, mask;

	if (p->caplen < 8)
		return 0;
	at = sg_below(g, (p->caplen < 90 ? p->caplen : 90) - size);
	for (uint32_t i = 0; i < size; i++)
		x = x << 8 | p->data[at + i];
	mask = sg_below(g, 2) == 0 ? UINT32_MAX : (uint32_t)sg_word(g);
	return sprintf(to, "link[%u:%u] & 0x%x %s %u", at, size, mask,
	    ops[sg_below(g, 3) == 0 ? sg_below(g, 6) : 0], x & mask);
}

static int say_ether(struct spacegen *g, const struct dx_packet *p, char *to)
{
	const uint8_t *a = p->data + (sg_below(g, 2) == 0 ? 0 : 6);

	if (p->link != SP_LINK_ETHERNET || p->caplen < 14)
		return 0;
	if (sg_below(g, 3) == 0 && has(p, SP_TCI0))
		return sprintf(
		    to, "vlan %u", (unsigned)p->view.v[SP_TCI0] & 0xfff);
	return sprintf(to, "ether %s %02x:%02x:%02x:%02x:%02x:%02x",
	    a == p->data ? "dst" : "src", a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void say_term(struct spacegen *g, const struct dx_packet *p, char *to)
{
	int n;

	switch (sg_below(g, 12)) {
	case 0:
	case 1:
	case 2:
		n = say_five(p, to);
		break;
	case 3:
	case 4:
		n = say_host(g, p, to);
		break;
	case 5:
		n = say_net(g, p, to);
		break;
	case 6:
	case 7:
		n = say_port(g, p, to);
		break;
	case 8:
		n = say_bytes(g, p, to);
		break;
	case 9:
		n = say_ether(g, p, to);
		break;
	default:
		n = 0;
	}
	if (n == 0)
		strcpy(to, PICK(g, words));
}

void dx_say(struct spacegen *g, const struct dx_packet *p, char *text)
{
	uint32_t terms = sg_below(g, 3) == 0 ? 1 + sg_below(g, 5) : 1;

	*text = '\0';
	for (uint32_t i = 0; i < terms; i++) {
		if (i > 0)
			strcat(text, sg_below(g, 2) == 0 ? " and " : " or ");
		strcat(text, sg_below(g, 6) == 0 ? "not (" : "(");
		say_term(g, p, text + strlen(text));
		strcat(text, ")");
	}
}
