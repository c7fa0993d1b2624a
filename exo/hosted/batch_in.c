/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text file, packed or not, line by line in bounded memory.
 *
 * [cur, end) of the buffer is what was read and not handed out; up to `seen`
 * it holds no newline. Every byte is looked at once.
 */
#include "exo/hosted/batch_in.h"

#include "exo/hosted/cmd.h"
#include "exo/hosted/trace_zip.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST ((size_t)256 << 10)

struct cmd_lines {
	const char *name; /* for messages */
	struct tr_raw raw;
	struct tr_zip *zip; /* NULL: plain */
	enum tr_packing packing;
	char *buf;
	size_t room, cur, seen, end;
	bool eof, cut; /* cut: the line began before cur and was too long */
};

static void say_fault(const struct cmd_lines *in, ptrdiff_t code, const char *y)
{
	if (code == -TR_EREAD)
		cmd_say(
		    "%s: cannot read on: %s", in->name, strerror(in->raw.sys));
	else if (code == -TR_EPACKED)
		cmd_say("%s: %s: %s", in->name, tr_zip_name(in->packing), y);
	else
		cmd_say("%s: out of memory", in->name);
}

/* Read once behind `end`, where there is room. False: it failed, and that has
 * been said. */
static bool fetch(struct cmd_lines *in)
{
	uint8_t *to = (uint8_t *)in->buf + in->end;
	size_t room = in->room - in->end;
	const char *why = "";
	ptrdiff_t n;

	if (in->zip != NULL)
		n = tr_zip_read(in->zip, to, room, &why);
	else
		n = tr_raw_read(&in->raw, to, room);
	if (n > 0) {
		in->end += (size_t)n;
		return true;
	}
	in->eof = true;
	if (n == -TR_ESTOP) {
		in->cur = in->end; /* what had begun is no line */
		in->cut = false;
		return true;
	}
	if (n < 0)
		say_fault(in, n, why);
	return n == 0;
}

/* The first bytes tell whether the file is packed. No magic number holds a
 * newline: whoever sends one short line and waits is not kept waiting. */
static bool begin(struct cmd_lines *in)
{
	while (in->end < TR_ZIP_MAGIC && !in->eof &&
	       memchr(in->buf, '\n', in->end) == NULL) {
		if (!fetch(in))
			return false;
	}
	in->packing = tr_zip_kind((const uint8_t *)in->buf, in->end);
	if (in->packing == TR_PLAIN)
		return true;
	in->zip = tr_zip_new(
	    in->packing, &in->raw, (const uint8_t *)in->buf, in->end);
	if (in->zip == NULL)
		say_fault(in, -TR_EMEM, "");
	in->end = 0;
	in->eof = false;
	return in->zip != NULL;
}

struct cmd_lines *cmd_lines_open(
    const char *path, const volatile sig_atomic_t *stop)
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	struct cmd_lines *in = calloc(1, sizeof(*in));

	if (in == NULL) {
		cmd_say("%s: out of memory", name);
		return NULL;
	}
	in->name = name;
	in->raw = (struct tr_raw){ .fd = -1, .stop = stop };
	if (tr_raw_open(&in->raw, path) != 0) {
		cmd_say("%s: cannot open: %s", name, strerror(in->raw.sys));
		free(in);
		return NULL;
	}
	/* At first no more than an unpacker takes back. */
	in->room = TR_ZIP_MAGIC;
	in->buf = malloc(ROOM_FIRST);
	if (in->buf == NULL)
		say_fault(in, -TR_EMEM, "");
	if (in->buf == NULL || !begin(in)) {
		cmd_lines_close(in);
		return NULL;
	}
	in->room = ROOM_FIRST;
	return in;
}

/* Room for more of a line that has begun. False: out of memory. */
static bool make_room(struct cmd_lines *in)
{
	size_t room = in->room < ROOM_FIRST ? ROOM_FIRST : in->room * 2;
	size_t held = in->end - in->cur;
	char *more;

	if (in->cur != 0) {
		memmove(in->buf, in->buf + in->cur, held);
		in->seen -= in->cur;
		in->end = held;
		in->cur = 0;
	}
	if (in->end < in->room)
		return true;
	if (room > CMD_LINE_MAX + 1)
		room = CMD_LINE_MAX + 1;
	more = realloc(in->buf, room);
	if (more == NULL) {
		say_fault(in, -TR_EMEM, "");
		return false;
	}
	in->buf = more;
	in->room = room;
	return true;
}

/* Hand out [cur, to), go on at next. */
static enum cmd_line hand_out(struct cmd_lines *in, size_t to, size_t next,
    const char **line, size_t *len)
{
	enum cmd_line kind = in->cut ? CMD_LINE_LONG : CMD_LINE_WHOLE;

	*line = in->buf + in->cur;
	*len = to - in->cur;
	in->cut = false;
	in->cur = next;
	in->seen = next;
	return kind;
}

enum cmd_line cmd_lines_next(
    struct cmd_lines *in, const char **line, size_t *len)
{
	const char *nl;

	for (;;) {
		nl = memchr(in->buf + in->seen, '\n', in->end - in->seen);
		if (nl != NULL)
			return hand_out(in, (size_t)(nl - in->buf),
			    (size_t)(nl - in->buf) + 1, line, len);
		in->seen = in->end;
		if (in->eof && (in->end > in->cur || in->cut))
			return hand_out(in, in->end, in->end, line, len);
		if (in->eof)
			return CMD_LINE_END;
		if (in->end - in->cur > CMD_LINE_MAX) {
			in->cut = true;
			in->cur = in->end = in->seen = 0;
		}
		if (in->end == in->room && !make_room(in))
			break;
		if (!fetch(in))
			break;
	}
	in->eof = true;
	in->cut = false;
	in->cur = in->seen = in->end;
	return CMD_LINE_FAULT;
}

void cmd_lines_close(struct cmd_lines *in)
{
	if (in == NULL)
		return;
	tr_zip_free(in->zip);
	tr_raw_close(&in->raw);
	free(in->buf);
	free(in);
}
