/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A libOS that owns an address: it answers ARP and ICMP echo, and returns what comes to
 * UDP port 7 [RFC 862].
 *
 * Its argument is the address, "10.0.2.15", and, for tests, a port that ends it:
 * "10.0.2.15:7000".
 */
#include <stddef.h>

#include "libos-net/net.h"
#include "libos-net/rt/bind.h"
#include "libos-net/rt/rt.h"
#include "libos-net/tap.h"

#define ECHO_PORT 7u

static struct lnet_net net;
static struct lnet_tap tap;
static struct exo_pe *page;
static bool over;

static int send(void *arg, const uint8_t *frame, uint32_t n)
{
	(void)arg;
	return lnet_send_patient(&page->send, frame, n);
}

static void echo(void *arg, struct lnet_net *of, const struct lnet_datagram *d)
{
	(void)arg;
	(void)lnet_udp_send(
	    of, d->to_port, d->from_ip, d->from_port, d->data, d->n);
}

static void end(void *arg, struct lnet_net *of, const struct lnet_datagram *d)
{
	echo(arg, of, d);
	over = true;
}

static void take(void *arg, const struct exo_rec *rec, const uint8_t *data)
{
	(void)arg;
	lnet_net_input(&net, data, rec->len);
}

int lnet_main(struct exo_pe *pe)
{
	struct exo_ring *ring = (void *)EXO_RING_AT;
	uint64_t name;
	uint32_t ip;

	page = pe;
	if (!lnet_ip_parse(pe->arg, &ip)) {
		(void)lnet_print("the argument is no address\n");
		return 2;
	}
	lnet_net_init(&net, pe->mac, ip, send, NULL);
	(void)lnet_udp_bind(&net, ECHO_PORT, echo, NULL);
	if (lnet_port_parse(pe->arg) != 0)
		(void)lnet_udp_bind(&net, lnet_port_parse(pe->arg), end, NULL);
	lnet_tap_init(&tap, ring);
	if (lnet_bind_all(&pe->key, &name) != 0) {
		(void)lnet_print("its packets cannot be bound\n");
		return 3;
	}
	(void)lnet_print("up\n");
	while (!over) {
		if (lnet_tap_poll(&tap, take, NULL) < 0)
			return 4;
		if (!over)
			(void)lnet_wait();
	}
	return net.n.unsent != 0 ? 5 : 0;
}
