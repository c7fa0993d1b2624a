/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_out_pcap.c: what libpcap reads back. */
#include "exo/hosted/trace_out.h"

#include "tests/unit/trace_make.h"

#include <check.h>
#include <pcap.h>
#include <stdlib.h>
#include <string.h>

Suite *t_trace_out_pcap_suite(void);

static char *dir;

static void begin(void)
{
	dir = mk_dir();
}

static void end(void)
{
	mk_dir_gone(dir);
}

/* Copy a capture to dir/name through reader and writer. */
static void copy(const struct mk *b, const char *name, struct tr_out_stat *st)
{
	struct tr_outs *set = tr_outs_new(NULL);
	struct tr_error err = { 0 };
	struct tr_pkt k[16];
	struct tr_reader *r = tr_open_mem("t", b->p, b->len, NULL, &err);
	int got, id = tr_out_open(set, mk_path(dir, name), &err);

	ck_assert_msg(r != NULL && id == 0, "%s", err.msg);
	while ((got = tr_batch(r, k, 16, &err)) > 0)
		for (int i = 0; i < got; i++)
			ck_assert_int_eq(tr_out_write(set, id, &k[i],
			                     tr_iface_at(r, k[i].ifid)),
			    0);
	ck_assert_int_eq(got, 0);
	ck_assert_msg(tr_outs_close(set, &err) == 0, "%s", err.msg);
	tr_out_stat(set, id, st);
	st->path = NULL;
	tr_outs_free(set);
	tr_close(r);
}

/* libpcap reads the model's packets back, to the nanosecond. */
static void model_back(const char *name, unsigned n, bool nano)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline_with_tstamp_precision(
	    mk_path(dir, name), PCAP_TSTAMP_PRECISION_NANO, why);
	struct pcap_pkthdr *h;
	const u_char *data;
	struct mk_pkt k;

	ck_assert_msg(p != NULL, "%s", why);
	ck_assert_int_eq(pcap_datalink(p), DLT_EN10MB);
	for (unsigned i = 0; i < n; i++) {
		mk_model(&k, i, nano);
		ck_assert_int_eq(pcap_next_ex(p, &h, &data), 1);
		ck_assert_uint_eq(h->caplen, k.caplen);
		ck_assert_uint_eq(h->len, k.wirelen);
		ck_assert_uint_eq((uint64_t)h->ts.tv_sec * 1000000000U +
		                      (uint64_t)h->ts.tv_usec,
		    k.ts_ns);
		ck_assert_mem_eq(data, k.data, k.caplen);
	}
	ck_assert_int_eq(pcap_next_ex(p, &h, &data), PCAP_ERROR_BREAK);
	pcap_close(p);
}

/* Any form in, pcap or pcapng out: the same packets and nanoseconds. */
START_TEST(round_trip)
{
	enum mk_form form = (enum mk_form)(_i % MK_FORMS);
	const char *name = _i / MK_FORMS % 2 != 0 ? "x.pcapng" : "x.pcap";
	bool nano = form == MK_F_NANO || form == MK_F_NG9;
	struct mk b = { 0 }, out;
	struct tr_out_stat st;

	mk_capture(&b, form, _i / MK_FORMS / 2 != 0, 200);
	copy(&b, name, &st);
	ck_assert_uint_eq(st.packets, 200);
	ck_assert_uint_eq(st.lost + st.cut + st.rounded, 0);
	model_back(name, 200, nano);
	mk_slurp(&out, mk_path(dir, name));
	/* the magic number tells the precision, which is the input's */
	if (_i / MK_FORMS % 2 == 0)
		ck_assert_uint_eq(out.p[0], nano ? 0x4d : 0xd4);
	mk_free(&out);
	mk_free(&b);
}
END_TEST

/* A nanosecond interface after microsecond packets: digits lost are counted. */
START_TEST(rounded)
{
	struct tr_outs_how how = { .nano = _i != 0 };
	struct tr_outs *set = tr_outs_new(&how);
	struct tr_iface f = { .linktype = 1, .tsresol = 6 };
	struct tr_pkt k = { .data = (const uint8_t *)"x", .caplen = 1 };
	struct tr_out_stat st;
	struct tr_error err;

	ck_assert_int_eq(tr_out_open(set, mk_path(dir, "x.pcap"), &err), 0);
	ck_assert_int_eq(tr_out_write(set, 0, &k, &f), 0);
	f.nano = true;
	f.id = 1;
	for (uint64_t i = 0; i < 2000; i++) {
		k.ts_ns = i;
		ck_assert_int_eq(tr_out_write(set, 0, &k, &f), 0);
	}
	tr_out_stat(set, 0, &st);
	ck_assert_uint_eq(st.rounded, _i != 0 ? 0 : 2000 - 2);
	tr_outs_free(set);
}
END_TEST

/* A packet longer than pcap can hold is cut to what can be read back. */
START_TEST(cut_to_limit)
{
	static uint8_t big[300000];
	struct mk b = { 0 }, out;
	struct tr_out_stat st;
	char why[256];
	bool ok;

	mk_shb(&b, NULL);
	mk_idb(&b, 1, 1U << 20, NULL);
	mk_epb(&b, 0, 1, sizeof(big), sizeof(big), big, NULL);
	mk_epb(&b, 0, 2, 10, 10, big, NULL);
	copy(&b, "x.pcap", &st);
	ck_assert_uint_eq(st.cut, 1);
	mk_slurp(&out, mk_path(dir, "x.pcap"));
	ck_assert_uint_eq(mk_oracle(&out, &ok, why), 2);
	ck_assert_msg(ok, "%s", why);
	mk_free(&out);
	mk_free(&b);
}
END_TEST

/* FCS length bits go through pcap and, as an option, through pcapng. */
START_TEST(fcs_survives)
{
	struct mk b = { 0 }, out;
	struct tr_out_stat st;

	mk_pcap(&b, MK_MICRO, 65535, 0x24000001);
	mk_rec(&b, 1, 2, 4, 4, (const uint8_t *)"abcd");
	copy(&b, _i != 0 ? "x.pcapng" : "x.pcap", &st);
	mk_slurp(&out, mk_path(dir, _i != 0 ? "x.pcapng" : "x.pcap"));
	if (_i != 0) {
		copy(&out, "y.pcap", &st);
		mk_free(&out);
		mk_slurp(&out, mk_path(dir, "y.pcap"));
	}
	ck_assert_mem_eq(out.p + 20, "\1\0\0\x24", 4);
	mk_free(&out);
	mk_free(&b);
}
END_TEST

Suite *t_trace_out_pcap_suite(void)
{
	Suite *s = suite_create("trace_out_pcap");
	TCase *t = tcase_create("pcap");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, round_trip, 0, MK_FORMS * 4);
	tcase_add_loop_test(t, rounded, 0, 2);
	tcase_add_test(t, cut_to_limit);
	tcase_add_loop_test(t, fcs_survives, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
