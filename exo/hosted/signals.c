/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that a long run minds.
 */
#include "exo/hosted/signals.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

volatile sig_atomic_t cmd_signal_stop;
volatile sig_atomic_t cmd_signal_hurry;
volatile sig_atomic_t cmd_signal_report;
volatile sig_atomic_t cmd_signal_fatal;
const char *volatile cmd_signal_schema;

/* Text that a handler makes: no function but these may be called there. */
struct words {
	char text[256];
	size_t n;
};

static void add(struct words *w, const char *s)
{
	for (; *s != '\0' && w->n < sizeof(w->text); s++)
		w->text[w->n++] = *s;
}

static void add_why(struct words *w, int number)
{
	char digits[3] = { (char)('0' + number / 10), (char)('0' + number % 10),
		'\0' };

	add(w, "stopped by signal ");
	add(w, number < 10 ? digits + 1 : digits);
	add(w, " while a filter was compiled");
}

/* Nobody waits for a reader that does not read. */
static void put(int fd, const struct words *w)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ssize_t n = 0;

	if (poll(&p, 1, 0) == 1)
		n = write(fd, w->text, w->n);
	(void)n;
}

/* What is said when libpcap is not waited for. */
static void last_words(int number)
{
	struct words err = { .n = 0 }, out = { .n = 0 };

	add(&err, "exopf: ");
	add_why(&err, number);
	add(&err, "\n");
	put(STDERR_FILENO, &err);
	if (cmd_signal_schema == NULL)
		return;
	add(&out, "{\"schema\":\"");
	add(&out, cmd_signal_schema);
	add(&out, "\",\"interrupted\":true,\"errors\":[\"");
	add_why(&out, number);
	add(&out, "\"]}\n");
	put(STDOUT_FILENO, &out);
}

/* The signal is blocked while its handler runs: it strikes on return. */
static void end_by(int number)
{
	last_words(number);
	signal(number, SIG_DFL);
	raise(number);
}

static void on_stop(int number)
{
	int count = cmd_signal_stop != 0 ? 2 : 1;

	if (count == 2)
		cmd_signal_hurry = 1;
	else
		__atomic_store_n(&cmd_signal_stop, number, __ATOMIC_RELAXED);
	if (cmd_signal_fatal != 0 && count >= cmd_signal_fatal)
		end_by(number);
}

static void on_report(int number)
{
	(void)number;
	cmd_signal_report = 1;
}

/* Without SA_RESTART: a read that waits for input must notice. */
static void catch_one(int number, void (*handler)(int))
{
	struct sigaction sa, old;

	if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = handler;
	sigemptyset(&sa.sa_mask);
	sigaction(number, &sa, NULL);
}

void cmd_signals_catch(void)
{
	catch_one(SIGINT, on_stop);
	catch_one(SIGTERM, on_stop);
	catch_one(SIGHUP, on_stop);
	catch_one(SIGUSR1, on_report);
	signal(SIGXFSZ, SIG_IGN);
}
