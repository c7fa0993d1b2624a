/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets for the demultiplexer's oracle: see demux_pkt.h. */
#include "tests/support/demux_pkt.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/hosted/trace.h"
#include "exo/lib/bytes.h"

#define KEPT_MAX 60000u
#define FILE_MAX 1500u /* of one file */
#define LINKS    512u

struct kept {
	uint8_t *data;
	uint32_t caplen, wirelen, link;
};

static struct kept kept[KEPT_MAX];
static uint32_t nkept;
static uint32_t *of_link[LINKS], nlink[LINKS];

static void keep(const struct tr_pkt *p)
{
	struct kept *k = &kept[nkept];
	uint32_t **of = &of_link[p->linktype], n = nlink[p->linktype];

	k->caplen = p->caplen < DX_BYTES ? p->caplen : DX_BYTES;
	k->wirelen = p->wirelen;
	k->link = p->linktype;
	k->data = malloc(k->caplen + 1u);
	if ((n & (n - 1)) == 0)
		*of = realloc(*of, sizeof(**of) * 2 * (n + 1));
	if (k->data == NULL || *of == NULL)
		abort();
	memcpy(k->data, p->data, k->caplen);
	(*of)[n] = nkept++;
	nlink[p->linktype]++;
}

static int visit(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct tr_error err;
	struct tr_reader *r;
	struct tr_pkt pkt[16];
	uint32_t limit = nkept + FILE_MAX;
	int n;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	r = tr_open(path, NULL, &err); /* NULL: no capture */
	while (
	    r != NULL && nkept < limit && (n = tr_batch(r, pkt, 16, &err)) > 0)
		for (int i = 0; i < n && nkept < KEPT_MAX; i++)
			if (pkt[i].linktype < LINKS && !pkt[i].swapped)
				keep(&pkt[i]);
	tr_close(r);
	return 0;
}

int dx_packets_read(const char *folder)
{
	return nftw(folder, visit, 16, FTW_PHYS);
}

void dx_packets_free(void)
{
	for (uint32_t i = 0; i < nkept; i++)
		free(kept[i].data);
	for (uint32_t i = 0; i < LINKS; i++)
		free(of_link[i]);
}

uint32_t dx_packets_kept(void)
{
	return nkept;
}

static void damage(struct spacegen *g, struct dx_packet *p)
{
	static const uint8_t odd[] = { 0, 1, 4, 5, 6, 8, 0x11, 0x2c, 0x33, 0x3a,
		0x40, 0x41, 0x45, 0x46, 0x4f, 0x60, 0x81, 0x86, 0x88, 0xff };
	uint32_t reach = p->caplen < 64 ? p->caplen : 64;

	for (uint32_t i = 1 + sg_below(g, 3); i > 0 && reach != 0; i--) {
		uint32_t at = sg_below(g, reach);

		if (sg_below(g, 2) != 0)
			p->data[at] = odd[sg_below(g, sizeof(odd))];
		else
			p->data[at] ^= (uint8_t)(1u << sg_below(g, 8));
	}
}

static void from_capture(
    struct spacegen *g, uint32_t link, struct dx_packet *out)
{
	uint32_t from = nlink[link] == 0 ? SP_LINK_ETHERNET : link;
	const struct kept *k = &kept[of_link[from][sg_below(g, nlink[from])]];

	memcpy(out->data, k->data, k->caplen);
	out->caplen = k->caplen;
	out->wirelen = k->wirelen;
}

void dx_packet_any(struct spacegen *g, uint32_t link, struct dx_packet *out)
{
	uint32_t how = sg_below(g, 20);
	struct sp_packet made;

	if (how == 0 || nlink[SP_LINK_ETHERNET] == 0) {
		made = sg_packet(g, out->data);
		out->caplen = made.caplen;
		out->wirelen = made.len;
	} else {
		from_capture(g, link, out);
	}
	out->link = link;
	if (how >= 1 && how <= 3)
		out->caplen =
		    sg_below(g, out->caplen < 100 ? out->caplen + 1 : 100);
	if (how >= 3 && how <= 8)
		damage(g, out);
	out->ifindex = sg_below(g, 4);
	out->time_ns = 1000000 + sg_word(g) % 1000000;
	dx_packet_see(out);
}

void dx_packet_see(struct dx_packet *p)
{
	const struct sp_packet raw = { p->data, p->caplen, p->wirelen,
		p->link };

	sp_parse(&raw, &p->view);
	p->protocol = 0;
	if (p->link == SP_LINK_ETHERNET && p->caplen >= 14) {
		p->protocol = exo_be16(p->data + 12);
		if (p->protocol < 0x600)
			p->protocol = 4;
	}
}

void dx_packet_print(const struct dx_packet *p)
{
	printf("packet: link type %u, %u bytes of %u, interface %u\n", p->link,
	    p->caplen, p->wirelen, p->ifindex);
	for (uint32_t i = 0; i < p->caplen; i++)
		printf("%02x%s", p->data[i], i % 32 == 31 ? "\n" : " ");
	printf("\n");
}
