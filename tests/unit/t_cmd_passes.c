/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/passes.c and perf_map.c: the values of options about compiled
 * code, and the file for perf. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exo/core/code.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/passes.h"
#include "exo/hosted/perf_map.h"

static const struct cmd a_command = { .name = "test" };

static uint32_t bit(const char *name)
{
	const struct exo_pass *p;
	uint32_t i;

	for (i = 0; (p = exo_pass_at(i)) != NULL; i++) {
		if (strcmp(p->name, name) == 0)
			return p->bit;
	}
	ck_abort_msg("there is no pass %s", name);
	return 0;
}

static uint32_t without(const char *text)
{
	struct cmd_jit jit = { .without = 77 };

	ck_assert_int_eq(cmd_passes(&a_command, text, &jit), 0);
	return jit.without;
}

START_TEST(hardenings)
{
	struct cmd_jit jit = { .without = 77, .harden = 77 };
	FILE *was = stderr;
	char *text;
	size_t n;

	ck_assert_int_eq(cmd_harden(&a_command, "fence,blind", &jit), 0);
	ck_assert_uint_eq(jit.harden, EXO_HARDEN_BLIND | EXO_HARDEN_FENCE);
	ck_assert_int_eq(cmd_harden(&a_command, "fence", &jit), 0);
	ck_assert_uint_eq(jit.harden, EXO_HARDEN_FENCE);
	ck_assert_int_eq(cmd_harden(&a_command, "none", &jit), 0);
	ck_assert_uint_eq(jit.harden, 0);
	ck_assert_uint_eq(jit.without, 77);
	stderr = open_memstream(&text, &n);
	ck_assert_int_eq(cmd_harden(&a_command, "blind,", &jit), CMD_FAULT);
	ck_assert_int_eq(cmd_harden(&a_command, "blinds", &jit), CMD_FAULT);
	fclose(stderr);
	stderr = was;
	ck_assert_ptr_nonnull(strstr(text, "'blinds' is no hardening"));
	free(text);
}
END_TEST

START_TEST(lists)
{
	uint32_t fold = bit("fold"), swap = bit("swap");

	ck_assert_uint_eq(without("all"), 0);
	ck_assert_uint_eq(without("none"), UINT32_MAX);
	ck_assert_uint_eq(without("fold"), ~fold);
	ck_assert_uint_eq(without("fold,swap"), ~(fold | swap));
	ck_assert_uint_eq(without("-fold"), fold);
	ck_assert_uint_eq(without("-fold,-swap"), fold | swap);
	ck_assert_uint_eq(without("all,-fold"), fold);
	ck_assert_uint_eq(without("none,fold"), ~fold);
	ck_assert_uint_eq(without("fold,swap,-fold"), ~swap);
	ck_assert_uint_eq(without("-fold,fold"), 0);
	ck_assert_uint_eq(without("fold,all,-swap"), swap);
}
END_TEST

START_TEST(passes_are_different)
{
	const struct exo_pass *p;
	uint32_t seen = 0, i;

	for (i = 0; (p = exo_pass_at(i)) != NULL; i++) {
		ck_assert_uint_ne(p->bit, 0);
		ck_assert_uint_eq(seen & p->bit, 0);
		ck_assert_str_ne(p->what, "");
		ck_assert_int_eq(strcspn(p->name, ",- "), strlen(p->name));
		seen |= p->bit;
	}
	ck_assert_uint_gt(i, 0);
}
END_TEST

START_TEST(unknown_passes)
{
	static const char *const bad[] = { "", ",", "fold,", ",fold", "-",
		"--fold", "folds", "fol", "FOLD", "-all", "all,none,x",
		"fold swap" };
	FILE *was = stderr;
	struct cmd_jit out = { 0 };
	uint32_t i;
	char *text;
	size_t n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		out.without = 77;
		stderr = open_memstream(&text, &n);
		ck_assert_int_eq(
		    cmd_passes(&a_command, bad[i], &out), CMD_FAULT);
		fclose(stderr);
		stderr = was;
		ck_assert_uint_eq(out.without, 77);
		ck_assert_ptr_nonnull(strstr(text, "is no pass; they are dead, "
		                                   "fold, "));
		free(text);
	}
}
END_TEST

static size_t content(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
	return n;
}

START_TEST(perf_map)
{
	struct cmd_perf_map map = { .open = false };
	char want[64] = "", text[600], name[301];
	struct stat st;

	/* there is no file: nothing happens */
	ck_assert_int_eq(cmd_perf_map_add(&map, want, 1, "a"), 0);
	cmd_perf_map_close(&map);
	ck_assert_int_eq(cmd_perf_map_open(&map), 0);
	snprintf(want, sizeof(want), "/tmp/perf-%d.map", (int)getpid());
	ck_assert_str_eq(map.path, want);
	ck_assert_int_eq(stat(want, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(
	    cmd_perf_map_add(&map, (void *)0xabc0, 0x1f, "web"), 0);
	content(want, text, sizeof(text)); /* at once */
	ck_assert_str_eq(text, "abc0 1f web\n");
	memset(name, 'n', 300);
	name[300] = '\0';
	ck_assert_int_eq(cmd_perf_map_add(&map, (void *)0x10, 1, name), 0);
	ck_assert_uint_eq(content(want, text, sizeof(text)), 12 + 5 + 200 + 1);
	cmd_perf_map_close(&map);
	cmd_perf_map_close(&map);
	ck_assert_int_eq(access(want, R_OK), 0);
	/* an old one of the same number is not about this process */
	ck_assert_int_eq(cmd_perf_map_open(&map), 0);
	ck_assert_uint_eq(content(want, text, sizeof(text)), 0);
	cmd_perf_map_close(&map);
	unlink(want);
	ck_assert_int_eq(mkdir(want, 0700), 0);
	ck_assert_int_ne(cmd_perf_map_open(&map), 0);
	ck_assert(!map.open);
	rmdir(want);
}
END_TEST

Suite *t_cmd_passes_suite(void)
{
	Suite *s = suite_create("t_cmd_passes");
	TCase *tc = tcase_create("passes");

	tcase_add_test(tc, lists);
	tcase_add_test(tc, hardenings);
	tcase_add_test(tc, passes_are_different);
	tcase_add_test(tc, unknown_passes);
	tcase_add_test(tc, perf_map);
	suite_add_tcase(s, tc);
	return s;
}
