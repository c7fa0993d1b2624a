/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What regions mean by tcpdump's words, against libpcap.
 *
 * usage: diff_region [-q] [-s SEED] [FILE|DIRECTORY ...]
 *
 * Without names: pcaps/ of the source tree, and $EXOPF_TRACES where set. Each
 * text below is read as a region, and compiled by libpcap, not optimised (the
 * optimiser drops loads that would have rejected a short packet), for the link
 * type of each file. Both are asked about each packet, copies of some that are
 * cut at every length, and damaged copies.
 *
 * Regions differ from tcpdump by design where effective fields do: see the
 * rules below. A difference that no rule names is one too many.
 *
 * -q (or EXOPF_QUICK=1) takes fewer packets. Exit: 0 no such difference, 2
 * cannot read, 3 a difference.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "tests/support/captures.h"
#include "tests/support/region_world.h"

#ifndef EXOPF_SRCDIR
#define EXOPF_SRCDIR "."
#endif

#define CUT_MAX    100
#define MAX_PACKET 262144u
#define MAX_SHOWN  40
#define PACKETS    20000 /* of each file */
#define DAMAGED    4     /* copies of each of the first packets */
#define SOME       600   /* packets of a file that are cut and damaged */

/* Our text; libpcap's where it is another. */
static const struct {
	const char *ours, *theirs;
} pairs[] = {
	{ "any", "" },
	{ "ip", NULL },
	{ "ip6", NULL },
	{ "arp", NULL },
	{ "rarp", NULL },
	{ "tcp", NULL },
	{ "udp", NULL },
	{ "sctp", NULL },
	{ "icmp", NULL },
	{ "icmp6", NULL },
	{ "igmp", NULL },
	{ "esp", NULL },
	{ "ah", NULL },
	{ "not tcp", NULL },
	{ "not ip", NULL },
	{ "not (tcp or udp)", NULL },
	{ "proto 47", NULL },
	{ "ip proto 89", NULL },
	{ "ip6 proto 17", NULL },
	{ "ip6 proto 89", NULL },
	{ "port 53", NULL },
	{ "port 80", NULL },
	{ "tcp port 80", NULL },
	{ "tcp src port 443", NULL },
	{ "udp dst port 53", NULL },
	{ "udp port 4789", NULL },
	{ "sctp port 5000", NULL },
	{ "not port 53", NULL },
	{ "portrange 1-1023", NULL },
	{ "src portrange 20000-65535", NULL },
	{ "tcp dst portrange 20-25", NULL },
	{ "host 10.9.1.1", NULL },
	{ "src host 10.9.1.1", NULL },
	{ "dst 10.9.1.2", NULL },
	{ "ip host 10.9.1.2", NULL },
	{ "arp host 10.9.1.1", NULL },
	{ "arp src host 10.9.1.2", NULL },
	{ "rarp host 10.9.1.2", NULL },
	{ "host fe80::1", NULL },
	{ "ip6 src host fd00:9:1::1", NULL },
	{ "net 10.9.0.0/16", NULL },
	{ "src net 10.9.1.0/24", NULL },
	{ "dst host 10.0.0.0/8", "dst net 10.0.0.0/8" },
	{ "dst net 224.0.0.0/4", NULL },
	{ "arp net 10.0.0.0/8", NULL },
	{ "net fe80::/10", NULL },
	{ "dst net ff02::/16", NULL },
	{ "src net fd00:9:1::/48", NULL },
	{ "dst net ff02:0:0:0:0:1:ff00:0/104", NULL },
	{ "net 0.0.0.0/1", NULL },
	{ "vlan", NULL },
	{ "vlan 100", NULL },
	{ "vlan 100 and tcp", NULL },
	{ "vlan 100 and udp port 53", NULL },
	{ "vlan and ip", NULL },
	{ "ether host ff:ff:ff:ff:ff:ff", NULL },
	{ "ether src 02:00:00:00:01:01", NULL },
	{ "ether dst 33:33:00:00:00:16", NULL },
	{ "ether proto 0x88cc", NULL },
	{ "ether proto 0x86dd", NULL },
	{ "greater 1000", NULL },
	{ "less 60", NULL },
	{ "udp dst port 53 and dst host 10.0.0.0/8",
	    "udp dst port 53 and dst net 10.0.0.0/8" },
	{ "tcp and not port 22", NULL },
	{ "(tcp port 80 or tcp port 443) and (ip or ip6)", NULL },
	{ "tcp.flags & 0x12 = 0x02", "(ip proto 6 and tcp[13] & 0x12 = 2) or "
	                             "(ip6 proto 6 and ip6[53] & 0x12 = 2)" },
	{ "icmp.type = 8 and icmp", "icmp[0] = 8" },
	{ "icmp.code = 0 and icmp6", "icmp6[1] = 0" },
	{ "fragment and ip", "ip[6:2] & 0x3fff != 0" },
	{ "frag = 2 and ip", "ip[6:2] & 0x1fff != 0" },
	{ "ip.ttl < 64", "ip[8] < 64" },
	{ "ip6.hlim = 255", "ip6[7] = 255" },
	{ "arp.op = 1 and arp", "arp[6:2] = 1" },
};
#define PAIRS (sizeof(pairs) / sizeof(pairs[0]))

struct packet {
	struct sp_packet p;
	struct sp_view v;
	bool ours, theirs;
	bool padded;            /* theirs with more bytes, 0 or 0xff */
	bool stripped, without; /* ours without the inner tag, if it has one */
	const char *text;
};

static bool has(const struct packet *p, enum sp_field f)
{
	return (p->v.has & SP_BIT(f)) != 0;
}

static uint64_t number(const struct packet *p, enum sp_field f)
{
	return has(p, f) ? p->v.v[f] : UINT64_MAX;
}

/* A link type that the parser does not know has no fields. */
static bool is_link(const struct packet *p)
{
	return (p->v.has & ~(SP_BIT(SP_LINK) | SP_BIT(SP_LEN) |
	                       SP_BIT(SP_CAPLEN))) == 0 &&
	       p->p.link != SP_LINK_ETHERNET && p->p.link != SP_LINK_SLL &&
	       p->p.link != SP_LINK_SLL2 && p->p.link != SP_LINK_NULL &&
	       p->p.link != SP_LINK_LOOP && p->p.link != SP_LINK_RAW;
}

/* tcpdump looks behind tags only where `vlan` was written before, and then for
 * one tag. So the region must say the same of the packet without its inner tag,
 * which is compared by itself. */
static bool is_tags(const struct packet *p)
{
	bool vlan = strncmp(p->text, "vlan", 4) == 0;

	return has(p, SP_TYPE0) && sp_is_tpid(number(p, SP_TYPE0)) &&
	       (!vlan ||
	           (has(p, SP_TYPE1) && sp_is_tpid(number(p, SP_TYPE1)))) &&
	       (!p->stripped || p->ours == p->without);
}

/* tcpdump looks behind one fragment header at most, for some words. */
static bool is_extension(const struct packet *p)
{
	return has(p, SP_IP6_NH) && sp_is_ext(number(p, SP_IP6_NH));
}

/* Effective fields want a right version and header length. */
static bool is_header(const struct packet *p)
{
	uint64_t vhl = number(p, SP_IP_VHL);

	return (has(p, SP_IP_VHL) && (vhl >> 4 != 4 || (vhl & 15) < 5)) ||
	       (has(p, SP_IP6_VTF) && number(p, SP_IP6_VTF) >> 28 != 6);
}

/* tcpdump's host and net take ARP in. */
static bool is_arp(const struct packet *p)
{
	uint64_t type = number(p, SP_TYPE);
	bool host = strstr(p->text, "host") != NULL ||
	            strstr(p->text, "net") != NULL ||
	            strncmp(p->text, "dst ", 4) == 0;

	return (type == 0x806 || type == 0x8035) && host && p->theirs;
}

/* A load beyond the captured end rejects a packet in tcpdump, whatever else is
 * true of it; with some bytes behind it, it is accepted. */
static bool is_short(const struct packet *p)
{
	return p->ours && p->padded;
}

/* `vlan` is a tag here, and in tcpdump a TPID that may be the last that was
 * captured. */
static bool is_tpid(const struct packet *p)
{
	return strcmp(p->text, "vlan") == 0 && p->theirs &&
	       sp_is_tpid(number(p, SP_TYPE0)) && !has(p, SP_TCI0);
}

static struct {
	const char *name;
	bool (*is)(const struct packet *p);
	uint64_t n;
} rules[] = {
	{ "link", is_link, 0 },
	{ "tags", is_tags, 0 },
	{ "extension", is_extension, 0 },
	{ "header", is_header, 0 },
	{ "arp", is_arp, 0 },
	{ "short", is_short, 0 },
	{ "tpid", is_tpid, 0 },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static struct sp_region regions[PAIRS];
static struct region_world world;
static struct bpf_program programs[PAIRS]; /* of the file that is read */
static bool compiled[PAIRS];
static uint64_t seed = 20261129;
static uint64_t packets, comparisons, accepted, differences;
static bool quick;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "diff_region: %s: %s\n", what, why);
	exit(2);
}

static uint32_t dice(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static void read_texts(void)
{
	struct sp_text_error err;

	region_world_init(&world, NULL);
	for (size_t i = 0; i < PAIRS; i++)
		if (sp_text_parse(&world.w, pairs[i].ours,
		        (uint32_t)strlen(pairs[i].ours), &regions[i],
		        &err) != 0)
			die(pairs[i].ours, "is no region");
}

static void differ(const char *file, const char *kind, uint32_t number_of,
    const struct packet *p)
{
	for (size_t i = 0; i < RULES; i++) {
		if (rules[i].is(p)) {
			rules[i].n++;
			return;
		}
	}
	if (differences++ >= MAX_SHOWN)
		return;
	printf("%s: packet %u%s: %s: ours %d, libpcap %d\n  %u of %u:", file,
	    number_of, kind, p->text, p->ours, p->theirs, p->p.caplen,
	    p->p.len);
	for (uint32_t i = 0; i < p->p.caplen && i < 80; i++)
		printf(" %02x", p->p.data[i]);
	printf("\n");
}

static bool padded(
    const struct sp_packet *p, const struct bpf_program *program, uint8_t with)
{
	static uint8_t d[MAX_PACKET + 512];
	const struct pcap_pkthdr h = {
		.caplen = p->caplen + 512,
		.len = p->len,
	};

	if (p->caplen > MAX_PACKET)
		return false;
	memcpy(d, p->data, p->caplen);
	memset(d + p->caplen, with, 512);
	return pcap_offline_filter(program, &h, d) != 0;
}

/* A copy without the inner tag; NULL: there is none, or it is not whole, or
 * the parser stops at a third. The bytes are kept until the next call. */
static const struct sp_packet *strip(const struct packet *p)
{
	static uint8_t d[MAX_PACKET];
	static struct sp_packet out;
	uint32_t at = p->p.link == SP_LINK_SLL ? 14 : 12;

	if ((p->p.link != SP_LINK_ETHERNET && p->p.link != SP_LINK_SLL) ||
	    number(p, SP_TAGS) - 1 > 1 || !has(p, SP_TYPE) ||
	    sp_is_tpid(number(p, SP_TYPE)) || p->p.caplen > MAX_PACKET)
		return NULL;
	at += number(p, SP_TAGS) == 2 ? 4 : 0;
	memcpy(d, p->p.data, at);
	memcpy(d + at, p->p.data + at + 4, p->p.caplen - at - 4);
	out = p->p;
	out.data = d;
	out.caplen -= 4;
	return &out;
}

static void compare(const char *file, const char *kind, uint32_t number_of,
    const struct sp_packet *packet)
{
	const struct sp_packet *bare;
	struct sp_view bare_view;
	const struct pcap_pkthdr h = {
		.caplen = packet->caplen,
		.len = packet->len,
	};
	struct packet p = { .p = *packet };

	sp_parse(packet, &p.v);
	bare = strip(&p);
	p.stripped = bare != NULL;
	if (p.stripped)
		sp_parse(bare, &bare_view);
	packets++;
	for (size_t i = 0; i < PAIRS; i++) {
		if (!compiled[i])
			continue;
		p.text = pairs[i].ours;
		p.ours = sp_region_has(regions[i], &p.v);
		p.theirs =
		    pcap_offline_filter(&programs[i], &h, packet->data) != 0;
		comparisons++;
		accepted += p.ours && p.theirs;
		if (p.ours == p.theirs)
			continue;
		p.without = p.stripped && sp_region_has(regions[i], &bare_view);
		p.padded = padded(packet, &programs[i], 0) ||
		           padded(packet, &programs[i], 0xff);
		differ(file, kind, number_of, &p);
	}
	if (p.stripped) {
		uint8_t *d = malloc(bare->caplen);
		struct sp_packet one = *bare;

		memcpy(d, bare->data, bare->caplen);
		one.data = d;
		compare(file, ", without its inner tag", number_of, &one);
		free(d);
	}
}

/* Copies that are cut, and damaged; each an allocation of its own. */
static void copies(
    const char *file, uint32_t number_of, const struct sp_packet *whole)
{
	uint32_t reach = whole->caplen < 80 ? whole->caplen : 80;
	struct sp_packet p = *whole;

	for (uint32_t n = 0; n < CUT_MAX && n < whole->caplen;
	     n += quick ? 7 : 1) {
		uint8_t *d = malloc(n + 1);

		memcpy(d, whole->data, n);
		p.data = d;
		p.caplen = n;
		compare(file, ", cut", number_of, &p);
		free(d);
	}
	for (uint32_t i = 0; i < DAMAGED && reach > 0; i++) {
		uint8_t *d = malloc(whole->caplen);

		memcpy(d, whole->data, whole->caplen);
		for (uint32_t k = dice(5) + 1; k > 0; k--)
			d[dice(reach)] = (uint8_t)dice(256);
		p.data = d;
		p.caplen = whole->caplen;
		compare(file, ", damaged", number_of, &p);
		free(d);
	}
}

static void compile(pcap_t *p)
{
	for (size_t i = 0; i < PAIRS; i++) {
		const char *text = pairs[i].theirs;

		compiled[i] = pcap_compile(p, &programs[i],
		                  text != NULL ? text : pairs[i].ours, 0,
		                  PCAP_NETMASK_UNKNOWN) == 0;
	}
}

static void read_file(const char *path, pcap_t *p)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	uint32_t n = 0, link;

	link = (uint32_t)pcap_datalink(p);
	link = link == DLT_RAW ? SP_LINK_RAW : link;
	if (pcap_is_swapped(p) && link == DLT_NULL) {
		printf("left out: %s: its host has another byte order\n", path);
		return;
	}
	compile(p);
	while (n < (quick ? 200 : PACKETS) && pcap_next_ex(p, &h, &data) == 1) {
		struct sp_packet one = { data, h->caplen, h->len, link };

		compare(path, "", ++n, &one);
		if (n % (quick ? 20 : 1) == 0 && n <= SOME)
			copies(path, n, &one);
	}
	for (size_t i = 0; i < PAIRS; i++)
		if (compiled[i])
			pcap_freecode(&programs[i]);
}

static void read_tree(const char *path)
{
	if (captures_each(path, read_file) != 0)
		die(path, strerror(errno));
}

static void report(void)
{
	printf("%zu texts, %" PRIu64 " packets, %" PRIu64
	       " comparisons, %" PRIu64 " accepted by both\nlicensed:",
	    PAIRS, packets, comparisons, accepted);
	for (size_t i = 0; i < RULES; i++)
		printf(" %s %" PRIu64, rules[i].name, rules[i].n);
	printf("\n%" PRIu64 " differences\n", differences);
}

int main(int argc, char **argv)
{
	const char *more = getenv("EXOPF_TRACES");
	const char *fast = getenv("EXOPF_QUICK");
	int c;

	quick = fast != NULL && strcmp(fast, "0") != 0 && fast[0] != '\0';
	while ((c = getopt(argc, argv, "qs:")) != -1) {
		if (c == 'q')
			quick = true;
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	read_texts();
	if (optind == argc) {
		read_tree(EXOPF_SRCDIR "/pcaps");
		if (more != NULL && more[0] != '\0')
			read_tree(more);
	}
	for (; optind < argc; optind++)
		read_tree(argv[optind]);
	report();
	region_world_free(&world);
	if (packets == 0 || accepted == 0)
		die("no packet", "nothing was compared");
	return differences == 0 ? 0 : 3;
}
