/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/conflicts.c: claims and grants that are in each other's way. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/hosted/conflicts.h"
#include "tests/support/oom.h"

static struct cmd_bindings set;
static struct conf conf;

static void setup(void)
{
	memset(&set, 0, sizeof(set));
	memset(&conf, 0, sizeof(conf));
	conf.set = &set;
	conf.limit = 1000;
}

static void teardown(void)
{
	conf_free(&conf);
	cmd_bindings_free(&set);
}

static void grant(const char *text)
{
	char err[CMD_BINDING_ERR];

	ck_assert_msg(
	    cmd_grants_add(&set.grants, text, NULL, 0, err) == 0, "%s", err);
}

static void binding(const char *text)
{
	char err[CMD_BINDING_ERR];

	ck_assert_msg(cmd_bindings_add(&set, text, err) == 0, "%s", err);
}

/* How many findings there are of each kind. */
static void totals(
    uint64_t claims, uint64_t outside, uint64_t ungranted, uint64_t grants)
{
	ck_assert_int_eq(conf_run(&conf), 0);
	ck_assert_uint_eq(conf.total[CONF_CLAIMS], claims);
	ck_assert_uint_eq(conf.total[CONF_OUTSIDE], outside);
	ck_assert_uint_eq(conf.total[CONF_UNGRANTED], ungranted);
	ck_assert_uint_eq(conf.total[CONF_GRANTS], grants);
	ck_assert(conf_is_clean(&conf) ==
	          (claims + outside + ungranted + grants == 0));
}

START_TEST(nothing)
{
	totals(0, 0, 0, 0);
}
END_TEST

START_TEST(disjoint_claims)
{
	grant("a 'tcp' exclusive");
	grant("b 'udp' exclusive");
	binding("x,owner=a=");
	binding("y,owner=b=");
	binding("z,owner=b,claim='udp port 53'=");
	totals(0, 0, 0, 0);
	ck_assert_uint_eq(conf.nowners, 2);
	ck_assert_uint_eq(conf.ngroups, 3);
}
END_TEST

/* Bindings without claims are one group; its witness is in both. */
START_TEST(claims_that_overlap)
{
	grant("a 'tcp' exclusive");
	grant("a 'icmp' exclusive");
	grant("b 'tcp dst port 80' exclusive,tell");
	grant("c 'ip6' shared");
	binding("x,owner=a=");
	binding("y,owner=b=");
	binding("z,owner=a=");
	binding("w,owner=a,claim='tcp src port 25'=");
	totals(2, 0, 0, 1);
	ck_assert_uint_eq(conf.ngroups, 3);
	ck_assert_uint_eq(conf.n, 3);
	ck_assert_uint_eq(conf.groups[0].n, 2);
	ck_assert_str_eq(conf.v[0].text, "proto = 6 and dport = 80");
	ck_assert_str_eq(
	    conf.v[1].text, "proto = 6 and sport = 25 and dport = 80");
	ck_assert(conf.v[0].x.made && conf.v[0].x.flaws == 0);
	ck_assert_uint_eq(conf.v[0].x.p.data[37], 80);
	ck_assert_int_eq(conf.v[2].kind, CONF_GRANTS);
	ck_assert_uint_eq(conf.v[2].a, 0);
	ck_assert_uint_eq(conf.v[2].b, 2);
}
END_TEST

START_TEST(claims_outside)
{
	grant("a 'tcp' exclusive");
	grant("a 'udp' shared");
	binding("x,owner=a,claim='tcp or udp port 53'=");
	binding("y,owner=a,claim='tcp port 53'=");
	totals(0, 1, 0, 0);
	ck_assert_str_eq(conf.v[0].text, "(proto = 17 and sport = 53) or "
	                                 "(proto = 17 and dport = 53)");
	ck_assert(conf.v[0].x.made);
}
END_TEST

/* Who has no grant claims nothing, but what is stated. */
START_TEST(owners_without_grants)
{
	grant("a 'tcp' exclusive");
	grant("b 'any' shared");
	grant("nobody 'tcp' shared");
	binding("x,owner=a=");
	binding("y,owner=b=");
	binding("z,owner=c,claim='tcp port 1'=");
	totals(1, 0, 2, 0);
	ck_assert_str_eq(conf.v[0].text,
	    "(proto = 6 and sport = 1) or (proto = 6 and dport = 1)");
}
END_TEST

/* Grants matter without bindings; a limit counts on. */
START_TEST(a_limit)
{
	char text[64];

	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "o%d 'tcp port %d' exclusive", i,
		    i + 1);
		grant(text);
	}
	conf.limit = 3;
	totals(0, 0, 0, 190);
	ck_assert_uint_eq(conf.n, 3);
}
END_TEST

/* Regions of many cubes, which are the algebra's to compare. */
START_TEST(many_cubes)
{
	char text[3000];

	for (int o = 0; o < 3; o++) {
		size_t n = (size_t)sprintf(text, "%c '(", 'a' + o);

		for (int i = 0; i < 60; i++)
			n += (size_t)sprintf(text + n, "%sip.id = 0x%04x",
			    i == 0 ? "" : " or ", i * 37 + o / 2);
		sprintf(text + n, ") and ip.ttl = %d' exclusive", o % 2);
		grant(text);
		ck_assert_uint_gt(set.grants.v[o].region.n, 16);
	}
	totals(0, 0, 0, 0);
	sprintf(strchr(text, ')'), ") and ip.ttl < 9' exclusive");
	text[0] = 'd';
	grant(text);
	conf_free(&conf);
	memset(&conf, 0, sizeof(conf));
	conf.set = &set;
	conf.limit = 1000;
	totals(0, 0, 0, 1);
	ck_assert_ptr_nonnull(strstr(conf.v[0].text, " and ip.ttl = 0"));
}
END_TEST

static const char *const pool[] = { "tcp", "udp", "tcp port 80", "arp",
	"src net 10.0.0.0/8", "host 10.1.2.3", "ip6", "dst port 53", "vlan 5",
	"ip and not tcp", "frag = 2", "len > 100 and icmp", "link = 113",
	"tcp.flags & 0x02 = 0x02", "portrange 1-1023" };

#define POOL ((int)(sizeof(pool) / sizeof(pool[0])))

/* Every pair of the pool: as the algebra says it. */
START_TEST(as_the_algebra_says)
{
	struct cmd_region_work k;
	char text[128];
	uint64_t both = 0;

	for (int i = 0; i < POOL; i++) {
		snprintf(text, sizeof(text), "o%d '%s' exclusive", i, pool[i]);
		grant(text);
	}
	cmd_region_begin(&k);
	for (uint32_t i = 0; i < set.grants.n; i++)
		for (uint32_t j = 0; j < i; j++)
			both += sp_overlap(&k.w, set.grants.v[i].region,
			            set.grants.v[j].region, NULL) == 1;
	cmd_region_end(&k);
	ck_assert_uint_gt(both, 10);
	ck_assert_uint_lt(both, (uint64_t)POOL * (POOL - 1) / 2);
	totals(0, 0, 0, both);
}
END_TEST

/* What is printed, as one text. */
static char *printed(void (*show)(const struct conf *, FILE *))
{
	char *text = calloc(1, 65536);
	FILE *f = tmpfile();

	ck_assert(text != NULL && f != NULL);
	show(&conf, f);
	rewind(f);
	(void)!fread(text, 1, 65535, f);
	fclose(f);
	return text;
}

static void as_json(const struct conf *c, FILE *f)
{
	ck_assert_int_eq(conf_json(c, f), 0);
}

START_TEST(what_is_shown)
{
	char *text;

	grant("a 'tcp' exclusive");
	grant("b 'ip' exclusive");
	binding("x,owner=a=");
	binding("y,owner=b=");
	binding("n1,owner=n=");
	binding("n2,owner=n=");
	binding("n3,owner=n=");
	binding("n4,owner=n=");
	totals(1, 0, 1, 1);
	text = printed(conf_show);
	ck_assert_ptr_nonnull(strstr(text, "x  .  1\ny  1  .\n"));
	ck_assert_ptr_nonnull(
	    strstr(text, "1. x of a and y of b claim the same packets\n"
	                 "   both: type = 0x0800 and proto = 6\n"
	                 "   packet: EN10MB "));
	ck_assert_ptr_nonnull(strstr(text, "n1, n2, n3 and 1 more"));
	ck_assert_ptr_nonnull(strstr(text, "grants of a and b have"));
	free(text);
	text = printed(as_json);
	ck_assert_ptr_nonnull(strstr(text,
	    "\"totals\":{\"claims\":1,\"outside\":0,\"ungranted\":1,"
	    "\"grants\":1}"));
	free(text);
	conf.v[0].undecided = true;
	text = printed(conf_show);
	ck_assert_ptr_nonnull(strstr(text, "too intricate"));
	free(text);
}
END_TEST

static int run_all(void *arg)
{
	struct cmd_bindings some = { 0 };
	struct conf c = { .set = &some, .limit = 10 };
	char err[CMD_BINDING_ERR];
	int ret = cmd_grants_add(&some.grants, "a 'ip' exclusive", "f", 1, err);

	(void)arg;
	if (ret == 0)
		ret = cmd_grants_add(
		    &some.grants, "b 'tcp' exclusive", NULL, 0, err);
	if (ret == 0)
		ret = cmd_bindings_add(&some, "x,owner=a=", err);
	if (ret == 0)
		ret = cmd_bindings_add(&some, "y,owner=b,claim='ip'=", err);
	if (ret == 0)
		ret = conf_run(&c);
	conf_free(&c);
	cmd_bindings_free(&some);
	return ret;
}

START_TEST(memory_runs_out)
{
	ck_assert_uint_gt(test_oom_loop(run_all, NULL), 20);
}
END_TEST

Suite *t_cmd_conflicts_suite(void)
{
	Suite *s = suite_create("t_cmd_conflicts");
	TCase *t = tcase_create("conflicts"), *oom = tcase_create("oom");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing);
	tcase_add_test(t, disjoint_claims);
	tcase_add_test(t, claims_that_overlap);
	tcase_add_test(t, claims_outside);
	tcase_add_test(t, owners_without_grants);
	tcase_add_test(t, a_limit);
	tcase_add_test(t, many_cubes);
	tcase_add_test(t, as_the_algebra_says);
	tcase_add_test(t, what_is_shown);
	suite_add_tcase(s, t);
	tcase_add_test(oom, memory_runs_out);
	suite_add_tcase(s, oom);
	return s;
}
