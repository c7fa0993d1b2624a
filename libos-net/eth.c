/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames: who they are for, and which layer is next. See net.h. */
#include "libos-net/net_int.h"

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

void lnet_net_init(struct lnet_net *net, const uint8_t mac[6], uint32_t ip,
    int (*send)(void *arg, const uint8_t *frame, uint32_t n), void *arg)
{
	memset(net, 0, sizeof(*net));
	memcpy(net->mac, mac, 6);
	net->ip = ip;
	net->send = send;
	net->arg = arg;
}

void lnet_net_input(struct lnet_net *net, const uint8_t *frame, uint32_t n)
{
	net->n.frames++;
	if (n < ETH_LEN) {
		net->n.malformed++;
		return;
	}
	if (memcmp(frame, net->mac, 6) != 0 &&
	    memcmp(frame, everybody, 6) != 0) {
		net->n.strangers++;
		return;
	}
	switch (exo_be16(frame + 12)) {
	case TYPE_ARP:
		lnet_arp_input(net, frame + ETH_LEN, n - ETH_LEN);
		return;
	case TYPE_IP:
		lnet_ip_input(net, frame, n);
		return;
	default:
		net->n.strangers++;
		return;
	}
}

void lnet_eth_head(struct lnet_net *net, const uint8_t *to, uint16_t type)
{
	memcpy(net->out, to, 6);
	memcpy(net->out + 6, net->mac, 6);
	exo_put_be16(net->out + 12, type);
}

void lnet_send(struct lnet_net *net, uint32_t n)
{
	if (net->send(net->arg, net->out, n) == 0)
		net->n.sent++;
	else
		net->n.unsent++;
}
