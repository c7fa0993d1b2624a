/* SPDX-License-Identifier: BSD-2-Clause */
/* A console with snapshots of the kernel in it: see top_feed.h. */
#include "exo/hosted/top_feed.h"

#include "exo/hosted/utf8.h"

#include <stdlib.h>
#include <string.h>

struct top_feed {
	enum top_how how;
	bool stale; /* what is drawn is not the newest */
	bool
	    passing; /* the line is too long, and its beginning was passed on */
	int drawn;   /* lines of the terminal */
	unsigned wide; /* as it was drawn */
	size_t n;      /* bytes of line */
	char line[TOP_LINE], safe[CMD_UTF8_GROWTH * TOP_LINE];
	struct top top;
};

/* Where what is said in a call goes. */
struct to {
	const struct top_page *page;
	FILE *out, *talk;
};

struct top_feed *top_feed_new(enum top_how how)
{
	struct top_feed *f = calloc(1, sizeof(*f));

	if (f != NULL)
		f->how = how;
	return f;
}

void top_feed_free(struct top_feed *f)
{
	free(f);
}

/* Take what is drawn off the screen. Had the terminal another width when it was, nobody
 * knows how many lines it has now, and of a lower one some are out of reach: it stays. */
static void erase(struct top_feed *f, const struct to *to)
{
	if (f->drawn > 0 && f->wide == to->page->width &&
	    (to->page->height == 0 || (unsigned)f->drawn <= to->page->height))
		fprintf(to->out, "\033[%dA\033[J", f->drawn);
	f->drawn = 0;
}

static int draw(struct top_feed *f, const struct to *to)
{
	int lines;

	erase(f, to);
	lines = top_show(to->out, &f->top, to->page);
	f->drawn = lines < 0 ? 0 : lines;
	f->wide = to->page->width;
	f->stale = false;
	return lines < 0 ? -1 : 0;
}

static void pass(struct top_feed *f, const struct to *to, bool end)
{
	FILE *out = f->how == TOP_JSON ? to->talk : to->out;

	if (f->how == TOP_TERMINAL) {
		erase(f, to);
		f->stale = f->top.shots > 0;
	}
	fwrite(f->safe, 1, cmd_utf8_safe(f->safe, f->line, f->n, true), out);
	if (end)
		fputc('\n', out);
	f->passing = !end;
	f->n = 0;
}

static int take_line(struct top_feed *f, const struct to *to)
{
	enum top_line is =
	    f->passing ? TOP_TEXT : top_take(&f->top, f->line, f->n);
	int ret = 0;

	if (is == TOP_TEXT)
		pass(f, to, true);
	f->n = 0;
	if (is != TOP_WHOLE)
		return 0;
	if (f->how == TOP_TERMINAL) {
		f->stale = true;
	} else if (f->how == TOP_JSON) {
		top_json(to->out, &f->top);
	} else {
		if (f->top.shots > 1)
			fputc('\n', to->out);
		ret = top_show(to->out, &f->top, to->page) < 0 ? -1 : 0;
	}
	return ret;
}

void top_feed_leave(struct top_feed *f)
{
	f->drawn = 0;
}

int top_feed(struct top_feed *f, const char *bytes, size_t n,
    const struct top_page *page, FILE *out, FILE *talk)
{
	const struct to to = { page, out, talk };
	int ret = 0;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			ret |= take_line(f, &to);
			continue;
		}
		if (f->n == sizeof(f->line))
			pass(f, &to, false);
		f->line[f->n++] = bytes[i];
	}
	/* what has no end yet would stand where the snapshot is drawn */
	if (f->how == TOP_TERMINAL && f->stale && !f->passing)
		ret |= draw(f, &to);
	return ret;
}

int top_feed_end(
    struct top_feed *f, const struct top_page *page, FILE *out, FILE *talk)
{
	const struct top_page whole = { page->width, 0, page->colour };
	const struct to to = { page, out, talk }, all = { &whole, out, talk };

	if (f->n > 0 || f->passing)
		pass(f, &to, true);
	return f->how == TOP_TERMINAL && f->top.shots > 0 ? draw(f, &all) : 0;
}
