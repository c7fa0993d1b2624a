/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine that runs: its console, its wire, its time. See boot.h. */
#include "exo/hosted/boot.h"
#include "exo/hosted/boot_guest.h"
#include "exo/hosted/boot_wire.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/signals.h"
#include "exo/hosted/top_feed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define READY      "exopf: all environments wait"
#define READY_MS   20000 /* after that, frames are sent whatever they do */
#define CONSOLE_IN 1024
#define LAST_WORDS 1000 /* ms, that they wait for who reads them */

enum why {
	GOES_ON,
	ENDED,    /* by itself */
	SIGNAL,   /* we are to stop */
	TOO_LONG, /* --timeout */
	PLAYED,   /* the trace is over, and nothing comes any more */
	UNREAD,   /* nobody takes what the console says */
	NO_ROOM,  /* out of memory */
};

struct running {
	const struct boot_options *o;
	struct boot_guest guest;
	struct boot_wire *wire; /* or NULL */
	int64_t began, last;    /* ms; last: something was on the wire */
	uint64_t frames;        /* by then */
	sigset_t open;          /* when signals may come */
	struct top_feed *top;   /* --top; or NULL */
	bool playing;
	bool cr;       /* the console's last was '\r' */
	char line[64]; /* the console's, as far as it fits */
	size_t line_n;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void play(struct running *r)
{
	r->playing = true;
	r->last = now_ms();
}

/* A byte of the console, to where as many as two may go; of "\r\n" only the end. */
static char *console_byte(struct running *r, char *to, char c)
{
	if (r->cr && c != '\n')
		*to++ = '\r';
	r->cr = c == '\r';
	if (r->cr)
		return to;
	*to++ = c;
	if (c != '\n') {
		if (r->line_n < sizeof(r->line))
			r->line[r->line_n++] = c;
		return to;
	}
	if (r->line_n == sizeof(READY) - 1 && r->wire != NULL && !r->playing &&
	    memcmp(r->line, READY, r->line_n) == 0)
		play(r);
	r->line_n = 0;
	return to;
}

/* Signals come while nobody reads, too: a pipe that may be written to takes more than
 * CONSOLE_IN bytes at once. What was begun when the first one came is said to its end if
 * somebody reads it soon. */
static enum why say(struct running *r, int fd, const char *p, size_t n)
{
	const struct timespec soon = { LAST_WORDS / 1000, 0 };
	struct pollfd out = { .fd = fd, .events = POLLOUT };
	bool begun = r->top != NULL; /* which counts on what is drawn */

	while (n > 0) {
		ssize_t done;
		int ready;

		if (cmd_signal_hurry || (cmd_signal_stop && !begun))
			return SIGNAL;
		ready =
		    ppoll(&out, 1, cmd_signal_stop ? &soon : NULL, &r->open);
		if (ready == 0)
			return SIGNAL;
		if (ready < 0)
			continue;
		done = write(fd, p, n < CONSOLE_IN ? n : CONSOLE_IN);
		if (done < 0 && errno != EINTR && errno != EAGAIN) {
			if (errno != EPIPE)
				cmd_say("%s: %s",
				    fd == STDOUT_FILENO ? "standard output"
				                        : "standard error",
				    strerror(errno));
			return UNREAD;
		}
		begun = true;
		p += done < 0 ? 0 : done;
		n -= done < 0 ? 0 : (size_t)done;
	}
	return GOES_ON;
}

/* What a snapshot has room for: on a terminal a line less, where the cursor is. */
static struct top_page page_now(void)
{
	struct top_page page = { .colour = cmd_colour(stdout) };
	const char *columns = getenv("COLUMNS");
	struct winsize w;
	uint64_t width;

	if (isatty(STDOUT_FILENO)) {
		page = (struct top_page){ 80, 24, page.colour };
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 &&
		    w.ws_row > 1)
			page = (struct top_page){ w.ws_col, w.ws_row,
				page.colour };
		page.height--;
	}
	if (columns != NULL && cmd_number(columns, 1, 10000, &width) &&
	    (page.width == 0 || width < page.width))
		page.width = (unsigned)width;
	return page;
}

/* Console with snapshots in it: n bytes came, or, of NULL, the last ones have. */
static enum why say_top(struct running *r, const char *p, size_t n)
{
	struct top_page page = page_now();
	enum {
		OUT,
		TALK
	};
	char *text[2] = { NULL, NULL };
	size_t size[2] = { 0, 0 };
	FILE *f[2] = { open_memstream(&text[OUT], &size[OUT]),
		open_memstream(&text[TALK], &size[TALK]) };
	enum why why = GOES_ON;
	int bad = f[OUT] == NULL || f[TALK] == NULL;

	if (!bad)
		bad = p != NULL ? top_feed(r->top, p, n, &page, f[OUT], f[TALK])
		                : top_feed_end(r->top, &page, f[OUT], f[TALK]);
	for (int i = 0; i < 2; i++)
		if (f[i] != NULL && fclose(f[i]) != 0)
			bad = -1;
	if (bad) {
		cmd_say("out of memory");
		why = NO_ROOM;
	}
	if (why == GOES_ON)
		why = say(r, STDOUT_FILENO, text[OUT], size[OUT]);
	if (why == GOES_ON)
		why = say(r, STDERR_FILENO, text[TALK], size[TALK]);
	free(text[OUT]);
	free(text[TALK]);
	return why;
}

static enum why console(struct running *r)
{
	char in[CONSOLE_IN / 2], out[CONSOLE_IN], *to = out;
	ssize_t n = read(r->guest.console, in, sizeof(in));

	if (n < 0)
		return errno == EINTR ? GOES_ON : ENDED;
	for (ssize_t i = 0; i < n; i++)
		to = console_byte(r, to, in[i]);
	if (n == 0)
		return ENDED;
	return r->top != NULL ? say_top(r, out, (size_t)(to - out))
	                      : say(r, STDOUT_FILENO, out, (size_t)(to - out));
}

/* What time it is for; *left is until the next such moment, or -1. */
static enum why due(struct running *r, int64_t *left)
{
	int64_t now = now_ms(), end = INT64_MAX;

	if (cmd_signal_stop)
		return SIGNAL;
	if (r->o->timeout_ms != 0)
		end = r->began + r->o->timeout_ms;
	if (now >= end)
		return TOO_LONG;
	if (r->wire != NULL && !r->playing && !r->o->gdb) {
		if (now >= r->began + READY_MS)
			play(r);
		else if (r->began + READY_MS < end)
			end = r->began + READY_MS;
	}
	if (r->playing && boot_wire_over(r->wire)) {
		if (now >= r->last + r->o->linger_ms)
			return PLAYED;
		if (r->last + r->o->linger_ms < end)
			end = r->last + r->o->linger_ms;
	}
	*left = end == INT64_MAX ? -1 : end - now;
	return GOES_ON;
}

static void wire(struct running *r, short events)
{
	unsigned faults = boot_wire_faults(r->wire);

	if ((events & POLLOUT) != 0)
		boot_wire_send(r->wire);
	if ((events & (POLLIN | POLLHUP | POLLERR)) != 0)
		boot_wire_receive(r->wire);
	if (r->top != NULL && boot_wire_faults(r->wire) != faults)
		top_feed_leave(r->top);
	if (boot_wire_frames(r->wire) != r->frames) {
		r->frames = boot_wire_frames(r->wire);
		r->last = now_ms();
	}
}

/* Wait for something, and do what it asks for. Signals come only here. */
static enum why step(struct running *r, int64_t left)
{
	struct timespec t = { left / 1000, left % 1000 * 1000000 };
	struct pollfd fds[2] = {
		{ .fd = r->guest.console, .events = POLLIN },
		{ .fd = r->wire == NULL ? -1 : boot_wire_fd(r->wire),
		    .events = POLLIN },
	};

	if (r->playing && !boot_wire_over(r->wire))
		fds[1].events |= POLLOUT;
	if (ppoll(fds, 2, left < 0 ? NULL : &t, &r->open) <= 0)
		return GOES_ON;
	if (fds[1].revents != 0)
		wire(r, fds[1].revents);
	return fds[0].revents != 0 ? console(r) : GOES_ON;
}

static enum why run(struct running *r)
{
	sigset_t minded;
	enum why why;
	int64_t left;

	sigemptyset(&minded);
	sigaddset(&minded, SIGINT);
	sigaddset(&minded, SIGTERM);
	sigaddset(&minded, SIGHUP);
	sigprocmask(SIG_BLOCK, &minded, &r->open);
	do {
		why = due(r, &left);
		if (why == GOES_ON)
			why = step(r, left);
	} while (why == GOES_ON);
	return why;
}

/* The end, whoever made it. */
static int finish(struct running *r, enum why why)
{
	int status, ret = CMD_YES;

	if (why != ENDED)
		boot_guest_kill(&r->guest);
	status = boot_guest_wait(&r->guest);
	while (why != UNREAD && why != NO_ROOM && console(r) == GOES_ON)
		;
	if (r->top != NULL && why != UNREAD && why != NO_ROOM)
		(void)say_top(r, NULL, 0);
	sigprocmask(SIG_SETMASK, &r->open, NULL);
	close(r->guest.console);
	if (why == ENDED)
		ret = boot_guest_verdict(status);
	if (why == SIGNAL)
		ret = 128 + cmd_signal_stop;
	if (why == UNREAD || why == NO_ROOM)
		ret = CMD_FAULT;
	if (why == TOO_LONG) {
		cmd_say("the machine was ended: it took longer than %u.%03u s",
		    r->o->timeout_ms / 1000, r->o->timeout_ms % 1000);
		ret = CMD_NO;
	}
	return ret;
}

/* The archive as a file without a name. Returns it, or -1 after saying why. */
static int unnamed(const struct cpio_out *a)
{
	int fd = memfd_create("boot", MFD_CLOEXEC);
	size_t at = 0;

	while (fd >= 0 && at < a->n) {
		ssize_t n = write(fd, a->bytes + at, a->n - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			close(fd);
			fd = -1;
			break;
		}
		at += (size_t)n;
	}
	if (fd < 0)
		cmd_say("memory for the archive: %s", strerror(errno));
	return fd;
}

static bool make_top(struct running *r)
{
	r->top = top_feed_new(r->o->json              ? TOP_JSON
	                      : isatty(STDOUT_FILENO) ? TOP_TERMINAL
	                                              : TOP_PLAIN);
	return r->top != NULL;
}

int boot_run(const struct boot_options *o, char *const *argv,
    const struct cpio_out *archive, struct boot_wire *w)
{
	struct running r = { .o = o, .wire = w, .began = now_ms() };
	int fd = o->archive == NULL ? unnamed(archive) : -1;
	int peer = w == NULL ? -1 : boot_wire_take_peer(w);
	int ret = CMD_FAULT;

	if (o->top_ms != 0 && !make_top(&r))
		cmd_say("out of memory");
	else if (fd >= 0 || o->archive != NULL) {
		cmd_signals_catch();
		ret = boot_guest_start(&r.guest, argv, fd, peer);
	}
	if (fd >= 0)
		close(fd);
	if (peer >= 0)
		close(peer);
	if (ret == 0) {
		ret = finish(&r, run(&r));
		if (w != NULL)
			boot_wire_receive(w);
	}
	top_feed_free(r.top);
	return ret;
}
