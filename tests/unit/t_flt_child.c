/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions compiled in a child: its limits, and that nothing stays behind.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "filters/filters_int.h"
#include "tests/support/cbpf_run.h"

#define ETHERNET 1

/* A sanitizer ends the process where malloc() would return NULL. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

static struct flt_error err;

/* Hosts that are not split. */
static char *hosts(const char *first, uint32_t n)
{
	char *text = malloc(32 + n * 32u);
	size_t len = (size_t)sprintf(text, "%s", first);
	uint32_t i;

	for (i = 0; i < n; i++)
		len += (size_t)sprintf(text + len, " or host %u.%u.%u.%u",
		    i * 7 % 223 + 1, i * 31 % 256, i >> 8, i & 255);
	return text;
}

static unsigned open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* No child is left, dead or alive. */
static void check_gone(unsigned files)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_uint_eq(open_files(), files);
}

/* The program is the one that this process would have made. */
START_TEST(programs_come_back)
{
	static const char *const rows[] = { "", "tcp", "vlan or ip6",
		"ip6 protochain 17", "host 10.0.0.1 and not port 80" };
	unsigned files = open_files();
	struct flt_cbpf *a, *b;
	uint32_t na, nb;
	unsigned raw;

	for (raw = 0; raw <= FLT_EXPR_RAW; raw += FLT_EXPR_RAW) {
		ck_assert_int_eq(
		    flt_expr_whole(rows[_i], ETHERNET, raw, &a, &na, &err), 0);
		ck_assert_int_eq(flt_expr_child(&flt_expr_how, rows[_i],
		                     ETHERNET, raw, &b, &nb, &err),
		    0);
		ck_assert_uint_eq(na, nb);
		ck_assert_mem_eq(a, b, na * sizeof(*a));
		free(a);
		free(b);
	}
	check_gone(files);
}
END_TEST

START_TEST(refusals_come_back)
{
	struct flt_cbpf *p = (void *)&err;
	unsigned files = open_files();
	uint32_t n = 9;

	ck_assert_int_eq(flt_expr_child(&flt_expr_how, "vlan 5000", ETHERNET, 0,
	                     &p, &n, &err),
	    -EXO_ESYNTAX);
	ck_assert_msg(strstr(err.text, "4095") != NULL, "%s", err.text);
	ck_assert_ptr_null(p);
	ck_assert_uint_eq(n, 0);
	check_gone(files);
}
END_TEST

/* What libpcap would do in half a minute, in gigabytes, or not at all. */
START_TEST(limits)
{
	static const struct {
		struct flt_expr_how how;
		uint32_t hosts;
		unsigned flags;
		const char *words;
	} rows[] = {
		{ { .cpu = 1, .wall = 30, .memory = 1u << 30 }, 1500, 0,
		    "1 s of processor time" },
		{ { .cpu = 30, .wall = 1, .memory = 1u << 30 }, 1500, 0,
		    "after 1 s" },
		{ { .cpu = 20, .wall = 30, .memory = 16u << 20 }, 1500, 0,
		    "16 MiB" },
	};
	char *text = hosts("vlan", rows[_i].hosts);
	unsigned files = open_files();
	struct flt_cbpf *p;
	uint32_t n;

	ck_assert_int_eq(flt_expr_cbpf_by(&rows[_i].how, text, ETHERNET,
	                     rows[_i].flags, &p, &n, &err),
	    -EXO_EBUDGET);
	ck_assert_msg((SANITIZED || strstr(err.text, rows[_i].words) != NULL) &&
	                  strstr(err.text, "use several filters") != NULL,
	    "%s", err.text);
	ck_assert_ptr_null(p);
	check_gone(files);
	free(text);
}
END_TEST

/* The depth of libpcap's recursion is the number of terms. */
START_TEST(the_stack_ends)
{
	struct flt_expr_how how = flt_expr_how;
	char *text = hosts("vlan", 200000);
	unsigned files = open_files();
	struct flt_cbpf *p;
	uint32_t n;
	int ret;

	how.cpu = 4;
	ret =
	    flt_expr_cbpf_by(&how, text, ETHERNET, FLT_EXPR_RAW, &p, &n, &err);
	ck_assert_int_eq(ret, -EXO_EBUDGET);
	ck_assert_str_ne(err.text, "");
	check_gone(files);
	free(text);
}
END_TEST

static void ignore(int sig)
{
	(void)sig;
}

/* Signals that this process takes do not end the wait. */
START_TEST(signals_are_no_end)
{
	struct sigaction sa = { .sa_handler = ignore };
	struct flt_expr_how how = flt_expr_how;
	char *text = hosts("vlan", 1500);
	struct flt_cbpf *p;
	uint32_t n;
	pid_t pid;

	how.cpu = 1;
	sigaction(SIGALRM, &sa, NULL);
	pid = fork();
	if (pid == 0) {
		int i;

		for (i = 0; i < 50; i++) {
			usleep(10000);
			kill(getppid(), SIGALRM);
		}
		_exit(0);
	}
	ck_assert_int_eq(
	    flt_expr_cbpf_by(&how, text, ETHERNET, 0, &p, &n, &err),
	    -EXO_EBUDGET);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	free(text);
}
END_TEST

/* A caller that lets the system wait for children loses no result. */
START_TEST(children_may_be_ignored)
{
	struct flt_cbpf *p;
	uint32_t n;

	signal(SIGCHLD, SIG_IGN);
	ck_assert_int_eq(
	    flt_expr_child(&flt_expr_how, "vlan", ETHERNET, 0, &p, &n, &err),
	    0);
	signal(SIGCHLD, SIG_DFL);
	free(p);
}
END_TEST

/* Without standard input and output the pipe may have their numbers. */
START_TEST(low_descriptors)
{
	int in = dup(0), out = dup(1), ret;
	struct flt_cbpf *p;
	uint32_t n;

	close(0);
	close(1);
	ret = flt_expr_child(&flt_expr_how, "vlan", ETHERNET, 0, &p, &n, &err);
	ck_assert_int_eq(dup2(in, 0), 0);
	ck_assert_int_eq(dup2(out, 1), 1);
	close(in);
	close(out);
	ck_assert_int_eq(ret, 0);
	free(p);
}
END_TEST

Suite *t_flt_child_suite(void)
{
	Suite *s = suite_create("t_flt_child");
	TCase *tc = tcase_create("child");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, programs_come_back, 0, 5);
	tcase_add_test(tc, refusals_come_back);
	tcase_add_loop_test(tc, limits, 0, 3);
	tcase_add_test(tc, the_stack_ends);
	tcase_add_test(tc, signals_are_no_end);
	tcase_add_test(tc, children_may_be_ignored);
	tcase_add_test(tc, low_descriptors);
	suite_add_tcase(s, tc);
	return s;
}
