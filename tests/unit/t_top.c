/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/top.c, top_show.c, top_json.c, top_feed.c: lines of the kernel's console,
 * what is made of them, what a terminal shows. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/hosted/top_feed.h"
#include "tests/support/oom.h"
#include "tests/support/screen.h"

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

/* Two environments, of which the second one is quiet, at a second's distance. */
#define ONE(packets)                                                \
	"@env 1 env=4294967296 state=3 slots=2 ran_ns=" packets     \
	"000000 excess_ns=0 turns=9 upcalls=" packets               \
	" frames=20 guaranteed=24 faults=1 refills=" packets        \
	" preloaded=0 tables=17 drops=0 kernel=30424 bindings=1 "   \
	"delivered=" packets                                        \
	" dropped=5 unpaid=0 ring_used=512 ring_size=65536 lost=0 " \
	"label=fifteen\n"
#define TWO                                                                \
	"@env 2 env=4294967297 state=2 slots=1 turns=3 frames=8 tables=4 " \
	"kernel=1024 ring_size=65536 label=quiet\n"
#define GONE "@env 3 env=4294967298 state=8 turns=1 label=gone\n"
#define BIND(packets)                                                \
	"@bind binding=4294967296 env=4294967296 evaluated=" packets \
	" matched=" packets " delivered=" packets " dropped=5 max_steps=2\n"
#define SLOTS "@slots 0 1 1 2 0\n"
#define TOP(s)                                                                 \
	"@top now=" s "000000000 slot_ns=10000000 slots=4 slot=2 frames=1000 " \
	"frames_free=900 tables=21\n"
#define FIRST  ONE("100") TWO BIND("100") SLOTS TOP("1")
#define SECOND ONE("350") TWO BIND("350") SLOTS TOP("2")

static enum top_line take(struct top *t, const char *lines)
{
	enum top_line is = TOP_TEXT;

	for (const char *end; *lines != '\0'; lines = end + 1) {
		end = strchr(lines, '\n');
		is = top_take(t, lines, (size_t)(end - lines));
	}
	return is;
}

static const struct {
	const char *line;
	enum top_line is;
} samples[] = {
	{ "@env 1 env=1 label=a", TOP_PART },
	{ "@env 64 env=1 state=8 label=", TOP_PART },
	{ "@env 1 env=1 newer=3 label=a b=c", TOP_PART },
	{ "@env 1 env=18446744073709551615 label=a", TOP_PART },
	{ "@env 1 env=1 state=4294967295 label=a", TOP_PART },
	{ "@env 1 env=1 label=0123456789012345678901234567890", TOP_PART },
	{ "@env 1 env=1 label=01234567890123456789012345678901", TOP_TEXT },
	{ "@env 0 env=1 label=a", TOP_TEXT },
	{ "@env 65 env=1 label=a", TOP_TEXT },
	{ "@env 1 env=0 label=a", TOP_TEXT },
	{ "@env 1 label=a", TOP_TEXT },
	{ "@env 1 env=1", TOP_TEXT },
	{ "@env 1  env=1 label=a", TOP_TEXT },
	{ "@env 1 env=1 frames label=a", TOP_TEXT },
	{ "@env 1 env=1 =1 label=a", TOP_TEXT },
	{ "@env 1 env=1 frames= label=a", TOP_TEXT },
	{ "@env 1 env=1 frames=-1 label=a", TOP_TEXT },
	{ "@env 1 env=1 frames=0x1 label=a", TOP_TEXT },
	{ "@env 1 env=1 frames=4294967296 label=a", TOP_TEXT },
	{ "@env 1 env=18446744073709551616 label=a", TOP_TEXT },
	{ "@env", TOP_TEXT },
	{ "@env ", TOP_TEXT },
	{ " @env 1 env=1 label=a", TOP_TEXT },
	{ "mallory: @env 1 env=1 label=a", TOP_TEXT },
	{ "@bind binding=1 env=1", TOP_PART },
	{ "@bind binding=0", TOP_TEXT },
	{ "@bind", TOP_TEXT },
	{ "@binding=1", TOP_TEXT },
	{ "@bind binding=1 ", TOP_TEXT },
	{ "@slots 0 1 0 64", TOP_PART },
	{ "@slots 0 65", TOP_TEXT },
	{ "@slots 1 1", TOP_TEXT },
	{ "@slots 0", TOP_TEXT },
	{ "@top now=1", TOP_WHOLE },
	{ "@top now=1 newer=2", TOP_WHOLE },
	{ "@top", TOP_TEXT },
	{ "@top now", TOP_TEXT },
	{ "@top now=1 label=x", TOP_TEXT },
	{ "@top now=1 slots=4294967296", TOP_TEXT },
	{ "fifteen: up", TOP_TEXT },
	{ "", TOP_TEXT },
};

START_TEST(one_line)
{
	struct top *t = calloc(1, sizeof(*t));

	ck_assert_int_eq(
	    top_take(t, samples[_i].line, strlen(samples[_i].line)),
	    samples[_i].is);
	free(t);
}
END_TEST

START_TEST(no_line)
{
	struct top *t = calloc(1, sizeof(*t));
	char *p = malloc(TOP_LINE);

	ck_assert_int_eq(top_take(t, "@top now=1\0", 11), TOP_TEXT);
	memset(p, '0', TOP_LINE);
	memcpy(p, "@top now=", 9);
	ck_assert_int_eq(top_take(t, p, TOP_LINE), TOP_TEXT);
	/* one that is refused leaves nothing behind */
	ck_assert_int_eq(take(t, "@top now=5 frames=x\n"), TOP_TEXT);
	ck_assert_int_eq(take(t, "@slots 0 1 1 x\n@slots 0 2\n"), TOP_PART);
	ck_assert_int_eq(take(t, "@top frames=2\n"), TOP_WHOLE);
	ck_assert_uint_eq(t->now.state.now, 0);
	ck_assert_uint_eq(t->now.nslots, 1);
	ck_assert_uint_eq(t->now.owner[0], 2);
	free(p);
	free(t);
}
END_TEST

START_TEST(snapshots)
{
	struct top *t = calloc(1, sizeof(*t));
	uint64_t milli;

	ck_assert_int_eq(take(t, FIRST), TOP_WHOLE);
	ck_assert_uint_eq(t->shots, 1);
	ck_assert_str_eq(t->now.state.env[0].label, "fifteen");
	ck_assert_uint_eq(t->now.state.env[0].delivered, 100);
	ck_assert_uint_eq(t->now.state.env[0].ring_size, 65536);
	ck_assert_uint_eq(t->now.state.env[1].state, EXO_IS_RUNNING);
	ck_assert_uint_eq(t->now.state.env[2].env, 0);
	ck_assert_uint_eq(t->now.state.frames_free, 900);
	ck_assert_uint_eq(t->now.nbinds, 1);
	ck_assert_uint_eq(t->now.bind[0].max_steps, 2);
	ck_assert_uint_eq(t->now.nslots, 4);
	ck_assert_uint_eq(t->now.owner[2], 2);
	ck_assert(!top_rate(t, 0, 1, &milli));
	ck_assert_ptr_null(top_env_before(t, 4294967296));
	ck_assert_int_eq(take(t, SECOND), TOP_WHOLE);
	ck_assert_uint_eq(top_env_before(t, 4294967296)->delivered, 100);
	ck_assert_uint_eq(top_bind_before(t, 4294967296)->matched, 100);
	ck_assert_ptr_null(top_bind_before(t, 7));
	ck_assert(top_rate(t, 100, 350, &milli));
	ck_assert_uint_eq(milli, 250000);
	ck_assert(top_rate(t, 350, 100, &milli));
	ck_assert_uint_eq(milli, 0);
	ck_assert(top_rate(t, 0, UINT64_MAX, &milli));
	ck_assert_uint_eq(milli, (uint64_t)1e18);
	ck_assert_int_eq(take(t, FIRST), TOP_WHOLE); /* time went back */
	ck_assert(!top_rate(t, 0, 1, &milli));
	free(t);
}
END_TEST

START_TEST(the_ended_are_remembered)
{
	struct top *t = calloc(1, sizeof(*t));
	char line[64];

	take(t, GONE FIRST);
	take(t, "@env 2 env=99 state=8 label=\x1b[1m\n" FIRST);
	ck_assert_uint_eq(t->now.nended, 2);
	ck_assert_str_eq(t->now.ended[0].label, "?[1m");
	ck_assert_str_eq(top_label(&t->now, 4294967298), "gone");
	ck_assert_ptr_null(top_label(&t->now, 0));
	ck_assert_ptr_null(top_label(&t->now, 5));
	for (int i = 0; i < 70; i++) {
		snprintf(line, sizeof(line),
		    "@env 1 env=%d state=8 label=e%d\n@top now=1\n", i + 100,
		    i);
		take(t, line);
	}
	ck_assert_uint_eq(t->now.nended, EXO_STATE_ENVS);
	ck_assert_str_eq(t->now.ended[0].label, "e69");
	free(t);
}
END_TEST

START_TEST(states)
{
	static const char *const text[] = { "?", "made", "runs", "waits",
		"calls", "accepts", "awaits", "sleeps", "ended", "?" };

	for (unsigned i = 0; i < 10; i++)
		ck_assert_str_eq(top_state_text(i), text[i]);
	ck_assert_str_eq(top_state_text(UINT32_MAX), "?");
}
END_TEST

/* --- the page --------------------------------------------------------------------- */

/* What is shown; the caller's to free(). */
static char *shown(const struct top *t, const struct top_page *page)
{
	char *text;
	size_t n, lines = 0;
	FILE *f = open_memstream(&text, &n);
	int ret = top_show(f, t, page);

	fclose(f);
	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	ck_assert_int_eq(ret, (int)lines);
	return text;
}

static void is_shown(
    const char *from, const struct top_page *page, const char *want)
{
	struct top *t = calloc(1, sizeof(*t));
	char *text;

	take(t, from);
	text = shown(t, page);
	ck_assert_str_eq(text, want);
	free(text);
	free(t);
}

START_TEST(pages)
{
	static const struct top_page wide = { .width = 0 },
	                             narrow = { .width = 60 },
	                             thin = { .width = 9 },
	                             low = { 40, 3, true };

	is_shown(GONE FIRST SECOND, &wide,
	    "up 2.0 s; frames 100 of 1,000 used; page tables 21; "
	    "slot 2 of 4, 10000 us each\n"
	    "#  environment  does   slots    cpu  packets/s  packets  dropped  "
	    "ring  upcalls/s  turns/s  frames  guaranteed  faults/s  "
	    "refills/s  tables  kernel  bindings\n"
	    "1  fifteen      waits      2  25.0%        250      350        5  "
	    "0.8%        250        0      20          24         0        "
	    "250      17     30K         1\n"
	    "2  quiet        runs       1   0.0%          0        0        0  "
	    "0.0%          0        0       8           0         0          "
	    "0       4      1K         0\n"
	    "-  gone         ended      0   0.0%          0        0        0  "
	    "   -          0        0       0           0         0          "
	    "0       0      0K         0\n"
	    "slots 112.\n"
	    "  binding  owner    asked/s  matched/s  matched  delivered/s  "
	    "delivered  dropped  steps\n"
	    "100000000  fifteen      250        250      350          250  "
	    "      350        5      2\n");
	is_shown(SECOND, &narrow,
	    "up 2.0 s; frames 100 of 1,000 used; page tables 21; slot 2 o\n"
	    "#  environment  does   slots  cpu  packets/s  dropped  ring\n"
	    "1  fifteen      waits      2    -          -        5  0.8%\n"
	    "2  quiet        runs       1    -          -        0  0.0%\n"
	    "slots 112.\n"
	    "owner    matched/s  matched  delivered/s  delivered  dropped\n"
	    "fifteen          -      350            -        350        5\n");
	is_shown(SECOND, &thin,
	    "up 2.0 s;\nenvironme\nfifteen\nquiet\nslots 112\n      .\n"
	    "owner\nfifteen\n");
	is_shown(SECOND, &low,
	    "up 2.0 s; frames 100 of 1,000 used; page\n"
	    "\033[1menvironment  cpu  packets/s  dropped\033[0m\n"
	    "... and 2 more environments\n");
}
END_TEST

START_TEST(page_of_any_size)
{
	struct top *t = calloc(1, sizeof(*t));
	struct top_page p = { .width = (unsigned)_i + 1 };
	char line[160];

	for (int k = 0; k < 2; k++) {
		for (int i = 1; i <= 64; i++) {
			snprintf(line, sizeof(line),
			    "@env %d env=%d state=2 ran_ns=%d000000000000 "
			    "lost=9 unpaid=1000000000 delivered=%d000000 "
			    "label=environment%d\n",
			    i, i, i * k, i * k, i);
			ck_assert_int_eq(take(t, line), TOP_PART);
		}
		for (int i = 0; i < 15; i++)
			take(t, BIND("7"));
		take(t, SLOTS);
		take(t, k == 0 ? TOP("1") : TOP("2"));
	}
	for (p.height = 1; p.height < 100; p.height++) {
		char *text = shown(t, &p);
		unsigned n = 0;

		for (const char *at = text; *at != '\0'; n++) {
			size_t len = strcspn(at, "\n");

			ck_assert_uint_le(len, p.width);
			at += len + 1;
		}
		ck_assert_uint_le(n, p.height);
		if (p.height < 80 && p.width > 10)
			ck_assert_uint_ge(n + 1, p.height);
		free(text);
	}
	free(t);
}
END_TEST

/* A vector of which nobody has anything. */
START_TEST(nobodys_slots)
{
	static const struct top_page page = { .width = 20 };

	is_shown(
	    "@slots 0 0 0 0\n@top now=0\n", &page, "up 0.0 s; frames 0 o\n");
	is_shown("@slots 0 0 0 64\n@top now=0\n", &page,
	    "up 0.0 s; frames 0 o\nslots ..+\n");
}
END_TEST

START_TEST(few_a_second)
{
	static const struct top_page page = { .width = 42 };

	is_shown("@env 1 env=1 state=2 delivered=0 label=a\n@top now=0\n"
	         "@env 1 env=1 state=2 delivered=3 label=a\n"
	         "@top now=2000000000\n",
	    &page,
	    "up 2.0 s; frames 0 of 0 used; page tables \n"
	    "environment  packets/s  dropped  ring\n"
	    "a                  1.5        0     -\n");
}
END_TEST

START_TEST(json)
{
	struct top *t = calloc(1, sizeof(*t));
	json_t *j, *e, *per;
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	take(t, GONE FIRST SECOND);
	top_json(f, t);
	fclose(f);
	ck_assert_ptr_eq(strchr(text, '\n'), text + n - 1);
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(j);
	ck_assert_str_eq(
	    json_string_value(json_object_get(j, "schema")), TOP_JSON_SCHEMA);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(j, "now")), 2000000000);
	ck_assert_uint_eq(json_array_size(json_object_get(j, "owners")), 4);
	ck_assert_uint_eq(
	    json_array_size(json_object_get(j, "environments")), 3);
	e = json_array_get(json_object_get(j, "environments"), 0);
	ck_assert_str_eq(
	    json_string_value(json_object_get(e, "label")), "fifteen");
	ck_assert_str_eq(
	    json_string_value(json_object_get(e, "does")), "waits");
	per = json_object_get(e, "per_s");
	ck_assert_double_eq(
	    json_real_value(json_object_get(per, "delivered")), 250.0);
	e = json_array_get(json_object_get(j, "environments"), 2);
	ck_assert(json_is_null(json_object_get(e, "place")));
	e = json_array_get(json_object_get(j, "bindings"), 0);
	ck_assert_str_eq(
	    json_string_value(json_object_get(e, "owner")), "fifteen");
	json_decref(j);
	free(text);
	free(t);
}
END_TEST

/* --- the console ------------------------------------------------------------------ */

/* What is written, in pieces of so many bytes; talk goes to talk[]. */
static char *fed(enum top_how how, const char *bytes, size_t piece,
    const struct top_page *page, char talk[256])
{
	struct top_feed *f = top_feed_new(how);
	size_t n = strlen(bytes), size;
	char *text;
	FILE *out = open_memstream(&text, &size),
	     *other = fmemopen(talk, 256, "w");

	for (size_t at = 0; at < n; at += piece)
		ck_assert_int_eq(
		    top_feed(f, bytes + at, n - at < piece ? n - at : piece,
		        page, out, other),
		    0);
	ck_assert_int_eq(top_feed_end(f, page, out, other), 0);
	fclose(out);
	fclose(other);
	top_feed_free(f);
	return text;
}

static const struct top_page small = { 35, 10, false };

START_TEST(plain)
{
	static const struct top_page page = { 37, 0, false };
	for (size_t piece = 1; piece < 400; piece += 7) {
		char talk[256] = "";
		char *text = fed(TOP_PLAIN,
		    "fifteen: up\n" ONE("100")
		        TWO TOP("1") "quiet: @env 1 env=1 label=forged\n"
		                     "quiet: @top now=1\r@top now=2\n"
		                     "@env 0 env=1 label=a\nno end",
		    piece, &page, talk);

		ck_assert_str_eq(text, "fifteen: up\n"
		                       "up 1.0 s; frames 100 of 1,000 used; p\n"
		                       "environment  cpu  packets/s  dropped\n"
		                       "fifteen        -          -        5\n"
		                       "quiet          -          -        0\n"
		                       "quiet: @env 1 env=1 label=forged\n"
		                       "quiet: @top now=1\\x0d@top now=2\n"
		                       "@env 0 env=1 label=a\nno end\n");
		ck_assert_str_eq(talk, "");
		free(text);
	}
}
END_TEST

START_TEST(as_json)
{
	char talk[256] = "";
	char *text =
	    fed(TOP_JSON, "a\n" FIRST "b\n" SECOND "c", 50, &small, talk);

	ck_assert_str_eq(talk, "a\nb\nc\n");
	ck_assert_int_eq(strncmp(text, "{\"schema\":", 10), 0);
	ck_assert_ptr_nonnull(strstr(text, "}\n{\"schema\":"));
	free(text);
}
END_TEST

/* All text, and one snapshot, the last, below it. */
START_TEST(terminal)
{
	static const struct top_page page = { 37, 3, false };

	for (size_t piece = 1; piece < 2000; piece += 23) {
		struct screen s = { .n = 0 };
		char talk[256] = "";
		char *text = fed(TOP_TERMINAL,
		    "a\n" FIRST "b\n" SECOND "c\n" FIRST ONE("600")
		        TWO TOP("2"),
		    piece, &page, talk);

		ck_assert(screen_show(&s, text, strlen(text)));
		ck_assert_uint_le(s.most, page.height);
		ck_assert_str_eq(s.text,
		    "a\nb\nc\n"
		    "up 2.0 s; frames 100 of 1,000 used; p\n"
		    "environment  packets/s  dropped\n"
		    "fifteen            500        5\n"
		    "quiet                0        0\n");
		free(s.text);
		free(text);
	}
}
END_TEST

/* A line that is longer than any of ours, one that has no end yet, a terminal that
 * changes, another writer: what is drawn stays rather than that text is lost. */
START_TEST(terminal_in_between)
{
	struct top_feed *f = top_feed_new(TOP_TERMINAL);
	struct top_page now = { 37, 20, false };
	char *text, *a = malloc(5000);
	struct screen s = { .n = 0 };
	size_t size;
	FILE *out = open_memstream(&text, &size);

	memset(a, 'a', 5000);
	top_feed(f, FIRST, strlen(FIRST), &now, out, NULL);
	top_feed(f, a, 5000, &now, out, NULL);
	top_feed(f, "\nb", 2, &now, out, NULL);
	now.width = 30;
	top_feed(f, "\n" SECOND, 1 + strlen(SECOND), &now, out, NULL);
	top_feed_leave(f);
	fputs("another\n", out);
	top_feed(f, FIRST, strlen(FIRST), &now, out, NULL);
	now.height = 2;
	top_feed(f, SECOND, strlen(SECOND), &now, out, NULL);
	top_feed_end(f, &now, out, NULL);
	fclose(out);
	ck_assert(screen_show(&s, text, size));
	ck_assert_uint_eq(strspn(s.text, "a"), 5000);
	ck_assert_ptr_nonnull(strstr(s.text, "a\nup 1.0"));
	ck_assert_ptr_nonnull(strstr(s.text, "\nb\nup 2.0"));
	ck_assert_ptr_nonnull(strstr(s.text, "\nanother\nup 1.0"));
	top_feed_free(f);
	free(s.text);
	free(text);
	free(a);
}
END_TEST

static int feed_all(void *arg)
{
	static const struct top_page page = { 60, 0, false };
	struct top_feed *f = top_feed_new(TOP_TERMINAL);
	int ret = -1;

	if (f != NULL) {
		ret = top_feed(f, FIRST, strlen(FIRST), &page, arg, arg);
		ret |= top_feed_end(f, &page, arg, arg);
	}
	top_feed_free(f);
	return ret;
}

START_TEST(without_memory)
{
	FILE *f = fopen("/dev/null", "w");

	test_oom_loop(feed_all, f);
	fclose(f);
}
END_TEST

Suite *t_top_suite(void)
{
	Suite *s = suite_create("t_top");
	TCase *tc = tcase_create("top");
	TCase *oom = tcase_create("oom");

	tcase_add_loop_test(tc, one_line, 0, COUNT(samples));
	tcase_add_test(tc, no_line);
	tcase_add_test(tc, snapshots);
	tcase_add_test(tc, the_ended_are_remembered);
	tcase_add_test(tc, states);
	tcase_add_test(tc, pages);
	tcase_add_loop_test(tc, page_of_any_size, 0, 240);
	tcase_add_test(tc, nobodys_slots);
	tcase_add_test(tc, few_a_second);
	tcase_add_test(tc, json);
	tcase_add_test(tc, plain);
	tcase_add_test(tc, as_json);
	tcase_add_test(tc, terminal);
	tcase_add_test(tc, terminal_in_between);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, without_memory);
	suite_add_tcase(s, oom);
	return s;
}
