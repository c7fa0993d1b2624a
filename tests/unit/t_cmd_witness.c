/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/witness.c, witness_line.c, region_text.c: packets that show an
 * answer, regions in and out. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "exo/hosted/witness.h"
#include "tests/support/oom.h"

static struct cmd_region_work k;

static void setup(void)
{
	cmd_region_begin(&k);
}

static void teardown(void)
{
	cmd_region_end(&k);
	ck_assert_uint_eq(k.mem.used, 0);
}

static struct cmd_witness witness(const char *text)
{
	char why[CMD_REGION_WHY];
	struct cmd_witness x;
	struct sp_region r;

	ck_assert_msg(
	    cmd_region_read(&k, text, strlen(text), &r, why) == 0, "%s", why);
	ck_assert_int_eq(cmd_witness_make(&k, r, &x), 0);
	return x;
}

static const struct {
	const char *region, *line;
} lines[] = {
	{ "tcp port 80 and src host 10.0.0.1 and tcp.flags = 0x12",
	    "IP 10.0.0.1.80 > 198.51.100.1.9: tcp [S.], 54 bytes" },
	{ "ip6 and udp and dst host ::1 and dst port 53",
	    " > 0:0:0:0:0:0:0:1.53: udp, " },
	{ "arp and arp.op = 2 and arp.tpa = 1.2.3.4",
	    "EN10MB 02:00:00:00:00:01 > 02:00:00:00:00:02, "
	    "ARP 192.0.2.1 > 1.2.3.4: op 2, 42 bytes" },
	{ "rarp", " RARP " },
	{ "vlan 7 and icmp and icmp.type = 3 and icmp.code = 1",
	    ", vlan 7, IP 192.0.2.1 > 198.51.100.1: icmp type 3 code 1, " },
	{ "tags = 2 and tci0 & 0xfff = 1 and tci1 & 0xfff = 2",
	    "02, vlan 1, vlan 2, " },
	{ "ip proto 89", "198.51.100.1: proto 89, " },
	{ "udp and frag = 2", ": udp, later fragment, " },
	{ "udp and frag = 1", ": udp, first fragment, " },
	{ "type = 0x88cc", " type 0x88cc, 14 bytes" },
	{ "link = 147", "147, 0 bytes" },
	{ "link = 7777777", "link type 7777777, " },
	{ "link = 65536", "NULL in the other byte order, 0 bytes" },
	{ "link = 101 and ip", "RAW IP " },
	{ "ip and ip.vhl = 0x55", "; malformed: its IP version is another" },
	{ "tcp and frag = 2 and len > 70000",
	    " of 70001 bytes; malformed: less of it was captured" },
	{ "caplen > 300000", "none could be made" },
	{ "caplen = 5000", ", 5000 bytes" },
};

START_TEST(lines_of_packets)
{
	struct cmd_witness x = witness(lines[_i].region);
	char line[CMD_WITNESS_LINE];
	struct exo_fmt f;

	exo_fmt_init(&f, line, sizeof(line));
	cmd_witness_line(&f, &x);
	ck_assert(!f.cut);
	ck_assert_msg(strstr(line, lines[_i].line) != NULL, "%s: %s",
	    lines[_i].region, line);
}
END_TEST

/* Every flaw at once, the longest addresses: it fits, and has every word. */
START_TEST(the_longest_line_fits)
{
	struct cmd_witness x = witness("vlan and tags = 2 and ip6 and tcp");
	char line[CMD_WITNESS_LINE];
	struct exo_fmt f;

	x.flaws = 127;
	x.p.len = UINT32_MAX;
	exo_fmt_init(&f, line, sizeof(line));
	cmd_witness_line(&f, &x);
	ck_assert(!f.cut);
	ck_assert_ptr_nonnull(strstr(line, "a checksum is wrong"));
	ck_assert_ptr_nonnull(strstr(line, "its header length is impossible"));
	ck_assert_ptr_nonnull(strstr(line, "a length cannot be its own"));
	ck_assert_ptr_nonnull(strstr(line, "it ends within a header"));
	ck_assert_ptr_nonnull(strstr(line, "too many extension headers"));
}
END_TEST

START_TEST(what_the_kernel_wrote)
{
	_Alignas(8) uint8_t room[sizeof(struct exo_witness) + 20] = { 0 };
	struct exo_witness *w = (void *)room;

	*w = (struct exo_witness){ .linktype = 1, .caplen = 20, .wirelen = 60 };
	w->flaws = SP_FLAW_CUT;
	ck_assert(cmd_witness_of(w, sizeof(room)).made);
	ck_assert_uint_eq(cmd_witness_of(w, sizeof(room)).p.len, 60);
	ck_assert_uint_eq(cmd_witness_of(w, sizeof(room)).flaws, SP_FLAW_CUT);
	w->caplen = 21; /* of which none were written */
	ck_assert(!cmd_witness_of(w, sizeof(room)).made);
	w->caplen = 0;
	ck_assert(!cmd_witness_of(w, sizeof(room)).made);
}
END_TEST

/* The bytes of a file, a NUL behind them. */
static char *bytes_of(FILE *f)
{
	char *text = calloc(1, 4096);

	rewind(f);
	ck_assert_ptr_nonnull(text);
	(void)!fread(text, 1, 4095, f);
	return text;
}

START_TEST(a_witness_as_json)
{
	struct cmd_witness x = witness("arp and caplen = 42");
	FILE *f = tmpfile();
	struct cmd_json j;
	char *text;

	ck_assert_ptr_nonnull(f);
	x.flaws = SP_FLAW_CUT | SP_FLAW_EXT;
	cmd_json_begin(&j, f);
	ck_assert_int_eq(cmd_witness_json(&j, "a", &x), 0);
	x.made = false;
	ck_assert_int_eq(cmd_witness_json(&j, "b", &x), 0);
	cmd_json_finish(&j);
	text = bytes_of(f);
	ck_assert_ptr_nonnull(
	    strstr(text, "\"flaws\":[\"cut\",\"extensions\"]"));
	ck_assert_ptr_nonnull(
	    strstr(text, "\"bytes\":\"020000000002020000000001"
	                 "08060001080006040001"));
	ck_assert_ptr_nonnull(strstr(text, "\"b\":null}"));
	free(text);
	fclose(f);
}
END_TEST

/* What a capture of a witness holds. */
static void check_file(const char *region, uint32_t linktype)
{
	char path[64];
	struct cmd_witness x = witness(region);
	struct tr_outs *set = tr_outs_new(NULL);
	struct tr_reader *r;
	struct tr_pkt p;
	struct tr_error err;

	snprintf(path, sizeof(path), "/tmp/exopf-unit-%d.pcap", (int)getpid());
	ck_assert_int_eq(cmd_witness_file(set, path, &x, &err), 0);
	ck_assert_int_eq(tr_outs_close(set, &err), 0);
	tr_outs_free(set);
	r = tr_open(path, NULL, &err);
	ck_assert_msg(r != NULL, "%s", err.msg);
	ck_assert_int_eq(tr_batch(r, &p, 1, &err), 1);
	ck_assert_uint_eq(p.linktype, linktype);
	ck_assert_uint_eq(p.caplen, x.p.caplen);
	ck_assert_uint_eq(p.wirelen, x.p.len);
	ck_assert_int_eq(memcmp(p.data, x.p.data, p.caplen), 0);
	tr_close(r);
	unlink(path);
}

START_TEST(a_witness_as_a_capture)
{
	struct tr_outs *set = tr_outs_new(NULL);
	struct cmd_witness x = witness("link = 7777777");
	struct tr_error err;

	check_file("tcp port 80", 1);
	check_file("link = 276 and ip6", 276);
	check_file("tcp and frag = 2 and len = 70000", 1);
	ck_assert_int_eq(cmd_witness_file(set, "x.pcap", &x, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "link type"));
	x.made = false;
	ck_assert_int_eq(cmd_witness_file(set, "x.pcap", &x, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "no packet"));
	x = witness("tcp");
	ck_assert_int_eq(cmd_witness_file(set, "x.txt", &x, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "x.txt"));
	tr_outs_free(set);
}
END_TEST

START_TEST(regions_in_and_out)
{
	static const char few[] = "port 53 or udp or tcp port 53 or udp";
	char why[CMD_REGION_WHY], *text;
	struct sp_region r, kept;

	ck_assert_int_eq(cmd_region_read(&k, few, strlen(few), &r, why), 0);
	ck_assert_int_eq(cmd_region_keep(r, &kept), 0);
	cmd_region_end(&k);
	text = cmd_region_text(kept, CMD_REGION_SHOWN);
	ck_assert_str_eq(text, "(proto = 6 and sport = 53) or "
	                       "(proto = 6 and dport = 53) or proto = 17 or "
	                       "(proto = 132 and sport = 53) or "
	                       "(proto = 132 and dport = 53)");
	free(text);
	text = cmd_region_text(kept, 10);
	ck_assert_str_eq(text, "(proto = ...");
	free(text);
	cmd_region_free(&kept);
	ck_assert_ptr_null(kept.v);
	cmd_region_free(&kept);
	ck_assert_int_eq(cmd_region_read(&k, "tcp or", 6, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "something is missing here"));
	ck_assert_int_eq(cmd_region_read(&k, "none", 4, &r, why), 0);
	ck_assert_int_eq(cmd_region_keep(r, &kept), 0);
	text = cmd_region_text(kept, CMD_REGION_SHOWN);
	ck_assert_str_eq(text, "none");
	free(text);
	cmd_region_free(&kept);
}
END_TEST

/* One that needs more room; what is printed is read as the same. */
START_TEST(long_regions)
{
	char *in = calloc(1, 60000), *text, *again;
	char why[CMD_REGION_WHY];
	struct sp_region r;
	size_t n = 0;

	ck_assert_ptr_nonnull(in);
	n += (size_t)sprintf(in, "none");
	for (int i = 3; i < 6000; i += 5)
		n += (size_t)sprintf(in + n, " or ip.id = 0x%04x", i);
	ck_assert_int_eq(cmd_region_read(&k, in, n, &r, why), 0);
	text = cmd_region_text(r, CMD_REGION_SHOWN);
	ck_assert_uint_gt(strlen(text), 5000);
	ck_assert_int_eq(cmd_region_read(&k, text, strlen(text), &r, why), 0);
	again = cmd_region_text(r, CMD_REGION_SHOWN);
	ck_assert_int_eq(strcmp(text, again), 0);
	free(again);
	again = cmd_region_text(r, 5000);
	ck_assert_uint_eq(strlen(again), 5002);
	ck_assert_int_eq(strncmp(text, again, 4999), 0);
	free(again);
	free(text);
	free(in);
}
END_TEST

/* Steps have an end: what would take longer says so. */
START_TEST(bombs_are_refused)
{
	char text[2048], why[CMD_REGION_WHY];
	struct sp_region r;
	size_t n = 0;

	for (int i = 0; i < 30; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s(ip.id & %d = 0 or ip.sum & %d = 0 or l4.0 & %d = 0)",
		    i == 0 ? "" : " and ", 1 << i % 16, 1 << i % 16,
		    1 << i % 16);
	ck_assert_int_eq(cmd_region_read(&k, text, n, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "too intricate"));
	ck_assert_str_eq(cmd_region_failure(-EXO_ENOMEM), "out of memory");
	ck_assert_str_eq(
	    cmd_region_failure(-EXO_EINVAL), "it cannot be worked out");
}
END_TEST

static int read_and_keep(void *arg)
{
	char why[CMD_REGION_WHY], *text = NULL;
	struct sp_region r, kept = { NULL, 0 };
	struct cmd_region_work work;
	struct cmd_witness x;
	int ret;

	(void)arg;
	cmd_region_begin(&work);
	ret = cmd_region_read(&work, "port 80 or ip6", 14, &r, why);
	if (ret == 0)
		ret = cmd_witness_make(&work, r, &x);
	if (ret == 0)
		ret = cmd_region_keep(r, &kept);
	cmd_region_end(&work);
	if (ret == 0) {
		text = cmd_region_text(kept, CMD_REGION_SHOWN);
		ret = text == NULL ? -EXO_ENOMEM : 0;
	}
	free(text);
	cmd_region_free(&kept);
	return ret;
}

START_TEST(out_of_memory)
{
	ck_assert_uint_gt(test_oom_loop(read_and_keep, NULL), 2);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

Suite *t_cmd_witness_suite(void)
{
	Suite *s = suite_create("cmd_witness");
	TCase *t = tcase_create("cmd_witness"), *oom = tcase_create("oom");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, lines_of_packets, 0, COUNT(lines));
	tcase_add_test(t, the_longest_line_fits);
	tcase_add_test(t, what_the_kernel_wrote);
	tcase_add_test(t, a_witness_as_json);
	tcase_add_test(t, a_witness_as_a_capture);
	tcase_add_test(t, regions_in_and_out);
	tcase_add_test(t, long_regions);
	tcase_add_test(t, bombs_are_refused);
	suite_add_tcase(s, t);
	tcase_add_test(oom, out_of_memory);
	suite_add_tcase(s, oom);
	return s;
}
