/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_ng.c: blocks, clocks, sections, damage. */
#include "exo/hosted/trace.h"

#include "tests/unit/trace_make.h"

#include <check.h>
#include <string.h>

Suite *t_trace_ng_suite(void);

static const uint8_t zeros[4096];

/* The packets of a capture, up to 8, with their interfaces; fails on errors. */
struct seen {
	struct tr_reader *r;
	struct tr_pkt k[8];
	int n;
};

static void see(struct seen *s, const struct mk *b)
{
	struct tr_error err = { 0 };

	s->r = tr_open_mem("t", b->p, b->len, NULL, &err);
	ck_assert_msg(s->r != NULL, "%s", err.msg);
	s->n = tr_batch(s->r, s->k, 8, &err);
	ck_assert_msg(s->n >= 0, "%s", err.msg);
}

/* Raw stamps to nanoseconds; want was worked out by hand. */
START_TEST(clocks)
{
	static const struct {
		int resol; /* -1: no option */
		int64_t offset;
		uint64_t raw, want;
	} row[] = {
		{ -1, 0, 1500000, 1500000000 },
		{ 6, 0, 1, 1000 },
		{ 9, 0, 1234567891, 1234567891 },
		{ 0, 0, 3, UINT64_C(3000000000) },
		{ 3, 0, 1001, 1001000000 },
		{ 12, 0, UINT64_C(1999999999999), 1999999999 },
		{ 19, 0, UINT64_C(18446744073709551615), 1844674407 },
		{ 0x80, 0, 2, UINT64_C(2000000000) },
		{ 0x81, 0, 3, 1500000000 },
		{ 0x80 | 20, 0, (1 << 20) + 1, UINT64_C(1000000953) },
		{ 0x80 | 34, 0, UINT64_C(3) << 33, 1500000000 },
		{ 0x80 | 63, 0, UINT64_C(3) << 62, 1500000000 },
		{ 6, 10, 500000, UINT64_C(10500000000) },
		{ 6, -1, 1500000, 500000000 },
		{ 6, -2, 1500000, 0 },            /* before 1970 */
		{ 6, 0, UINT64_MAX, UINT64_MAX }, /* past 2554 */
		{ 0, INT64_MAX, UINT64_MAX, UINT64_MAX },
		{ 9, INT64_MIN, 5, 0 },
	};
	struct mk b = { .swapped = _i % 2 != 0 };
	struct mk opts = { .swapped = b.swapped };
	uint8_t resol = (uint8_t)row[_i].resol;
	struct mk off = { .swapped = b.swapped };
	struct seen s;

	if (row[_i].resol >= 0)
		mk_opt(&opts, 9, &resol, 1);
	mk_64(&off, (uint64_t)row[_i].offset);
	if (row[_i].offset != 0)
		mk_opt(&opts, 14, off.p, 8);
	mk_shb(&b, NULL);
	mk_idb(&b, 1, 0, &opts);
	mk_epb(&b, 0, row[_i].raw, 1, 1, zeros, NULL);
	see(&s, &b);
	ck_assert_int_eq(s.n, 1);
	ck_assert_uint_eq(s.k[0].ts_ns, row[_i].want);
	ck_assert_uint_eq(s.k[0].ts_raw, row[_i].raw);
	ck_assert_int_eq(tr_iface_at(s.r, 0)->tsoffset, row[_i].offset);
	tr_close(s.r);
	mk_free(&b);
	mk_free(&opts);
	mk_free(&off);
}
END_TEST

/* Interface options that make a file refused, as libpcap does. */
START_TEST(bad_interfaces)
{
	static const struct {
		const char *opts;
		size_t len;
		bool bad;
	} row[] = {
		{ "\x9\0\1\0\x6\0\0\0", 8, false },
		{ "\x9\0\1\0\x14\0\0\0", 8, true },  /* 10^-20 */
		{ "\x9\0\1\0\xc0\0\0\0", 8, true },  /* 2^-64 */
		{ "\x9\0\1\0\xbf\0\0\0", 8, false }, /* 2^-63 */
		{ "\x9\0\2\0\x6\x6\0\0", 8, true },  /* length */
		{ "\x9\0\1\0\x6\0\0\0\x9\0\1\0\x6\0\0\0", 16, true },
		{ "\xe\0\4\0\1\0\0\0", 8, true }, /* length */
		{ "\x2\0\xff\0abcd", 8, true },   /* too long */
		{ "\0\0\4\0abcd", 8, true },      /* end with length */
		{ "\0\0\0\0\x9\0\1\0\x14\0\0\0", 12, false }, /* after end */
		{ "\x2\0\5\0abcde\0\0\0", 12, false },        /* no end */
	};
	struct mk b = { 0 }, body = { 0 };
	char why[512], theirs[256];
	int code;
	bool ok;

	mk_shb(&b, NULL);
	mk_16(&body, 1);
	mk_16(&body, 0);
	mk_32(&body, 65535);
	mk_bytes(&body, row[_i].opts, row[_i].len);
	mk_block(&b, 1, &body);
	mk_epb(&b, 0, 1, 4, 4, zeros, NULL);
	ck_assert_uint_eq(mk_count(&b, &code, why), row[_i].bad ? 0 : 1);
	ck_assert_int_eq(code, row[_i].bad ? TR_EFORMAT : 0);
	ck_assert_uint_eq(mk_oracle(&b, &ok, theirs), row[_i].bad ? 0 : 1);
	mk_free(&b);
	mk_free(&body);
}
END_TEST

/* Simple packets: length by snaplen, no time, no options. */
START_TEST(simple_packets)
{
	struct mk b = { .swapped = _i != 0 }, body = { .swapped = b.swapped };
	struct seen s;

	mk_shb(&b, NULL);
	mk_idb(&b, 1, 64, NULL);
	mk_32(&body, 100);
	mk_bytes(&body, zeros, 64);
	mk_block(&b, 3, &body);
	mk_free(&body);
	body.swapped = b.swapped;
	mk_32(&body, 5);
	mk_bytes(&body, zeros, 5);
	mk_block(&b, 3, &body);
	see(&s, &b);
	ck_assert_int_eq(s.n, 2);
	ck_assert_uint_eq(s.k[0].caplen, 64);
	ck_assert_uint_eq(s.k[0].wirelen, 100);
	ck_assert_uint_eq(s.k[1].caplen, 5);
	ck_assert_uint_eq(s.k[1].wirelen, 5);
	ck_assert_uint_eq(s.k[1].ts_ns, 0);
	ck_assert_uint_eq(s.k[1].opts_len, 0);
	tr_close(s.r);
	mk_free(&b);
	mk_free(&body);
}
END_TEST

/* The obsolete packet block has a 16-bit interface and a drop count. */
START_TEST(old_packets)
{
	struct mk b = { .swapped = _i != 0 }, body = { .swapped = b.swapped };
	struct seen s;

	mk_shb(&b, NULL);
	mk_idb(&b, 1, 0, NULL);
	mk_idb(&b, 113, 0, NULL);
	mk_16(&body, 1);
	mk_16(&body, 0xffff);
	mk_32(&body, 0);
	mk_32(&body, 77);
	mk_32(&body, 6);
	mk_32(&body, 60);
	mk_bytes(&body, "abcdef\0\0", 8);
	mk_opt(&body, 1, "hello", 5);
	mk_block(&b, 2, &body);
	see(&s, &b);
	ck_assert_int_eq(s.n, 1);
	ck_assert_uint_eq(s.k[0].linktype, 113);
	ck_assert_uint_eq(s.k[0].ts_ns, 77000);
	ck_assert_mem_eq(s.k[0].data, "abcdef", 6);
	ck_assert_uint_eq(s.k[0].opts_len, 12);
	tr_close(s.r);
	mk_free(&b);
	mk_free(&body);
}
END_TEST

/* Sections of either order, each with its own interfaces and options. */
START_TEST(sections)
{
	struct mk b = { 0 }, opts = { 0 };
	struct tr_opts rest;
	struct tr_opt o;
	struct seen s;

	for (int i = 0; i < 4; i++) {
		b.swapped = i % 2 != 0;
		opts.swapped = b.swapped;
		opts.len = 0;
		mk_opt(&opts, 1, i % 2 != 0 ? "odd" : "even", 3 + (i % 2 == 0));
		mk_shb(&b, &opts);
		mk_block(&b, 0x0bad, &opts); /* unknown: skipped */
		mk_idb(&b, (uint16_t)(i + 1), 100 + (uint32_t)i, &opts);
		mk_epb(&b, 0, 5, 4, 4, zeros, &opts);
	}
	see(&s, &b);
	ck_assert_int_eq(s.n, 4);
	ck_assert_uint_eq(tr_iface_count(s.r), 4);
	for (int i = 0; i < 4; i++) {
		const struct tr_iface *f = tr_iface_at(s.r, s.k[i].ifid);

		ck_assert_uint_eq(f->linktype, i + 1);
		ck_assert_uint_eq(f->snaplen, 100 + i);
		ck_assert_uint_eq(s.k[i].ts_ns, 5000);
		for (int where = 0; where < 3; where++) {
			rest = where == 0   ? f->opts
			       : where == 1 ? f->section
			                    : tr_pkt_opts(&s.k[i]);
			ck_assert(tr_opt_next(&rest, &o));
			ck_assert_uint_eq(o.code, TR_OPT_COMMENT);
			ck_assert_mem_eq(
			    o.value, i % 2 != 0 ? "odd" : "even", o.len);
			ck_assert(!tr_opt_next(&rest, &o));
		}
	}
	ck_assert_ptr_null(tr_iface_at(s.r, 4));
	tr_close(s.r);
	mk_free(&b);
	mk_free(&opts);
}
END_TEST

/* Append fault number i to a capture. */
static void add_fault(struct mk *b, int i)
{
	struct mk body = { .swapped = b->swapped };

	switch (i) {
	case 0:
		mk_epb(b, 1, 1, 4, 4, zeros, NULL);
		break;
	case 1:
		mk_epb(b, 0, 1, 200, 200, zeros, NULL);
		break;
	case 2:
	case 3:
		mk_32(b, 77);
		mk_32(b, i == 2 ? 8 : 30);
		mk_bytes(b, zeros, 22);
		break;
	case 4:
		mk_32(b, 77);
		mk_32(b, 16);
		mk_32(b, 0);
		mk_32(b, 20);
		break;
	case 5:
		mk_bytes(&body, zeros, 16);
		mk_block(b, 0x0a0d0d0a, &body);
		break;
	case 6:
		mk_32(&body, 0x1a2b3c4d);
		mk_16(&body, 2);
		mk_16(&body, 0);
		mk_64(&body, 0);
		mk_block(b, 0x0a0d0d0a, &body);
		break;
	case 7:
		mk_block(b, 6, &body);
		break;
	default:
		mk_32(&body, 1);
		mk_block(b, 1, &body);
		break;
	}
	mk_free(&body);
}

/* Faults: what comes before is kept, and libpcap stops there too. */
START_TEST(faults)
{
	static const char *const text[] = {
		"packet on interface 1, but the section describes 1",
		"packet says 200 captured bytes",
		"says its length is 8",
		"says its length is 30",
		"has length 16 in front and 20 behind",
		"without byte-order magic",
		"pcapng version 2",
		"packet block of 12 bytes",
		"interface block of 16 bytes",
	};
	struct mk b = { .swapped = _i / 9 != 0 };
	char why[512], theirs[256];
	int code;
	bool ok;

	mk_shb(&b, NULL);
	mk_idb(&b, 1, 100, NULL);
	mk_epb(&b, 0, 1, 4, 4, zeros, NULL);
	mk_epb(&b, 0, 1, 4, 4, zeros, NULL);
	add_fault(&b, _i % 9);
	ck_assert_uint_eq(mk_count(&b, &code, why), 2);
	ck_assert_int_eq(code, TR_EFORMAT);
	ck_assert_msg(strstr(why, text[_i % 9]) != NULL, "%s", why);
	ck_assert_uint_eq(mk_oracle(&b, &ok, theirs), 2);
	ck_assert(!ok);
	mk_free(&b);
}
END_TEST

START_TEST(packet_before_interface)
{
	struct mk b = { 0 };
	char why[512];
	int code;

	mk_shb(&b, NULL);
	mk_epb(&b, 0, 1, 4, 4, zeros, NULL);
	ck_assert_uint_eq(mk_count(&b, &code, why), 0);
	ck_assert_int_eq(code, TR_EFORMAT);
	mk_free(&b);
	mk_shb(&b, NULL); /* alone: an empty capture */
	ck_assert_uint_eq(mk_count(&b, &code, why), 0);
	ck_assert_int_eq(code, 0);
	mk_free(&b);
}
END_TEST

/* Cut after every byte: as many packets as libpcap, and its verdict. */
START_TEST(cut_anywhere)
{
	struct mk b = { 0 };
	char why[512], theirs[256];
	int code;
	bool ok;

	mk_capture(&b, _i % 2 != 0 ? MK_F_NG9 : MK_F_NG, _i / 2 != 0, 5);
	for (size_t len = 1; len < b.len; len++) {
		struct mk part = { .p = b.p, .len = len };

		ck_assert_uint_eq(
		    mk_count(&part, &code, why), mk_oracle(&part, &ok, theirs));
		if (len != 28) /* a section header alone */
			ck_assert_msg(ok == (code == 0), "%zu: %s / %s", len,
			    why, theirs);
	}
	mk_free(&b);
}
END_TEST

/* Reasons for which libpcap refuses what we read on purpose. */
static bool licensed(const char *theirs)
{
	return strstr(theirs, "from the type of the first") != NULL ||
	       strstr(theirs, "from the snapshot length of") != NULL ||
	       strstr(theirs, "no Interface Description") != NULL;
}

/* Mutated files: the same packets as libpcap, which stops at no other place. */
START_TEST(mutations)
{
	struct mk good = { 0 }, b;
	char why[512], theirs[256] = "";
	uint64_t x = 88172645463325252U + (uint64_t)_i * 104729;
	unsigned ours, oracle;
	int code;
	bool ok;

	mk_capture(
	    &good, _i % 2 != 0 ? MK_F_NG9 : MK_F_NG, _i / 2 % 2 != 0, 20);
	mk_copy(&b, &good);
	for (int n = 0; n <= _i % 5; n++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		b.p[x % 2 == 0 ? x / 8 % 128 : x / 8 % b.len] =
		    (uint8_t)(x >> 48);
	}
	ours = mk_count(&b, &code, why);
	oracle = mk_oracle(&b, &ok, theirs);
	if (ok || !licensed(theirs)) {
		ck_assert_msg(ours == oracle, "%u (%s), libpcap %u (%s)", ours,
		    why, oracle, theirs);
		ck_assert_msg(ok == (code == 0), "%s / %s", why, theirs);
	} else {
		ck_assert_uint_ge(ours, oracle);
	}
	mk_free(&good);
	mk_free(&b);
}
END_TEST

Suite *t_trace_ng_suite(void)
{
	Suite *s = suite_create("trace_ng");
	TCase *t = tcase_create("ng");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, clocks, 0, 18);
	tcase_add_loop_test(t, bad_interfaces, 0, 11);
	tcase_add_loop_test(t, simple_packets, 0, 2);
	tcase_add_loop_test(t, old_packets, 0, 2);
	tcase_add_test(t, sections);
	tcase_add_loop_test(t, faults, 0, 18);
	tcase_add_test(t, packet_before_interface);
	tcase_add_loop_test(t, cut_anywhere, 0, 4);
	tcase_add_loop_test(t, mutations, 0, 300);
	suite_add_tcase(s, t);
	return s;
}
