/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's own verifier tests as program vectors: one JSON object a line.
 *
 * Linux keeps its tests as initialisers of an array of struct bpf_test, which
 * tools/testing/selftests/bpf/test_verifier.c declares and fills in. This file
 * includes that one, its main() under another name, so that the macros and
 * the fill functions are Linux's; files.h, made by linux.sh, includes one
 * array for each file of tests. What is not needed is thrown away by the
 * linker, so libbpf is not.
 *
 * Printed are the programs within a packet filter's scope: by type, by maps,
 * without anything that needs BTF, and without kernel objects that only other
 * helpers make (sockets, timers, ...). `id` is the index among all of Linux's
 * tests, in the order of its Makefile. Random numbers in them are rand() after
 * srand(1), anew for each program.
 */
#define main linux_main
#include "test_verifier.c"
#undef main

#include "files.h" /* tests of FILE as in_N[], and TEST_FILE(N, "FILE") rows */

struct file {
	const char *name;
	struct bpf_test *tests;
	size_t n;
};

#define TEST_FILE(n, file) { file, in_##n, ARRAY_SIZE(in_##n) },
static const struct file sources[] = { TEST_FILES };

#define FIXUP(field, name)                             \
	{                                              \
		offsetof(struct bpf_test, field), name \
	}

static const struct {
	size_t at; /* of an array of MAX_FIXUPS indices, 0 behind the last */
	const char *map;
} fixups[] = {
	FIXUP(fixup_map_hash_8b, "map_hash_8b"),
	FIXUP(fixup_map_hash_48b, "map_hash_48b"),
	FIXUP(fixup_map_hash_16b, "map_hash_16b"),
	FIXUP(fixup_map_array_48b, "map_array_48b"),
	FIXUP(fixup_prog1, "prog1"),
	FIXUP(fixup_prog2, "prog2"),
	FIXUP(fixup_map_array_ro, "map_array_ro"),
	FIXUP(fixup_map_array_wo, "map_array_wo"),
	FIXUP(fixup_map_array_small, "map_array_small"),
	FIXUP(fixup_map_event_output, "map_event_output"),
	FIXUP(fixup_map_ringbuf, "map_ringbuf"),
	/* Maps of the kernel's own objects: out of scope. */
	FIXUP(fixup_map_sockmap, NULL),
	FIXUP(fixup_map_sockhash, NULL),
	FIXUP(fixup_map_xskmap, NULL),
	FIXUP(fixup_map_stacktrace, NULL),
	FIXUP(fixup_map_in_map, NULL),
	FIXUP(fixup_cgroup_storage, NULL),
	FIXUP(fixup_percpu_cgroup_storage, NULL),
	FIXUP(fixup_map_spin_lock, NULL),
	FIXUP(fixup_sk_storage_map, NULL),
	FIXUP(fixup_map_reuseport_array, NULL),
	FIXUP(fixup_map_timer, NULL),
	FIXUP(fixup_map_kptr, NULL),
};

static const char *type_name(const struct bpf_test *t)
{
	switch (t->prog_type) {
	case BPF_PROG_TYPE_UNSPEC:
	case BPF_PROG_TYPE_SOCKET_FILTER:
		return "socket_filter";
	case BPF_PROG_TYPE_XDP:
		return "xdp";
	case BPF_PROG_TYPE_SCHED_CLS:
		return "sched_cls";
	case BPF_PROG_TYPE_SCHED_ACT:
		return "sched_act";
	default:
		return NULL;
	}
}

static const int *fixup(const struct bpf_test *t, size_t i)
{
	return (const int *)((const char *)t + fixups[i].at);
}

/* What a packet filter calls: itself, and helpers on maps and packets. */
static bool call_in_scope(const struct bpf_insn *in)
{
	if (BPF_CLASS(in->code) != BPF_JMP || BPF_OP(in->code) != BPF_CALL)
		return true;
	if (in->src_reg == BPF_PSEUDO_CALL)
		return true;
	if (in->src_reg != 0)
		return false;
	switch (in->imm) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_delete_elem:
	case BPF_FUNC_ktime_get_ns:
	case BPF_FUNC_get_prandom_u32:
	case BPF_FUNC_skb_store_bytes:
	case BPF_FUNC_tail_call:
	case BPF_FUNC_skb_vlan_push:
	case BPF_FUNC_skb_vlan_pop:
	case BPF_FUNC_perf_event_output:
	case BPF_FUNC_skb_load_bytes:
	case BPF_FUNC_csum_diff:
	case BPF_FUNC_xdp_adjust_head:
	case BPF_FUNC_xdp_adjust_meta:
	case BPF_FUNC_ringbuf_output:
	case BPF_FUNC_ringbuf_reserve:
	case BPF_FUNC_ringbuf_submit:
	case BPF_FUNC_ringbuf_discard:
		return true;
	default:
		return false;
	}
}

static bool in_scope(
    const struct bpf_test *t, const struct bpf_insn *prog, int n)
{
	if (type_name(t) == NULL || t->kfunc != NULL ||
	    t->fixup_kfunc_btf_id[0].kfunc != NULL || t->func_info_cnt != 0 ||
	    t->expected_attach_type != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(fixups); i++) {
		if (fixups[i].map == NULL && fixup(t, i)[0] != 0)
			return false;
	}
	for (int i = 0; i < n; i++) {
		if (!call_in_scope(&prog[i]))
			return false;
	}
	return true;
}

static void put_text(const char *s)
{
	if (s == NULL) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			printf("\\u%04x", (unsigned)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void put_hex(const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	putchar('"');
	for (size_t i = 0; i < n; i++) {
		putchar(digits[p[i] >> 4]);
		putchar(digits[p[i] & 15]);
	}
	putchar('"');
}

static void put_runs(const struct bpf_test *t)
{
	int n = t->runs == 0 ? 1 : t->runs;

	fputs(", \"runs\": [", stdout);
	for (int i = 0; t->result != REJECT && i < n; i++) {
		printf("%s{\"retval\": %u, \"retval_unpriv\": %u, \"any\": %s, "
		       "\"data\": ",
		    i == 0 ? "" : ", ", t->retvals[i].retval,
		    t->retvals[i].retval_unpriv != 0
		        ? t->retvals[i].retval_unpriv
		        : t->retvals[i].retval,
		    t->retvals[i].retval == (uint32_t)POINTER_VALUE ? "true"
		                                                    : "false");
		put_hex(t->retvals[i].data, sizeof(t->retvals[i].data));
		putchar('}');
	}
	putchar(']');
}

static void put_maps(const struct bpf_test *t, struct bpf_insn *prog)
{
	const char *comma = "";

	fputs(", \"maps\": [", stdout);
	for (size_t i = 0; i < ARRAY_SIZE(fixups); i++) {
		for (const int *at = fixup(t, i); *at != 0; at++) {
			printf("%s{\"insn\": %d, \"map\": \"%s\"}", comma, *at,
			    fixups[i].map);
			prog[*at].imm = 0;
			comma = ", ";
		}
	}
	putchar(']');
}

static const char *verdict(int result)
{
	return result == REJECT ? "refuse" : "accept";
}

static void put_test(int id, const struct file *f, const struct bpf_test *t,
    struct bpf_insn *prog, int n)
{
	bool socket = strcmp(type_name(t), "socket_filter") == 0;

	printf("{\"id\": %d, \"name\": ", id);
	put_text(t->descr);
	printf(", \"file\": \"%s\", \"type\": \"%s\", \"expect\": \"%s\", "
	       "\"expect_unprivileged\": ",
	    f->name, type_name(t), verdict(t->result));
	/* Only these does Linux try without privileges. */
	put_text(!socket                     ? NULL
	         : t->result_unpriv != UNDEF ? verdict(t->result_unpriv)
	                                     : verdict(t->result));
	fputs(", \"linux_message\": ", stdout);
	put_text(t->errstr);
	put_runs(t);
	put_maps(t, prog);
	fputs(", \"insns\": ", stdout);
	put_hex(prog, (size_t)n * sizeof(*prog));
	fputs("}\n", stdout);
}

static void one_test(int id, const struct file *f, struct bpf_test *t)
{
	struct bpf_insn *prog = t->insns;
	int n;

	if (t->fill_helper != NULL) {
		t->fill_insns = calloc(MAX_TEST_INSNS, sizeof(*prog));
		if (t->fill_insns == NULL)
			abort();
		srand(1);
		t->fill_helper(t);
		prog = t->fill_insns;
	}
	n = t->prog_len != 0 ? t->prog_len : probe_filter_length(prog);
	if (in_scope(t, prog, n))
		put_test(id, f, t, prog, n);
	free(t->fill_insns);
}

int main(void)
{
	int id = 0;

	for (size_t f = 0; f < ARRAY_SIZE(sources); f++) {
		for (size_t i = 0; i < sources[f].n; i++)
			one_test(id++, &sources[f], &sources[f].tests[i]);
	}
	return fflush(stdout) != 0 || ferror(stdout) ? 1 : 0;
}
