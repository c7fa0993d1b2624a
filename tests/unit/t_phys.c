/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page frames and keys: who owns what, for how long, who may have more, and what the
 * bytes of a key are worth. Entries: t_phys_pte.c.
 */
#include "tests/support/oom.h"
#include "tests/unit/phys.h"

#define FRAME_AT(i) (PHYS_FIRST + (i))

/* --- taking --------------------------------------------------------------------- */

START_TEST(frames_are_owned)
{
	ck_assert_int_eq(frames(1, 5), 0);
	for (int i = 0; i < 5; i++) {
		ck_assert_uint_eq(keys[i].res, EXO_RES_FRAME);
		ck_assert_uint_eq(keys[i].rights, EXO_FRAME_ALL);
		ck_assert_uint_eq(keys[i].epoch, row_of(&keys[i])->generation);
		ck_assert_uint_eq(row_of(&keys[i])->owner, 2);
		ck_assert(machine.out[keys[i].region - PHYS_FIRST]);
		for (int j = 0; j < i; j++)
			ck_assert_uint_ne(keys[i].region, keys[j].region);
	}
	ck_assert_uint_eq(stat_of(1).owned, 5);
	ck_assert_uint_eq(stat_of(0).owned, 0);
	ck_assert_uint_eq(phys_machine_left(&machine), PHYS_FRAMES - 5);
}
END_TEST

START_TEST(frames_are_refused)
{
	uint64_t at = (uintptr_t)room.keys;

	ck_assert_int_eq(frames_at(0, 0, EXO_ANY, at), -EXO_EINVAL);
	ck_assert_int_eq(frames_at(0, 65, EXO_ANY, at), -EXO_EINVAL);
	ck_assert_int_eq(frames_at(0, UINT32_MAX, EXO_ANY, at), -EXO_EINVAL);
	ck_assert_int_eq(frames_at(0, 2, FRAME_AT(3), at), -EXO_EINVAL);
	ck_assert_int_eq(frames(0, PHYS_FRAMES), -EXO_ENOMEM); /* the reserve */
	ck_assert_int_eq(frames(0, 64), -EXO_ENOMEM);
	ck_assert_int_eq(frames(0, PHYS_FRAMES - RESERVE), 0);
	ck_assert_int_eq(frames(0, 1), -EXO_ENOMEM);
	ck_assert_int_eq(frames(1, 1), -EXO_EAGAIN);
	ck_assert_uint_eq(phys_machine_left(&machine), RESERVE);
}
END_TEST

START_TEST(a_frame_by_its_number)
{
	uint64_t at = (uintptr_t)room.keys;

	ck_assert_int_eq(frames_at(0, 1, FRAME_AT(7), at), 0);
	ck_assert_uint_eq(room.keys[0].region, FRAME_AT(7));
	ck_assert_int_eq(frames_at(0, 1, FRAME_AT(7), at), -EXO_ENOMEM);
	ck_assert_int_eq(frames_at(1, 1, FRAME_AT(7), at), -EXO_ENOMEM);
	ck_assert_int_eq(frames_at(1, 1, PHYS_FIRST - 1, at), -EXO_ENOMEM);
	ck_assert_int_eq(
	    frames_at(1, 1, FRAME_AT(PHYS_FRAMES), at), -EXO_ENOMEM);
	ck_assert_int_eq(frames_at(1, 1, 0, at), -EXO_ENOMEM);
	ck_assert_uint_eq(machine.rows[7].owner, 1);
}
END_TEST

/* take() fails in the middle, or the keys have nowhere to go: nothing was taken, and no
 * generation is over. */
START_TEST(frames_all_or_none)
{
	machine.takes = 3;
	ck_assert_int_eq(frames(0, 5), -EXO_ENOMEM);
	machine.takes = UINT32_MAX;
	ck_assert_uint_eq(phys_machine_left(&machine), PHYS_FRAMES);
	ck_assert_uint_eq(stat_of(0).owned, 0);
	ck_assert_int_eq(frames_at(0, 5, EXO_ANY, GONE), -EXO_EINVAL);
	ck_assert_int_eq(frames_at(0, EXO_BATCH / 2, EXO_ANY,
	                     (uintptr_t)(&room + 1) - sizeof(keys[0])),
	    -EXO_EINVAL);
	ck_assert_uint_eq(phys_machine_left(&machine), PHYS_FRAMES);
	ck_assert_uint_eq(stat_of(0).owned, 0);
	for (uint32_t i = 0, n = 0; i < PHYS_FRAMES; i++) {
		n += machine.rows[i].generation;
		ck_assert_uint_eq(machine.rows[i].owner, 0);
		ck_assert(i + 1 < PHYS_FRAMES || n == 0);
	}
}
END_TEST

/* --- giving back -------------------------------------------------------------------- */

START_TEST(release_ends_keys)
{
	struct exo_key key = one_frame(0), less = lesser(&key, EXO_FRAME_READ);

	ck_assert_int_eq(release_one(0, &key), 0);
	ck_assert_uint_eq(phys_machine_left(&machine), PHYS_FRAMES);
	ck_assert_uint_eq(row_of(&key)->owner, 0);
	ck_assert_uint_eq(stat_of(0).owned, 0);
	ck_assert_int_eq(release_one(0, &key), -EXO_ESTALE);
	ck_assert_int_eq(show(0, 0, READ, &less), -EXO_ESTALE);
	/* its next owner's is another key */
	ck_assert_int_eq(frames_at(1, 1, key.region, (uintptr_t)room.keys), 0);
	ck_assert_int_eq(release_one(0, &key), -EXO_ESTALE);
	ck_assert_int_eq(show(0, 0, READ, &less), -EXO_ESTALE);
	ck_assert_uint_eq(row_of(&key)->owner, 2);
}
END_TEST

/* Whoever holds a key with OWN may give a frame back, its owner or not. */
START_TEST(release_by_others)
{
	struct exo_key key = one_frame(0), less;

	less = lesser(&key, EXO_FRAME_ALL & ~EXO_FRAME_OWN);
	ck_assert_int_eq(release_one(1, &less), -EXO_EPERM);
	ck_assert_int_eq(release_one(0, &less), -EXO_EPERM);
	less = lesser(&key, EXO_FRAME_OWN);
	ck_assert_int_eq(release_one(1, &less), 0);
	ck_assert_uint_eq(stat_of(0).owned, 0);
}
END_TEST

START_TEST(release_is_refused)
{
	struct exo_call_release a = {
		.keys = (uintptr_t)room.keys, .n = 1, .zero = 1
	};

	ck_assert_int_eq(frames(0, 3), 0);
	ck_assert_int_eq(release(0, 0), -EXO_EINVAL);
	ck_assert_int_eq(release(0, EXO_BATCH + 1), -EXO_EINVAL);
	ck_assert_int_eq(
	    exo_phys_call(phys, holder[0], EXO_CALL_RELEASE_NR, &a),
	    -EXO_EINVAL);
	a.zero = 0;
	a.keys = GONE;
	ck_assert_int_eq(
	    exo_phys_call(phys, holder[0], EXO_CALL_RELEASE_NR, &a),
	    -EXO_EINVAL);
	exo_holder_key(phys, holder[0], &keys[2]);
	ck_assert_int_eq(release(0, 3), -EXO_EBADKEY);
	ck_assert_uint_eq(stat_of(0).owned, 3);
}
END_TEST

/* The last of a batch is bad, or one is named twice, be it by another key: nothing is
 * given back, and each can be on its own. */
START_TEST(release_all_or_none)
{
	struct exo_key twice;

	ck_assert_int_eq(frames(0, 8), 0);
	keys[8] = keys[3];
	ck_assert_int_eq(release(0, 9), -EXO_EINVAL);
	twice = lesser(&keys[0], EXO_FRAME_OWN);
	keys[8] = twice;
	ck_assert_int_eq(release(0, 9), -EXO_EINVAL);
	memset(&keys[8], 0, sizeof(keys[8]));
	ck_assert_int_eq(release(0, 9), -EXO_EBADKEY);
	ck_assert_uint_eq(stat_of(0).owned, 8);
	ck_assert_int_eq(release(0, 8), 0);
	ck_assert_uint_eq(stat_of(0).owned, 0);
	ck_assert_int_eq(release(0, 8), -EXO_ESTALE);
}
END_TEST

/* The last generation there can be is never begun: such a frame is nobody's for good. */
START_TEST(last_generation)
{
	struct exo_key key;
	uint32_t i;

	machine.rows[11].generation = UINT32_MAX - 1;
	machine.rows[12].generation = UINT32_MAX - 2;
	for (i = 11; i < 13; i++) {
		ck_assert_int_eq(
		    frames_at(0, 1, FRAME_AT(i), (uintptr_t)room.keys), 0);
		key = room.keys[0];
		ck_assert_int_eq(release_one(0, &key), 0);
		ck_assert_int_eq(release_one(0, &key), -EXO_ESTALE);
		ck_assert(machine.out[i] == (i == 11));
	}
	ck_assert_int_eq(
	    frames_at(1, 1, FRAME_AT(11), (uintptr_t)room.keys), -EXO_ENOMEM);
	phys_machine_put(&machine, FRAME_AT(11));
	machine.rows[11].generation = machine.puts[11];
	machine.rows[12].generation = machine.puts[12];
}
END_TEST

/* --- keys ------------------------------------------------------------------------------ */

/* Each bit is worth all of it. */
START_TEST(keys_are_not_forged)
{
	struct exo_key key = one_frame(0), env, bad, out;
	struct exo_holder *h;

	exo_holder_key(phys, holder[1], &env);
	for (uint32_t bit = 0; bit < 8 * sizeof(key); bit++) {
		bad = key;
		((uint8_t *)&bad)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(release_one(0, &bad), -EXO_EBADKEY);
		ck_assert_int_eq(show(0, 0, READ, &bad), -EXO_EBADKEY);
		ck_assert_int_eq(lessen(&bad, EXO_FRAME_READ, &out),
		    bit < 32 && bad.res != EXO_RES_ENV ? -EXO_EINVAL
		                                       : -EXO_EBADKEY);
		bad = env;
		((uint8_t *)&bad)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(
		    exo_holder_find(phys, &bad, 0, &h), -EXO_EBADKEY);
	}
	ck_assert_uint_eq(stat_of(0).owned, 1);
	ck_assert_int_eq(exo_holder_find(phys, &key, 0, &h), -EXO_EBADKEY);
	ck_assert_int_eq(release_one(0, &env), -EXO_EBADKEY);
	ck_assert_int_eq(release_one(0, &key), 0);
}
END_TEST

START_TEST(lesser_keys)
{
	struct exo_key key = one_frame(0), out;

	for (uint32_t has = 0; has <= EXO_FRAME_ALL; has++) {
		struct exo_key k = lesser(&key, has);

		ck_assert_uint_eq(k.rights, has);
		ck_assert_uint_eq(k.region, key.region);
		ck_assert_uint_eq(k.epoch, key.epoch);
		for (uint32_t wants = 0; wants < 32; wants++)
			ck_assert_int_eq(lessen(&k, wants, &out),
			    (wants & ~has) == 0 ? 0 : -EXO_EPERM);
		ck_assert_int_eq(lessen(&k, 1u << 31, &out), -EXO_EPERM);
	}
}
END_TEST

START_TEST(lessen_is_refused)
{
	struct exo_key key = one_frame(0), none = { .res = EXO_RES_NET };
	struct exo_call_lessen a = { .key = none };

	for (uint32_t res = 0; res < 6; res++) {
		a.key.res = res;
		ck_assert_int_eq(
		    exo_phys_call(phys, holder[0], EXO_CALL_LESSEN_NR, &a),
		    res == EXO_RES_FRAME || res == EXO_RES_ENV ? -EXO_EBADKEY
		                                               : -EXO_EINVAL);
	}
	a.key = key;
	for (int i = 0; i < 3; i++) {
		a.zero = i == 0;
		a.first = i == 1;
		a.n = i == 2;
		ck_assert_int_eq(
		    exo_phys_call(phys, holder[0], EXO_CALL_LESSEN_NR, &a),
		    -EXO_EINVAL);
	}
}
END_TEST

START_TEST(key_of_what_is_owned)
{
	struct exo_key key = one_frame(2);
	struct exo_call_key_of a = { .frame = key.region };

	ck_assert_int_eq(
	    exo_phys_call(phys, holder[2], EXO_CALL_KEY_OF_NR, &a), 0);
	ck_assert_mem_eq(&a.out_key, &key, sizeof(key));
	ck_assert_int_eq(
	    exo_phys_call(phys, holder[1], EXO_CALL_KEY_OF_NR, &a), -EXO_EPERM);
	a.zero = 1;
	ck_assert_int_eq(exo_phys_call(phys, holder[2], EXO_CALL_KEY_OF_NR, &a),
	    -EXO_EINVAL);
	a.zero = 0;
	for (uint32_t f = 0; f < 5; f++) {
		const uint32_t no[] = { 0, PHYS_FIRST - 1,
			FRAME_AT(PHYS_FRAMES), EXO_ANY, key.region ^ 1 };

		a.frame = no[f];
		ck_assert_int_eq(
		    exo_phys_call(phys, holder[2], EXO_CALL_KEY_OF_NR, &a),
		    -EXO_EPERM);
	}
	ck_assert_int_eq(release_one(2, &key), 0);
	a.frame = key.region;
	ck_assert_int_eq(
	    exo_phys_call(phys, holder[2], EXO_CALL_KEY_OF_NR, &a), -EXO_EPERM);
}
END_TEST

START_TEST(keys_of_environments)
{
	struct exo_key key, less;
	struct exo_holder *h;

	exo_holder_key(phys, holder[3], &key);
	ck_assert_uint_eq(key.res, EXO_RES_ENV);
	ck_assert_uint_eq(key.rights, EXO_ENV_ALL);
	ck_assert_int_eq(exo_holder_find(phys, &key, EXO_ENV_ALL, &h), 0);
	ck_assert_ptr_eq(h, holder[3]);
	ck_assert_ptr_eq(exo_holder_plat(h), &plats[3]);
	less = lesser(&key, EXO_ENV_MAP);
	ck_assert_int_eq(exo_holder_find(phys, &less, EXO_ENV_MAP, &h), 0);
	ck_assert_int_eq(
	    exo_holder_find(phys, &less, EXO_ENV_END, &h), -EXO_EPERM);
	exo_holder_end(phys, holder[3]);
	ck_assert_int_eq(exo_holder_find(phys, &key, 0, &h), -EXO_ESTALE);
	holder[3] = new_holder(3, 999); /* the same place, another name */
	ck_assert_int_eq(exo_holder_find(phys, &key, 0, &h), -EXO_ESTALE);
}
END_TEST

/* --- how much ------------------------------------------------------------------------- */

/* What was promised can be had whatever others take, and by nobody else. */
START_TEST(guarantees)
{
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[0], 10), 0);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[1], 20), 0);
	ck_assert_int_eq(exo_holder_guarantee(
	                     phys, holder[2], PHYS_FRAMES - RESERVE - 30 + 1),
	    -EXO_ELIMIT);
	ck_assert_uint_eq(stat_of(2).guaranteed, 0);
	ck_assert_int_eq(
	    frames(2, PHYS_FRAMES - RESERVE - 30 + 1), -EXO_ENOMEM);
	ck_assert_int_eq(frames(2, PHYS_FRAMES - RESERVE - 30), 0);
	ck_assert_int_eq(frames(2, 1), -EXO_ENOMEM);
	ck_assert_int_eq(frames(0, 11), -EXO_EAGAIN);
	ck_assert_int_eq(frames(0, 10), 0);
	ck_assert_int_eq(frames(0, 1), -EXO_EAGAIN);
	ck_assert_int_eq(frames(1, 20), 0);
	ck_assert_uint_eq(phys_machine_left(&machine), RESERVE);
	/* what it gives back is promised to it anew */
	ck_assert_int_eq(release(1, 5), 0);
	ck_assert_int_eq(frames(0, 1), -EXO_EAGAIN);
	ck_assert_int_eq(frames(1, 5), 0);
	/* a smaller promise sets the rest free */
	ck_assert_int_eq(release(1, 5), 0);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[1], 16), 0);
	ck_assert_int_eq(frames(0, 5), -EXO_EAGAIN);
	ck_assert_int_eq(frames(0, 4), 0);
	ck_assert_uint_eq(stat_of(1).guaranteed, 16);
}
END_TEST

/* What is beyond a promise comes from what is left of all of them. */
START_TEST(a_promise_counts)
{
	uint32_t spare = PHYS_FRAMES - RESERVE - 20;

	ck_assert_int_eq(exo_holder_guarantee(phys, holder[0], 12), 0);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[1], 8), 0);
	ck_assert_int_eq(frames(2, spare - 3), 0);
	ck_assert_int_eq(frames(0, 12 + 4), -EXO_EAGAIN);
	ck_assert_int_eq(frames(0, 12 + 3), 0);
	ck_assert_int_eq(frames(1, 9), -EXO_EAGAIN);
	ck_assert_int_eq(frames(1, 8), 0);
}
END_TEST

/* A promise ends with its holder, and below what it owns it costs nothing. */
START_TEST(promises_end)
{
	uint32_t all = PHYS_FRAMES - RESERVE;

	ck_assert_int_eq(frames(0, 30), 0);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[0], 30), 0);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[1], all - 30), 0);
	ck_assert_int_eq(
	    exo_holder_guarantee(phys, holder[0], 31), -EXO_ELIMIT);
	exo_holder_end(phys, holder[1]);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[0], 31), 0);
	exo_holder_end(phys, holder[0]);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[2], all), 0);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[2], 0), 0);
	ck_assert_int_eq(frames(3, all), 0);
	ck_assert_uint_eq(stat_of(3).owned, all);
}
END_TEST

START_TEST(no_more_than_its_limit)
{
	struct exo_holder_args a = {
		.plat = &plats[0], .name = 7, .place = 40, .most = 6
	};
	struct exo_holder *was = holder[0];

	ck_assert_int_eq(exo_holder_new(phys, &a, &holder[0]), 0);
	ck_assert_int_eq(frames(0, 7), -EXO_ELIMIT);
	ck_assert_int_eq(frames(0, 6), 0);
	ck_assert_int_eq(frames(0, 1), -EXO_ELIMIT);
	/* the platform's doing is not bounded by it */
	ck_assert_uint_ne(exo_holder_frame(phys, holder[0]), EXO_FRAME_NONE);
	ck_assert_int_eq(frames(0, 1), -EXO_ELIMIT);
	ck_assert_int_eq(release(0, 2), 0);
	ck_assert_int_eq(frames(0, 1), 0);
	exo_holder_end(phys, holder[0]);
	holder[0] = was;
}
END_TEST

START_TEST(frames_of_the_platform)
{
	uint32_t frame;

	ck_assert_int_eq(frames(1, PHYS_FRAMES - RESERVE), 0);
	for (uint32_t i = 0; i < RESERVE; i++) {
		frame = exo_holder_frame(phys, holder[0]);
		ck_assert_uint_lt(frame - PHYS_FIRST, PHYS_FRAMES);
		ck_assert_uint_eq(machine.rows[frame - PHYS_FIRST].owner, 1);
	}
	ck_assert_uint_eq(exo_holder_frame(phys, holder[0]), EXO_FRAME_NONE);
	ck_assert_uint_eq(stat_of(0).owned, RESERVE);
}
END_TEST

/* --- birth and death ------------------------------------------------------------------- */

START_TEST(holders_are_refused)
{
	struct exo_holder_args a = { .plat = &plats[0], .place = 0 };
	struct exo_holder *h;

	ck_assert_int_eq(exo_holder_new(phys, &a, &h), -EXO_EINVAL);
	a.place = EXO_HOLDERS;
	ck_assert_int_eq(exo_holder_new(phys, &a, &h), -EXO_EINVAL);
	ck_assert_ptr_null(h);
	a.place = 5;
	a.entries = 12;
	ck_assert_int_eq(exo_holder_new(phys, &a, &h), -EXO_EINVAL);
	ck_assert_int_eq(
	    exo_phys_call(phys, holder[0], EXO_CALL_YIELD_NR, NULL),
	    -EXO_ENOSYS);
	ck_assert_int_eq(
	    exo_phys_call(phys, holder[0], UINT32_MAX, NULL), -EXO_ENOSYS);
}
END_TEST

/* Whatever it owned is nobody's, and its memory is back. */
START_TEST(an_end_leaves_nothing)
{
	uint64_t live = plat_test_live();
	struct exo_holder_args a = { .plat = &plats[0], .place = 9 };
	struct exo_holder *was = holder[0];
	struct exo_key key, other = one_frame(1);

	ck_assert_int_eq(exo_holder_new(phys, &a, &holder[0]), 0);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[0], 3), 0);
	ck_assert_int_eq(frames(0, 5), 0);
	key = keys[0];
	for (uint32_t i = 0; i < 100; i++) /* more than a chunk of pins */
		ck_assert_int_eq(show(0, i * EXO_PAGE, READ | EXO_PTE_PIN,
		                     i % 2 == 0 ? &key : &other),
		    0);
	for (uint32_t i = 100; i < 700; i++) /* more than it has places */
		ck_assert_int_eq(show(0, i * EXO_PAGE, READ, &other), 0);
	ck_assert_uint_eq(row_of(&other)->maps, 50 + 512);
	ck_assert_uint_eq(plat_test_live() - live, stat_of(0).mem);
	phys_clear(&machine.space[0]);
	exo_holder_end(phys, holder[0]);
	ck_assert_uint_eq(plat_test_live(), live);
	ck_assert_uint_eq(row_of(&other)->maps, 0);
	ck_assert_uint_eq(row_of(&other)->owner, 2);
	ck_assert_int_eq(release_one(1, &key), -EXO_ESTALE);
	holder[0] = was;
}
END_TEST

START_TEST(no_entropy)
{
	struct exo_phys_config cfg = phys_machine_config(&machine, 0);
	struct exo_phys *p;

	plat_test_no_entropy(true);
	ck_assert_int_eq(exo_phys_new(&cfg, &p), -EXO_ENOENTROPY);
	plat_test_no_entropy(false);
	ck_assert_ptr_null(p);
	exo_phys_free(NULL);
}
END_TEST

/* A life in which any memory may be missing; libcheck's is, too. */
static int life(void *arg)
{
	struct exo_phys_config cfg = phys_machine_config(&machine, 0);
	struct exo_holder_args a = { .plat = &plats[0], .place = 0 };
	struct exo_holder *was = holder[0];
	struct exo_phys *old = phys;
	int err = exo_phys_new(&cfg, &phys);

	(void)arg;
	if (err == 0)
		err = exo_holder_new(phys, &a, &holder[0]);
	if (err == 0)
		err = frames(0, 1);
	if (err == 0) {
		struct exo_key key = keys[0];

		err = show(0, 0, READ | EXO_PTE_PIN, &key);
		if (!exo_holder_pin(phys, holder[0], EXO_PAGE, key.region, 0))
			err = -EXO_ENOMEM;
		phys_clear(&machine.space[0]);
	}
	exo_phys_free(phys);
	phys = old;
	holder[0] = was;
	return err;
}

START_TEST(without_memory)
{
	ck_assert_uint_eq(test_oom_loop(life, NULL), 5);
}
END_TEST

Suite *t_phys_suite(void)
{
	Suite *s = suite_create("phys");
	TCase *t = tcase_create("phys"), *oom = tcase_create("oom");

	tcase_add_checked_fixture(t, begin_phys, end_phys);
	tcase_add_test(t, frames_are_owned);
	tcase_add_test(t, frames_are_refused);
	tcase_add_test(t, a_frame_by_its_number);
	tcase_add_test(t, frames_all_or_none);
	tcase_add_test(t, release_ends_keys);
	tcase_add_test(t, release_by_others);
	tcase_add_test(t, release_is_refused);
	tcase_add_test(t, release_all_or_none);
	tcase_add_test(t, last_generation);
	tcase_add_test(t, keys_are_not_forged);
	tcase_add_test(t, lesser_keys);
	tcase_add_test(t, lessen_is_refused);
	tcase_add_test(t, key_of_what_is_owned);
	tcase_add_test(t, keys_of_environments);
	tcase_add_test(t, guarantees);
	tcase_add_test(t, a_promise_counts);
	tcase_add_test(t, promises_end);
	tcase_add_test(t, no_more_than_its_limit);
	tcase_add_test(t, frames_of_the_platform);
	tcase_add_test(t, holders_are_refused);
	tcase_add_test(t, an_end_leaves_nothing);
	tcase_add_test(t, no_entropy);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(oom, begin_phys, end_phys);
	tcase_add_test(oom, without_memory);
	suite_add_tcase(s, oom);
	return s;
}
