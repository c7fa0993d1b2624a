/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program names that exopf does not have: helpers, kinds of maps,
 * functions and variables of the kernel, hooks that belong to redirection.
 */
#include "tests/objects/objects.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "exo/isa/helpers.h"
#include "exo/maps/map.h"

static const char *const helper_names[] = {
#define NAME(x) #x
	__BPF_FUNC_MAPPER(NAME)
#undef NAME
};

static bool is_call(const struct exo_insn *in)
{
	return in->code == (EXO_JMP | EXO_CALL);
}

static bool is_lddw(const struct exo_insn *in)
{
	return in->code == (EXO_LD | EXO_IMM | EXO_DW);
}

static bool helper_outside(
    const struct exo_insn *in, uint32_t type, char why[OB_WHY])
{
	uint32_t nr = (uint32_t)in->imm;
	const char *name = nr < sizeof(helper_names) / sizeof(helper_names[0])
	                       ? helper_names[nr]
	                       : "unknown";
	bool exists;

	if (exo_src(in) == BPF_PSEUDO_KFUNC_CALL) {
		snprintf(why, OB_WHY, "kfunc");
		return true;
	}
	if (exo_src(in) != 0 || isa_helper(nr, type, &exists) != NULL)
		return false;
	snprintf(why, OB_WHY, "helper %s%s", name,
	    exists ? " in a program of this type" : "");
	return true;
}

static bool name_outside(
    const struct ob_code *code, const struct exo_insn *in, char why[OB_WHY])
{
	unsigned src = exo_src(in);
	const char *text;
	uint32_t kind;

	if (src == BPF_PSEUDO_BTF_ID) {
		snprintf(why, OB_WHY, "kernel variable");
		return true;
	}
	if (src == 0 || src == BPF_PSEUDO_FUNC)
		return false;
	kind = code->kind(code->arg, in->imm);
	if (map_can(kind) != 0)
		return false;
	text = libbpf_bpf_map_type_str((enum bpf_map_type)kind);
	snprintf(why, OB_WHY, "map %s", text == NULL ? "unknown" : text);
	return true;
}

bool ob_outside(const struct ob_code *code, char why[OB_WHY])
{
	if (strstr(code->section, "/devmap") != NULL ||
	    strstr(code->section, "/cpumap") != NULL) {
		snprintf(why, OB_WHY, "section %s", code->section);
		return true;
	}
	for (uint32_t i = 0; i < code->n; i++) {
		const struct exo_insn *in = &code->insns[i];

		if (is_call(in) && helper_outside(in, code->type, why))
			return true;
		if (!is_lddw(in))
			continue;
		if (name_outside(code, in, why))
			return true;
		i++;
	}
	return false;
}

bool ob_varies(const struct ob_code *code)
{
	for (uint32_t i = 0; i < code->n; i++) {
		const struct exo_insn *in = &code->insns[i];

		if (is_lddw(in)) {
			i++;
			continue;
		}
		if (!is_call(in) || exo_src(in) != 0)
			continue;
		if (in->imm == BPF_FUNC_ktime_get_ns ||
		    in->imm == BPF_FUNC_ktime_get_boot_ns ||
		    in->imm == BPF_FUNC_get_prandom_u32)
			return true;
	}
	return false;
}
