/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_out.c: names, claims, buffers, errors. */
#include "exo/hosted/trace_out.h"

#include "tests/unit/outs.h"
#include "tests/unit/trace_make.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *t_trace_out_suite(void);

static char *dir;
static struct tr_outs *set;
static const uint8_t bytes[65536] = "packet";

static void begin(void)
{
	dir = mk_dir();
	set = new_set(NULL);
	ck_assert_ptr_nonnull(set);
}

static void begin_thread(void)
{
	way = TR_OUTS_THREAD;
	begin();
}

static void end(void)
{
	tr_outs_free(set);
	mk_dir_gone(dir);
}

static struct tr_pkt packet(uint32_t len, uint16_t linktype)
{
	return (struct tr_pkt){ .data = bytes,
		.caplen = len,
		.wirelen = len,
		.ts_ns = UINT64_C(1000000),
		.ts_raw = 1000,
		.linktype = linktype };
}

static int open_ok(const char *name)
{
	struct tr_error err = { 0 };
	int id = tr_out_open(set, mk_path(dir, name), &err);

	ck_assert_msg(id >= 0, "%s", err.msg);
	return id;
}

START_TEST(names)
{
	static const struct {
		const char *path;
		bool ok;
	} row[] = {
		{ "-", true },
		{ "x.pcap", true },
		{ "a.b/x.cap", true },
		{ "x.pcapng", true },
		{ "x.ng", true },
		{ "-.pcapng", true },
		{ "x", false },
		{ "x.pcap.gz", false },
		{ "a.pcap/x", false },
		{ "x.PCAP", false },
		{ "", false },
		{ "-.d/x.pcap", true },
		{ "-.pcap.gz", false },
		{ "-.", false },
	};
	struct tr_error err = { 0 };

	ck_assert_int_eq(tr_out_path_ok(row[_i].path), row[_i].ok);
	if (row[_i].ok)
		return;
	ck_assert_int_eq(tr_out_open(set, row[_i].path, &err), -TR_EUSAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, ".pcapng"));
	ck_assert_int_eq(tr_outs_count(set), 0);
}
END_TEST

START_TEST(standard_output_names)
{
	static const struct {
		const char *path;
		bool is;
	} row[] = {
		{ "-", true },
		{ "-.pcap", true },
		{ "-.cap", true },
		{ "-.pcapng", true },
		{ "-.ng", true },
		{ "./-.pcap", false },
		{ "-.d/x.pcap", false },
		{ "-.x.pcap", false },
		{ "-x.pcap", false },
		{ "--", false },
		{ "-.", false },
		{ ".pcap", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		ck_assert_msg(tr_out_is_stdout(row[i].path) == row[i].is, "%s",
		    row[i].path);
}
END_TEST

/* An input is never written over, by whatever name it goes. */
START_TEST(inputs_are_safe)
{
	const char *in = mk_path(dir, "in.pcap");
	const char *alias[] = { "in.pcap", "hard.pcap", "soft.pcap" };
	struct mk b = { 0 }, after;
	struct tr_error err = { 0 };

	mk_capture(&b, MK_F_MICRO, false, 5);
	mk_spill(&b, in);
	ck_assert_int_eq(link(in, mk_path(dir, "hard.pcap")), 0);
	ck_assert_int_eq(symlink(in, mk_path(dir, "soft.pcap")), 0);
	ck_assert_int_eq(tr_outs_guard(set, in), 0);
	ck_assert_int_eq(tr_outs_guard(set, "/nonexistent"), 0);
	ck_assert_int_eq(tr_out_check(set, mk_path(dir, "new.pcap"), &err), 0);
	ck_assert_int_eq(access(mk_path(dir, "new.pcap"), F_OK), -1);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(
		    tr_out_check(set, mk_path(dir, alias[i]), &err),
		    -TR_EUSAGE);
		ck_assert_ptr_nonnull(strstr(err.msg, "is also an input"));
		ck_assert_int_eq(
		    tr_out_open(set, mk_path(dir, alias[i]), &err), -TR_EUSAGE);
		ck_assert_ptr_nonnull(strstr(err.msg, "is also an input"));
	}
	mk_slurp(&after, in);
	ck_assert_uint_eq(after.len, b.len);
	ck_assert_mem_eq(after.p, b.p, b.len);
	mk_free(&after);
	mk_free(&b);
}
END_TEST

START_TEST(one_file_twice)
{
	struct tr_error err = { 0 };

	(void)open_ok("x.pcap");
	ck_assert_int_eq(symlink("x.pcap", mk_path(dir, "y.pcap")), 0);
	ck_assert_int_eq(
	    tr_out_open(set, mk_path(dir, "y.pcap"), &err), -TR_EUSAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, "same file as output"));
	ck_assert_int_eq(
	    tr_out_open(set, mk_path(dir, "none/z.pcap"), &err), -TR_EOPEN);
	ck_assert_int_eq(err.sys, ENOENT);
	/* What comes from the last, refused one is free to be used again. */
	(void)open_ok("z.pcap");
	ck_assert_int_eq(tr_outs_count(set), 2);
}
END_TEST

/* Without packets: valid, and of the link type that is known. */
START_TEST(empty_outputs)
{
	struct tr_iface sll = { .linktype = 113, .ext = 0x54000000 };
	struct mk b;
	char why[512];
	int code;

	(void)open_ok("x.pcap");
	(void)open_ok("x.pcapng");
	if (_i == 1)
		tr_outs_hint(set, &sll);
	tr_outs_hint(set, &ether); /* the first hint counts */
	ck_assert_int_eq(tr_outs_close(set, NULL), 0);
	mk_slurp(&b, mk_path(dir, "x.pcap"));
	ck_assert_uint_eq(b.len, 24);
	ck_assert_uint_eq(b.p[20], _i == 1 ? 113 : 1);
	ck_assert_uint_eq(b.p[23], _i == 1 ? 0x54 : 0);
	ck_assert_uint_eq(mk_count(&b, &code, why), 0);
	ck_assert_int_eq(code, 0);
	mk_free(&b);
	mk_slurp(&b, mk_path(dir, "x.pcapng"));
	ck_assert_uint_eq(b.len, 28);
	ck_assert_uint_eq(mk_count(&b, &code, why), 0);
	ck_assert_int_eq(code, 0);
	mk_free(&b);
}
END_TEST

/* A second link type: told once, with a hint; the first one goes on. */
START_TEST(second_link_type)
{
	struct tr_iface sll = { .id = 1, .linktype = 113 };
	struct tr_out_stat st;
	struct tr_error err = { 0 };
	struct tr_pkt k = packet(60, 1), other = packet(60, 113);
	struct mk b;
	int id = open_ok("x.pcap"), code;
	char why[512];

	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(tr_out_write(set, id, &k, &ether), 0);
		ck_assert_int_eq(tr_out_write(set, id, &other, &sll), 1);
	}
	ck_assert(tr_outs_error(set, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, ".pcapng"));
	ck_assert(!tr_outs_error(set, &err));
	ck_assert_int_eq(tr_outs_close(set, &err), -TR_EUSAGE);
	tr_out_stat(set, id, &st);
	ck_assert_uint_eq(st.packets, 10);
	ck_assert_uint_eq(st.lost, 10);
	ck_assert(st.failed);
	mk_slurp(&b, mk_path(dir, "x.pcap"));
	ck_assert_uint_eq(mk_count(&b, &code, why), 10);
	mk_free(&b);
}
END_TEST

/* Flushed before its first packet: an empty capture that the packet makes anew,
 * of its own link type. */
START_TEST(flushed_without_packets)
{
	static const char *const name[] = { "x.pcap", "x.pcapng" };
	struct tr_iface sll = { .id = 1, .linktype = 113, .nano = true };
	struct tr_pkt k = packet(60, 113);
	struct mk b;
	int id = open_ok(name[_i]), code;
	char why[512];

	tr_outs_hint(set, &ether);
	for (int i = 0; i < 2; i++) {
		tr_outs_flush(set);
		mk_slurp(&b, mk_path(dir, name[_i]));
		ck_assert_uint_eq(b.len, _i == 0 ? 24 : 28);
		ck_assert_uint_eq(mk_count(&b, &code, why), 0);
		ck_assert_int_eq(code, 0);
		mk_free(&b);
	}
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(tr_out_write(set, id, &k, &sll), 0);
		tr_outs_flush(set);
	}
	ck_assert_int_eq(tr_outs_close(set, NULL), 0);
	mk_slurp(&b, mk_path(dir, name[_i]));
	ck_assert_uint_eq(mk_count(&b, &code, why), 3);
	ck_assert_int_eq(code, 0);
	if (_i == 0)
		ck_assert_uint_eq(b.p[20], 113);
	mk_free(&b);
}
END_TEST

/* A NULL packet of the other byte order means the same in a file of ours. */
START_TEST(families_are_turned)
{
	static const uint8_t four[16] = { 0, 0, 0, 2, 0x45 };
	struct mk b = { .swapped = _i != 0 };
	const char *path;
	struct tr_reader *r;
	struct tr_error err;
	struct tr_pkt k;
	int id = open_ok("x.pcap"), ng = open_ok("x.pcapng");

	mk_pcap(&b, MK_MICRO, 65535, 0);
	mk_rec(&b, 1, 2, 16, 16, four);
	r = tr_open_mem("t", b.p, b.len, NULL, &err);
	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(tr_batch(r, &k, 1, &err), 1);
	ck_assert_mem_eq(k.data, four, 16);
	ck_assert_int_eq(k.swapped, _i != 0);
	ck_assert_uint_eq(tr_pkt_link(&k), _i != 0 ? 0x10000 : 0);
	ck_assert_int_eq(tr_out_write(set, id, &k, tr_iface_at(r, 0)), 0);
	ck_assert_int_eq(tr_out_write(set, ng, &k, tr_iface_at(r, 0)), 0);
	tr_close(r);
	mk_free(&b);
	ck_assert_int_eq(tr_outs_close(set, NULL), 0);
	for (int i = 0; i < 2; i++) {
		path = mk_path(dir, i == 0 ? "x.pcap" : "x.pcapng");
		r = tr_open(path, NULL, &err);
		ck_assert_ptr_nonnull(r);
		ck_assert_int_eq(tr_batch(r, &k, 1, &err), 1);
		ck_assert(!k.swapped);
		ck_assert_uint_eq(k.data[_i != 0 ? 0 : 3], 2);
		ck_assert_uint_eq(k.data[_i != 0 ? 3 : 0], 0);
		ck_assert_mem_eq(k.data + 4, four + 4, 12);
		tr_close(r);
	}
}
END_TEST

static long long size_of(int id)
{
	struct tr_out_stat st;
	struct stat file;

	tr_out_stat(set, id, &st);
	ck_assert_int_eq(stat(st.path, &file), 0);
	return (long long)file.st_size;
}

/* At the bound on memory what is written out is what holds much and fills
 * slowly: the others keep their buffers. */
START_TEST(heavy_goes_first)
{
	struct tr_outs_how how = { .memory = 100000 };
	struct tr_pkt k = packet(900, 1);
	char name[32];
	int n = 0;

	tr_outs_free(set);
	set = new_set(&how);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "%d.pcap", i);
		ck_assert_int_eq(open_ok(name), i);
	}
	for (int i = 0; i < 30; i++)
		ck_assert_int_eq(tr_out_write(set, 19, &k, &ether), 0);
	ck_assert_int_eq(size_of(19), 0);
	for (; n < 2000 && size_of(19) == 0; n++)
		ck_assert_int_eq(tr_out_write(set, n % 19, &k, &ether), 0);
	ck_assert_int_gt(size_of(19), 30 * 900);
	for (int i = 0; i < 19; i++)
		ck_assert_int_eq(size_of(i), 0);
}
END_TEST

/* Many outputs under a small bound on memory: everything arrives. */
START_TEST(bounded_memory)
{
	struct tr_outs_how how = { .memory = 100000, .files = 7 };
	struct tr_error err;
	struct tr_out_stat st;
	char name[32], why[512];
	struct mk b;
	int code;

	tr_outs_free(set);
	set = new_set(&how);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "%d.%s", i,
		    i % 2 != 0 ? "pcap" : "pcapng");
		ck_assert_int_eq(open_ok(name), i);
	}
	for (unsigned n = 0; n < 100; n++)
		for (int i = 0; i < 200; i++) {
			struct tr_pkt k =
			    packet((n * 977 + (unsigned)i * 31) % 3000, 1);

			if (n == 50 && i == 50)
				k.caplen = sizeof(bytes) - 1;
			if (tr_out_write(set, i, &k, &ether) != 0)
				ck_abort();
		}
	tr_outs_flush(set);
	ck_assert_int_eq(tr_outs_close(set, &err), 0);
	for (int i = 0; i < 200; i++) {
		tr_out_stat(set, i, &st);
		ck_assert_uint_eq(st.packets, 100);
		ck_assert_uint_eq(st.lost, 0);
		mk_slurp(&b, st.path);
		ck_assert_uint_eq(mk_count(&b, &code, why), 100);
		ck_assert_msg(code == 0, "%s", why);
		mk_free(&b);
	}
}
END_TEST

/* Interfaces are numbered per output in the order of use. */
START_TEST(many_interfaces)
{
	static struct tr_iface f[500];
	struct tr_error err;
	struct tr_reader *r;
	struct tr_pkt k;
	int id[2] = { open_ok("a.pcapng"), open_ok("b.pcapng") };
	uint32_t n = 0;

	for (uint32_t i = 0; i < 500; i++)
		f[i] = (struct tr_iface){ .id = i,
			.linktype = (uint16_t)i,
			.snapmax = 1000,
			.tsresol = 6,
			.file = "t" };
	for (uint32_t i = 0; i < 3000; i++) {
		k = packet(i % 100, (uint16_t)(i * 7 % 500));
		ck_assert_int_eq(
		    tr_out_write(set, id[i % 3 == 0], &k, &f[i * 7 % 500]), 0);
	}
	ck_assert_int_eq(tr_outs_close(set, NULL), 0);
	r = tr_open(mk_path(dir, "a.pcapng"), NULL, &err);
	ck_assert_ptr_nonnull(r);
	for (uint32_t i = 0; i < 3000; i++) {
		if (i % 3 == 0)
			continue;
		ck_assert_int_eq(tr_batch(r, &k, 1, &err), 1);
		ck_assert_uint_eq(k.linktype, i * 7 % 500);
		ck_assert_uint_eq(k.caplen, i % 100);
		n++;
	}
	ck_assert_int_eq(tr_batch(r, &k, 1, &err), 0);
	ck_assert_uint_eq(n, 2000);
	ck_assert_uint_eq(tr_iface_count(r), 500);
	tr_close(r);
}
END_TEST

/* What the beginning of an input tells, in every form and packing. */
START_TEST(peek)
{
	static const struct {
		enum mk_form form;
		enum tr_peek is;
	} row[] = {
		{ MK_F_MICRO, TR_PEEK_HEADER },
		{ MK_F_NANO, TR_PEEK_NANO },
		{ MK_F_NG, TR_PEEK_HEADER },
		{ MK_F_NG9, TR_PEEK_NANO },
	};
	const char *path = mk_path(dir, "in");

	for (int i = 0; i < 4 * 2 * MK_PACKS; i++) {
		struct mk b = { 0 }, packed = { 0 };

		mk_capture(&b, row[i % 4].form, i / 4 % 2 != 0, 100);
		mk_packed(&packed, (enum mk_pack)(i / 8), b.p, b.len);
		mk_spill(&packed, path);
		ck_assert_msg(tr_peek(path, NULL) == row[i % 4].is,
		    "form %d, packing %d", i % 4, i / 8);
		mk_free(&b);
		mk_free(&packed);
	}
}
END_TEST

/* What cannot be read tells nothing; a pipe is not waited for. */
START_TEST(peek_nothing)
{
	const char *fifo = mk_path(dir, "fifo"), *in = mk_path(dir, "in");
	volatile sig_atomic_t stop = 1;
	struct mk b = { 0 };

	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_eq(tr_peek(fifo, NULL), TR_PEEK_NOTHING);
	ck_assert_int_eq(tr_peek(dir, NULL), TR_PEEK_NOTHING);
	ck_assert_int_eq(tr_peek("/nonexistent", NULL), TR_PEEK_NOTHING);
	mk_bytes(&b, "this is no capture at all", 25);
	mk_spill(&b, in);
	mk_free(&b);
	ck_assert_int_eq(tr_peek(in, NULL), TR_PEEK_NOTHING);
	mk_capture(&b, MK_F_NANO, false, 1);
	b.len = 30; /* its first record is cut */
	mk_spill(&b, in);
	ck_assert_int_eq(tr_peek(in, NULL), TR_PEEK_NANO);
	ck_assert_int_eq(tr_peek(in, &stop), TR_PEEK_NOTHING);
	mk_free(&b);
}
END_TEST

/* pcapng: a look at what comes before the first packet, within 64 KiB. */
START_TEST(peek_bounds)
{
	static const enum tr_peek is[] = { TR_PEEK_NANO, TR_PEEK_NANO,
		TR_PEEK_HEADER, TR_PEEK_HEADER, TR_PEEK_HEADER };
	const char *in = mk_path(dir, "in");
	const uint8_t nine = 9;
	struct mk b = { 0 }, opts = { 0 }, blank = { 0 };

	mk_opt(&opts, TR_OPT_IF_TSRESOL, &nine, 1);
	mk_shb(&b, NULL);
	mk_idb(&b, 1, 2000, NULL);
	if (_i == 1 || _i == 2)
		mk_bytes(&blank, bytes, _i == 1 ? 60000 : 65536);
	if (blank.len != 0)
		mk_block(&b, 0x0bad, &blank);
	if (_i == 3)
		mk_epb(&b, 0, 1, 60, 60, bytes, NULL);
	if (_i != 4)
		mk_idb(&b, 1, 2000, &opts);
	mk_epb(&b, 0, 1, 60, 60, bytes, NULL);
	mk_spill(&b, in);
	ck_assert_int_eq(tr_peek(in, NULL), is[_i]);
	b.len = 28 + 7; /* in the middle of the first interface */
	mk_spill(&b, in);
	ck_assert_int_eq(tr_peek(in, NULL), TR_PEEK_HEADER);
	mk_free(&b);
	mk_free(&opts);
	mk_free(&blank);
}
END_TEST

/* Standard input is found as it was. */
START_TEST(peek_standard_input)
{
	const char *in = mk_path(dir, "in");
	int keep = dup(STDIN_FILENO), fd;
	struct mk b = { 0 };

	mk_bytes(&b, "before", 6);
	mk_capture(&b, MK_F_NANO, false, 100);
	mk_spill(&b, in);
	mk_free(&b);
	fd = open(in, O_RDONLY);
	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	ck_assert_int_eq(tr_peek("-", NULL), TR_PEEK_NOTHING);
	ck_assert_int_eq(lseek(STDIN_FILENO, 0, SEEK_CUR), 0);
	ck_assert_int_eq(lseek(STDIN_FILENO, 6, SEEK_SET), 6);
	ck_assert_int_eq(tr_peek("-", NULL), TR_PEEK_NANO);
	ck_assert_int_eq(lseek(STDIN_FILENO, 0, SEEK_CUR), 6);
	ck_assert_int_eq(dup2(keep, STDIN_FILENO), STDIN_FILENO);
	close(keep);
}
END_TEST

Suite *t_trace_out_suite(void)
{
	Suite *s = suite_create("trace_out");
	TCase *t = tcase_create("out");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, names, 0, 14);
	tcase_add_test(t, standard_output_names);
	tcase_add_test(t, inputs_are_safe);
	tcase_add_test(t, one_file_twice);
	tcase_add_loop_test(t, empty_outputs, 0, 2);
	tcase_add_test(t, second_link_type);
	tcase_add_loop_test(t, flushed_without_packets, 0, 2);
	tcase_add_loop_test(t, families_are_turned, 0, 2);
	tcase_add_test(t, heavy_goes_first);
	tcase_add_test(t, bounded_memory);
	tcase_add_test(t, many_interfaces);
	tcase_add_test(t, peek);
	tcase_add_test(t, peek_nothing);
	tcase_add_loop_test(t, peek_bounds, 0, 5);
	tcase_add_test(t, peek_standard_input);
	suite_add_tcase(s, t);
	t = tcase_create("out by the thread");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, begin_thread, end);
	tcase_add_loop_test(t, empty_outputs, 0, 2);
	tcase_add_test(t, second_link_type);
	tcase_add_loop_test(t, flushed_without_packets, 0, 2);
	tcase_add_test(t, bounded_memory);
	tcase_add_test(t, many_interfaces);
	suite_add_tcase(s, t);
	return s;
}
