/* SPDX-License-Identifier: BSD-2-Clause */
/* What the layers share. Offsets are of the frame. */
#ifndef LNET_NET_INT_H
#define LNET_NET_INT_H

#include "exo/lib/bytes.h"
#include "exo/lib/mem.h"
#include <stddef.h>

#include "libos-net/net.h"

#define ETH_LEN    14u
#define TYPE_IP    0x0800u
#define TYPE_ARP   0x0806u
#define IP_LEN     20u
#define PROTO_ICMP 1u
#define PROTO_UDP  17u
#define UDP_LEN    8u

/** A packet that was looked at: where its parts are. */
struct lnet_ip {
	uint32_t from;
	const uint8_t *data; /* behind the header */
	uint32_t n;
};

/** Layers, each given what is behind the header of the one below. */
void lnet_arp_input(struct lnet_net *net, const uint8_t *p, uint32_t n);
void lnet_ip_input(struct lnet_net *net, const uint8_t *frame, uint32_t n);
void lnet_icmp_input(struct lnet_net *net, const struct lnet_ip *ip);
void lnet_udp_input(struct lnet_net *net, const struct lnet_ip *ip);

/** Remember where an address is; find it, or NULL. */
void lnet_peer_learn(struct lnet_net *net, uint32_t ip, const uint8_t *mac);
const uint8_t *lnet_peer_find(const struct lnet_net *net, uint32_t ip);

/** Fill the frame's header in net->out. */
void lnet_eth_head(struct lnet_net *net, const uint8_t *to, uint16_t type);

/** Fill both headers for so many bytes behind them, which may be there already, and
 * send. */
void lnet_ip_send(struct lnet_net *net, const uint8_t *to_mac, uint32_t to,
    uint8_t protocol, uint32_t n);

void lnet_send(struct lnet_net *net, uint32_t n);

/** The sum of RFC 1071 of n bytes, added to one before; lnet_sum_end() is what
 * goes into a header: 0 if the bytes had their right sum. */
uint32_t lnet_sum(const uint8_t *p, uint32_t n, uint32_t before);
uint16_t lnet_sum_end(uint32_t sum);

/** The sum of the pseudo header of RFC 768. */
uint32_t lnet_sum_pseudo(
    uint32_t from, uint32_t to, uint8_t protocol, uint32_t n);

#endif
