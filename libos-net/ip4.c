/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of IPv4 [RFC 791]. See net.h. */
#include "libos-net/net_int.h"

#define TTL 64u

uint32_t lnet_sum(const uint8_t *p, uint32_t n, uint32_t before)
{
	uint64_t sum = before;

	for (; n >= 2; n -= 2, p += 2)
		sum += exo_be16(p);
	if (n > 0)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

uint16_t lnet_sum_end(uint32_t sum)
{
	return (uint16_t)~sum;
}

uint32_t lnet_sum_pseudo(
    uint32_t from, uint32_t to, uint8_t protocol, uint32_t n)
{
	uint8_t p[12];

	exo_put_be32(p, from);
	exo_put_be32(p + 4, to);
	exo_put_be16(p + 8, protocol);
	exo_put_be16(p + 10, (uint16_t)n);
	return lnet_sum(p, sizeof(p), 0);
}

/* One that a packet may be from [RFC 1122, section 3.2.1.3]: a host's, another one's. */
static bool is_host(const struct lnet_net *net, uint32_t ip)
{
	return ip >> 24 != 0 && ip >> 24 != 127 && ip < 0xe0000000u &&
	       ip != net->ip;
}

void lnet_ip_input(struct lnet_net *net, const uint8_t *frame, uint32_t n)
{
	const uint8_t *p = frame + ETH_LEN;
	uint32_t left = n - ETH_LEN, head, total;
	struct lnet_ip ip;

	head = left < IP_LEN ? 0 : (p[0] & 15u) * 4;
	total = left < IP_LEN ? 0 : exo_be16(p + 2);
	if (head < IP_LEN || p[0] >> 4 != 4 || total < head || total > left ||
	    lnet_sum_end(lnet_sum(p, head, 0)) != 0) {
		net->n.malformed++;
		return;
	}
	if (exo_be32(p + 16) != net->ip || !is_host(net, exo_be32(p + 12))) {
		net->n.strangers++;
		return;
	}
	if ((exo_be16(p + 6) & 0x3fff) != 0) {
		net->n.fragments++;
		return;
	}
	ip = (struct lnet_ip){ exo_be32(p + 12), p + head, total - head };
	lnet_peer_learn(net, ip.from, frame + 6);
	switch (p[9]) {
	case PROTO_ICMP:
		lnet_icmp_input(net, &ip);
		return;
	case PROTO_UDP:
		lnet_udp_input(net, &ip);
		return;
	default:
		net->n.strangers++;
		return;
	}
}

void lnet_ip_send(struct lnet_net *net, const uint8_t *to_mac, uint32_t to,
    uint8_t protocol, uint32_t n)
{
	uint8_t *p = net->out + ETH_LEN;

	lnet_eth_head(net, to_mac, TYPE_IP);
	p[0] = 0x45;
	p[1] = 0;
	exo_put_be16(p + 2, (uint16_t)(IP_LEN + n));
	exo_put_be16(p + 4, net->ident++);
	exo_put_be16(p + 6, 0);
	p[8] = TTL;
	p[9] = protocol;
	exo_put_be16(p + 10, 0);
	exo_put_be32(p + 12, net->ip);
	exo_put_be32(p + 16, to);
	exo_put_be16(p + 10, lnet_sum_end(lnet_sum(p, IP_LEN, 0)));
	lnet_send(net, ETH_LEN + IP_LEN + n);
}

bool lnet_ip_parse(const char *text, uint32_t *ip)
{
	uint32_t v = 0;

	for (unsigned part = 0; part < 4; part++) {
		uint32_t byte = 0, digits = 0;

		if (part > 0 && *text++ != '.')
			return false;
		while (*text >= '0' && *text <= '9' && digits++ < 3)
			byte = byte * 10 + (uint32_t)(*text++ - '0');
		if (digits == 0 || byte > 255)
			return false;
		v = v << 8 | byte;
	}
	*ip = v;
	return true;
}

uint16_t lnet_port_parse(const char *text)
{
	uint32_t v = 0;

	while (*text != '\0' && *text != ':')
		text++;
	while (*text != '\0' && *++text >= '0' && *text <= '9')
		v = v * 10 + (uint32_t)(*text - '0');
	return (uint16_t)v;
}
