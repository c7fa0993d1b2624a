/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of a network device against a peer (tests/bare/peer.py).
 *
 * The peer sends back each frame of type DATA. A frame of type WORD is for the peer
 * itself, or from it: a letter, and a number.
 *
 *	G n	the peer sends n frames of type DATA, and looks at what comes back
 *	R n	it answers: so many of them were not what it sent
 *	T n	the peer sends n frames one by one, each after a while
 */
#include "exo/bare/test.h"

#include "exo/bare/apic.h"
#include "exo/bare/paging.h"
#include "exo/bare/serial.h"
#include "exo/bare/tap.h"
#include "exo/bare/vnet.h"
#include "exo/core/core.h"
#include "exo/lib/bytes.h"
#include "exo/lib/mem.h"

#define DATA   0x88b5u /* types for experiments: IEEE 802 */
#define WORD   0x88b6u
#define LEAST  14u
#define MOST   1514u
#define WINDOW 100u /* frames that are under way */
#define BATCH  32u
#define TICKS  20u

static struct vnet net;
static struct vdev dev;

/* The i-th frame, any length from LEAST to MOST; its length. The peer makes the
 * same. */
static uint32_t make_frame(uint8_t *to, uint32_t i)
{
	uint32_t n = LEAST + i % (MOST - LEAST + 1);

	memset(to, 0xff, 6);
	memcpy(to + 6, net.mac, 6);
	exo_put_be16(to + 12, DATA);
	test_fill(to + LEAST, n - LEAST, i + 1);
	return n;
}

static void send_word(char word, uint32_t n)
{
	uint8_t f[LEAST + 5];

	memset(f, 0xff, 6);
	memcpy(f + 6, net.mac, 6);
	exo_put_be16(f + 12, WORD);
	f[LEAST] = (uint8_t)word;
	exo_put_be32(f + LEAST + 1, n);
	while (!vnet_tx(&net, 0, f, sizeof(f)) && vnet_ok(&net))
		vnet_wait(&net);
	vnet_push(&net);
}

/* The number behind a word of the peer's; false: it is no such frame. */
static bool is_word(const struct exo_pkt *p, char word, uint32_t *n)
{
	if (p->caplen < LEAST + 5 || exo_be16(p->data + 12) != WORD ||
	    p->data[LEAST] != (uint8_t)word)
		return false;
	*n = exo_be32(p->data + LEAST + 1);
	return true;
}

/* All that was sent comes back, as it was, in order. */
static void test_echo(uint32_t frames)
{
	static uint8_t f[MOST];
	uint32_t sent = 0, back = 0, same = 0;

	while (back < frames && vnet_ok(&net)) {
		struct exo_pkt p[BATCH];
		uint32_t n;

		while (sent < frames && sent - back < WINDOW &&
		       vnet_tx(&net, 0, f, make_frame(f, sent)))
			sent++;
		vnet_push(&net);
		n = vnet_rx(&net, p, BATCH);
		for (uint32_t i = 0; i < n; i++, back++) {
			uint32_t len = make_frame(f, back);

			same += p[i].caplen == len && p[i].wirelen == len &&
			        memcmp(p[i].data, f, len) == 0;
		}
		vnet_rx_done(&net);
		if (n == 0)
			vnet_wait(&net);
	}
	tap_ok(same == frames, "frames come back as they were sent");
}

/* The peer sends as fast as it can, and gets all of it back. */
static void test_flood(uint32_t frames)
{
	uint32_t got = 0, wrong = UINT32_MAX;
	bool done = false;

	send_word('G', frames);
	while (!done && vnet_ok(&net)) {
		struct exo_pkt p[BATCH];
		uint32_t n = vnet_rx(&net, p, BATCH);

		for (uint32_t i = 0; i < n; i++) {
			if (is_word(&p[i], 'R', &wrong)) {
				done = true;
				continue;
			}
			got++;
			while (!vnet_tx(&net, 0, p[i].data, p[i].caplen) &&
			       vnet_ok(&net))
				vnet_push(&net);
		}
		vnet_push(&net);
		vnet_rx_done(&net);
		if (n == 0)
			vnet_wait(&net);
	}
	tap_ok(got == frames, "all frames of a flood come in");
	tap_ok(wrong == 0, "and go out as they were");
}

/* Frames now and then: the kernel halts between them, and an interrupt wakes it. */
static void test_idle(void)
{
	uint64_t halts = net.n.halts, came = apic_count();
	uint32_t got = 0, word;

	send_word('T', TICKS);
	while (got < TICKS && vnet_ok(&net)) {
		struct exo_pkt p[BATCH];
		uint32_t n = vnet_rx(&net, p, BATCH);

		for (uint32_t i = 0; i < n; i++)
			got += is_word(&p[i], 'T', &word);
		vnet_rx_done(&net);
		if (n == 0)
			vnet_wait(&net);
	}
	tap_ok(got == TICKS, "frames come now and then");
	if (dev.irq)
		tap_ok(net.n.halts - halts >= TICKS / 2 &&
		           apic_count() - came >= TICKS / 2,
		    "between them the kernel halts");
}

static void say(const char *name, uint64_t v)
{
	serial_str(name);
	serial_u64(v);
}

static void say_counts(void)
{
	serial_str(net.rx.packed ? "# packed" : "# split");
	serial_str(net.rx.event_idx ? ", event index" : "");
	serial_str(net.merge ? ", merged buffers" : "");
	say(", of ", net.room);
	say(" bytes; frames in ", net.n.rx);
	say(" (joined ", net.n.rx_joined);
	say("), out ", net.n.tx);
	say("; bells ", net.n.bells);
	say(", spared ", net.rx.n.spared + net.tx.n.spared);
	say("; halts ", net.n.halts);
	say(", interrupts ", apic_count());
	serial_str("; registers at ");
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	serial_hex(paging_phys((const void *)(uintptr_t)dev.common));
	serial_str("\n");
}

/* Nothing that a device may not do was seen. */
static bool no_lies(void)
{
	const struct vnet_counts *n = &net.n;
	const struct vq_counts *r = &net.rx.n, *t = &net.tx.n;

	return vnet_ok(&net) && n->rx_short + n->rx_offload == 0 &&
	       n->rx_parts + n->rx_long == 0 && r->too_long + t->too_long == 0;
}

void test_net(const struct machine *m)
{
	uint32_t frames = (uint32_t)machine_number(m, "net_frames", 0);
	struct vnet_config c = { (uint16_t)machine_number(m, "net_room", 0),
		machine_number(m, "net_without", 0) };

	if (!vnet_start(&net, &dev, m, 0, &c)) {
		if (frames > 0)
			tap_ok(false, "there is a network device");
		return;
	}
	tap_ok((net.mac[0] & 1) == 0, "a network device starts");
	if (frames > 0) {
		test_echo(frames);
		test_flood(frames);
		test_idle();
		tap_ok(no_lies(), "the device kept to the book");
	}
	say_counts();
	vnet_stop(&net);
}
