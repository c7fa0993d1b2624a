/* SPDX-License-Identifier: BSD-2-Clause */
/* Delivery records of small archives: what is said, and that nothing is left. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/bare/records.h"
#include "tests/support/world.h"

static struct {
	uint8_t bytes[8192];
	size_t n;
	char said[4096];
} t;

static void file(const char *name, const void *data, size_t size)
{
	uint8_t *p = t.bytes + t.n;
	size_t head = (110 + strlen(name) + 1 + 3) & ~(size_t)3;

	memset(p, 0, head + size + 3);
	(void)snprintf((char *)p, 111,
	    "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 0, 0,
	    0, 0, 1, 0, (unsigned)size, 0, 0, 0, 0, (unsigned)strlen(name) + 1,
	    0);
	memcpy(p + 110, name, strlen(name) + 1);
	if (size > 0)
		memcpy(p + head, data, size);
	t.n += head + ((size + 3) & ~(size_t)3);
}

static void line(void *arg, const char *text, uint32_t n)
{
	size_t at = strlen(t.said);

	(void)arg;
	ck_assert_uint_lt(at + n, sizeof(t.said));
	memcpy(t.said + at, text, n);
}

/* Run records.conf with an image, a capture of one packet, and junk. */
static bool run(const char *conf, bool judge)
{
	static const uint8_t capture[24 + 16 + 20] = { 0xd4, 0xc3, 0xb2,
		0xa1, [20] = 1, [32] = 20, [36] = 20, [40 + 12] = 8 };
	struct flt_image img = world_image("r0 = 16\nexit\n", EXO_PROG_SOCKET);
	struct records_args a = { .line = line, .judge = judge };
	bool good;

	memset(&t, 0, sizeof(t));
	plat_test_reset(1);
	file("all.xi", img.bytes, img.size);
	file("one.pcap", capture, sizeof(capture));
	file("junk", "junk", 4);
	file("records.conf", conf, strlen(conf));
	file("TRAILER!!!", NULL, 0);
	flt_image_free(&img);
	a.files = t.bytes;
	a.size = t.n;
	good = records_run(&a);
	plat_test_check_leaks();
	return good;
}

START_TEST(records)
{
	ck_assert(run("# nothing\n\nowner me\nbind a all.xi snap=9\n"
	              "trace one.pcap\nowner you ip\n"
	              "bind b all.xi exclusive owner=me\nbind c all.xi tap\n"
	              "trace one.pcap",
	    _i != 0));
	ck_assert_msg(strstr(t.said, "0 a 9 ") == t.said, "%s", t.said);
	ck_assert_ptr_nonnull(strstr(t.said, "\n1 a 9 "));
	ck_assert_ptr_nonnull(strstr(t.said, "\n1 b 16 "));
	ck_assert_ptr_nonnull(strstr(t.said, "\n1 c 16 "));
	ck_assert_ptr_nonnull(strstr(t.said,
	    "\nbinding a matched 2 delivered 2 dropped 0 differed 0\n"));
	ck_assert_ptr_nonnull(
	    strstr(t.said, "\ncore packets 2 unmatched 0 differed 0\n"));
}
END_TEST

START_TEST(refused)
{
	ck_assert(run("owner me\nbind a junk\n", false));
	ck_assert_msg(strstr(t.said, "refused a ") == t.said, "%s", t.said);
}
END_TEST

/* One more than there may be. */
static const char nine_owners[] =
    "owner 1\nowner 2\nowner 3\nowner 4\nowner 5\nowner 6\nowner 7\n"
    "owner 8\nowner 9\n";

static const char *const malformed[] = { "what\n", "owner me not a region\n",
	"bind a all.xi\n", "owner me\nbind a nothing.xi\n",
	"owner me\nbind a all.xi what\n", "owner me\nbind a all.xi owner=you\n",
	"trace junk\n", "trace nothing.pcap\n", nine_owners };

START_TEST(bad)
{
	ck_assert(!run(malformed[_i], false));
	ck_assert_msg(strstr(t.said, "records.conf: ") == t.said, "%s", t.said);
}
END_TEST

Suite *t_records_suite(void)
{
	Suite *s = suite_create("records");
	TCase *c = tcase_create("records");

	tcase_add_loop_test(c, records, 0, 2);
	tcase_add_test(c, refused);
	tcase_add_loop_test(
	    c, bad, 0, (int)(sizeof(malformed) / sizeof(malformed[0])));
	suite_add_tcase(s, c);
	return s;
}
