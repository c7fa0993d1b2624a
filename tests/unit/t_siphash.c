/* SPDX-License-Identifier: BSD-2-Clause */
/* SipHash-2-4: the authors' published vectors; SipHash-1-3: another's results; and
 * constant-time equality. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/lib/bytes.h"
#include "exo/lib/siphash.h"
#include "exo/lib/siphash13.h"

/* key 00 01 .. 0f, message 00 01 .. (len - 1) */
static const struct {
	size_t len;
	const char *h64, *h128;
} vectors[] = {
	{ 0, "310e0edd47db6f72", "a3817f04ba25a8e66df67214c7550293" },
	{ 1, "fd67dc93c539f874", "da87c1d86b99af44347659119b22fc45" },
	{ 7, "37d1018bf50002ab", "a1f1ebbed8dbc153c0b84aa61ff08239" },
	{ 8, "6224939a79f5f593", "3b62a9ba6258f5610f83e264f31497b4" },
	{ 9, "b0e4a90bdf82009e", "264499060ad9baabc47f8b02bb6d71ed" },
	{ 15, "e545be4961ca29a1", "5493e99933b0a8117e08ec0f97cfc3d9" },
	{ 16, "db9bc2577fcc2a3f", "6ee2a4ca67b054bbfd3315bf85230577" },
	{ 31, "42c341d8fa92d832", "2939b0183223fafc1723de4f52c43d35" },
	{ 63, "724506eb4c328a95", "5150d1772f50834a503e069a973fbd7c" },
};

static void hex(char *to, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sprintf(to + 2 * i, "%02x", p[i]);
}

START_TEST(published_vectors)
{
	struct exo_sipkey key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t msg[64], mac[16];
	char text[33];

	for (unsigned i = 0; i < sizeof(msg); i++)
		msg[i] = (uint8_t)i;
	exo_put_le64(mac, exo_siphash64(&key, msg, vectors[_i].len));
	hex(text, mac, 8);
	ck_assert_str_eq(text, vectors[_i].h64);
	exo_siphash128(&key, msg, vectors[_i].len, mac);
	hex(text, mac, 16);
	ck_assert_str_eq(text, vectors[_i].h128);
}
END_TEST

/* What Python 3.11 says with PYTHONHASHSEED=1 of bytes(range(len)), whose key
 * follows from that by a generator of numbers. */
static const struct {
	size_t len;
	uint64_t hash;
} python[] = {
	{ 1, 0xecd3e5afcecda4b9 },
	{ 2, 0xbf360f1ea1745965 },
	{ 3, 0x8d5b20ab227ba858 },
	{ 4, 0x968a3280faeeb716 },
	{ 7, 0xfd15e78052a69ddf },
	{ 8, 0xc0b5739e7e28dd01 },
	{ 12, 0x9b07906e87e344ad },
	{ 15, 0xfa87985f39e97a53 },
	{ 16, 0x12e9d283f9f37002 },
	{ 31, 0xb8c17103f21d8810 },
	{ 40, 0xdb056b8b4f38310b },
};

START_TEST(python_agrees)
{
	struct exo_sipkey key = { 0xaed66ce184be2329, 0xebe9bbf1f1499052 };
	uint8_t msg[64];

	for (unsigned i = 0; i < sizeof(msg); i++)
		msg[i] = (uint8_t)i;
	ck_assert_uint_eq(
	    exo_siphash13(&key, msg, python[_i].len), python[_i].hash);
}
END_TEST

START_TEST(equality_sees_every_bit)
{
	uint8_t a[16] = { 1, 2, 3 }, b[16];

	for (int bit = 0; bit < 128; bit++) {
		memcpy(b, a, sizeof(a));
		ck_assert_int_eq(exo_equal_ct(a, b, sizeof(a)), 1);
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(exo_equal_ct(a, b, sizeof(a)), 0);
	}
}
END_TEST

Suite *t_siphash_suite(void)
{
	Suite *s = suite_create("siphash");
	TCase *t = tcase_create("siphash");

	tcase_add_loop_test(
	    t, published_vectors, 0, sizeof(vectors) / sizeof(vectors[0]));
	tcase_add_loop_test(
	    t, python_agrees, 0, sizeof(python) / sizeof(python[0]));
	tcase_add_test(t, equality_sees_every_bit);
	suite_add_tcase(s, t);
	return s;
}
