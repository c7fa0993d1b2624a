/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vector of time slots: each rule by itself, then random sequences against a model
 * that keeps nothing but who has which slot and what everybody owes in nanoseconds.
 */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/timeslot.h"

#define N     16u
#define SLOT  1000u
#define GRACE 50u

static struct exo_slot_row rows[256];
static struct timeslots v;
static uint32_t runs[TIMESLOT_OWNERS + 1]; /* in the name of each */

static uint32_t runs_for(void *arg, uint32_t owner)
{
	(void)arg;
	return runs[owner];
}

static void fresh(uint32_t n)
{
	memset(rows, 0xff, sizeof(rows));
	timeslot_init(&v, rows, n, SLOT, GRACE);
	v.runs_for = runs_for;
	memset(runs, 0, sizeof(runs));
}

static void setup(void)
{
	fresh(N);
}

/* Owners 1 to n can run. */
static void able(uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++)
		runs[i] = i;
}

static int take(uint32_t owner, uint32_t first, uint32_t step, uint32_t n)
{
	uint32_t at;

	return timeslot_take(&v, owner, first, step, n, &at);
}

/* Who runs in the next slots, as digits; '-' when nobody can. */
static void expect(const char *who)
{
	for (; *who != '\0'; who++)
		ck_assert_uint_eq(timeslot_next(&v, 9),
		    *who == '-' ? 0 : (uint32_t)(*who - '0'));
}

START_TEST(nothing_marked)
{
	expect("-");
	able(3);
	expect("123123");
	runs[2] = 0;
	expect("1313");
	runs[2] = 2;
	expect("123");
	ck_assert_uint_eq(v.at, 12);
	ck_assert_uint_eq(rows[12].turns, 0);
}
END_TEST

/* Contiguous slots and spread ones; what is nobody's goes round. */
START_TEST(marked)
{
	able(3);
	ck_assert_int_eq(take(1, 0, 1, 4), 0);
	ck_assert_int_eq(take(2, 4, 4, 3), 0);
	expect("1111212321232123"
	       "1111212321232123");
	ck_assert_uint_eq(rows[0].turns, 2);
	ck_assert_uint_eq(rows[4].turns, 2);
	ck_assert_uint_eq(rows[5].turns, 0);
}
END_TEST

START_TEST(who_cannot_run)
{
	able(2);
	ck_assert_int_eq(timeslot_start(&v, 1, 0, 1, N), 0);
	runs[1] = 0;
	expect("2222");
	runs[1] = 2; /* in a call of 2 */
	expect("22");
	ck_assert_uint_eq(rows[5].turns, 1);
	runs[2] = 0;
	runs[1] = 0;
	expect("-");
	ck_assert_uint_eq(v.at, 5);
	runs[1] = 1;
	expect("1111");
}
END_TEST

/* Who is called runs in the slots of who calls, and in his turns in spare ones. */
START_TEST(who_pays)
{
	runs[1] = runs[2] = 2; /* 1 is in a call of 2 */
	ck_assert_int_eq(take(1, 3, 1, 1), 0);
	for (unsigned i = 0; i < 2 * N; i++) {
		ck_assert_uint_eq(timeslot_next(&v, 2), 2);
		ck_assert_uint_eq(v.payer, v.at == 3 ? 1 : v.round);
	}
}
END_TEST

/* Whole slots of debt are lost, and somebody else has them. */
START_TEST(overruns)
{
	able(2);
	ck_assert_int_eq(take(1, 0, 2, 8), 0);
	expect("1");
	ck_assert(timeslot_late(&v, 1, GRACE));
	ck_assert_uint_eq(v.owner[1].excess, 0);
	ck_assert(timeslot_late(&v, 1, GRACE + 1));
	ck_assert_uint_eq(v.owner[1].debt, GRACE + 1);
	ck_assert(!timeslot_owes(&v, 1));
	expect("11");
	ck_assert(timeslot_late(&v, 1, 2 * SLOT - GRACE - 2));
	ck_assert(timeslot_owes(&v, 1));
	ck_assert_uint_eq(v.owner[1].owed, 1);
	ck_assert_uint_eq(v.owner[1].debt, SLOT - 1);
	expect("22"); /* of nobody: not for who owes; the next one is lost */
	ck_assert_uint_eq(rows[4].forfeited, 1);
	ck_assert_uint_eq(rows[4].turns, 0);
	expect("1121");
	ck_assert_uint_eq(v.owner[1].excess, 2 * SLOT - 1);
}
END_TEST

/* Where nobody else can run, what is lost is no more than passed by. */
START_TEST(alone_in_debt)
{
	able(1);
	ck_assert_int_eq(take(1, 0, 4, 4), 0);
	timeslot_charge(&v, 1, 2 * SLOT);
	expect("1");
	ck_assert_uint_eq(v.at, 5); /* 0 and 4 were lost */
	timeslot_charge(&v, 1, 100 * (uint64_t)SLOT);
	ck_assert_uint_eq(v.owner[1].owed, TIMESLOT_OWED);
	expect("11");
	ck_assert_uint_eq(rows[8].forfeited, 4);
}
END_TEST

/* One without slots passes his turn in the round. */
START_TEST(debt_without_slots)
{
	able(3);
	timeslot_charge(&v, 2, 2 * SLOT + 1);
	expect("1313123");
	timeslot_charge(&v, 2, SLOT - 1);
	runs[1] = runs[3] = 0;
	expect("2");
	timeslot_charge(&v, 2, UINT64_MAX);
	ck_assert_uint_eq(v.owner[2].owed, TIMESLOT_OWED);
	expect("2");
	ck_assert_uint_eq(v.owner[2].owed, 0);
}
END_TEST

/* Who owes does not run in anybody's name. */
START_TEST(debt_of_a_server)
{
	able(2);
	ck_assert_int_eq(timeslot_start(&v, 1, 0, 1, N), 0);
	ck_assert_int_eq(take(2, 0, 1, 1), -EXO_EBUSY);
	runs[1] = 2;
	timeslot_charge(&v, 2, SLOT);
	runs[3] = 3;
	expect("322");
}
END_TEST

/* What many took at once, each as much as it may before it ends, is lost by the one that
 * answers for them: slot by slot, all of it, with slots of his own or without. */
START_TEST(debt_of_many)
{
	const uint32_t n = 20;
	uint64_t lost = 0, taken = 0, others = 0;

	able(2);
	if (_i == 0)
		ck_assert_int_eq(take(1, 0, 1, 4), 0);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t ns = TIMESLOT_LIMIT * SLOT - i;

		ck_assert(timeslot_late(&v, 3 + i, ns) == (i > 0));
		taken += ns;
	}
	for (uint32_t i = 0; i < n; i++) {
		timeslot_pass(&v, 3 + i, 1);
		timeslot_end(&v, 3 + i);
	}
	ck_assert_uint_eq(
	    v.owner[1].owed * (uint64_t)SLOT + v.owner[1].debt, taken);
	/* what is done for him meanwhile adds to that no full slot */
	timeslot_charge(&v, 1, 3 * SLOT);
	while (timeslot_next(&v, 2) != 1)
		others++;
	for (uint32_t i = 0; i < N; i++)
		lost += rows[i].forfeited;
	ck_assert_uint_eq(_i == 0 ? lost : others, taken / SLOT);
	ck_assert_uint_eq(v.owner[1].owed, 0);
}
END_TEST

START_TEST(limit)
{
	ck_assert(timeslot_late(&v, 1, TIMESLOT_LIMIT * SLOT - 1));
	ck_assert(!timeslot_late(&v, 2, TIMESLOT_LIMIT * SLOT));
	ck_assert(!timeslot_late(&v, 3, UINT64_MAX));
	ck_assert_uint_eq(v.owner[1].owed, TIMESLOT_LIMIT - 1);
}
END_TEST

START_TEST(taken)
{
	uint32_t at = 77;

	ck_assert_int_eq(take(1, 2, 3, 5), 0); /* 2, 5, 8, 11, 14 */
	ck_assert_int_eq(take(2, 14, 1, 1), -EXO_EBUSY);
	ck_assert_int_eq(take(2, 12, 1, 3), -EXO_EBUSY);
	ck_assert_int_eq(take(1, 14, 1, 1), -EXO_EBUSY);
	ck_assert_uint_eq(v.free, N - 5);
	ck_assert_int_eq(timeslot_take(&v, 2, EXO_ANY, 0, 1, &at), 0);
	ck_assert_uint_eq(at, 0);
	for (uint32_t i = 0; i < N - 7; i++)
		ck_assert_int_eq(take(3, EXO_ANY, 9, 1), 0);
	/* the last is for those who have none */
	ck_assert_int_eq(take(3, EXO_ANY, 1, 1), -EXO_ELIMIT);
	ck_assert_int_eq(timeslot_give(&v, 2, 1, 1, 1), -EXO_ENOENT);
	ck_assert_int_eq(timeslot_give(&v, 3, 1, 1, 2), -EXO_ENOENT);
	ck_assert_int_eq(timeslot_give(&v, 1, 8, 3, 3), 0);
	ck_assert_int_eq(timeslot_give(&v, 1, 8, 1, 1), -EXO_ENOENT);
	ck_assert_uint_eq(v.owner[1].slots, 2);
	timeslot_end(&v, 3);
	ck_assert_uint_eq(v.free, N - 3);
	ck_assert_int_eq(take(2, 1, 1, 1), 0);
}
END_TEST

/* first, step, n that are not all in the vector. */
START_TEST(outside)
{
	static const uint32_t row[][3] = { { 0, 1, 0 }, { N, 1, 1 },
		{ 0, 1, N + 1 }, { 1, 1, N }, { 0, 0, 2 }, { 0, N, 2 },
		{ 0, UINT32_MAX, 2 }, { 15, UINT32_MAX, N }, { 8, 2, 5 },
		{ EXO_ANY, 1, 2 }, { EXO_ANY, 1, 0 }, { UINT32_MAX - 1, 1, 1 },
		{ 1, 0x80000000u, 3 }, { 0, 1, UINT32_MAX },
		{ 2, UINT32_MAX / 2, 3 } };
	const uint32_t *r = row[_i];

	ck_assert_int_eq(take(1, r[0], r[1], r[2]), -EXO_EINVAL);
	ck_assert_int_eq(timeslot_give(&v, 1, r[0], r[1], r[2]), -EXO_EINVAL);
	ck_assert_uint_eq(v.free, N);
	ck_assert_int_eq(take(1, 15, 0, 1), 0);
	ck_assert_int_eq(take(1, 0, 14, 2), 0);
}
END_TEST

/* What was guaranteed comes back to none but its owner, until he ends. */
START_TEST(guaranteed)
{
	ck_assert_int_eq(timeslot_start(&v, 1, 0, 1, 4), 0);
	ck_assert_int_eq(timeslot_start(&v, 2, 3, 1, 4), -EXO_EBUSY);
	ck_assert_int_eq(timeslot_give(&v, 1, 1, 1, 3), 0);
	ck_assert_int_eq(take(2, 1, 1, 13), -EXO_ELIMIT);
	ck_assert_int_eq(take(2, 1, 1, 12), -EXO_ELIMIT); /* nor the last */
	ck_assert_int_eq(take(2, 1, 1, 11), 0);
	ck_assert_int_eq(take(2, EXO_ANY, 0, 1), -EXO_ELIMIT);
	ck_assert_int_eq(take(1, 13, 1, 2), 0);
	ck_assert_int_eq(take(2, EXO_ANY, 0, 1), -EXO_ELIMIT);
	timeslot_end(&v, 1);
	ck_assert_int_eq(take(2, EXO_ANY, 0, 1), 0);
	ck_assert_uint_eq(v.owner[1].guaranteed, 0);
}
END_TEST

/* --- against a model -------------------------------------------------------------- */

#define OWNERS 6u

static struct {
	uint32_t n, pos, last;
	uint32_t of[256];          /* whose slot */
	uint64_t debt[OWNERS + 1]; /* all that is owed, in nanoseconds */
	uint32_t guaranteed[OWNERS + 1];
} m;

static uint32_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static uint32_t m_has(uint32_t owner)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m.n; i++)
		n += m.of[i] == owner;
	return n;
}

static bool m_pays(uint32_t owner)
{
	if (m.debt[owner] < SLOT)
		return false;
	m.debt[owner] -= SLOT;
	return true;
}

/* One slot: who runs in it, or 0. *changed: something was paid. */
static uint32_t m_slot(bool *changed)
{
	uint32_t o, loser = 0;

	m.pos = (m.pos + 1) % m.n;
	o = m.of[m.pos];
	if (o != 0 && m_pays(o)) {
		loser = o;
		*changed = true;
	} else if (o != 0 && runs[o] != 0 && m.debt[runs[o]] < SLOT) {
		return runs[o];
	}
	for (uint32_t i = 1; i <= OWNERS; i++) {
		o = (m.last + i - 1) % OWNERS + 1;
		if (runs[o] == 0 || o == loser || runs[o] == loser)
			continue;
		if (m.debt[o] < SLOT && m.debt[runs[o]] < SLOT) {
			m.last = o;
			return runs[o];
		}
		if (m.debt[o] >= SLOT && m_has(o) == 0)
			*changed |= m_pays(o);
	}
	return 0;
}

static uint32_t m_next(void)
{
	for (;;) {
		bool changed = false;

		for (uint32_t i = 0; i < m.n; i++) {
			uint32_t who = m_slot(&changed);

			if (who != 0)
				return who;
		}
		if (!changed)
			return 0;
	}
}

/* What was done for him adds no full slot beyond so many. */
static void m_charge(uint32_t owner, uint64_t ns)
{
	uint64_t owed = m.debt[owner] / SLOT, most;

	most = owed > TIMESLOT_OWED ? owed : TIMESLOT_OWED;
	m.debt[owner] += ns;
	if (m.debt[owner] / SLOT > most)
		m.debt[owner] = most * SLOT + m.debt[owner] % SLOT;
}

/* What a taking, or giving, must answer; and what it does. */
static int m_mark(uint32_t owner, bool takes, const uint32_t a[3], bool starts)
{
	uint32_t first = a[0], reserved = 0, from = takes ? 0 : owner;

	if (takes && first == EXO_ANY && a[2] == 1) {
		for (first = 0; first < m.n && m.of[first] != 0; first++)
			;
		if (first == m.n)
			return -EXO_ELIMIT;
	}
	if (a[2] == 0 || (a[2] > 1 && a[1] == 0))
		return -EXO_EINVAL;
	for (uint64_t i = 0; i < a[2]; i++)
		if (first + i * a[1] >= m.n)
			return -EXO_EINVAL;
	for (uint32_t i = 0; i < a[2]; i++)
		if (m.of[first + i * a[1]] != from)
			return takes ? -EXO_EBUSY : -EXO_ENOENT;
	for (uint32_t o = 1; takes && o <= OWNERS; o++)
		if (o != owner && m.guaranteed[o] > m_has(o))
			reserved += m.guaranteed[o] - m_has(o);
	/* one is left for the round, but of what is guaranteed */
	reserved += !starts && m_has(owner) + a[2] > m.guaranteed[owner];
	if (takes && a[2] + reserved > m_has(0))
		return -EXO_ELIMIT;
	for (uint32_t i = 0; i < a[2]; i++)
		m.of[first + i * a[1]] = takes ? owner : 0;
	if (starts)
		m.guaranteed[owner] += a[2];
	return 0;
}

static void marks(uint32_t owner)
{
	uint32_t a[3] = { any(9) == 0 ? EXO_ANY : any(m.n + 1), any(5),
		any(3) == 0 ? 1 : any(6) },
	         kind = any(8), at;
	int got, want = m_mark(owner, kind < 6, a, kind == 0);

	if (kind == 0)
		got = timeslot_start(&v, owner, a[0], a[1], a[2]);
	else if (kind < 6)
		got = timeslot_take(&v, owner, a[0], a[1], a[2], &at);
	else
		got = timeslot_give(&v, owner, a[0], a[1], a[2]);
	ck_assert_int_eq(got, want);
}

static void changes(void)
{
	uint32_t o = 1 + any(OWNERS);
	uint64_t ns;

	switch (any(8)) {
	case 0:
	case 1:
		marks(o);
		break;
	case 2:
		ns = any(2) == 0 ? any(2 * GRACE) : any(5 * SLOT);
		ck_assert(
		    timeslot_late(&v, o, ns) == (ns < TIMESLOT_LIMIT * SLOT));
		if (ns > GRACE)
			m.debt[o] += ns;
		break;
	case 3:
		ns = any(SLOT);
		timeslot_charge(&v, o, ns);
		m_charge(o, ns);
		break;
	case 4:
		if (any(4) != 0)
			break;
		if (any(2) != 0) {
			uint32_t heir = 1 + o % OWNERS;

			timeslot_pass(&v, o, heir);
			m.debt[heir] += m.debt[o];
		}
		timeslot_end(&v, o);
		for (uint32_t i = 0; i < m.n; i++)
			m.of[i] = m.of[i] == o ? 0 : m.of[i];
		m.debt[o] = m.guaranteed[o] = 0;
		break;
	default:
		runs[o] = any(3) == 0 ? 0 : any(4) == 0 ? 1 + any(OWNERS) : o;
		if (runs[o] != 0 && runs[runs[o]] != runs[o])
			runs[o] = 0; /* who runs for another, can run */
	}
}

static void same(void)
{
	uint32_t free = 0;

	for (uint32_t i = 0; i < m.n; i++) {
		ck_assert_uint_eq(rows[i].owner, m.of[i]);
		free += m.of[i] == 0;
	}
	ck_assert_uint_eq(v.free, free);
	for (uint32_t o = 1; o <= OWNERS; o++) {
		ck_assert_uint_eq(v.owner[o].slots, m_has(o));
		ck_assert_uint_eq(
		    v.owner[o].owed * (uint64_t)SLOT + v.owner[o].debt,
		    m.debt[o]);
	}
}

START_TEST(as_the_model)
{
	static const uint32_t sizes[] = { 1, 2, 7, 16, 64, 256 };

	seed = (uint32_t)_i + 1;
	memset(&m, 0, sizeof(m));
	m.n = sizes[(uint32_t)_i % 6];
	m.pos = m.n - 1;
	fresh(m.n);
	for (uint32_t i = 0; i < 4000; i++) {
		changes();
		if (any(3) != 0)
			continue;
		ck_assert_uint_eq(timeslot_next(&v, OWNERS), m_next());
		ck_assert_uint_eq(v.at, m.pos);
		same();
	}
}
END_TEST

Suite *t_timeslot_suite(void)
{
	Suite *s = suite_create("timeslot");
	TCase *t = tcase_create("timeslot");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, nothing_marked);
	tcase_add_test(t, marked);
	tcase_add_test(t, who_cannot_run);
	tcase_add_test(t, who_pays);
	tcase_add_test(t, overruns);
	tcase_add_test(t, alone_in_debt);
	tcase_add_test(t, debt_without_slots);
	tcase_add_test(t, debt_of_a_server);
	tcase_add_loop_test(t, debt_of_many, 0, 2);
	tcase_add_test(t, limit);
	tcase_add_test(t, taken);
	tcase_add_loop_test(t, outside, 0, 15);
	tcase_add_test(t, guaranteed);
	tcase_add_loop_test(t, as_the_model, 0, 60);
	suite_add_tcase(s, t);
	return s;
}
