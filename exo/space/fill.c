/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What packets usually hold, where a witness may hold anything.
 *
 * Addresses are those that documents use [RFC 5737, 3849], or locally
 * administered; the port is that of the discard protocol, the protocol that for
 * experiments [RFC 3692].
 */
#include "exo/lib/bytes.h"
#include "exo/space/space_int.h"
#include "exo/space/witness_int.h"

struct page {
	uint8_t *buf;
	uint32_t cap;
};

static void put(const struct page *p, uint32_t at, uint32_t bytes, uint64_t x)
{
	for (uint32_t i = 0; i < bytes; i++)
		if (at + i < p->cap)
			p->buf[at + i] = (uint8_t)(x >> 8 * (bytes - 1 - i));
}

static void fill_link(const struct page *p, const struct sp_layout *f)
{
	const uint64_t from = 0x020000000001, to = 0x020000000002;

	if (f->link == SP_LINK_ETHERNET) {
		put(p, 0, 6, to);
		put(p, 6, 6, from);
	} else if (f->link == SP_LINK_SLL) {
		put(p, 2, 2, 1);
		put(p, 4, 2, 6);
		put(p, 6, 6, from);
	} else if (f->link == SP_LINK_SLL2) {
		put(p, 4, 4, 1);
		put(p, 8, 2, 1);
		put(p, 11, 1, 6);
		put(p, 12, 6, from);
	}
	if (f->at[SP_H_TAG0] != SP_NOWHERE)
		put(p, f->at[SP_H_TAG0], 2, 1);
	if (f->at[SP_H_TAG1] != SP_NOWHERE)
		put(p, f->at[SP_H_TAG1], 2, 1);
}

static void fill_ip4(const struct page *p, uint32_t l3)
{
	uint32_t bytes = p->cap > l3 ? p->cap - l3 : 0;

	put(p, l3, 1, 0x45);
	put(p, l3 + 2, 2, bytes < UINT16_MAX ? bytes : UINT16_MAX);
	put(p, l3 + 8, 1, 64);
	put(p, l3 + 9, 1, 253);
	put(p, l3 + 12, 4, 0xc0000201);
	put(p, l3 + 16, 4, 0xc6336401);
}

static void fill_ip6(const struct page *p, uint32_t l3)
{
	uint32_t bytes = p->cap > l3 + 40 ? p->cap - l3 - 40 : 0;

	put(p, l3, 1, 0x60);
	put(p, l3 + 4, 2, bytes < UINT16_MAX ? bytes : UINT16_MAX);
	put(p, l3 + 6, 1, 59);
	put(p, l3 + 7, 1, 64);
	put(p, l3 + 8, 8, 0x20010db800000000);
	put(p, l3 + 16, 8, 1);
	put(p, l3 + 24, 8, 0x20010db800000000);
	put(p, l3 + 32, 8, 2);
}

static void fill_arp(const struct page *p, uint32_t l3)
{
	put(p, l3, 2, 1);
	put(p, l3 + 2, 2, SP_TYPE_IP4);
	put(p, l3 + 4, 1, 6);
	put(p, l3 + 5, 1, 4);
	put(p, l3 + 6, 2, 1);
	put(p, l3 + 8, 6, 0x020000000001);
	put(p, l3 + 14, 4, 0xc0000201);
	put(p, l3 + 24, 4, 0xc0000202);
}

static void fill_transport(const struct page *p, const struct sp_layout *f)
{
	uint32_t at = f->e4, bytes = p->cap > at ? p->cap - at : 0;

	if (f->at[SP_H_ICMP] != SP_NOWHERE) {
		put(p, at, 1, f->proto == 58 ? 128 : 8);
		return;
	}
	if (f->at[SP_H_PORTS] == SP_NOWHERE)
		return;
	put(p, at, 2, 49152);
	put(p, at + 2, 2, 9);
	if (f->proto == 6) {
		put(p, at + 12, 4, 0x5002ffff);
	} else if (f->proto == 17) {
		put(p, at + 4, 2, bytes < UINT16_MAX ? bytes : UINT16_MAX);
	} else if (f->proto == 33) {
		put(p, at + 4, 1, 3);
	}
}

void sp_fill(const struct sp_layout *f, uint8_t *buf, uint32_t cap)
{
	const struct page p = { buf, cap };

	fill_link(&p, f);
	if (f->at[SP_H_IP4] != SP_NOWHERE)
		fill_ip4(&p, f->l3);
	if (f->at[SP_H_IP6] != SP_NOWHERE)
		fill_ip6(&p, f->l3);
	if (f->at[SP_H_ARP] != SP_NOWHERE)
		fill_arp(&p, f->l3);
	fill_transport(&p, f);
}
