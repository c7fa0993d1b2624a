/* SPDX-License-Identifier: BSD-2-Clause */
/* The call TRANSMIT: what is sent is the copy that was looked at. */
#include "tests/unit/suites.h"
#include "tests/unit/theft.h"

/* Ethernet, IPv4, UDP from 10.0.0.5 port 53. */
static uint8_t packet[EXO_TRANSMIT_MAX + 1] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0,
	2, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 5, 10, 0,
	0, 9, 0, 53, 0, 99, 0, 8, 0, 0 };

static uint8_t wire[EXO_TRANSMIT_MAX + 1];
static uint32_t on_wire;
static int answer;
static struct plat_env *sender; /* that is expected */

static int send(void *arg, struct plat_env *env, const uint8_t *p, uint32_t n)
{
	ck_assert_ptr_eq(env, sender);
	ck_assert_ptr_eq(arg, wire);
	ck_assert_ptr_ne(p, packet);
	if (answer == 0) {
		memcpy(wire, p, n);
		on_wire = n;
	}
	return answer;
}

static int transmit(const struct exo_key *k, uint32_t n, uint32_t zero)
{
	struct exo_call_transmit a = { *k, (uintptr_t)packet, n, zero };

	on_wire = 0;
	return exo_call(core, thief.name, EXO_CALL_TRANSMIT_NR, &a, sizeof(a));
}

static struct exo_core_stat stat(void)
{
	struct exo_core_stat st;

	exo_core_stat(core, &st);
	return st;
}

static void fresh(void)
{
	const struct exo_core_config cfg = { .send = send, .send_arg = wire };

	end();
	begin(&cfg);
	answer = 0;
	sender = NULL;
}

START_TEST(a_packet_of_the_region_goes_out)
{
	struct exo_key k;

	fresh();
	k = grant(&thief, "src host 10.0.0.5");
	ck_assert_int_eq(transmit(&k, 42, 0), 0);
	ck_assert_uint_eq(on_wire, 42);
	ck_assert_mem_eq(wire, packet, 42);
	ck_assert_int_eq(transmit(&k, EXO_TRANSMIT_MAX, 0), 0);
	ck_assert_uint_eq(on_wire, EXO_TRANSMIT_MAX);
	ck_assert_uint_eq(stat().sent, 2);
}
END_TEST

START_TEST(no_other_does)
{
	struct exo_call_derive weak = { .rights = EXO_RIGHT_TAP };
	struct exo_key k;

	fresh();
	k = grant(&thief, "src host 10.0.0.6");
	ck_assert_int_eq(transmit(&k, 42, 0), -EXO_EOUTSIDE);
	weak.key = k;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_DERIVE_NR, &weak, sizeof(weak)),
	    0);
	ck_assert_int_eq(transmit(&weak.out_key, 42, 0), -EXO_EPERM);
	k.mac[3] ^= 1;
	ck_assert_int_eq(transmit(&k, 42, 0), -EXO_EBADKEY);
	k.mac[3] ^= 1;
	ck_assert_int_eq(revoke(&thief, &k), 0);
	ck_assert_int_eq(transmit(&k, 42, 0), -EXO_ESTALE);
	ck_assert_uint_eq(on_wire, 0);
	ck_assert_uint_eq(stat().sent, 0);
	ck_assert_uint_eq(stat().unsent, 4);
}
END_TEST

START_TEST(whose_it_is_is_said)
{
	struct plat_env plat = { .base = packet,
		.start = (uintptr_t)packet,
		.size = sizeof(packet) };
	struct exo_key k;

	fresh();
	k = grant(&thief, "src host 10.0.0.5");
	call_it(&thief, &plat);
	sender = &plat;
	ck_assert_int_eq(transmit(&k, 42, 0), 0);
	ck_assert_uint_eq(on_wire, 42);
	call_it(&thief, NULL);
}
END_TEST

START_TEST(arguments_are_looked_at)
{
	struct exo_key k;

	k = grant(&thief, "src host 10.0.0.5");
	ck_assert_int_eq(transmit(&k, 42, 0), -EXO_ENOSYS); /* no way out */
	fresh();
	k = grant(&thief, "src host 10.0.0.5");
	ck_assert_int_eq(transmit(&k, 42, 1), -EXO_EINVAL);
	ck_assert_int_eq(transmit(&k, EXO_TRANSMIT_MIN - 1, 0), -EXO_EINVAL);
	ck_assert_int_eq(transmit(&k, EXO_TRANSMIT_MAX + 1, 0), -EXO_E2BIG);
	ck_assert_int_eq(transmit(&k, UINT32_MAX, 0), -EXO_E2BIG);
	answer = -EXO_ELIMIT; /* the card is full */
	ck_assert_int_eq(transmit(&k, 42, 0), -EXO_ELIMIT);
	ck_assert_uint_eq(stat().unsent, 1);
}
END_TEST

Suite *t_transmit_suite(void)
{
	Suite *s = suite_create("transmit");
	TCase *t = tcase_create("transmit");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_packet_of_the_region_goes_out);
	tcase_add_test(t, no_other_does);
	tcase_add_test(t, whose_it_is_is_said);
	tcase_add_test(t, arguments_are_looked_at);
	suite_add_tcase(s, t);
	return s;
}
