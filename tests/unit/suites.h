/* SPDX-License-Identifier: BSD-2-Clause */
/* The suites of suites.inc, declared; the build puts it before each unit
 * test, so that a suite whose name is not listed there does not compile. */
#ifndef TESTS_UNIT_SUITES_H
#define TESTS_UNIT_SUITES_H

#include <check.h>

#define SUITE(name) Suite *name##_suite(void);
#include "tests/unit/suites.inc"
#undef SUITE

#endif
