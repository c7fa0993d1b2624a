/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unit test program: every suite of suites.inc.
 *
 * usage: unit [--tap] [--list] [--case NAME] [SUITE...]
 *
 * --case runs only the test cases (TCase) of that name: "oom" for those that
 * let memory fail. libcheck's own variables are respected, CK_FORK=no and
 * CK_TIMEOUT_MULTIPLIER among them. Exit: 0 all passed, 1 a failure or
 * nothing to run, 2 usage.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/unit/suites.h"

static const struct {
	const char *name;
	Suite *(*make)(void);
} suites[] = {
#define SUITE(name) { #name, name##_suite },
#include "tests/unit/suites.inc"
#undef SUITE
};

#define NSUITES (sizeof(suites) / sizeof(suites[0]))

static int usage(const char *what)
{
	fprintf(stderr,
	    "unit: %s\n"
	    "usage: unit [--tap] [--list] [--case NAME] [SUITE...]\n",
	    what);
	return 2;
}

static int list(void)
{
	size_t i;

	for (i = 0; i < NSUITES; i++)
		puts(suites[i].name);
	return 0;
}

static bool add(SRunner *sr, const char *name)
{
	size_t i;

	for (i = 0; i < NSUITES; i++) {
		if (strcmp(suites[i].name, name) == 0) {
			srunner_add_suite(sr, suites[i].make());
			return true;
		}
	}
	return false;
}

static int run(SRunner *sr, const char *tcase, bool tap)
{
	int failed, ran;

	if (tap)
		srunner_set_tap(sr, "-"); /* standard output */
	srunner_run(sr, NULL, tcase, tap ? CK_SILENT : CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	ran = srunner_ntests_run(sr);
	srunner_free(sr);
	if (ran == 0)
		fprintf(stderr, "unit: no test case to run\n");
	return failed == 0 && ran != 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *tcase = NULL;
	bool tap = false;
	SRunner *sr;
	size_t i;
	int a;

	/* Generous: sanitizers and busy machines are slow, not wrong. */
	setenv("CK_DEFAULT_TIMEOUT", "120", 0);
	for (a = 1; a < argc && strncmp(argv[a], "--", 2) == 0; a++) {
		if (strcmp(argv[a], "--tap") == 0)
			tap = true;
		else if (strcmp(argv[a], "--list") == 0)
			return list();
		else if (strcmp(argv[a], "--case") == 0 && a + 1 < argc)
			tcase = argv[++a];
		else
			return usage(argv[a]);
	}
	sr = srunner_create(NULL);
	if (a == argc) {
		for (i = 0; i < NSUITES; i++)
			(void)add(sr, suites[i].name);
	}
	for (; a < argc; a++) {
		if (!add(sr, argv[a]))
			return usage("there is no such suite");
	}
	return run(sr, tcase, tap);
}
