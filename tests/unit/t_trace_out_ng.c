/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_out_ng.c: interfaces, options, byte order. */
#include "exo/hosted/trace_out.h"

#include "exo/lib/bytes.h"
#include "tests/unit/trace_make.h"

#include <check.h>
#include <string.h>

Suite *t_trace_out_ng_suite(void);

static char *dir;

static void begin(void)
{
	dir = mk_dir();
}

static void end(void)
{
	mk_dir_gone(dir);
}

/* Options in the order of b: numbers and strings. */
static void opt_number(struct mk *o, uint16_t code, uint64_t v, uint16_t size)
{
	struct mk n = { .swapped = o->swapped };

	if (size == 8)
		mk_64(&n, v);
	else
		mk_32(&n, (uint32_t)v);
	mk_opt(o, code, n.p, size);
	mk_free(&n);
}

/* Three interfaces, packets on the third and the first only. */
static void rich_capture(struct mk *b, bool swapped)
{
	struct mk s = { .swapped = swapped }, f = s, p = s;
	const uint8_t twelve = 12;

	b->swapped = swapped;
	mk_opt(&s, 1, "a section", 9);
	mk_opt(&s, 2, "hw", 2);
	mk_shb(b, &s);
	for (uint16_t i = 0; i < 3; i++) {
		f.len = 0;
		mk_opt(&f, 2, i == 0 ? "eth0" : "lo", i == 0 ? 4 : 2);
		mk_opt(&f, 3, "an interface", 12);
		opt_number(&f, 8, 1000000000, 8);
		if (i == 2)
			mk_opt(&f, 9, &twelve, 1);
		opt_number(&f, 14, i == 2 ? 1600000000 : 0, 8);
		mk_idb(b, (uint16_t)(i == 2 ? 113 : 1), 1000U + i, &f);
	}
	mk_opt(&p, 1, "first comment", 13);
	mk_opt(&p, 1, "second", 6);
	opt_number(&p, 2, 0x01020304, 4);
	opt_number(&p, 4, 0x0102030405060708, 8);
	opt_number(&p, 2988, 32473, 4);
	mk_epb(
	    b, 2, UINT64_C(1234567890123), 5, 50, (const uint8_t *)"hello", &p);
	mk_epb(b, 0, 7, 3, 3, (const uint8_t *)"abc", NULL);
	mk_epb(b, 2, UINT64_C(1234567890124), 0, 0, NULL, NULL);
	mk_free(&s);
	mk_free(&f);
	mk_free(&p);
}

static void copy(const struct mk *b, const char *name)
{
	struct tr_outs *set = tr_outs_new(NULL);
	struct tr_error err = { 0 };
	struct tr_pkt k;
	struct tr_reader *r = tr_open_mem("t", b->p, b->len, NULL, &err);
	int got, id = tr_out_open(set, mk_path(dir, name), &err);

	ck_assert_msg(r != NULL && id == 0, "%s", err.msg);
	while ((got = tr_batch(r, &k, 1, &err)) > 0)
		ck_assert_int_eq(
		    tr_out_write(set, id, &k, tr_iface_at(r, k.ifid)), 0);
	ck_assert_msg(got == 0, "%s", err.msg);
	ck_assert_msg(tr_outs_close(set, &err) == 0, "%s", err.msg);
	tr_outs_free(set);
	tr_close(r);
}

static void expect_opt(
    struct tr_opts *rest, uint16_t code, const void *value, uint16_t len)
{
	struct tr_opt o;

	ck_assert(tr_opt_next(rest, &o));
	ck_assert_uint_eq(o.code, code);
	ck_assert_uint_eq(o.len, len);
	ck_assert_mem_eq(o.value, value, len);
}

/* All that the first packet and its interface said is said again, in our
 * order; interfaces come in the order of use. */
START_TEST(everything_survives)
{
	uint64_t speed = 1000000000, off = 1600000000;
	uint64_t drops = 0x0102030405060708;
	uint32_t flags = 0x01020304, pen = 32473;
	const uint8_t twelve = 12;
	struct tr_error err = { 0 };
	const struct tr_iface *f;
	struct tr_opts rest;
	struct mk b = { 0 };
	struct tr_reader *r;
	struct tr_pkt k[4];

	rich_capture(&b, _i != 0);
	copy(&b, "x.pcapng");
	r = tr_open(mk_path(dir, "x.pcapng"), NULL, &err);
	ck_assert_msg(r != NULL, "%s", err.msg);
	ck_assert_int_eq(tr_batch(r, k, 4, &err), 3);
	ck_assert_uint_eq(tr_iface_count(r), 2);
	f = tr_iface_at(r, 0);
	ck_assert_uint_eq(f->linktype, 113);
	ck_assert_uint_eq(f->snaplen, 1002);
	ck_assert_uint_eq(f->tsresol, 12);
	ck_assert_int_eq(f->tsoffset, 1600000000);
	rest = f->section;
	expect_opt(&rest, 1, "a section", 9);
	expect_opt(&rest, 2, "hw", 2);
	rest = f->opts;
	expect_opt(&rest, 2, "lo", 2);
	expect_opt(&rest, 3, "an interface", 12);
	expect_opt(&rest, 8, &speed, 8);
	expect_opt(&rest, 9, &twelve, 1);
	expect_opt(&rest, 14, &off, 8);
	rest = tr_pkt_opts(&k[0]);
	expect_opt(&rest, 1, "first comment", 13);
	expect_opt(&rest, 1, "second", 6);
	expect_opt(&rest, 2, &flags, 4);
	expect_opt(&rest, 4, &drops, 8);
	expect_opt(&rest, 2988, &pen, 4);
	ck_assert_uint_eq(k[0].ts_raw, UINT64_C(1234567890123));
	ck_assert_uint_eq(k[0].ts_ns, UINT64_C(1600000001234567890));
	ck_assert_uint_eq(k[0].caplen, 5);
	ck_assert_uint_eq(k[0].wirelen, 50);
	ck_assert_mem_eq(k[0].data, "hello", 5);
	ck_assert_uint_eq(k[1].ifid, 1);
	ck_assert_uint_eq(k[1].linktype, 1);
	ck_assert_uint_eq(k[1].ts_ns, 7000);
	ck_assert_uint_eq(k[2].ifid, 0);
	ck_assert_uint_eq(k[2].opts_len, 0);
	tr_close(r);
	mk_free(&b);
}
END_TEST

/* A copy of a copy is the copy, byte for byte. */
START_TEST(copying_settles)
{
	struct mk b = { 0 }, one, two;

	if (_i < 2)
		rich_capture(&b, _i != 0);
	else
		mk_capture(&b, (enum mk_form)(_i - 2), true, 50);
	copy(&b, "1.ng");
	mk_slurp(&one, mk_path(dir, "1.ng"));
	copy(&one, "2.ng");
	mk_slurp(&two, mk_path(dir, "2.ng"));
	ck_assert_uint_eq(one.len, two.len);
	ck_assert_mem_eq(one.p, two.p, one.len);
	mk_free(&b);
	mk_free(&one);
	mk_free(&two);
}
END_TEST

/* Options that lie about their length are left out, the packet is not. */
START_TEST(malformed_options)
{
	struct mk b = { 0 }, body = { 0 };
	struct tr_error err;
	struct tr_reader *r;
	struct tr_opts rest;
	struct tr_pkt k;
	struct tr_opt o;

	mk_shb(&b, NULL);
	mk_idb(&b, 1, 0, NULL);
	mk_32(&body, 0);
	mk_64(&body, 0);
	mk_32(&body, 4);
	mk_32(&body, 4);
	mk_bytes(&body, "data", 4);
	mk_opt(&body, 1, "good", 4);
	mk_bytes(&body, "\1\0\xff\xff....", 8);
	mk_block(&b, 6, &body);
	copy(&b, "x.ng");
	r = tr_open(mk_path(dir, "x.ng"), NULL, &err);
	ck_assert_int_eq(tr_batch(r, &k, 1, &err), 1);
	rest = tr_pkt_opts(&k);
	expect_opt(&rest, 1, "good", 4);
	ck_assert(!tr_opt_next(&rest, &o));
	ck_assert_mem_eq(k.data, "data", 4);
	tr_close(r);
	mk_free(&b);
	mk_free(&body);
}
END_TEST

Suite *t_trace_out_ng_suite(void)
{
	Suite *s = suite_create("trace_out_ng");
	TCase *t = tcase_create("ng");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, everything_survives, 0, 2);
	tcase_add_loop_test(t, copying_settles, 0, 2 + MK_FORMS);
	tcase_add_test(t, malformed_options);
	suite_add_tcase(s, t);
	return s;
}
