/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of neighbours [RFC 826]. See net.h. */
#include "libos-net/net_int.h"

#define ARP_LEN 28u
#define REQUEST 1u
#define REPLY   2u

void lnet_peer_learn(struct lnet_net *net, uint32_t ip, const uint8_t *mac)
{
	uint32_t i = 0;

	if (ip == 0 || (mac[0] & 1) != 0)
		return;
	while (i < LNET_PEERS && net->peer[i].ip != ip)
		i++;
	if (i == LNET_PEERS) {
		i = net->next_peer++ % LNET_PEERS;
		net->peer[i].ip = ip;
	}
	memcpy(net->peer[i].mac, mac, 6);
}

const uint8_t *lnet_peer_find(const struct lnet_net *net, uint32_t ip)
{
	for (uint32_t i = 0; i < LNET_PEERS; i++)
		if (ip != 0 && net->peer[i].ip == ip)
			return net->peer[i].mac;
	return NULL;
}

static void reply(struct lnet_net *net, const uint8_t *p)
{
	uint8_t *out = net->out + ETH_LEN;

	lnet_eth_head(net, p + 8, TYPE_ARP);
	memcpy(out, p, 6); /* Ethernet, IPv4, their lengths */
	exo_put_be16(out + 6, REPLY);
	memcpy(out + 8, net->mac, 6);
	exo_put_be32(out + 14, net->ip);
	memcpy(out + 18, p + 8, 10);
	lnet_send(net, ETH_LEN + ARP_LEN);
}

void lnet_arp_input(struct lnet_net *net, const uint8_t *p, uint32_t n)
{
	if (n < ARP_LEN || exo_be16(p) != 1 || exo_be16(p + 2) != TYPE_IP ||
	    p[4] != 6 || p[5] != 4 || (p[8] & 1) != 0) {
		net->n.malformed++;
		return;
	}
	if (exo_be32(p + 24) != net->ip) {
		net->n.strangers++;
		return;
	}
	net->n.arp++;
	lnet_peer_learn(net, exo_be32(p + 14), p + 8);
	if (exo_be16(p + 6) == REQUEST)
		reply(net, p);
}
