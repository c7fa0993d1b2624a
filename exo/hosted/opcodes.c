/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of all instructions, for people and for programs.
 */
#include "exo/hosted/opcodes.h"

#include "exo/hosted/cmd.h"
#include "exo/hosted/json.h"
#include "exo/hosted/table.h"
#include "exo/isa/decode.h"
#include "exo/isa/text.h"

static const char *group_text(uint8_t group)
{
	switch ((enum isa_group)group) {
	case ISA_GROUP_BASE32:
		return "base32";
	case ISA_GROUP_BASE64:
		return "base64";
	case ISA_GROUP_DIVMUL32:
		return "divmul32";
	case ISA_GROUP_DIVMUL64:
		return "divmul64";
	case ISA_GROUP_ATOMIC32:
		return "atomic32";
	case ISA_GROUP_ATOMIC64:
		return "atomic64";
	case ISA_GROUP_PACKET:
		return "packet";
	}
	return "unknown";
}

void cmd_opcodes_json(void)
{
	struct cmd_json j;
	unsigned i;

	cmd_json_begin(&j, stdout);
	cmd_json_str(&j, "schema", "exopf.opcodes/1");
	cmd_json_array(&j, "opcodes");
	for (i = 0; i < isa_nops; i++) {
		const struct isa_op *op = &isa_ops_table[i];

		cmd_json_object(&j, NULL);
		cmd_json_str(&j, "name", op->name);
		cmd_json_u64(&j, "code", op->code);
		cmd_json_str(&j, "group", group_text(op->group));
		cmd_json_u64(&j, "size", op->size);
		cmd_json_i64(&j, "off", op->off);
		cmd_json_i64(&j, "imm", op->imm);
		cmd_json_end(&j);
	}
	cmd_json_end(&j);
	cmd_json_finish(&j);
}

/* One instruction of this kind as an example: the text says its shape. */
static const char *example(const struct isa_op *op, char *buf, size_t size)
{
	struct exo_insn in[2] = {
		{ .code = op->code,
		    .regs = 0x21,
		    .off = op->off,
		    .imm = op->imm },
		{ .code = 0 },
	};
	enum isa_bad bad;
	struct exo_fmt f;
	unsigned i;

	/* Which of the fields the form leaves free is the decoder's to say. */
	static const struct {
		uint8_t regs;
		int16_t off;
		int32_t imm;
	} tries[] = {
		{ 0x21, 8, 0 },
		{ 0x01, 8, 16 },
		{ 0x21, 0, 0 },
		{ 0x01, 0, 16 },
		{ 0x20, 0, 16 },
		{ 0x00, 0, 16 },
		{ 0x01, 0, 0 },
		{ 0x10, 0, 16 },
		{ 0x00, 8, 0 },
		{ 0x00, 0, 0 },
	};

	for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		in[0].regs = tries[i].regs;
		in[0].off = op->off != 0 ? op->off : tries[i].off;
		in[0].imm = op->imm != 0 ? op->imm : tries[i].imm;
		if (isa_decode(in, 2, 0, &bad) == op)
			break;
	}
	exo_fmt_init(&f, buf, size);
	isa_disasm(&f, in, 2, 0);
	return buf;
}

int cmd_opcodes_text(void)
{
	struct cmd_table t;
	char text[128], code[8];
	unsigned i;
	bool ok;

	cmd_table_init(&t, "llll");
	cmd_table_cell(&t, "opcode");
	cmd_table_cell(&t, "name");
	cmd_table_cell(&t, "group");
	cmd_table_cell(&t, "example");
	for (i = 0; i < isa_nops; i++) {
		const struct isa_op *op = &isa_ops_table[i];

		snprintf(code, sizeof(code), "0x%02x", op->code);
		cmd_table_cell(&t, code);
		cmd_table_cell(&t, op->name);
		cmd_table_cell(&t, group_text(op->group));
		cmd_table_cell(&t, example(op, text, sizeof(text)));
	}
	ok = cmd_table_print(&t, stdout, cmd_colour(stdout));
	cmd_table_free(&t);
	if (ok)
		return CMD_YES;
	cmd_say("out of memory");
	return CMD_FAULT;
}
