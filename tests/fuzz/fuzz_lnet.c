/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: frames of any bytes for the host of libos-net, which returns datagrams.
 * Whatever it sends is well-formed and from its own addresses, and each frame is
 * counted once.
 *
 * The input is frames: two bytes of length, of which the upper bits say what is mended
 * (addresses and checksums that chance would not hit), and the frame's bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "exo/lib/bytes.h"
#include "libos-net/net.h"

#define ME   0x0a00020fu
#define MOST 2047u

#define NEED(cond)               \
	do {                     \
		if (!(cond))     \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static uint32_t sent, shown;

static uint16_t sum(const uint8_t *p, uint32_t n, uint32_t s)
{
	for (uint32_t i = 0; i < n; i++)
		s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static uint32_t pseudo(const uint8_t *ip, uint32_t n)
{
	return (uint32_t)(uint16_t)~sum(ip + 12, 8, 0) + ip[9] + n;
}

/* An IPv4 packet of n bytes, from the host. */
static void look_ip(const uint8_t *p, uint32_t n)
{
	const uint8_t *q = p + 20;

	NEED(n >= 28 && p[0] == 0x45 && exo_be16(p + 2) == n);
	NEED(sum(p, 20, 0) == 0 && exo_be32(p + 12) == ME);
	NEED(exo_be16(p + 6) == 0 && p[8] == 64);
	NEED(exo_be32(p + 16) != ME && p[16] != 0 && p[16] < 224);
	if (p[9] == 1) {
		NEED(q[0] == 0 && sum(q, n - 20, 0) == 0);
		return;
	}
	NEED(p[9] == 17 && exo_be16(q + 4) == n - 20);
	NEED(exo_be16(q) == 7 && exo_be16(q + 6) != 0);
	NEED(sum(q, n - 20, pseudo(p, n - 20)) == 0);
}

static int out(void *arg, const uint8_t *f, uint32_t n)
{
	(void)arg;
	NEED(n >= 14 && n <= LNET_FRAME);
	NEED((f[0] & 1) == 0 && memcmp(f + 6, mac, 6) == 0);
	sent++;
	if (exo_be16(f + 12) == 0x0800) {
		look_ip(f + 14, n - 14);
		return 0;
	}
	NEED(exo_be16(f + 12) == 0x0806 && n == 42);
	NEED(exo_be16(f + 20) == 2 && exo_be32(f + 28) == ME);
	NEED(memcmp(f + 22, mac, 6) == 0 && memcmp(f, f + 32, 6) == 0);
	return 0;
}

static void echo(void *arg, struct lnet_net *net, const struct lnet_datagram *d)
{
	(void)arg;
	NEED(d->to_port == 7);
	shown++;
	(void)lnet_udp_send(
	    net, d->to_port, d->from_ip, d->from_port, d->data, d->n);
}

/* Addresses and sums where the frame has room for them. */
static void mend(uint8_t *f, uint32_t n, uint32_t what)
{
	uint8_t *p = f + 14;
	uint32_t head = n >= 34 ? (p[0] & 15u) * 4 : 0;
	uint32_t len = n >= 34 ? exo_be16(p + 2) : 0;

	if ((what & 1) != 0 && n >= 6)
		memcpy(f, mac, 6);
	if ((what & 2) != 0 && n >= 34 && exo_be16(f + 12) == 0x0800)
		exo_put_be32(p + 16, ME);
	if ((what & 4) != 0 && n >= 42 && exo_be16(f + 12) == 0x0806)
		exo_put_be32(p + 24, ME);
	if ((what & 16) != 0 && head >= 20 && len >= head + 8 &&
	    len <= n - 14) {
		uint8_t *q = p + head + (p[9] == 1 ? 2 : 6);

		exo_put_be16(q, 0);
		exo_put_be16(q, sum(p + head, len - head,
		                    p[9] == 1 ? 0 : pseudo(p, len - head)));
	}
	if ((what & 8) != 0 && head >= 20 && head <= n - 14) {
		exo_put_be16(p + 10, 0);
		exo_put_be16(p + 10, sum(p, head, 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lnet_net *net = malloc(sizeof(*net));
	uint32_t frames = 0;

	NEED(net != NULL);
	sent = shown = 0;
	lnet_net_init(net, mac, ME, out, NULL);
	NEED(lnet_udp_bind(net, 7, echo, NULL));
	while (size >= 2) {
		uint32_t head = exo_le16(data), n = head & MOST;
		uint8_t *f;

		data += 2;
		size -= 2;
		n = n < size ? n : (uint32_t)size;
		f = malloc(n > 0 ? n : 1); /* its end is the heap's */
		NEED(f != NULL);
		memcpy(f, data, n);
		mend(f, n, head >> 11);
		lnet_net_input(net, f, n);
		free(f);
		data += n;
		size -= n;
		frames++;
		NEED(net->n.frames == frames);
		NEED(net->n.malformed + net->n.strangers + net->n.fragments +
		         net->n.arp + net->n.echo + net->n.udp ==
		     frames);
	}
	NEED(net->n.sent == sent && net->n.udp == shown);
	NEED(sent <= frames);
	free(net);
	return 0;
}
