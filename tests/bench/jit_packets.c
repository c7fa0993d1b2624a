/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets of bench_jit: those of the captures, and made ones. */
#include <dirent.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/jit_row.h"

#define FOLDER EXOPF_SRCDIR "/pcaps"

static struct jb_pkt *real;
static uint32_t nreal, room;

void jb_die(const char *fmt, ...)
{
	va_list ap;

	fputs("bench_jit: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

void *jb_get(size_t size)
{
	void *p = calloc(1, size != 0 ? size : 1);

	if (p == NULL)
		jb_die("no memory");
	return p;
}

uint32_t jb_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1du) >> 32);
}

struct jb_pkt jb_pkt_make(const uint8_t *bytes, uint32_t caplen)
{
	struct jb_pkt p = { .caplen = caplen };
	uint8_t *data = jb_get(caplen);

	memcpy(data, bytes, caplen);
	p.data = data;
	p.ctx = jb_get(sizeof(*p.ctx));
	p.ctx->data = p.ctx->data_meta = data;
	p.ctx->data_end = data + caplen;
	p.ctx->size = caplen;
	p.ctx->wirelen = caplen;
	p.ctx->ifindex = 1;
	return p;
}

static void keep(const uint8_t *bytes, uint32_t caplen)
{
	if (nreal == room) {
		room = room != 0 ? 2 * room : 1024;
		real = realloc(real, room * sizeof(*real));
		if (real == NULL)
			jb_die("no memory");
	}
	real[nreal++] = jb_pkt_make(bytes, caplen);
}

/* What libpcap reads of a folder's Ethernet captures. */
static void read_file(const char *name)
{
	char path[512], err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *bytes;
	pcap_t *p;

	snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
	p = pcap_open_offline(path, err);
	if (p == NULL)
		return;
	while (
	    pcap_datalink(p) == DLT_EN10MB && pcap_next_ex(p, &h, &bytes) == 1)
		keep(bytes, h->caplen);
	pcap_close(p);
}

const struct jb_pkt *jb_real(uint32_t *n)
{
	struct dirent **list;
	int count, i;

	if (nreal == 0) {
		count = scandir(FOLDER, &list, NULL, alphasort);
		if (count < 0)
			jb_die("%s cannot be read", FOLDER);
		for (i = 0; i < count; i++) {
			if (strstr(list[i]->d_name, ".pcap") != NULL)
				read_file(list[i]->d_name);
			free(list[i]);
		}
		free(list);
		if (nreal == 0)
			jb_die("no packet in %s", FOLDER);
	}
	*n = nreal;
	return real;
}
