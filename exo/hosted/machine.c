/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine code as text: see machine.h. Offsets serve as addresses.
 */
#include "exo/hosted/machine.h"

#include <Zycore/Format.h>
#include <Zydis/Zydis.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct cmd_machine {
	const uint8_t *code;
	uint32_t size, data;
	uint32_t *label; /* by offset; 0: none */
	ZydisDecoder decoder;
	ZydisFormatter formatter;
	ZydisFormatterFunc address; /* as Zydis prints one */
};

struct insn {
	ZydisDecodedInstruction in;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

/* False: these bytes are no instruction. */
static bool decode(const struct cmd_machine *m, uint32_t off, struct insn *out)
{
	return ZYAN_SUCCESS(ZydisDecoderDecodeFull(
	    &m->decoder, m->code + off, m->data - off, &out->in, out->op));
}

/* The offset that an operand leads to; false: it names none of the code's. */
static bool leads(const struct cmd_machine *m,
    const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op,
    ZyanU64 off, uint32_t *to)
{
	ZyanU64 at;

	if (!ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(in, op, off, &at)) ||
	    at >= m->size)
		return false;
	*to = (uint32_t)at;
	return true;
}

static bool is_place(const ZydisDecodedOperand *op)
{
	if (op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
		return op->imm.is_relative != 0;
	return op->type == ZYDIS_OPERAND_TYPE_MEMORY &&
	       op->mem.base == ZYDIS_REGISTER_RIP;
}

/* Number the places that any instruction leads to. */
static void find_labels(struct cmd_machine *m)
{
	uint32_t off = 0, n = 0, to, i;
	struct insn x;

	while (off < m->data) {
		if (!decode(m, off, &x)) {
			off++;
			continue;
		}
		for (i = 0; i < x.in.operand_count_visible; i++) {
			if (is_place(&x.op[i]) &&
			    leads(m, &x.in, &x.op[i], off, &to))
				m->label[to] = 1;
		}
		off += x.in.length;
	}
	for (off = 0; off < m->size; off++) {
		if (m->label[off] != 0)
			m->label[off] = ++n;
	}
}

/* What Zydis hands back to print_address(). */
struct user {
	const struct cmd_machine *machine;
};

/* Zydis asks for the text of an address. */
static ZyanStatus print_address(const ZydisFormatter *formatter,
    ZydisFormatterBuffer *buffer, ZydisFormatterContext *context)
{
	const struct user *user = context->user_data;
	const struct cmd_machine *m = user->machine;
	ZyanString *text;
	uint32_t to;

	if (!leads(m, context->instruction, context->operand,
	        context->runtime_address, &to) ||
	    m->label[to] == 0)
		return m->address(formatter, buffer, context);
	ZYAN_CHECK(ZydisFormatterBufferAppend(buffer, ZYDIS_TOKEN_SYMBOL));
	ZYAN_CHECK(ZydisFormatterBufferGetString(buffer, &text));
	return ZyanStringAppendFormat(text, "L%u", m->label[to]);
}

static bool set_up(struct cmd_machine *m)
{
	ZydisFormatter *f = &m->formatter;
	ZydisFormatterFunc hook = print_address;

	if (!ZYAN_SUCCESS(ZydisDecoderInit(&m->decoder,
	        ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)) ||
	    !ZYAN_SUCCESS(ZydisFormatterInit(f, ZYDIS_FORMATTER_STYLE_INTEL)))
		return false;
	(void)ZydisFormatterSetProperty(
	    f, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
	(void)ZydisFormatterSetProperty(
	    f, ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
	(void)ZydisFormatterSetProperty(
	    f, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
	(void)ZydisFormatterSetProperty(f,
	    ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, ZYDIS_PADDING_DISABLED);
	/* hook becomes what was there */
	if (!ZYAN_SUCCESS(ZydisFormatterSetHook(
	        f, ZYDIS_FORMATTER_FUNC_PRINT_ADDRESS_ABS, (void *)&hook)))
		return false;
	m->address = hook;
	return true;
}

const char *cmd_machine_version(char buf[32])
{
	ZyanU64 v = ZydisGetVersion();

	snprintf(buf, 32, "Zydis %u.%u.%u", (unsigned)ZYDIS_VERSION_MAJOR(v),
	    (unsigned)ZYDIS_VERSION_MINOR(v), (unsigned)ZYDIS_VERSION_PATCH(v));
	return buf;
}

struct cmd_machine *cmd_machine_new(
    const uint8_t *code, uint32_t size, uint32_t data)
{
	struct cmd_machine *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->code = code;
	m->size = size;
	m->data = data;
	m->label = calloc((size_t)size + 1, sizeof(*m->label));
	if (m->label == NULL || !set_up(m)) {
		cmd_machine_free(m);
		return NULL;
	}
	find_labels(m);
	return m;
}

void cmd_machine_free(struct cmd_machine *m)
{
	if (m == NULL)
		return;
	free(m->label);
	free(m);
}

uint32_t cmd_machine_text(
    const struct cmd_machine *m, uint32_t off, char buf[CMD_MACHINE_TEXT])
{
	struct user user = { m };
	struct insn x;

	if (!decode(m, off, &x) ||
	    !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&m->formatter, &x.in,
	        x.op, x.in.operand_count_visible, buf, CMD_MACHINE_TEXT, off,
	        &user))) {
		snprintf(buf, CMD_MACHINE_TEXT, ".byte 0x%02x", m->code[off]);
		return 1;
	}
	return x.in.length;
}

uint32_t cmd_machine_label(const struct cmd_machine *m, uint32_t off)
{
	return off < m->size ? m->label[off] : 0;
}
