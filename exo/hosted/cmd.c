/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all subcommands share: messages, endings, argument values.
 */
#include "exo/hosted/cmd.h"

#include "exo/abi/ctx.h"
#include "exo/hosted/json.h"
#include "exo/hosted/utf8.h"
#include "filters/filters.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_ROOM 1024u

/* What was said, as long as it is kept. */
static struct {
	char **v;
	size_t n, room;
	bool on;
	bool lost; /* there was no memory for all of it */
} said;

static void keep(const char *text)
{
	size_t room = said.room == 0 ? 8 : said.room * 2;
	char **more = said.v, *copy = strdup(text);

	if (said.n == said.room && copy != NULL) {
		more = realloc(more, room * sizeof(*more));
		if (more != NULL) {
			said.v = more;
			said.room = room;
		}
	}
	if (copy == NULL || more == NULL) {
		free(copy);
		said.lost = true;
		return;
	}
	said.v[said.n++] = copy;
}

/* Format into line or, what is longer, into memory that the caller frees.
 * Without memory the message is cut. */
static char *format(char line[LINE_ROOM], const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static char *format(char line[LINE_ROOM], const char *fmt, va_list ap)
{
	char *text = line, *more;
	va_list again;
	int n;

	va_copy(again, ap);
	line[0] = '\0';
	n = vsnprintf(line, LINE_ROOM, fmt, ap);
	if (n >= (int)LINE_ROOM) {
		more = malloc((size_t)n + 1);
		if (more != NULL) {
			vsnprintf(more, (size_t)n + 1, fmt, again);
			text = more;
		}
	}
	va_end(again);
	return text;
}

void cmd_vsay(const struct cmd *self, const char *fmt, va_list ap)
{
	char line[LINE_ROOM];
	char *text = format(line, fmt, ap);

	if (self != NULL)
		fprintf(stderr, "exopf %s: ", self->name);
	else
		fputs("exopf: ", stderr);
	cmd_utf8_print(stderr, text);
	fputc('\n', stderr);
	if (said.on)
		keep(text);
	if (text != line)
		free(text);
}

void cmd_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cmd_vsay(NULL, fmt, ap);
	va_end(ap);
}

int cmd_usage(const struct cmd *self, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cmd_vsay(self, fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try 'exopf %s --help'.\n", self->name);
	return CMD_FAULT;
}

void cmd_keep(bool on)
{
	size_t i;

	for (i = 0; i < said.n; i++)
		free(said.v[i]);
	free(said.v);
	memset(&said, 0, sizeof(said));
	said.on = on;
}

void cmd_json_kept(struct cmd_json *j)
{
	size_t i;

	for (i = 0; i < said.n; i++)
		cmd_json_str(j, NULL, said.v[i]);
	if (said.lost)
		cmd_json_str(j, NULL, "out of memory");
}

int cmd_fail(bool json, const char *schema, int code)
{
	struct cmd_json j;

	if (json) {
		cmd_json_begin(&j, stdout);
		cmd_json_str(&j, "schema", schema);
		cmd_json_array(&j, "errors");
		cmd_json_kept(&j);
		cmd_json_end(&j);
		cmd_json_finish(&j);
	}
	return cmd_finish(code);
}

int cmd_bad_option(const struct cmd *self, int c, char **argv)
{
	const char *arg = argv[optind - 1];

	/* A long option is the argument itself; a short one may hide in it. */
	if (arg[0] == '-' && arg[1] == '-' && c == ':')
		return cmd_usage(self, "option %s needs a value", arg);
	if (c == ':')
		return cmd_usage(self, "option -%c needs a value", optopt);
	if (optopt != 0 && optopt < 128 && isprint(optopt))
		return cmd_usage(self,
		    "-%c: no such option, or one that takes "
		    "no value",
		    optopt);
	if (optopt != 0)
		return cmd_usage(self, "this option takes no value: %s", arg);
	return cmd_usage(self, "no such option: %s", arg);
}

int cmd_help(const struct cmd *self)
{
	fputs(self->help, stdout);
	return cmd_finish(CMD_YES);
}

int cmd_finish(int code)
{
	bool bad;

	errno = 0;
	bad = fflush(stdout) != 0;
	if (!bad && !ferror(stdout))
		return code;
	if (errno != EPIPE && errno != 0)
		cmd_say("standard output: %s", strerror(errno));
	else if (errno == 0)
		cmd_say("standard output: a part of the result was lost");
	return CMD_FAULT;
}

bool cmd_colour(FILE *f)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no != NULL && no[0] != '\0')
		return false;
	if (term == NULL || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fileno(f)) == 1;
}

/* Read to the end of fd. Returns 0, or an errno; E2BIG past the limit. */
static int slurp(int fd, size_t limit, char **bytes, size_t *len)
{
	size_t room = 0, n = 0;
	char *buf = NULL, *more;
	ssize_t got;

	for (;;) {
		if (n == room) {
			room = room == 0 ? 4096 : room * 2;
			more = realloc(buf, room + 1);
			if (more == NULL)
				break;
			buf = more;
		}
		got = read(fd, buf + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		if (got == 0) {
			buf[n] = '\0';
			*bytes = buf;
			*len = n;
			return 0;
		}
		n += (size_t)got;
		if (n > limit) {
			errno = E2BIG;
			break;
		}
	}
	free(buf);
	return errno;
}

int cmd_read_file(const char *path, size_t limit, char **bytes, size_t *len)
{
	bool in = strcmp(path, "-") == 0;
	const char *name = in ? "standard input" : path;
	int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0) {
		cmd_say("%s: %s", name, strerror(errno));
		return CMD_FAULT;
	}
	err = slurp(fd, limit, bytes, len);
	if (!in)
		close(fd);
	if (err == 0)
		return 0;
	if (err == E2BIG)
		cmd_say("%s: more than %zu bytes, which is too much for a "
		        "file of this kind",
		    name, limit);
	else
		cmd_say("%s: %s", name, strerror(err));
	return CMD_FAULT;
}

bool cmd_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || v < min || v > max)
		return false;
	*out = v;
	return true;
}

int64_t cmd_linktype(const char *text)
{
	uint64_t v;

	if (cmd_number(text, 0, UINT16_MAX, &v))
		return (int64_t)v;
	return flt_linktype_number(text);
}

const char *cmd_expr_text(const char *expr, char buf[CMD_EXPR_SHOWN + 4])
{
	if (strlen(expr) <= CMD_EXPR_SHOWN)
		return expr;
	snprintf(buf, CMD_EXPR_SHOWN + 4, "%.*s...", (int)CMD_EXPR_SHOWN, expr);
	return buf;
}

const char *cmd_linktype_text(uint32_t linktype, char buf[32])
{
	const char *name = flt_linktype_name(linktype);

	if (name != NULL)
		return name;
	snprintf(buf, 32, "%u", linktype);
	return buf;
}

static const char *const prog_types[] = {
	[EXO_PROG_MEM] = "mem",
	[EXO_PROG_XDP] = "xdp",
	[EXO_PROG_SOCKET] = "socket",
	[EXO_PROG_TC] = "tc",
};

uint32_t cmd_prog_type(const char *name)
{
	uint32_t i;

	for (i = 1; i <= EXO_PROG_TYPE_MAX; i++) {
		if (strcmp(prog_types[i], name) == 0)
			return i;
	}
	return 0;
}

const char *cmd_prog_type_text(uint32_t type)
{
	if (type == 0 || type > EXO_PROG_TYPE_MAX)
		return "unknown";
	return prog_types[type];
}
