/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams [RFC 768]. See net.h. */
#include "libos-net/net_int.h"

bool lnet_udp_bind(
    struct lnet_net *net, uint16_t port, lnet_udp_fn *fn, void *arg)
{
	uint32_t place = LNET_PORTS;

	for (uint32_t i = 0; i < LNET_PORTS; i++) {
		if (net->port[i].port == port)
			return false;
		if (net->port[i].port == 0 && place == LNET_PORTS)
			place = i;
	}
	if (place == LNET_PORTS || port == 0)
		return false;
	net->port[place].port = port;
	net->port[place].fn = fn;
	net->port[place].arg = arg;
	return true;
}

/* The sum is right, or none was made. */
static bool sum_ok(
    const struct lnet_net *net, const struct lnet_ip *ip, uint32_t n)
{
	uint32_t pseudo = lnet_sum_pseudo(ip->from, net->ip, PROTO_UDP, n);

	return exo_be16(ip->data + 6) == 0 ||
	       lnet_sum_end(lnet_sum(ip->data, n, pseudo)) == 0;
}

void lnet_udp_input(struct lnet_net *net, const struct lnet_ip *ip)
{
	uint32_t n = ip->n < UDP_LEN ? 0 : exo_be16(ip->data + 4);
	struct lnet_datagram d;

	if (n < UDP_LEN || n > ip->n || !sum_ok(net, ip, n)) {
		net->n.malformed++;
		return;
	}
	d = (struct lnet_datagram){ ip->from, exo_be16(ip->data),
		exo_be16(ip->data + 2), ip->data + UDP_LEN, n - UDP_LEN };
	for (uint32_t i = 0; i < LNET_PORTS; i++) {
		if (net->port[i].port != d.to_port || d.to_port == 0)
			continue;
		net->n.udp++;
		net->port[i].fn(net->port[i].arg, net, &d);
		return;
	}
	net->n.strangers++;
}

bool lnet_udp_send(struct lnet_net *net, uint16_t from_port, uint32_t ip,
    uint16_t port, const uint8_t *data, uint32_t n)
{
	uint8_t *out = net->out + ETH_LEN + IP_LEN;
	const uint8_t *mac = lnet_peer_find(net, ip);
	uint32_t whole = UDP_LEN + n;
	uint16_t sum;

	if (mac == NULL || n > LNET_FRAME - ETH_LEN - IP_LEN - UDP_LEN)
		return false;
	exo_put_be16(out, from_port);
	exo_put_be16(out + 2, port);
	exo_put_be16(out + 4, (uint16_t)whole);
	exo_put_be16(out + 6, 0);
	if (n > 0)
		memmove(out + UDP_LEN, data, n);
	sum = lnet_sum_end(lnet_sum(
	    out, whole, lnet_sum_pseudo(net->ip, ip, PROTO_UDP, whole)));
	exo_put_be16(out + 6, sum == 0 ? 0xffff : sum);
	lnet_ip_send(net, mac, ip, PROTO_UDP, whole);
	return true;
}
