/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checksum helper: how a checksum changes with the bytes under it.
 *
 * Sums are of the ones' complement kind (RFC 1071): c' = seed + to - from,
 * where - x is + ~x. They are kept in 32 bits with the carry added back, and
 * folded to 16 in the end, as Linux does since 6.13 (older kernels leave the
 * folding to the program, whose own does no harm).
 */
#include "exo/core/world_int.h"

#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"

static uint32_t add(uint32_t a, uint32_t b)
{
	uint64_t sum = (uint64_t)a + b;

	return (uint32_t)sum + (uint32_t)(sum >> 32);
}

/* The sum of n bytes, a multiple of 4, and of what was before. Carries are added
 * back in the end: there are fewer than 2^32 of them, and only the sum of
 * nothing but zeroes is 0 either way. */
static uint32_t sum_of(const uint8_t *p, uint32_t n, uint32_t before)
{
	uint64_t sum = before, other = 0;
	uint32_t i;

	for (i = 0; i + 8 <= n; i += 8) {
		sum += exo_le32(p + i);
		other += exo_le32(p + i + 4);
	}
	if (i < n)
		sum += exo_le32(p + i);
	sum += other;
	return add((uint32_t)sum, (uint32_t)(sum >> 32));
}

static uint32_t fold(uint32_t sum)
{
	sum = (sum & 0xffffu) + (sum >> 16);
	return (sum & 0xffffu) + (sum >> 16);
}

int helper_csum_diff(struct helper *h)
{
	uint32_t nfrom = (uint32_t)h->r[2], nto = (uint32_t)h->r[4];
	uint32_t sum = (uint32_t)h->r[5];

	if (((nfrom | nto) & 3) != 0)
		return helper_gives(h, -EXO_P_EINVAL);
	if (nto != 0) {
		sum = sum_of(h->p[3], nto, sum);
		if (nfrom != 0)
			sum = add(sum, ~sum_of(h->p[1], nfrom, 0));
	} else if (nfrom != 0) {
		/* The same, but for which of its two zeros a 0 is. */
		sum = ~sum_of(h->p[1], nfrom, ~sum);
	}
	return helper_gives(h, fold(sum));
}
