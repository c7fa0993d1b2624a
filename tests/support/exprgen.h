/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random tcpdump expressions that libpcap takes, nearly all of them.
 *
 * Their interest is in structure: inherited qualifiers, parentheses of terms,
 * of ids and of numbers, `not` everywhere. The addresses are those of pcaps/.
 * Header only, so that every test program can have it.
 */
#ifndef TESTS_SUPPORT_EXPRGEN_H
#define TESTS_SUPPORT_EXPRGEN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EXPRGEN_MAX   8192
#define EXPRGEN_DEPTH 4

/* What ids stand for; NONE: an id would be an error. */
enum exprgen_kind {
	EXPRGEN_HOST,
	EXPRGEN_NET,
	EXPRGEN_PORT,
	EXPRGEN_RANGE,
	EXPRGEN_PROTO,
	EXPRGEN_ETHER,
	EXPRGEN_NONE,
};

struct exprgen {
	uint64_t rnd;
	char *text;
	size_t len;
	enum exprgen_kind kind; /* in force */
	bool ether;             /* the link type has Ethernet addresses */
};

static inline uint32_t exprgen_rnd(struct exprgen *g, uint32_t n)
{
	g->rnd ^= g->rnd >> 12;
	g->rnd ^= g->rnd << 25;
	g->rnd ^= g->rnd >> 27;
	return (uint32_t)((g->rnd * 0x2545f4914f6cdd1du) >> 32) % n;
}

static inline void exprgen_put(struct exprgen *g, const char *s)
{
	size_t n = strlen(s);

	if (g->len + n + 1 > EXPRGEN_MAX)
		return;
	memcpy(g->text + g->len, s, n + 1);
	g->len += n;
}

#define EXPRGEN_PICK(g, list) \
	(list)[exprgen_rnd((g), sizeof(list) / sizeof((list)[0]))]

static inline const char *exprgen_id_text(struct exprgen *g)
{
	static const char *const host[] = { "10.0.0.1", "10.0.0.2",
		"192.168.1.1", "10.0.0.5", "127.0.0.1", "::1", "2001:db8::1",
		"ff02::fb", "172.16.30.190" };
	static const char *const net[] = { "10", "192.168", "10.0.0.0/8",
		"10.0.0.0/ 24", "127.0.0.0 mask 255.0.0.0", "172.16",
		"192.168.1.0/24", "fe80::/10", "2001:db8::/32" };
	static const char *const port[] = { "80", "53", "443", "22", "0x35",
		"8080", "67" };
	static const char *const range[] = { "1-100", "53-80", "443",
		"1024-65535", "20-30" };
	static const char *const proto[] = { "6", "17", "1", "58", "2" };
	static const char *const ether[] = { "ff:ff:ff:ff:ff:ff",
		"02:00:00:00:00:01", "33-33-00-00-00-fb", "0200.0000.0002" };

	switch (g->kind) {
	case EXPRGEN_NET:
		return EXPRGEN_PICK(g, net);
	case EXPRGEN_PORT:
		return EXPRGEN_PICK(g, port);
	case EXPRGEN_RANGE:
		return EXPRGEN_PICK(g, range);
	case EXPRGEN_PROTO:
		return EXPRGEN_PICK(g, proto);
	case EXPRGEN_ETHER:
		return EXPRGEN_PICK(g, ether);
	case EXPRGEN_HOST:
	case EXPRGEN_NONE:
		break;
	}
	return EXPRGEN_PICK(g, host);
}

static inline void exprgen_op(struct exprgen *g)
{
	static const char *const op[] = { " or ", " or ", " and ", " || ",
		" && ", "\tor\n" };

	exprgen_put(g, EXPRGEN_PICK(g, op));
}

static inline void exprgen_id(struct exprgen *g, unsigned depth)
{
	uint32_t i, n;

	if (depth == 0 || exprgen_rnd(g, 4) != 0) {
		exprgen_put(g, exprgen_id_text(g));
		return;
	}
	exprgen_put(g, "(");
	exprgen_put(g, exprgen_id_text(g));
	n = exprgen_rnd(g, 3);
	for (i = 0; i < n; i++) {
		exprgen_op(g);
		if (exprgen_rnd(g, 8) == 0)
			exprgen_put(g, "not ");
		exprgen_id(g, depth - 1);
	}
	exprgen_put(g, ")");
}

static inline void exprgen_head(struct exprgen *g)
{
	static const struct {
		const char *text;
		enum exprgen_kind kind;
	} head[] = {
		{ "host ", EXPRGEN_HOST },
		{ "src host ", EXPRGEN_HOST },
		{ "dst ", EXPRGEN_HOST },
		{ "src or dst host ", EXPRGEN_HOST },
		{ "src and dst ", EXPRGEN_HOST },
		{ "dst or src ", EXPRGEN_HOST },
		{ "net ", EXPRGEN_NET },
		{ "src net ", EXPRGEN_NET },
		{ "dst net ", EXPRGEN_NET },
		{ "port ", EXPRGEN_PORT },
		{ "tcp port ", EXPRGEN_PORT },
		{ "udp src port ", EXPRGEN_PORT },
		{ "tcp src or dst port ", EXPRGEN_PORT },
		{ "dst port ", EXPRGEN_PORT },
		{ "portrange ", EXPRGEN_RANGE },
		{ "udp portrange ", EXPRGEN_RANGE },
		{ "ip proto ", EXPRGEN_PROTO },
		{ "ip6 proto ", EXPRGEN_PROTO },
		{ "proto ", EXPRGEN_PROTO },
		{ "ether host ", EXPRGEN_ETHER },
		{ "ether src ", EXPRGEN_ETHER },
	};
	uint32_t n = sizeof(head) / sizeof(head[0]);
	uint32_t i = exprgen_rnd(g, g->ether ? n : n - 2);

	exprgen_put(g, head[i].text);
	g->kind = head[i].kind;
	exprgen_id(g, 2);
}

static inline void exprgen_plain(struct exprgen *g)
{
	static const char *const term[] = { "tcp", "udp", "ip", "ip6", "arp",
		"icmp", "icmp6", "ip multicast", "less 100", "greater 60",
		"byte 0 = 5", "ip[0] & 0xf != 5", "(ip[2:2] + 4) > 100",
		"len > 64", "tcp[13] & 3 != 0", "5 < len", "ip[8] = 64",
		"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "-ip[8]<0",
		"icmp[icmptype] = icmp-echo", "(ip[6:2]&0x1fff) = 0",
		"udp[4:2]-8 > 20", "((ip[12]))=10", "link[0] & 1 = 0",
		"1 <= (ip[8]>>1)", "ether proto 0x806", "tcp[100] = 0",
		"ip[40:4] != 0" };

	exprgen_put(g, EXPRGEN_PICK(g, term));
	g->kind = EXPRGEN_NONE;
}

static inline void exprgen_chain(struct exprgen *g, unsigned depth)
{
	uint32_t i, n = 1 + exprgen_rnd(g, depth == 0 ? 9 : 4);

	for (i = 0; i < n; i++) {
		enum exprgen_kind before = g->kind;
		uint32_t what = exprgen_rnd(g, 100);

		if (i != 0)
			exprgen_op(g);
		if (exprgen_rnd(g, 6) == 0)
			exprgen_put(g, what & 1 ? "not " : "! ");
		if (i != 0 &&
		    (what < 2 || (what < 45 && before != EXPRGEN_NONE))) {
			exprgen_id(g, 2);
		} else if (what < 60 && depth < EXPRGEN_DEPTH) {
			exprgen_put(g, "(");
			exprgen_chain(g, depth + 1);
			exprgen_put(g, ")");
			g->kind = before;
		} else if (what < 85) {
			exprgen_head(g);
		} else {
			exprgen_plain(g);
		}
	}
}

/** Write a random expression into text, EXPRGEN_MAX bytes. */
static inline void exprgen_make(struct exprgen *g, char *text)
{
	g->text = text;
	g->len = 0;
	g->kind = EXPRGEN_NONE;
	text[0] = '\0';
	exprgen_chain(g, 0);
}

#endif
