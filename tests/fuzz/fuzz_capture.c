/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzer: captures of any bytes. Packets lie in them, one behind the other, with what
 * their heads say, and only what is no whole packet ends them. */
#include "exo/bare/capture.h"
#include "exo/lib/bug.h"
#include "exo/lib/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t number(const uint8_t *p, bool big)
{
	return big ? exo_be32(p) : exo_le32(p);
}

/* 1000 or 1, as a magic number says, in this byte order; 0: it is none. */
static uint32_t unit(const uint8_t *p, bool big)
{
	uint32_t magic = number(p, big);

	return magic == 0xa1b2c3d4u ? 1000 : magic == 0xa1b23c4du ? 1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static volatile uint8_t sum;
	size_t at = 24;
	struct capture c;
	struct exo_pkt p;
	bool big = size >= 4 && unit(data, true) != 0;
	bool is = size >= 24 && (big || unit(data, false) != 0);

	exo_assert(capture_begin(&c, data, size) == is);
	if (!is)
		return 0;
	while (capture_next(&c, &p)) {
		const uint8_t *head = data + at;
		uint64_t part =
		    (uint64_t)number(head + 4, big) * unit(data, big);

		exo_assert(size - at >= 16 && p.data == head + 16 &&
		           p.caplen == number(head + 8, big) &&
		           p.caplen <= size - at - 16 &&
		           p.wirelen == number(head + 12, big));
		exo_assert(p.time_ns ==
		           number(head, big) * (uint64_t)1000000000 + part);
		exo_assert(p.linktype == (number(data + 20, big) & 0xffff));
		for (uint32_t i = 0; i < p.caplen; i++)
			sum = (uint8_t)(sum + p.data[i]);
		at += 16 + (size_t)p.caplen;
	}
	exo_assert(
	    size - at < 16 || number(data + at + 8, big) > size - at - 16);
	return 0;
}
