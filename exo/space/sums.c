/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checksums of a packet: where they are, and what would be right.
 *
 * [RFC 1071 (the sum), 791, 768, 9293, 792, 8200 section 8.1 (pseudo-header),
 * 4443, 3828 (UDP-Lite), 4340 section 9 (DCCP), 9260 appendix A (SCTP)]
 */
#include "exo/space/witness_int.h"

#include "exo/lib/bytes.h"
#include "exo/space/space_int.h"

/* What a transport checksum covers. */
struct cover {
	const uint8_t *at;
	uint32_t bytes; /* of them */
	uint32_t of;    /* bytes of the whole */
	uint32_t hole;  /* where the checksum itself is; counts as 0 */
};

static uint32_t add(uint32_t sum, const uint8_t *p, uint32_t n)
{
	uint64_t s = sum;

	for (uint32_t i = 0; i + 1 < n; i += 2)
		s += exo_be16(p + i);
	if (n % 2 != 0)
		s += (uint32_t)p[n - 1] << 8;
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (uint32_t)s;
}

static uint32_t add_word(uint32_t sum, uint32_t x)
{
	uint8_t b[4] = { (uint8_t)(x >> 24), (uint8_t)(x >> 16),
		(uint8_t)(x >> 8), (uint8_t)x };

	return add(sum, b, 4);
}

/* The sum without the 16 bits of a hole at an even place. */
static uint32_t add_but(
    uint32_t sum, const uint8_t *p, uint32_t n, uint32_t hole)
{
	return add(add(sum, p, hole), p + hole + 2, n - hole - 2);
}

static uint32_t crc32c(const struct cover *c)
{
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < c->bytes; i++) {
		crc ^= i - c->hole < 4 ? 0 : c->at[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (0x82f63b78 & (0 - (crc & 1)));
	}
	return __builtin_bswap32(~crc);
}

static uint32_t pseudo(
    const struct sp_packet *p, const struct sp_view *v, uint32_t bytes)
{
	bool six = v->v[SP_TYPE] == SP_TYPE_IP6;
	uint32_t sum = add(0, p->data + v->l3 + (six ? 8 : 12), six ? 32 : 8);

	return add_word(add_word(sum, bytes), (uint32_t)v->v[SP_PROTO]);
}

/* Where the checksum of a protocol is, and how much of the packet it covers. */
static bool covered(uint64_t proto, struct cover *c)
{
	static const struct {
		uint8_t proto, hole, least;
	} row[] = {
		{ 1, 2, 4 },
		{ 58, 2, 4 },
		{ 6, 16, 20 },
		{ 17, 6, 8 },
		{ 33, 6, 12 },
		{ 132, 8, 12 },
		{ 136, 6, 8 },
	};
	uint32_t some = 0;

	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		if (row[i].proto != proto)
			continue;
		if (c->of < row[i].least)
			return false;
		c->hole = row[i].hole;
		if (proto == 136)
			some = exo_be16(c->at + 4);
		if (proto == 33 && (c->at[5] & 15) != 0)
			some = c->at[4] * 4u + ((c->at[5] & 15) - 1u) * 4;
		c->bytes = some < row[i].least || some > c->of ? c->of : some;
		return true;
	}
	return false;
}

static bool transport_sum(
    const struct sp_packet *p, const struct sp_view *v, struct sp_sum *out)
{
	const bool six = v->v[SP_TYPE] == SP_TYPE_IP6;
	uint64_t proto = v->v[SP_PROTO], end = sp_end(v);
	struct cover c;
	uint32_t sum;

	if (v->e4 == SP_NOWHERE || v->v[SP_FRAG] != SP_FRAG_WHOLE ||
	    end > p->caplen || v->e4 > end || proto == (six ? 1 : 58))
		return false;
	c.at = p->data + v->e4;
	c.of = (uint32_t)end - v->e4;
	if (!covered(proto, &c))
		return false;
	*out = (struct sp_sum){ .at = v->e4 + c.hole, .bytes = 2 };
	if (proto == 132) {
		out->bytes = 4;
		out->right = crc32c(&c);
		return true;
	}
	sum = proto == 1 ? 0 : pseudo(p, v, c.of);
	out->right = 0xffff & ~add_but(sum, c.at, c.bytes, c.hole);
	if (proto == 17 || proto == 136) {
		out->right = out->right == 0 ? 0xffff : out->right;
		out->optional = proto == 17 && !six;
	}
	return true;
}

uint64_t sp_end(const struct sp_view *v)
{
	if ((v->has & SP_BIT(SP_IP_LEN)) != 0)
		return v->l3 + v->v[SP_IP_LEN];
	if ((v->has & SP_BIT(SP_IP6_LEN)) != 0)
		return v->l3 + 40 + v->v[SP_IP6_LEN];
	return UINT64_MAX;
}

uint32_t sp_sums(
    const struct sp_packet *p, const struct sp_view *v, struct sp_sum out[2])
{
	uint32_t n = 0, bytes;

	if ((v->has & SP_BIT(SP_IP_DST)) != 0 && v->l4 <= p->caplen &&
	    v->l4 >= v->l3 + 20) {
		bytes = v->l4 - v->l3;
		out[n++] = (struct sp_sum){ .at = v->l3 + 10,
			.bytes = 2,
			.right =
			    0xffff & ~add_but(0, p->data + v->l3, bytes, 10) };
	}
	if ((v->has & (SP_BIT(SP_IP_DST) | SP_BIT(SP_IP6_DST2))) != 0 &&
	    transport_sum(p, v, &out[n]))
		n++;
	return n;
}
