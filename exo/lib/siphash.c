/* SPDX-License-Identifier: BSD-2-Clause */
/* SipHash-2-4 in its 64- and 128-bit forms: see siphash.h. */
#include "exo/lib/siphash.h"

#include "exo/lib/bytes.h"
#include "exo/lib/siphash13.h"

SIP_INLINE void sip_word(struct sip *s, uint64_t m)
{
	s->v3 ^= m;
	sip_round(s);
	sip_round(s);
	s->v0 ^= m;
}

/* Absorb everything; `wide` is 1 for the 128-bit form. Inlined, like all of it: the state
 * stays in registers, and a key's check is mostly this. */
SIP_INLINE struct sip sip_absorb(
    const struct exo_sipkey *key, const uint8_t *p, size_t n, int wide)
{
	struct sip s = sip_begin(key);
	size_t i;

	if (wide)
		s.v1 ^= 0xee;
	for (i = 0; n - i >= 8; i += 8)
		sip_word(&s, exo_le64(p + i));
	sip_word(&s, sip_last(p, n));
	return s;
}

SIP_INLINE uint64_t sip_squeeze(struct sip *s)
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
	uint64_t diff = 0;
	size_t i;

	for (i = 0; n - i >= 8; i += 8)
		diff |= exo_le64(x + i) ^ exo_le64(y + i);
	for (; i < n; i++)
		diff |= (uint64_t)(x[i] ^ y[i]);
	return diff == 0;
}
