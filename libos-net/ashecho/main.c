/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A libOS that answers in the kernel: a handler (echo.s) sends pings and datagrams to
 * port 7 back without waking it; it does only what is left, which is ARP.
 *
 * Its argument is that of echo/main.c.
 */
#include <stddef.h>

#include "libos-net/net.h"
#include "libos-net/rt/bind.h"
#include "libos-net/rt/rt.h"
#include "libos-net/tap.h"

extern const uint8_t ash_image[], ash_image_end[];

static struct lnet_net net;
static struct lnet_tap tap;
static struct exo_pe *page;
static bool over;

static int send(void *arg, const uint8_t *frame, uint32_t n)
{
	(void)arg;
	return lnet_send_patient(&page->send, frame, n);
}

static void end(void *arg, struct lnet_net *of, const struct lnet_datagram *d)
{
	(void)arg;
	(void)lnet_udp_send(
	    of, d->to_port, d->from_ip, d->from_port, d->data, d->n);
	over = true;
}

static void take(void *arg, const struct exo_rec *rec, const uint8_t *data)
{
	(void)arg;
	lnet_net_input(&net, data, rec->len);
}

/* What the handler answered, as the kernel counts it. */
static uint64_t replied(uint64_t binding)
{
	struct exo_call_stat a = { .binding = binding };

	if (lnet_call(EXO_CALL_STAT_NR, &a, sizeof(a)) != 0)
		return 0;
	return a.out_stat.replied;
}

int lnet_main(struct exo_pe *pe)
{
	uint64_t name;
	uint16_t port;
	uint32_t ip;

	page = pe;
	if (!lnet_ip_parse(pe->arg, &ip)) {
		(void)lnet_print("the argument is no address\n");
		return 2;
	}
	lnet_net_init(&net, pe->mac, ip, send, NULL);
	port = lnet_port_parse(pe->arg);
	if (port != 0)
		(void)lnet_udp_bind(&net, port, end, NULL);
	lnet_tap_init(&tap, (void *)EXO_RING_AT);
	if (lnet_bind_ash(&pe->key, &pe->send, ash_image,
	        (uint32_t)(ash_image_end - ash_image), &name) != 0) {
		(void)lnet_print("its handler cannot be bound\n");
		return 3;
	}
	(void)lnet_print("up\n");
	while (!over) {
		if (lnet_tap_poll(&tap, take, NULL) < 0)
			return 4;
		if (!over)
			(void)lnet_wait();
	}
	/* it never saw what the handler is for */
	if (net.n.echo != 0 || (replied(name) == 0 && port != 0))
		return 5;
	return net.n.unsent != 0 ? 6 : 0;
}
