/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A JSON writer.
 */
#include "exo/hosted/json.h"

#include "exo/hosted/utf8.h"
#include "exo/lib/bug.h"

#include <inttypes.h>
#include <string.h>

static void put_char(FILE *f, unsigned char c)
{
	switch (c) {
	case '"':
		fputs("\\\"", f);
		break;
	case '\\':
		fputs("\\\\", f);
		break;
	case '\n':
		fputs("\\n", f);
		break;
	case '\t':
		fputs("\\t", f);
		break;
	default:
		if (c < 0x20 || c == 0x7f)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
}

static void put_string(FILE *f, const char *s, size_t n)
{
	size_t i, len;

	fputc('"', f);
	for (i = 0; i < n; i += len) {
		len = cmd_utf8_len(s + i, n - i);
		if (len == 1) {
			put_char(f, (unsigned char)s[i]);
		} else if (cmd_utf8_is_c1(s + i, n - i)) {
			fprintf(f, "\\u%04x", (unsigned char)s[i + 1]);
		} else if (cmd_utf8_is_bidi(s + i, n - i)) {
			fprintf(f, "\\u20%02x",
			    ((unsigned)(unsigned char)s[i + 1] & 1) << 6 |
			        ((unsigned char)s[i + 2] & 0x3f));
		} else if (len > 1) {
			fwrite(s + i, 1, len, f);
		} else {
			fputs("\\ufffd", f);
			len = 1;
		}
	}
	fputc('"', f);
}

void cmd_json_text(FILE *f, const char *s, size_t n)
{
	put_string(f, s, n);
}

/* What stands before any value: the comma, the key. */
static void lead(struct cmd_json *j, const char *key)
{
	exo_assert(j->depth > 0);
	exo_assert((j->close[j->depth - 1] == '}') == (key != NULL));
	if (j->some[j->depth - 1])
		fputc(',', j->f);
	j->some[j->depth - 1] = true;
	if (key != NULL) {
		put_string(j->f, key, strlen(key));
		fputc(':', j->f);
	}
}

static void open_level(struct cmd_json *j, char open, char close)
{
	exo_assert(j->depth < CMD_JSON_DEPTH);
	fputc(open, j->f);
	j->close[j->depth] = close;
	j->some[j->depth] = false;
	j->depth++;
}

void cmd_json_begin(struct cmd_json *j, FILE *f)
{
	memset(j, 0, sizeof(*j));
	j->f = f;
	open_level(j, '{', '}');
}

void cmd_json_finish(struct cmd_json *j)
{
	exo_assert(j->depth == 1);
	cmd_json_end(j);
	fputc('\n', j->f);
}

void cmd_json_object(struct cmd_json *j, const char *key)
{
	lead(j, key);
	open_level(j, '{', '}');
}

void cmd_json_array(struct cmd_json *j, const char *key)
{
	lead(j, key);
	open_level(j, '[', ']');
}

void cmd_json_end(struct cmd_json *j)
{
	exo_assert(j->depth > 0);
	j->depth--;
	fputc(j->close[j->depth], j->f);
}

void cmd_json_str(struct cmd_json *j, const char *key, const char *s)
{
	if (s == NULL)
		cmd_json_null(j, key);
	else
		cmd_json_strn(j, key, s, strlen(s));
}

void cmd_json_strn(struct cmd_json *j, const char *key, const char *s, size_t n)
{
	lead(j, key);
	put_string(j->f, s, n);
}

void cmd_json_u64(struct cmd_json *j, const char *key, uint64_t v)
{
	lead(j, key);
	fprintf(j->f, "%" PRIu64, v);
}

void cmd_json_i64(struct cmd_json *j, const char *key, int64_t v)
{
	lead(j, key);
	fprintf(j->f, "%" PRId64, v);
}

void cmd_json_milli(struct cmd_json *j, const char *key, uint64_t v)
{
	lead(j, key);
	fprintf(j->f, "%" PRIu64 ".%03" PRIu64, v / 1000, v % 1000);
}

FILE *cmd_json_raw(struct cmd_json *j, const char *key)
{
	lead(j, key);
	return j->f;
}

void cmd_json_bool(struct cmd_json *j, const char *key, bool v)
{
	lead(j, key);
	fputs(v ? "true" : "false", j->f);
}

void cmd_json_null(struct cmd_json *j, const char *key)
{
	lead(j, key);
	fputs("null", j->f);
}
