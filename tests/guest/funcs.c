/* SPDX-License-Identifier: BSD-2-Clause */
/* Function rows and their one type, in BTF: see funcs.h. */
#include "tests/guest/funcs.h"

#include <linux/btf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LDDW (BPF_LD | BPF_IMM | BPF_DW)

/* Types are numbered from 1, in this order. */
enum {
	TYPE_INT = 1,
	TYPE_PROTO,
	TYPE_FUNC
};

static bool calls(const struct bpf_insn *in)
{
	return in->code == (BPF_JMP | BPF_CALL) &&
	       in->src_reg == BPF_PSEUDO_CALL;
}

static bool names(const struct bpf_insn *in)
{
	return in->code == LDDW && in->src_reg == BPF_PSEUDO_FUNC;
}

bool funcs_wanted(const struct bpf_insn *insns, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (names(&insns[i]))
			return true;
		i += insns[i].code == LDDW;
	}
	return false;
}

/* Enter a place, in order, once. */
static uint32_t enter(struct bpf_func_info *info, uint32_t have, uint32_t at)
{
	uint32_t i = 0;

	while (i < have && info[i].insn_off < at)
		i++;
	if ((i < have && info[i].insn_off == at) || have == FUNCS_MAX)
		return have;
	memmove(&info[i + 1], &info[i], (have - i) * sizeof(info[0]));
	info[i] = (struct bpf_func_info){ at, TYPE_FUNC };
	return have + 1;
}

uint32_t funcs_find(
    const struct bpf_insn *insns, uint32_t n, struct bpf_func_info *info)
{
	uint32_t have = enter(info, 0, 0), i;

	for (i = 0; i < n; i++) {
		int64_t to = (int64_t)i + insns[i].imm + 1;

		if ((calls(&insns[i]) || names(&insns[i])) && to >= 0 && to < n)
			have = enter(info, have, (uint32_t)to);
		i += insns[i].code == LDDW;
	}
	return have == FUNCS_MAX ? 0 : have;
}

int funcs_types(void)
{
	static struct {
		struct btf_header head;
		struct btf_type number;
		uint32_t bits;
		struct btf_type proto, func;
		char text[8];
	} all = {
		.head = { .magic = BTF_MAGIC,
		    .version = BTF_VERSION,
		    .hdr_len = sizeof(struct btf_header),
		    .str_len = sizeof(all.text) },
		.number = { .name_off = 1,
		    .info = BTF_KIND_INT << 24,
		    .size = 4 },
		.bits = BTF_INT_SIGNED << 24 | 32,
		.proto = { .info = BTF_KIND_FUNC_PROTO << 24,
		    .type = TYPE_INT },
		.func = { .name_off = 5,
		    .info = BTF_KIND_FUNC << 24,
		    .type = TYPE_PROTO },
		.text = "\0int\0f",
	};
	union bpf_attr attr = { 0 };

	all.head.type_len = all.head.str_off =
	    sizeof(all) - sizeof(all.head) - sizeof(all.text);
	attr.btf = (uintptr_t)&all;
	attr.btf_size = sizeof(all);
	return (int)syscall(SYS_bpf, BPF_BTF_LOAD, &attr, sizeof(attr));
}
