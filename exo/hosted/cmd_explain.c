/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf explain`: what a refusal's code means.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/json.h"
#include "exo/hosted/story.h"
#include "exo/hosted/table.h"
#include "exo/hosted/why_show.h"

#include "exo/abi/err.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char help[] =
    "usage: exopf explain [--json] [CODE...]\n"
    "\n"
    "Say what the verifier means by a code, such as VF104, 104 or its name;\n"
    "with a program that earns it, what the verifier says of that, and the\n"
    "program repaired; without one, list all codes. Exit status: 1 when there\n"
    "is no such code.\n"
    "\n"
    "  --json            as JSON, schema exopf.explain/1\n"
    "  -h, --help        this text\n"
    "\n"
    "examples:\n"
    "  exopf explain VF101\n"
    "  exopf explain\n";

/* The hundreds of a code say what the verifier was looking at. */
static const char *const families[10] = {
	[1] = "structure: the instructions by themselves",
	[2] = "control flow: where execution can go",
	[3] = "registers: what they hold when they are used",
	[4] = "memory: which bytes an access may touch",
	[5] = "calls: helpers and functions",
	[6] = "maps: data that outlives a run",
	[9] = "budgets: what a proof may cost",
};

static const char *family(uint32_t code)
{
	uint32_t i = code / 100;

	return i < 10 && families[i] != NULL ? families[i] : "others";
}

static const struct cmd_diag *find(const char *text)
{
	const struct cmd_diag *row;
	uint64_t code;
	uint32_t i;

	for (i = 0; (row = cmd_diag_at(i)) != NULL; i++) {
		if (strcasecmp(row->name, text) == 0)
			return row;
	}
	if (strncasecmp(text, "VF", 2) == 0)
		text += 2;
	if (!cmd_number(text, 1, UINT32_MAX, &code))
		return NULL;
	return cmd_diag_find((uint32_t)code);
}

#define WIDTH 76u

/* Print text in lines of WIDTH at most. */
static void wrap(const char *text, const char *indent)
{
	size_t column = 0, n;

	while (*text != '\0') {
		n = strcspn(text, " ");
		if (column != 0 && column + 1 + n > WIDTH - strlen(indent)) {
			putchar('\n');
			column = 0;
		}
		column += (size_t)printf(
		    "%s%.*s", column == 0 ? indent : " ", (int)n, text);
		text += n + (text[n] == ' ');
	}
	putchar('\n');
}

/* Print a program, its lines numbered. */
static void list_program(const char *text)
{
	unsigned line = 1;
	size_t n;

	if (*text == '\0')
		printf("      (nothing)\n");
	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		printf("    %3u  %.*s\n", line++, (int)n, text);
	}
}

static void say_how(const struct cmd_story *s)
{
	const char *map = s->maps;
	size_t n;

	printf("\n  for example, type ");
	if (s->mode == CMD_STORY_TYPE)
		printf("%u", s->limit);
	else
		printf("%s", cmd_prog_type_text(s->type));
	for (; *map != '\0'; map += n + (map[n] == '\n')) {
		n = strcspn(map, "\n");
		printf(", with --map '%.*s'", (int)n, map);
	}
	if (s->mode == CMD_STORY_LEAKS)
		printf(", with --unprivileged");
	else if (s->mode == CMD_STORY_EXPLORED)
		printf(", with --explored %u", s->limit);
	else if (s->mode == CMD_STORY_MEM)
		printf(", with --mem %u", s->limit);
	else if (s->mode == CMD_STORY_ALONE)
		printf(", bound as a filter");
	else if (s->mode == CMD_STORY_LONG)
		printf(", repeated until it has %u instructions", s->limit);
	printf(":\n");
}

static void say_refusal(const struct cmd_story *s)
{
	struct cmd_told *t = calloc(1, sizeof(*t));
	struct cmd_source src = { NULL, NULL, 0, NULL };
	int ret = t == NULL ? -EXO_ENOMEM : cmd_story_tell(s, false, t);

	if (ret == -EXO_EREFUSED || ret == -EXO_EBUDGET) {
		src.line = t->line;
		printf("\n    refused ");
		why_show(stdout, &t->why, &src, "      ");
	} else {
		cmd_say("the example was not judged: %s", cmd_diag_error(ret));
	}
	if (t != NULL)
		cmd_story_free(t);
	free(t);
}

static void explain(const struct cmd_diag *row)
{
	const struct cmd_story *s = cmd_story_find(row->code);

	printf("VF%u %s\n", row->code, row->name);
	printf("  kind:    %s\n", family(row->code));
	printf("  meaning: %s\n", row->title);
	printf("  hint:    %s\n", row->hint);
	if (s == NULL)
		return;
	printf("\n");
	wrap(s->text, "  ");
	say_how(s);
	list_program(s->bad);
	say_refusal(s);
	printf("\n  repaired:\n");
	list_program(s->good);
}

static int list_all(void)
{
	const struct cmd_diag *row;
	struct cmd_table t;
	char code[16];
	uint32_t i;
	bool ok;

	cmd_table_init(&t, "lll");
	cmd_table_cell(&t, "code");
	cmd_table_cell(&t, "name");
	cmd_table_cell(&t, "meaning");
	for (i = 0; (row = cmd_diag_at(i)) != NULL; i++) {
		snprintf(code, sizeof(code), "VF%u", row->code);
		cmd_table_cell(&t, code);
		cmd_table_cell(&t, row->name);
		cmd_table_cell(&t, row->title);
	}
	ok = cmd_table_print(&t, stdout, cmd_colour(stdout));
	cmd_table_free(&t);
	if (ok)
		return CMD_YES;
	cmd_say("out of memory");
	return CMD_FAULT;
}

static void json_row(struct cmd_json *j, const struct cmd_diag *row)
{
	const struct cmd_story *s = cmd_story_find(row->code);
	char code[16];

	snprintf(code, sizeof(code), "VF%u", row->code);
	cmd_json_object(j, NULL);
	cmd_json_str(j, "code", code);
	cmd_json_str(j, "name", row->name);
	cmd_json_str(j, "kind", family(row->code));
	cmd_json_str(j, "title", row->title);
	cmd_json_str(j, "hint", row->hint);
	if (s != NULL) {
		cmd_json_str(j, "story", s->text);
		cmd_json_str(j, "maps", s->maps);
		cmd_json_str(j, "program", s->bad);
		cmd_json_str(j, "repaired", s->good);
	}
	cmd_json_end(j);
}

/* All codes, or those that were asked for. */
static void explain_json(char **codes, int n)
{
	const struct cmd_diag *row;
	struct cmd_json j;
	uint32_t k;
	int i;

	cmd_json_begin(&j, stdout);
	cmd_json_str(&j, "schema", "exopf.explain/1");
	cmd_json_array(&j, "codes");
	for (k = 0; n == 0 && (row = cmd_diag_at(k)) != NULL; k++)
		json_row(&j, row);
	for (i = 0; i < n; i++) {
		row = find(codes[i]);
		if (row != NULL)
			json_row(&j, row);
	}
	cmd_json_end(&j);
	cmd_json_array(&j, "errors");
	cmd_json_kept(&j);
	cmd_json_end(&j);
	cmd_json_finish(&j);
}

static int explain_each(char **codes, int n, bool json)
{
	int i, ret = CMD_YES;

	for (i = 0; i < n; i++) {
		const struct cmd_diag *row = find(codes[i]);

		if (row == NULL) {
			cmd_say("there is no code %s; 'exopf explain' lists "
			        "them all",
			    codes[i]);
			ret = CMD_NO;
		} else if (!json) {
			if (i > 0)
				printf("\n");
			explain(row);
		}
	}
	if (json)
		explain_json(codes, n);
	return ret;
}

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int run(const struct cmd *self, int argc, char **argv)
{
	bool json = false;
	int c, ret;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		if (c != 'j')
			return cmd_bad_option(self, c, argv);
		json = true;
	}
	cmd_keep(json);
	if (optind == argc && !json)
		ret = list_all();
	else
		ret = explain_each(argv + optind, argc - optind, json);
	return cmd_finish(ret);
}

const struct cmd cmd_explain = {
	.name = "explain",
	.summary = "say what a refusal's code means",
	.help = help,
	.run = run,
};
