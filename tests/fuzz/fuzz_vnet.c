/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: a network device that is the bytes (tests/support/vnet_dev.h). Whatever it
 * does, frames lie in memory that is there, no buffer is lost or had twice, and the
 * driver goes on or says that it cannot.
 */
#include "exo/core/core.h"
#include "exo/lib/bug.h"
#include "tests/support/vnet_dev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BATCH 8u

static struct vnd d;
static const uint8_t *bytes;
static size_t left;

static uint32_t next(void)
{
	if (left == 0)
		return 0;
	left--;
	return *bytes++;
}

/* Larger numbers take two bytes. */
static uint32_t below(uint32_t n)
{
	uint32_t v = next();

	return (n > 256 ? v | next() << 8 : v) % n;
}

static void receive(void)
{
	struct exo_pkt p[BATCH];
	uint32_t n = vnet_rx(&d.v, p, 1 + below(BATCH));

	for (uint32_t i = 0; i < n; i++)
		vnd_look(&d, &p[i]);
	if (below(2) == 0)
		vnet_rx_done(&d.v);
}

/* Every receive buffer is with the device, taken or held; every transmit buffer is
 * with the device or free. */
static void add_up(void)
{
	const struct vnet *v = &d.v;

	exo_assert(v->tx.nout + v->ntx == v->tx.size);
	exo_assert(v->quota.out == v->tx.nout);
	exo_assert(
	    v->rx.nout + (v->ndone - v->atdone) + v->nheld <= v->rx.size);
	exo_assert(
	    v->rx.broken ||
	    v->rx.nout + (v->ndone - v->atdone) + v->nheld == v->rx.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t frame[60];
	uint64_t offers = VDEV_VERSION_1 | VND_MAC;
	uint32_t how;

	bytes = data;
	left = size;
	how = next();
	offers |= (how & 1) != 0 ? VDEV_PACKED : 0;
	offers |= (how & 2) != 0 ? VDEV_EVENT_IDX : 0;
	offers |= (how & 4) != 0 ? 0 : VND_MRG;
	exo_assert(vnd_start(&d, offers, (how & 8) != 0 ? 0 : 64));
	for (uint32_t k = (how >> 4) & 7; k > 0; k--)
		exo_assert(quota_join(&d.v.quota) != 0);
	while (left > 0) {
		vnd_misbehave(&d, below);
		receive();
		(void)vnet_tx(&d.v, below(8), frame, below(sizeof(frame)));
		if (below(4) == 0)
			vnet_push(&d.v);
		if (below(16) == 0)
			(void)vnet_nudge(&d.v);
		if (below(32) == 0)
			quota_leave(&d.v.quota, below(8));
		if (!d.v.tx.broken)
			add_up();
	}
	return 0;
}
