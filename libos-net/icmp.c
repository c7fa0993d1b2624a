/* SPDX-License-Identifier: BSD-2-Clause */
/* Echo [RFC 792]. See net.h. */
#include "libos-net/net_int.h"

#define ICMP_LEN 8u
#define REQUEST  8u
#define REPLY    0u

void lnet_icmp_input(struct lnet_net *net, const struct lnet_ip *ip)
{
	uint8_t *out = net->out + ETH_LEN + IP_LEN;
	const uint8_t *mac = lnet_peer_find(net, ip->from);

	if (ip->n < ICMP_LEN ||
	    lnet_sum_end(lnet_sum(ip->data, ip->n, 0)) != 0) {
		net->n.malformed++;
		return;
	}
	if (ip->data[0] != REQUEST || mac == NULL ||
	    ip->n > LNET_FRAME - ETH_LEN - IP_LEN) {
		net->n.strangers++;
		return;
	}
	net->n.echo++;
	memcpy(out, ip->data, ip->n);
	out[0] = REPLY;
	exo_put_be16(out + 2, 0);
	exo_put_be16(out + 2, lnet_sum_end(lnet_sum(out, ip->n, 0)));
	lnet_ip_send(net, mac, ip->from, PROTO_ICMP, ip->n);
}
