/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that a command is asked about.
 */
#include "exo/hosted/program.h"

#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/hex.h"
#include "exo/hosted/lines.h"
#include "exo/hosted/object.h"
#include "exo/hosted/utf8.h"
#include "exo/isa/text.h"
#include "exo/lib/fmt.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(void)
{
	cmd_say("out of memory");
	return CMD_FAULT;
}

int cmd_program_type(
    const struct cmd *self, struct cmd_program_args *args, const char *text)
{
	args->type = cmd_prog_type(text);
	if (args->type != 0)
		return 0;
	return cmd_usage(
	    self, "--type %s: the types are mem, xdp, socket and tc", text);
}

int cmd_program_linktype(
    const struct cmd *self, struct cmd_program_args *args, const char *text)
{
	int64_t linktype = cmd_linktype(text);

	if (linktype < 0)
		return cmd_usage(self,
		    "--linktype %s: no such link type; use a name such as "
		    "EN10MB, LINUX_SLL or RAW, or a number",
		    text);
	args->linktype = (uint32_t)linktype;
	return 0;
}

int cmd_program_hex(
    const char *what, const char *text, uint8_t **bytes, size_t *n)
{
	bool in = strcmp(text, "-") == 0;
	size_t len = strlen(text), where = 0, bom;
	char *buf = NULL;
	int ret;

	if (in) {
		ret = cmd_read_file(text, CMD_PROGRAM_MAX, &buf, &len);
		if (ret != 0)
			return ret;
	}
	if (in)
		text = buf;
	bom = cmd_utf8_bom(text, len);
	ret = cmd_hex_parse(text + bom, len - bom, bytes, n, &where);
	free(buf);
	if (ret == -EXO_ENOMEM)
		return no_memory();
	if (ret != 0) {
		cmd_say("%s: character %zu is no pair of hexadecimal digits; "
		        "write bytes as in '95 00 00 00 00 00 00 00'",
		    what, where + 1);
		return CMD_FAULT;
	}
	return 0;
}

static int load_raw(const char *text, struct cmd_program *out)
{
	const char *what = strcmp(text, "-") == 0 ? "standard input" : "--raw";
	uint8_t *bytes = NULL;
	size_t n = 0;
	int ret = cmd_program_hex(what, text, &bytes, &n);

	if (ret != 0)
		return ret;
	if (n % sizeof(struct exo_insn) != 0) {
		cmd_say("%s: %zu byte%s no whole number of 8-byte "
		        "instructions",
		    what, n, n == 1 ? " is" : "s are");
		free(bytes);
		return CMD_FAULT;
	}
	out->code.n = (uint32_t)(n / sizeof(struct exo_insn));
	out->code.room = out->code.n;
	out->code.insns = malloc(n + 1);
	if (out->code.insns != NULL)
		memcpy(out->code.insns, bytes, n);
	free(bytes);
	return out->code.insns == NULL ? no_memory() : 0;
}

static int load_assembly(const char *path, struct cmd_program *out)
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	struct isa_asm_error err = { 0 };
	char *text = NULL;
	size_t len = 0, lines = 2, bom, i;
	int ret = cmd_read_file(path, CMD_PROGRAM_MAX, &text, &len);

	if (ret != 0)
		return ret;
	/* No line makes more than one instruction of two slots. */
	for (i = 0; i < len; i++)
		lines += text[i] == '\n' ? 2 : 0;
	if (lines > EXO_INSNS_MAX + 2)
		lines = EXO_INSNS_MAX + 2;
	out->code.insns = calloc(lines, sizeof(struct exo_insn));
	out->code.room = (uint32_t)lines;
	ret = -EXO_ENOMEM;
	bom = cmd_utf8_bom(text, len);
	if (out->code.insns != NULL)
		ret = isa_asm(text + bom, len - bom, out->code.insns,
		    out->code.room, &out->code.n, &err);
	if (ret == 0)
		out->source.line = cmd_lines_of(
		    text + bom, len - bom, out->code.insns, out->code.n);
	out->text = text;
	if (ret == 0)
		return 0;
	if (ret == -EXO_ENOMEM)
		return no_memory();
	if (ret == -EXO_E2BIG)
		cmd_say("%s: more than %u instructions", name, EXO_INSNS_MAX);
	else
		cmd_say("%s:%u:%u: %s", name, err.line, err.col, err.what);
	return CMD_FAULT;
}

static int load_expr(
    const struct cmd_program_args *args, struct cmd_program *out)
{
	unsigned flags = args->no_optimize ? FLT_EXPR_RAW : 0;
	struct flt_error err = { "" };
	char name[32], shown[CMD_EXPR_SHOWN + 4];
	int ret = flt_expr_cbpf(
	    args->expr, args->linktype, flags, &out->cbpf, &out->ncbpf, &err);

	if (ret == 0)
		ret = flt_cbpf_convert(out->cbpf, out->ncbpf, &out->code, &err);
	if (ret == 0)
		return 0;
	if (ret == -EXO_ENOMEM)
		return no_memory();
	cmd_say("expression '%s', link type %s: %s",
	    cmd_expr_text(args->expr, shown),
	    cmd_linktype_text(args->linktype, name), err.text);
	return CMD_FAULT;
}

static int load_object(const char *text, struct cmd_program *out)
{
	struct flt_error err;

	if (cmd_object_image(text, &out->image, &err) != 0) {
		cmd_say("%s", err.text);
		return CMD_FAULT;
	}
	return cmd_program_image_take(text, out);
}

int cmd_program_load(const struct cmd *self,
    const struct cmd_program_args *args, struct cmd_program *out)
{
	int sources = (args->expr != NULL) + (args->raw != NULL) +
	              (args->assembly != NULL);
	int ret;

	memset(out, 0, sizeof(*out));
	if (sources == 0)
		return cmd_usage(self, "no program: give a tcpdump "
		                       "expression, --raw HEX or --asm FILE");
	if (sources > 1)
		return cmd_usage(self,
		    "several programs: give one of a "
		    "tcpdump expression, --raw HEX, --asm FILE");
	if (args->expr != NULL && cmd_object_is(args->expr)) {
		ret = load_object(args->expr, out);
		if (ret != 0)
			cmd_program_free(out);
		return ret;
	}
	if (args->expr != NULL && args->type != 0 &&
	    args->type != EXO_PROG_SOCKET)
		return cmd_usage(self,
		    "a tcpdump expression becomes a "
		    "program of type socket, not %s",
		    cmd_prog_type_text(args->type));
	out->type = args->type != 0 ? args->type : EXO_PROG_SOCKET;
	if (args->raw != NULL)
		ret = load_raw(args->raw, out);
	else if (args->assembly != NULL)
		ret = load_assembly(args->assembly, out);
	else
		ret = load_expr(args, out);
	if (ret != 0)
		cmd_program_free(out);
	return ret;
}

int cmd_program_some(
    const struct cmd_program_args *args, const struct cmd_program *p)
{
	const char *from = args->raw != NULL ? args->raw : args->assembly;

	if (p->code.n != 0 || from == NULL)
		return 0;
	if (strcmp(from, "-") == 0)
		from = "standard input";
	else if (args->raw != NULL)
		from = "--raw";
	cmd_say("there is no program: %s holds no instruction", from);
	return CMD_FAULT;
}

void cmd_program_free(struct cmd_program *p)
{
	flt_code_free(&p->code);
	free(p->cbpf);
	cmd_source_free(&p->source);
	free(p->maps);
	free(p->consts);
	free(p->text);
	flt_image_free(&p->image);
	memset(p, 0, sizeof(*p));
}

char *cmd_program_join(int argc, char **argv, int from)
{
	size_t room = 1;
	struct exo_fmt f;
	char *text;
	int i;

	for (i = from; i < argc; i++)
		room += strlen(argv[i]) + 1;
	text = malloc(room);
	if (text == NULL)
		return NULL;
	exo_fmt_init(&f, text, room);
	for (i = from; i < argc; i++) {
		if (i > from)
			exo_fmt_char(&f, ' ');
		exo_fmt_str(&f, argv[i]);
	}
	return text;
}
