/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The canonical parser against tshark's dissection, and against the bytes.
 *
 * usage: diff_space [-qv] [FILE|DIRECTORY ...]
 *
 * Without names: pcaps/ of the source tree, and $EXOPF_TRACES where set.
 * Packets of the link types that the parser knows are written to one file: as
 * they are, behind other link headers, with VLAN tags and IPv6 extension
 * headers put in, with a bit of their headers changed, and cut; -q (or
 * EXOPF_QUICK=1): once each. What is compared with tshark's dissection are the
 * effective fields, see tests/support/tshark.h; literal ones are read again
 * from the bytes (view_sane()). Licensed differences are counted and printed.
 *
 * Exit: 0 no difference but those, 2 cannot read, 3 a difference, 77 there is
 * no tshark.
 */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exo/hosted/trace.h"
#include "exo/lib/bytes.h"
#include "tests/support/tshark.h"
#include "tests/support/view.h"

#ifndef EXOPF_SRCDIR
#define EXOPF_SRCDIR "."
#endif

#define BATCH     64
#define MAX_SHOWN 40
#define HEAD      100u /* changes are made in so many bytes */
#define KEPT      256u /* bytes of a packet that is changed */
#define ROOM      (KEPT + 16 * SP_EXT_MAX + 64)
#define ABSENT    UINT64_MAX

/* How a packet came to be. */
struct origin {
	const char *file, *how;
	uint64_t number;
};

static struct sp_packet *packets; /* data: an allocation of their size */
static struct origin *origins;
static size_t npackets, room;
static uint64_t n_files, n_other, n_diffs;
static uint64_t rng = 20261129;
static uint32_t rounds = 2;
static bool verbose;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "diff_space: %s: %s\n", what, why);
	exit(2);
}

static void *need(void *p)
{
	if (p == NULL)
		die("system", strerror(errno));
	return p;
}

/* xorshift64, by G. Marsaglia */
static uint32_t rnd(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 33) % below;
}

/* --- packets ------------------------------------------------------------- */

/* Keep a copy of a packet. */
static void keep(struct origin o, struct sp_packet p)
{
	uint8_t *data = need(malloc(p.caplen == 0 ? 1 : p.caplen));

	if (npackets == room) {
		room = room == 0 ? 4096 : room * 2;
		packets = need(realloc(packets, room * sizeof(*packets)));
		origins = need(realloc(origins, room * sizeof(*origins)));
	}
	memcpy(data, p.data, p.caplen);
	p.data = data;
	p.len = p.len < p.caplen ? p.caplen : p.len;
	packets[npackets] = p;
	origins[npackets++] = o;
}

/* Make room in a packet. */
static void open_gap(uint8_t *p, uint32_t *len, uint32_t at, uint32_t n)
{
	memmove(p + at + n, p + at, *len - at);
	memset(p + at, 0, n);
	*len += n;
}

/* One to three tags in front of the type; len is 14 at least. */
static void add_tags(uint8_t *p, uint32_t *len)
{
	static const uint16_t tpid[] = { 0x8100, 0x88a8, 0x9100 };

	for (uint32_t n = 1 + rnd(3); n > 0; n--) {
		open_gap(p, len, 12, 4);
		exo_put_be16(p + 12, tpid[rnd(3)]);
		exo_put_be16(p + 14, (uint16_t)rnd(0x10000));
	}
}

/* Up to 9 extension headers of 8 or 16 bytes behind an IPv6 header at l3. */
static void add_ext(uint8_t *p, uint32_t *len, uint32_t l3)
{
	static const uint8_t kinds[] = { 0, 43, 44, 51, 60, 60, 43, 44, 135,
		139, 140 };
	uint32_t all = 0;

	for (uint32_t n = 1 + rnd(SP_EXT_MAX + 1); n > 0; n--) {
		uint8_t kind = kinds[rnd(rnd(16) == 0 ? 11 : 8)];
		uint32_t size = kind == 44 || rnd(2) ? 8 : 16;
		uint8_t *h = p + l3 + 40;

		open_gap(p, len, l3 + 40, size);
		h[0] = p[l3 + 6];
		h[1] = (uint8_t)(kind == 44   ? rnd(256)
		                 : kind == 51 ? size / 4 - 2
		                              : size / 8 - 1);
		if (kind == 44 && rnd(3) == 0)
			exo_put_be16(h + 2, (uint16_t)rnd(rnd(2) ? 8 : 65536));
		p[l3 + 6] = kind;
		all += size;
	}
	all += exo_be16(p + l3 + 4);
	exo_put_be16(p + l3 + 4, (uint16_t)(all > 0xffff ? 0xffff : all));
}

/* Another link header in front of IP; returns its size. */
static uint32_t put_link(uint8_t *h, uint32_t link, uint16_t type)
{
	static const uint8_t af6[] = { 24, 28, 30 };

	memset(h, 0, 20);
	switch (link) {
	case SP_LINK_NULL:
	case SP_LINK_LOOP:
		h[link == SP_LINK_NULL ? 0 : 3] =
		    type == 0x0800 ? 2 : af6[rnd(3)];
		return 4;
	case SP_LINK_SLL:
		h[3] = 1;
		exo_put_be16(h + 14, type);
		return 16;
	case SP_LINK_SLL2:
		exo_put_be16(h, type);
		h[9] = 1;
		return 20;
	default:
		return 0;
	}
}

static void add_relinked(
    struct origin o, const struct sp_packet *from, const struct sp_view *v)
{
	static const uint32_t links[] = { SP_LINK_NULL, SP_LINK_LOOP,
		SP_LINK_SLL, SP_LINK_SLL2, SP_LINK_RAW, 0 };
	uint16_t type = (uint16_t)v->v[SP_TYPE];
	uint32_t link = links[rnd(6)], n;
	uint8_t copy[ROOM];

	if (v->l3 == SP_NOWHERE || (type != 0x0800 && type != 0x86dd))
		return;
	if (link == 0 && rnd(2))
		link = type == 0x0800 ? SP_LINK_IPV4 : SP_LINK_IPV6;
	n = put_link(copy, link, type);
	memcpy(copy + n, from->data + v->l3, from->caplen - v->l3);
	n += from->caplen - v->l3;
	o.how = "behind another link header";
	keep(o, (struct sp_packet){ copy, n, n, link });
	keep(o, (struct sp_packet){ copy, rnd(n + 1), n, link });
}

/* What becomes of a packet, each time another. */
static void add_changed(struct origin o, const struct sp_packet *whole)
{
	struct sp_packet p = *whole;
	uint8_t copy[ROOM];
	struct sp_view v;
	uint32_t head;

	p.caplen = p.caplen < KEPT ? p.caplen : KEPT;
	head = p.caplen < HEAD ? p.caplen : HEAD;
	sp_parse(&p, &v);
	add_relinked(o, &p, &v);
	memcpy(copy, p.data, p.caplen);
	p.data = copy;
	if (view_of(&v, SP_IP6_DST2) != ABSENT) {
		o.how = "with extension headers";
		add_ext(copy, &p.caplen, v.l3);
		keep(o, p);
	}
	if (p.link == SP_LINK_ETHERNET && p.caplen >= 14 && rnd(4) == 0) {
		o.how = "with tags";
		add_tags(copy, &p.caplen);
		keep(o, p);
	}
	o.how = "changed";
	copy[rnd(head)] ^= (uint8_t)(1u << rnd(8));
	keep(o, p);
	o.how = "cut";
	p.data = whole->data;
	p.caplen = rnd(head);
	keep(o, p);
}

static void add_packet(const char *file, const struct tr_pkt *k)
{
	struct sp_packet p = { k->data, k->caplen, k->wirelen, k->linktype };
	struct origin o = { file, "whole", k->number };

	keep(o, p);
	for (uint32_t i = 0; i < rounds && k->caplen > 0; i++)
		add_changed(o, &p);
}

/* The parser sees the lengths and the link type of others only. */
static bool is_known(const struct tr_pkt *k)
{
	struct sp_packet p = { k->data, k->caplen, k->wirelen, tr_pkt_link(k) };
	struct sp_view v;

	switch (tr_pkt_link(k)) {
	case SP_LINK_NULL:
	case SP_LINK_ETHERNET:
	case SP_LINK_RAW:
	case SP_LINK_LOOP:
	case SP_LINK_SLL:
	case SP_LINK_IPV4:
	case SP_LINK_IPV6:
	case SP_LINK_SLL2:
		return true;
	default:
		sp_parse(&p, &v);
		n_diffs += view_sane(&p, &v) != NULL || view_end(&p, &v) != 0;
		n_other++;
		return false;
	}
}

static int add_file(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct tr_pkt pkt[BATCH];
	struct tr_error err;
	struct tr_reader *r;
	size_t before = npackets;
	char *name;
	int n;

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	r = tr_open(path, NULL, &err);
	if (r == NULL)
		return 0; /* no capture; diff_trace judges that */
	n_files++;
	name = need(strdup(path));
	while ((n = tr_batch(r, pkt, BATCH, &err)) > 0)
		for (int i = 0; i < n; i++)
			if (is_known(&pkt[i]))
				add_packet(name, &pkt[i]);
	tr_close(r);
	if (npackets == before)
		free(name);
	return 0;
}

static bool add_tree(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	if (nftw(path, add_file, 16, FTW_PHYS) != 0)
		die(path, strerror(errno));
	return true;
}

/* --- comparison ---------------------------------------------------------- */

static void show(size_t at, const char *what, uint64_t theirs, uint64_t ours,
    const char *protocols)
{
	const struct origin *o = &origins[at];
	const struct sp_packet *p = &packets[at];

	if (n_diffs++ >= MAX_SHOWN && !verbose)
		return;
	printf("DIFFERENT %s: packet %" PRIu64 ", %s, link %u, %u bytes: %s: "
	       "tshark %" PRId64 ", ours %" PRId64 " (%s)\n\t",
	    o->file, o->number, o->how, p->link, p->caplen, what,
	    (int64_t)theirs, (int64_t)ours, protocols);
	for (uint32_t i = 0; i < p->caplen && i < 128; i++)
		printf("%02x", p->data[i]);
	putchar('\n');
}

/* One packet, and what tshark says of it. */
static void compare(size_t at, const uint64_t *theirs, const char *protocols)
{
	static const enum sp_field fields[] = { SP_TAGS, SP_TYPE, SP_FRAG,
		SP_PROTO, SP_SPORT, SP_DPORT, SP_ICMP_TYPE, SP_ICMP_CODE,
		SP_TCP_FLAGS };
	const struct sp_packet *p = &packets[at];
	const char *wrong;
	struct sp_view v;

	sp_parse(p, &v);
	wrong = view_sane(p, &v);
	if (wrong != NULL)
		show(at, wrong, 0, 0, "not what the bytes say");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		enum sp_field f = fields[i];
		struct tshark_differ d = { p, &v, f, theirs[f],
			view_of(&v, f) };

		if (d.ours != d.theirs && !tshark_licensed(&d))
			show(at, sp_field_row[f].name, d.theirs, d.ours,
			    protocols);
	}
}

static void add_defaults(void)
{
	const char *traces = getenv("EXOPF_TRACES");

	if (!add_tree(EXOPF_SRCDIR "/pcaps"))
		printf("diff_space: skipped pcaps/: it is not there\n");
	if (traces == NULL || *traces == '\0')
		printf("diff_space: skipped more traces: EXOPF_TRACES is not "
		       "set\n");
	else if (!add_tree(traces))
		printf("diff_space: skipped %s: it is not there\n", traces);
}

int main(int argc, char **argv)
{
	const char *quick = getenv("EXOPF_QUICK"), *wrong;
	int c;

	if (quick != NULL && *quick == '1')
		rounds = 1;
	while ((c = getopt(argc, argv, "qv")) != -1) {
		rounds = c == 'q' ? 1 : rounds;
		verbose = verbose || c == 'v';
		if (c == '?')
			return 2;
	}
	if (!tshark_is_there()) {
		printf("diff_space: skipped: there is no tshark\n");
		return 77;
	}
	if (optind == argc)
		add_defaults();
	for (; optind < argc; optind++)
		if (!add_tree(argv[optind]))
			die(argv[optind], strerror(errno));
	wrong = tshark_ask(packets, npackets, compare);
	if (wrong != NULL)
		die("tshark", wrong);
	tshark_licences_show();
	printf("diff_space: %" PRIu64 " files, %zu packets, %" PRIu64
	       " differences; %" PRIu64 " packets of other link types\n",
	    n_files, npackets, n_diffs, n_other);
	return n_diffs == 0 ? 0 : 3;
}
