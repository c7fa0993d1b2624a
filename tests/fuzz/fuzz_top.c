/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: a console of any bytes, with snapshots of the kernel in it or not, in pieces of
 * any size. On a terminal nothing is sent that it should not obey, and all text is on the
 * screen at the end, in order, but for lines that were taken for snapshots; these have no
 * more lines and columns than there is room for. As JSON, each line is a document.
 *
 * The first bytes: how, width, height, the size of a piece.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/hosted/top_feed.h"
#include "exo/hosted/utf8.h"
#include "exo/lib/bug.h"
#include "tests/support/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	char *p;
	size_t n;
	FILE *f;
};

static void open_text(struct text *t)
{
	t->f = open_memstream(&t->p, &t->n);
	exo_assert(t->f != NULL);
}

/* All documents; the text is cut up. */
static void look_json(char *p, size_t n)
{
	exo_assert(memchr(p, '\0', n) == NULL);
	for (char *end; *p != '\0'; p = end + 1) {
		json_t *j;

		end = strchr(p, '\n');
		exo_assert(end != NULL);
		*end = '\0';
		j = json_loads(p, JSON_REJECT_DUPLICATES, NULL);
		exo_assert(json_is_object(j));
		exo_assert(json_is_array(json_object_get(j, "environments")));
		json_decref(j);
	}
}

/* Lines that no snapshot is made of are there. */
static void look_text(const char *screen, const char *p, size_t n)
{
	char *safe = malloc(n * CMD_UTF8_GROWTH + 1);

	exo_assert(safe != NULL);
	for (size_t at = 0, len; at < n; at += len + 1) {
		const char *end = memchr(p + at, '\n', n - at);
		size_t k;

		len = end == NULL ? n - at : (size_t)(end - p) - at;
		if (len == 0 || len > 200 || p[at] == '@')
			continue;
		k = cmd_utf8_safe(safe, p + at, len, true);
		safe[k] = '\0';
		screen = strstr(screen, safe);
		exo_assert(screen != NULL);
		screen += k;
	}
	free(safe);
}

static void look(const struct text *out, const struct text *talk,
    enum top_how how, const struct top_page *page, const char *p, size_t n)
{
	struct screen s = { .n = 0 };

	if (how == TOP_JSON) {
		look_text(talk->p, p, n);
		look_json(out->p, out->n);
		return;
	}
	exo_assert(talk->n == 0);
	exo_assert(screen_show(&s, out->p, out->n));
	exo_assert(how == TOP_TERMINAL ? s.most <= page->height : s.most == 0);
	look_text(s.text, p, n);
	free(s.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text out, talk;
	struct top_page page;
	struct top_feed *f;
	const char *p = (const char *)data + 4;
	enum top_how how;
	size_t n = size - 4, piece;

	if (size < 4)
		return 0;
	how = data[0] % 3 == 0   ? TOP_JSON
	      : data[0] % 3 == 1 ? TOP_TERMINAL
	                         : TOP_PLAIN;
	page = (struct top_page){ data[1], data[2] % 64, data[0] % 2 != 0 };
	if (how == TOP_TERMINAL) {
		page.width += page.width == 0;
		page.height += page.height == 0;
	} else {
		page.colour = false;
	}
	piece = data[3] + 1u;
	f = top_feed_new(how);
	exo_assert(f != NULL);
	open_text(&out);
	open_text(&talk);
	for (size_t at = 0; at < n; at += piece)
		exo_assert(top_feed(f, p + at, n - at < piece ? n - at : piece,
		               &page, out.f, talk.f) == 0);
	exo_assert(top_feed_end(f, &page, out.f, talk.f) == 0);
	fclose(out.f);
	fclose(talk.f);
	look(&out, &talk, how, &page, p, n);
	top_feed_free(f);
	free(out.p);
	free(talk.p);
	return 0;
}
