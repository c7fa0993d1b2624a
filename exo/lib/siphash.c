/* SPDX-License-Identifier: BSD-2-Clause */
/* SipHash-2-4 in its 64- and 128-bit forms: see siphash.h. */
#include "exo/lib/siphash.h"

#include "exo/lib/bytes.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t m)
{
	s->v3 ^= m;
	sip_round(s);
	sip_round(s);
	s->v0 ^= m;
}

/* Absorb everything; `wide` is 1 for the 128-bit form. */
static struct sip sip_absorb(
    const struct exo_sipkey *key, const uint8_t *p, size_t n, int wide)
{
	struct sip s = {
		.v0 = key->k0 ^ 0x736f6d6570736575u,
		.v1 = key->k1 ^ 0x646f72616e646f6du,
		.v2 = key->k0 ^ 0x6c7967656e657261u,
		.v3 = key->k1 ^ 0x7465646279746573u,
	};
	uint64_t last = (uint64_t)n << 56;
	size_t i;

	if (wide)
		s.v1 ^= 0xee;
	for (i = 0; n - i >= 8; i += 8)
		sip_word(&s, exo_le64(p + i));
	for (size_t j = 0; i + j < n; j++)
		last |= (uint64_t)p[i + j] << (8 * j);
	sip_word(&s, last);
	return s;
}

static uint64_t sip_squeeze(struct sip *s)
{
	for (int i = 0; i < 4; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t exo_siphash64(const struct exo_sipkey *key, const void *p, size_t n)
{
	struct sip s = sip_absorb(key, p, n, 0);

	s.v2 ^= 0xff;
	return sip_squeeze(&s);
}

void exo_siphash128(
    const struct exo_sipkey *key, const void *p, size_t n, uint8_t mac[16])
{
	struct sip s = sip_absorb(key, p, n, 1);

	s.v2 ^= 0xee;
	exo_put_le64(mac, sip_squeeze(&s));
	s.v1 ^= 0xdd;
	exo_put_le64(mac + 8, sip_squeeze(&s));
}

int exo_equal_ct(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;
	unsigned diff = 0;

	for (size_t i = 0; i < n; i++)
		diff |= (unsigned)(x[i] ^ y[i]);
	return diff == 0;
}
