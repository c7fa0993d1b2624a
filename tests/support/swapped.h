/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traces as machines of the other byte order write them, made of an Ethernet
 * capture: its IP packets, of link type NULL or ENC, whose headers begin with
 * an address family in that order.
 */
#ifndef TESTS_SUPPORT_SWAPPED_H
#define TESTS_SUPPORT_SWAPPED_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exo/lib/bytes.h"

#define SWAPPED_FILES 4 /* what swapped_make() makes, numbered from 0 */
#define SWAPPED_ROOM  65536u

/* The address family of an Ethernet packet's payload, or 0. */
static inline uint32_t swapped_family(const u_char *p, uint32_t caplen)
{
	if (caplen < 14)
		return 0;
	if (exo_be16(p + 12) == 0x0800)
		return 2;
	return exo_be16(p + 12) == 0x86dd ? 30 : 0; /* 24, 28 elsewhere */
}

/* Numbers of 32 bits, the wrong way round. */
static inline void swapped_words(FILE *f, const uint32_t *v, int n)
{
	uint8_t p[4];

	for (; n > 0; n--, v++) {
		exo_put_be32(p, *v);
		fwrite(p, 1, sizeof(p), f);
	}
}

static inline void swapped_head(FILE *f, bool ng, uint32_t linktype)
{
	const uint32_t plain[6] = { 0xa1b2c3d4, 0x00020004, 0, 0, 262144,
		linktype };
	const uint32_t blocks[12] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00010000,
		UINT32_MAX, UINT32_MAX, 28, 1, 20, linktype << 16, 262144, 20 };

	if (ng)
		swapped_words(f, blocks, 12);
	else
		swapped_words(f, plain, 6);
}

static inline void swapped_packet(FILE *f, bool ng, uint32_t seconds,
    const uint8_t *p, uint32_t caplen, uint32_t wirelen)
{
	uint32_t pad = (4 - caplen % 4) % 4, size = 32 + caplen + pad;
	uint64_t micro = seconds * UINT64_C(1000000);
	const uint32_t plain[4] = { seconds, 0, caplen, wirelen };
	const uint32_t block[7] = { 6, size, 0, (uint32_t)(micro >> 32),
		(uint32_t)micro, caplen, wirelen };
	const uint8_t zeros[4] = { 0 };

	if (ng)
		swapped_words(f, block, 7);
	else
		swapped_words(f, plain, 4);
	fwrite(p, 1, caplen, f);
	if (ng) {
		fwrite(zeros, 1, pad, f);
		swapped_words(f, &size, 1);
	}
}

/*
 * Make the trace of a number into a file: NULL, ENC, and each as pcapng.
 * Returns how many packets it has; 0 is a failure.
 */
static inline uint32_t swapped_make(
    const char *ether, int which, const char *to)
{
	static uint8_t p[SWAPPED_ROOM];
	uint32_t head = which % 2 == 0 ? 4 : 12, n = 0, family;
	bool ng = which >= 2;
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *in = pcap_open_offline(ether, err);
	FILE *f = fopen(to, "wb");
	struct pcap_pkthdr *h;
	const u_char *data;

	if (in != NULL && f != NULL) {
		swapped_head(f, ng, which % 2 == 0 ? 0 : 109);
		while (pcap_next_ex(in, &h, &data) == 1) {
			family = swapped_family(data, h->caplen);
			if (family == 0 || h->caplen > sizeof(p) - 12)
				continue;
			memset(p, 0, head);
			exo_put_be32(p, family);
			memcpy(p + head, data + 14, h->caplen - 14);
			swapped_packet(f, ng, ++n, p, h->caplen - 14 + head,
			    h->len - 14 + head);
		}
	}
	if (in != NULL)
		pcap_close(in);
	if (f == NULL || fclose(f) != 0)
		return 0;
	return n;
}

/* Make all of them in a new folder, whose name goes into dir; false: not. */
static inline bool swapped_folder(const char *ether, char dir[64])
{
	char path[96];
	int i;

	snprintf(dir, 64, "/tmp/swapped.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return false;
	for (i = 0; i < SWAPPED_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		if (swapped_make(ether, i, path) == 0)
			return false;
	}
	return true;
}

static inline void swapped_folder_gone(const char *dir)
{
	char path[96];
	int i;

	for (i = 0; i < SWAPPED_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		unlink(path);
	}
	rmdir(dir);
}

#endif
