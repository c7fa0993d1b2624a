/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_pcap.c: variants, limits, every way to be cut. */
#include "exo/hosted/trace.h"

#include "tests/unit/trace_make.h"

#include <check.h>
#include <string.h>

Suite *t_trace_pcap_suite(void);

static const uint8_t zeros[300000];

/* One packet of a capture that has at least one. */
static struct tr_pkt first(const struct mk *b, struct tr_iface *ifc)
{
	struct tr_error err = { 0 };
	struct tr_pkt k = { 0 };
	struct tr_reader *r = tr_open_mem("t", b->p, b->len, NULL, &err);

	ck_assert_msg(r != NULL, "%s", err.msg);
	ck_assert_msg(tr_batch(r, &k, 1, &err) == 1, "%s", err.msg);
	*ifc = *tr_iface_at(r, k.ifid);
	tr_close(r);
	k.data = NULL;
	return k;
}

/* Versions before 2.3 exchange the lengths, 2.3 may, as libpcap judges. */
START_TEST(versions)
{
	static const struct {
		uint16_t major, minor;
		uint32_t a, b, cap, wire; /* as written; as they mean */
	} row[] = {
		{ 2, 4, 10, 20, 10, 20 },
		{ 2, 4, 20, 10, 20, 10 },
		{ 2, 3, 10, 20, 10, 20 },
		{ 2, 3, 20, 10, 10, 20 },
		{ 2, 2, 20, 10, 10, 20 },
		{ 2, 0, 20, 10, 10, 20 },
		{ 543, 0, 20, 10, 10, 20 },
	};
	struct mk b = { .swapped = _i / 7 != 0 };
	struct tr_iface ifc;
	struct tr_pkt k;
	char why[256];
	bool ok;

	mk_32(&b, MK_MICRO);
	mk_16(&b, row[_i % 7].major);
	mk_16(&b, row[_i % 7].minor);
	mk_64(&b, 0);
	mk_32(&b, 65535);
	mk_32(&b, 1);
	mk_64(&b, 0);
	mk_32(&b, row[_i % 7].a);
	mk_32(&b, row[_i % 7].b);
	mk_bytes(&b, zeros, row[_i % 7].cap);
	k = first(&b, &ifc);
	ck_assert_uint_eq(k.caplen, row[_i % 7].cap);
	ck_assert_uint_eq(k.wirelen, row[_i % 7].wire);
	ck_assert_uint_eq(mk_oracle(&b, &ok, why), 1);
	ck_assert(ok);
	mk_free(&b);
}
END_TEST

START_TEST(unknown_versions)
{
	static const uint16_t v[][2] = { { 1, 4 }, { 2, 5 }, { 3, 0 },
		{ 543, 1 }, { 0, 0 } };
	struct mk b = { 0 };
	char why[512];
	int code;

	mk_32(&b, MK_MICRO);
	mk_16(&b, v[_i][0]);
	mk_16(&b, v[_i][1]);
	mk_bytes(&b, zeros, 16);
	ck_assert_uint_eq(mk_count(&b, &code, why), 0);
	ck_assert_int_eq(code, TR_EFORMAT);
	ck_assert_msg(strstr(why, "version") != NULL, "%s", why);
	mk_free(&b);
}
END_TEST

/* Kuznetzov's records have eight bytes more. */
START_TEST(patched_records)
{
	struct mk b = { .swapped = _i != 0 };
	struct tr_iface ifc;
	struct tr_pkt k;
	char why[256];
	bool ok;

	mk_pcap(&b, MK_PATCHED, 100, 1);
	for (int i = 0; i < 3; i++) {
		mk_32(&b, 7);
		mk_32(&b, 8);
		mk_32(&b, 114); /* snaplen and 14 more, as it may be cooked */
		mk_32(&b, 200);
		mk_64(&b, 0);
		mk_bytes(&b, zeros, 114);
	}
	k = first(&b, &ifc);
	ck_assert_uint_eq(k.caplen, 114);
	ck_assert_uint_eq(k.wirelen, 200);
	ck_assert_uint_eq(k.ts_ns, UINT64_C(7000008000));
	ck_assert_uint_eq(mk_oracle(&b, &ok, why), 3);
	mk_free(&b);
}
END_TEST

/* A record longer than the snaplen is cut to it and the rest skipped. */
START_TEST(beyond_snaplen)
{
	struct mk b = { 0 };
	struct tr_iface ifc;
	struct tr_pkt k;
	char why[512];
	int code;

	mk_pcap(&b, MK_MICRO, 64, 1);
	mk_rec(&b, 1, 1, 100, 1000, zeros);
	mk_rec(&b, 2, 2, 20, 20, zeros);
	k = first(&b, &ifc);
	ck_assert_uint_eq(k.caplen, 64);
	ck_assert_uint_eq(k.wirelen, 1000);
	ck_assert_uint_eq(mk_count(&b, &code, why), 2);
	ck_assert_int_eq(code, 0);
	mk_free(&b);
}
END_TEST

/* snaplen 0 and nonsense mean the limit; FCS bits are kept aside. */
START_TEST(header_fields)
{
	static const struct {
		uint32_t snap, type, snapmax, ext;
		uint16_t linktype;
	} row[] = {
		{ 0, 1, 262144, 0, 1 },
		{ 0xffffffff, 1, 262144, 0, 1 },
		{ 0x7fffffff, 1, 0x7fffffff, 0, 1 },
		{ 96, 0x54000001, 96, 0x54000000, 1 },
		{ 0, 231, 128U << 20, 0, 231 },
		{ 1, 65535, 1, 0, 65535 },
	};
	struct mk b = { .swapped = _i % 2 != 0 };
	struct tr_iface ifc;
	struct tr_pkt k;

	mk_pcap(&b, MK_NANO, row[_i].snap, row[_i].type);
	mk_rec(&b, 1, 999999999, 1, 1, zeros);
	k = first(&b, &ifc);
	ck_assert_uint_eq(k.linktype, row[_i].linktype);
	ck_assert_uint_eq(ifc.linktype, row[_i].linktype);
	ck_assert_uint_eq(ifc.snapmax, row[_i].snapmax);
	ck_assert_uint_eq(ifc.snaplen, row[_i].snap);
	ck_assert_uint_eq(ifc.ext, row[_i].ext);
	ck_assert(ifc.nano && !ifc.ng && ifc.tsresol == 9);
	ck_assert_uint_eq(k.ts_ns, UINT64_C(1999999999));
	ck_assert_uint_eq(k.ts_raw, UINT64_C(1999999999));
	ck_assert_str_eq(ifc.file, "t");
	mk_free(&b);
}
END_TEST

/* The most a record may have, and one more, per link type. */
START_TEST(record_limits)
{
	static const struct {
		uint32_t linktype, limit;
	} row[] = { { 1, 262144 }, { 249, 1U << 20 }, { 279, 8U << 20 } };
	static uint8_t big[(8U << 20) + 1];
	struct mk b = { 0 };
	char why[512], theirs[256];
	int code;
	bool ok;

	for (uint32_t more = 0; more < 2; more++) {
		mk_pcap(&b, MK_MICRO, 0, row[_i].linktype);
		mk_rec(&b, 1, 1, row[_i].limit + more, 9, big);
		ck_assert_uint_eq(mk_count(&b, &code, why), 1 - more);
		ck_assert_int_eq(code, more != 0 ? TR_EFORMAT : 0);
		ck_assert_uint_eq(mk_oracle(&b, &ok, theirs), 1 - more);
		mk_free(&b);
	}
}
END_TEST

/* Cut after every byte: as many packets as libpcap, and its verdict. */
START_TEST(cut_anywhere)
{
	struct mk b = { 0 };
	char why[512], theirs[256];
	int code;
	bool ok;

	mk_capture(&b, _i % 2 != 0 ? MK_F_NANO : MK_F_MICRO, _i / 2 != 0, 5);
	for (size_t len = 1; len < b.len; len++) {
		struct mk part = { .p = b.p, .len = len };

		ck_assert_uint_eq(
		    mk_count(&part, &code, why), mk_oracle(&part, &ok, theirs));
		ck_assert_msg(
		    ok == (code == 0), "%zu: %s / %s", len, why, theirs);
	}
	mk_free(&b);
}
END_TEST

START_TEST(truncation_message)
{
	struct mk b = { 0 };
	char why[512];
	int code;

	mk_pcap(&b, MK_MICRO, 65535, 1);
	mk_rec(&b, 1, 1, 50, 50, zeros);
	mk_rec(&b, 1, 1, 70000, 70000, zeros);
	b.len = 24 + 66 + 16 + 1200;
	ck_assert_uint_eq(mk_count(&b, &code, why), 1);
	ck_assert_int_eq(code, TR_ETRUNC);
	ck_assert_str_eq(why,
	    "t: offset 90: record says 70000 captured bytes, the file ends "
	    "after 1200: truncated capture; the packets before it were kept");
	mk_free(&b);
}
END_TEST

/* Mutated files: libpcap and we agree on how many packets come out. */
START_TEST(mutations)
{
	struct mk good = { 0 }, b;
	char why[512], theirs[256];
	uint64_t x = 88172645463325252U + (uint64_t)_i * 7919;
	int code;
	bool ok;

	mk_capture(&good, (enum mk_form)(_i % 2), _i / 2 % 2 != 0, 20);
	mk_copy(&b, &good);
	for (int n = 0; n <= _i % 5; n++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		/* mostly where headers are */
		b.p[x % 3 == 0 ? x / 8 % 64 : x / 8 % b.len] =
		    (uint8_t)(x >> 48);
	}
	ck_assert_uint_eq(mk_count(&b, &code, why), mk_oracle(&b, &ok, theirs));
	ck_assert_msg(ok == (code == 0), "%s / %s", why, theirs);
	mk_free(&good);
	mk_free(&b);
}
END_TEST

Suite *t_trace_pcap_suite(void)
{
	Suite *s = suite_create("trace_pcap");
	TCase *t = tcase_create("pcap");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, versions, 0, 14);
	tcase_add_loop_test(t, unknown_versions, 0, 5);
	tcase_add_loop_test(t, patched_records, 0, 2);
	tcase_add_test(t, beyond_snaplen);
	tcase_add_loop_test(t, header_fields, 0, 6);
	tcase_add_loop_test(t, record_limits, 0, 3);
	tcase_add_loop_test(t, cut_anywhere, 0, 4);
	tcase_add_test(t, truncation_message);
	tcase_add_loop_test(t, mutations, 0, 300);
	suite_add_tcase(s, t);
	return s;
}
