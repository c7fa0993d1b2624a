/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network of one address: frames come in, answers go out.
 *
 * Overview: lnet_net_init() gives a host its addresses and a way to send; frames go
 * to lnet_net_input(), which answers ARP [RFC 826] and ICMP echo [RFC 792, RFC 1122
 * 3.2.2.6], and hands datagrams to whoever listens at their port [RFC 768]. The layers
 * are a file each: eth.c, arp.c, ip4.c, icmp.c, udp.c; one more goes beside them.
 *
 * Freestanding; no memory is allocated. Frames are hostile: each length is looked at
 * before it is believed, what is malformed is counted and dropped, checksums are
 * verified. Answers are made in a buffer of the host's own.
 *
 * Synchronization: one thread.
 */
#ifndef LNET_NET_H
#define LNET_NET_H

#include <stdbool.h>
#include <stdint.h>

#define LNET_FRAME 1514u /* bytes of the longest */
#define LNET_PORTS 8u
#define LNET_PEERS 16u /* addresses that are remembered */

struct lnet_net;

/** What comes to a port: n bytes of data from an address and a port. */
struct lnet_datagram {
	uint32_t from_ip;
	uint16_t from_port, to_port;
	const uint8_t *data;
	uint32_t n;
};

typedef void lnet_udp_fn(
    void *arg, struct lnet_net *net, const struct lnet_datagram *d);

struct lnet_counts {
	uint64_t frames, sent, unsent;
	uint64_t
	    malformed; /* too short, lengths or checksums that do not agree */
	uint64_t strangers; /* to another address, from none, another protocol,
	                       no port */
	uint64_t fragments; /* which nobody puts together here */
	uint64_t arp, echo, udp;
};

struct lnet_net {
	uint8_t mac[6];
	uint32_t ip;
	/** Send a frame: 0, or it is lost. */
	int (*send)(void *arg, const uint8_t *frame, uint32_t n);
	void *arg;
	struct {
		uint16_t port; /* 0: free */
		lnet_udp_fn *fn;
		void *arg;
	} port[LNET_PORTS];
	struct {
		uint32_t ip; /* 0: free */
		uint8_t mac[6];
	} peer[LNET_PEERS];
	uint32_t next_peer; /* that is forgotten next */
	uint16_t ident;     /* of the next packet */
	struct lnet_counts n;
	uint8_t out[LNET_FRAME];
};

/** Begin. ip is in host order. */
void lnet_net_init(struct lnet_net *net, const uint8_t mac[6], uint32_t ip,
    int (*send)(void *arg, const uint8_t *frame, uint32_t n), void *arg);

/** Take a frame in; n bytes of any. */
void lnet_net_input(struct lnet_net *net, const uint8_t *frame, uint32_t n);

/** Listen at a port. False: all places are taken, or the port is. */
bool lnet_udp_bind(
    struct lnet_net *net, uint16_t port, lnet_udp_fn *fn, void *arg);

/** Send n bytes from a port to an address whose MAC address is known: it sent
 * something before. False: it is not, or they are too many. */
bool lnet_udp_send(struct lnet_net *net, uint16_t from_port, uint32_t ip,
    uint16_t port, const uint8_t *data, uint32_t n);

/** Read "10.0.2.15", before a ':' or the end; false: it is no address. */
bool lnet_ip_parse(const char *text, uint32_t *ip);

/** The number behind the ':' of "10.0.2.15:7000", or 0. */
uint16_t lnet_port_parse(const char *text);

#endif
