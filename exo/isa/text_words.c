/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of the assembler syntax, for reading and for writing.
 */
#include "exo/isa/text_int.h"

#include "exo/abi/insn.h"
#include "exo/lib/mem.h"

const struct isa_word isa_alu_words[] = {
	{ "+=", EXO_ADD, 0 },
	{ "-=", EXO_SUB, 0 },
	{ "*=", EXO_MUL, 0 },
	{ "/=", EXO_DIV, 0 },
	{ "s/=", EXO_DIV, 1 },
	{ "|=", EXO_OR, 0 },
	{ "&=", EXO_AND, 0 },
	{ "<<=", EXO_LSH, 0 },
	{ ">>=", EXO_RSH, 0 },
	{ "%=", EXO_MOD, 0 },
	{ "s%=", EXO_MOD, 1 },
	{ "^=", EXO_XOR, 0 },
	{ "s>>=", EXO_ARSH, 0 },
	{ "", 0, 0 },
};

const struct isa_word isa_jmp_words[] = {
	{ "==", EXO_JEQ, 0 },
	{ ">", EXO_JGT, 0 },
	{ ">=", EXO_JGE, 0 },
	{ "&", EXO_JSET, 0 },
	{ "!=", EXO_JNE, 0 },
	{ "s>", EXO_JSGT, 0 },
	{ "s>=", EXO_JSGE, 0 },
	{ "<", EXO_JLT, 0 },
	{ "<=", EXO_JLE, 0 },
	{ "s<", EXO_JSLT, 0 },
	{ "s<=", EXO_JSLE, 0 },
	{ "", 0, 0 },
};

const struct isa_word isa_type_words[] = {
	{ "u8", EXO_MEM | EXO_B, 0 },
	{ "u16", EXO_MEM | EXO_H, 0 },
	{ "u32", EXO_MEM | EXO_W, 0 },
	{ "u64", EXO_MEM | EXO_DW, 0 },
	{ "s8", EXO_MEMSX | EXO_B, 0 },
	{ "s16", EXO_MEMSX | EXO_H, 0 },
	{ "s32", EXO_MEMSX | EXO_W, 0 },
	{ "", 0, 0 },
};

const struct isa_word isa_atomic_words[] = {
	{ "add", EXO_ADD, 0 },
	{ "or", EXO_OR, 0 },
	{ "and", EXO_AND, 0 },
	{ "xor", EXO_XOR, 0 },
	{ "", 0, 0 },
};

const struct isa_word isa_end_words[] = {
	{ "le", EXO_ALU | EXO_END | EXO_K, 0 },
	{ "be", EXO_ALU | EXO_END | EXO_X, 0 },
	{ "bswap", EXO_ALU64 | EXO_END | EXO_K, 0 },
	{ "", 0, 0 },
};

const struct isa_word *isa_word_of(
    const struct isa_word *words, uint8_t code, uint8_t mask, uint8_t off)
{
	for (; words->text[0] != '\0'; words++) {
		if (words->code == (code & mask) && words->off == off)
			return words;
	}
	return NULL;
}

const struct isa_word *isa_word_find(
    const struct isa_word *words, const char *text, size_t n)
{
	for (; words->text[0] != '\0'; words++) {
		if (n < sizeof(words->text) &&
		    memcmp(words->text, text, n) == 0 && words->text[n] == '\0')
			return words;
	}
	return NULL;
}

const struct isa_helper *isa_word_helper(int32_t nr)
{
	unsigned i;

	for (i = 0; i < isa_nhelpers; i++) {
		if (nr >= 0 && isa_helpers[i].nr == (uint32_t)nr)
			return &isa_helpers[i];
	}
	return NULL;
}

static bool is_name(const char *name, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (name[i] == '\0' || name[i] != text[i])
			return false;
	}
	return name[n] == '\0';
}

const struct isa_helper *isa_word_helper_named(const char *text, size_t n)
{
	unsigned i;

	if (n > 4 && memcmp(text, "bpf_", 4) == 0) {
		text += 4;
		n -= 4;
	}
	for (i = 0; i < isa_nhelpers; i++) {
		if (is_name(isa_helpers[i].name, text, n))
			return &isa_helpers[i];
	}
	return NULL;
}
