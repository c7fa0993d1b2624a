/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs from objects that clang or gcc made for BPF, read by libbpf; the only
 * user of it in the product.
 *
 * libbpf is asked to make a loader instead of loading: then it puts maps, global
 * data and functions into their programs as it does for the kernel, names maps
 * by their index, and makes no call of the system for it. What comes out is
 * copied and looked at; the kernel line believes none of it.
 */
#include "filters/elf.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "filters/elf_int.h"
#include "filters/filters_int.h"

_Static_assert(sizeof(struct exo_insn) == sizeof(struct bpf_insn),
    "instructions are Linux's");

/* What libbpf says last, in the error that is being written. */
static struct flt_error *said;

__attribute__((format(printf, 2, 0))) static int say(
    enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char text[sizeof(said->text)];
	size_t n;

	if (said == NULL || level != LIBBPF_WARN)
		return 0;
	vsnprintf(text, sizeof(text), fmt, ap);
	n = strcspn(text, "\n");
	text[n] = '\0';
	if (strncmp(text, "libbpf: ", 8) == 0)
		memmove(text, text + 8, n - 7);
	/* the first tells the cause, the others who gave up for it */
	if (said->text[0] == '\0')
		memcpy(said->text, text, sizeof(text));
	return 0;
}

static uint32_t type_of(enum bpf_prog_type type)
{
	switch (type) {
	case BPF_PROG_TYPE_XDP:
		return EXO_PROG_XDP;
	case BPF_PROG_TYPE_SOCKET_FILTER:
		return EXO_PROG_SOCKET;
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
		return EXO_PROG_TC;
	default:
		return 0;
	}
}

static void copy_name(char to[FLT_ELF_NAME], const char *from)
{
	snprintf(to, FLT_ELF_NAME, "%s", from == NULL ? "" : from);
}

static int copy_prog(struct flt_elf_prog *to, const struct bpf_program *p)
{
	size_t n = bpf_program__insn_cnt(p);

	copy_name(to->name, bpf_program__name(p));
	copy_name(to->section, bpf_program__section_name(p));
	to->type = type_of(bpf_program__type(p));
	if (to->type == 0 || n > EXO_INSNS_MAX)
		return 0; /* nothing of ours */
	to->insns = malloc(n * sizeof(*to->insns) + 1);
	if (to->insns == NULL)
		return -1;
	memcpy(to->insns, bpf_program__insns(p), n * sizeof(*to->insns));
	to->n = (uint32_t)n;
	return 0;
}

static int copy_map(struct flt_elf_map *to, struct bpf_map *m)
{
	size_t n = 0;
	const void *init = bpf_map__initial_value(m, &n);

	copy_name(to->name, bpf_map__name(m));
	to->def = (struct exo_map_def){ bpf_map__type(m), bpf_map__key_size(m),
		bpf_map__value_size(m), bpf_map__max_entries(m),
		bpf_map__map_flags(m) };
	if (init == NULL || n == 0 || n > EXO_MAP_VALUE_MAX)
		return 0;
	to->init = malloc(n);
	if (to->init == NULL)
		return -1;
	memcpy(to->init, init, n);
	to->ninit = (uint32_t)n;
	return 0;
}

static int copy_all(struct bpf_object *o, struct flt_elf *out)
{
	struct bpf_program *p;
	struct bpf_map *m;
	size_t n = 0, k = 0;

	bpf_object__for_each_program(p, o) n++;
	bpf_object__for_each_map(m, o) k++;
	out->progs = calloc(n + 1, sizeof(*out->progs));
	out->maps = calloc(k + 1, sizeof(*out->maps));
	if (out->progs == NULL || out->maps == NULL)
		return -1;
	bpf_object__for_each_program(
	    p, o) if (copy_prog(&out->progs[out->nprogs++], p) != 0) return -1;
	bpf_object__for_each_map(
	    m, o) if (copy_map(&out->maps[out->nmaps++], m) != 0) return -1;
	return 0;
}

/* Only programs for packets are put together: others may need what only a
 * kernel has. */
static int put_together(struct bpf_object *o)
{
	struct gen_loader_opts opts = { .sz = sizeof(opts) };
	struct bpf_program *p;
	int err;

	bpf_object__for_each_program(
	    p, o) if (type_of(bpf_program__type(p)) == 0)(void)
	    bpf_program__set_autoload(p, false);
	err = bpf_object__gen_loader(o, &opts);
	return err != 0 ? err : bpf_object__load(o);
}

static int refuse(struct flt_error *err, const char *what)
{
	char cause[sizeof(err->text)];

	memcpy(cause, err->text, sizeof(cause));
	err->text[0] = '\0';
	return flt_fail(err, -EXO_EINVAL, "%s%s%.200s", what,
	    cause[0] != '\0' ? ": " : "", cause);
}

int flt_elf_read_here(
    const void *bytes, size_t size, struct flt_elf *out, struct flt_error *err)
{
	struct bpf_object *o;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	memset(err, 0, sizeof(*err));
	if (size > FLT_ELF_MAX)
		return flt_fail(err, -EXO_E2BIG,
		    "the object has more than %u bytes", FLT_ELF_MAX);
	said = err;
	(void)libbpf_set_print(say);
	o = bpf_object__open_mem(bytes, size, NULL);
	if (o == NULL)
		ret = refuse(err, "no BPF object that libbpf can read");
	else if (put_together(o) != 0)
		ret = refuse(err, "libbpf cannot put its programs together");
	else if (copy_all(o, out) != 0)
		ret = flt_fail(err, -EXO_ENOMEM, "out of memory");
	said = NULL;
	bpf_object__close(o);
	if (ret != 0)
		flt_elf_free(out);
	return ret;
}

void flt_elf_free(struct flt_elf *e)
{
	for (uint32_t i = 0; i < e->nprogs && e->progs != NULL; i++)
		free(e->progs[i].insns);
	for (uint32_t i = 0; i < e->nmaps && e->maps != NULL; i++)
		free(e->maps[i].init);
	free(e->progs);
	free(e->maps);
	memset(e, 0, sizeof(*e));
}

/* --- one program as an image ------------------------------------------------- */

/* Flags of Linux's that say how a map is made or shared, not what it does. */
#define OF_NO_MEANING (BPF_F_MMAPABLE | BPF_F_NUMA_NODE | BPF_F_NO_COMMON_LRU)

/* The maps of a program: those that it names, by their new numbers. */
struct used {
	const struct flt_elf *e;
	uint32_t n;
	uint32_t number[FLT_ELF_MAPS]; /* of the object's map, and 1; 0: none */
	struct exo_map_def def[EXO_MAPS_MAX];
	struct flt_init init[EXO_MAPS_MAX];
	uint32_t ninit;
};

static bool names_map(const struct exo_insn *in)
{
	unsigned src = exo_src(in);

	return in->code == (EXO_LD | EXO_IMM | EXO_DW) &&
	       (src == EXO_LDDW_MAP_IDX || src == EXO_LDDW_MAP_IDX_VALUE);
}

static int use_map(struct used *u, uint32_t i, struct flt_error *err)
{
	const struct flt_elf_map *m = &u->e->maps[i];
	struct exo_map_def *def = &u->def[u->n];

	if (u->n == EXO_MAPS_MAX)
		return flt_fail(err, -EXO_E2BIG,
		    "the program names more than %u maps", EXO_MAPS_MAX);
	*def = m->def;
	def->flags &= ~(uint32_t)OF_NO_MEANING;
	if (m->ninit > 0)
		u->init[u->ninit++] =
		    (struct flt_init){ u->n, m->init, m->ninit };
	u->number[i] = ++u->n;
	return 0;
}

/* Name maps by their place in the image. */
static int renumber(
    struct used *u, struct exo_insn *insns, uint32_t n, struct flt_error *err)
{
	int ret;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t map = (uint32_t)insns[i].imm;

		if (!names_map(&insns[i]))
			continue;
		if (map >= u->e->nmaps || map >= FLT_ELF_MAPS)
			return flt_fail(err, -EXO_EINVAL,
			    "instruction %u names a map that is not there", i);
		ret = u->number[map] != 0 ? 0 : use_map(u, map, err);
		if (ret != 0)
			return ret;
		insns[i].imm = (int32_t)u->number[map] - 1;
	}
	return 0;
}

int flt_elf_image(const struct flt_elf *e, uint32_t prog, struct flt_image *out,
    struct flt_error *err)
{
	const struct flt_elf_prog *p = &e->progs[prog];
	struct flt_whole parts = { .type = p->type, .n = p->n };
	struct used *u = calloc(1, sizeof(*u));
	struct exo_insn *insns = malloc(p->n * sizeof(*insns) + 1);
	char name[EXO_NAME_MAX + 1];
	int ret;

	*out = (struct flt_image){ NULL, 0 };
	if (u == NULL || insns == NULL) {
		ret = flt_fail(err, -EXO_ENOMEM, "out of memory");
		goto out;
	}
	u->e = e;
	if (p->n > 0)
		memcpy(insns, p->insns, p->n * sizeof(*insns));
	snprintf(name, sizeof(name), "%.*s", (int)EXO_NAME_MAX, p->name);
	ret = renumber(u, insns, p->n, err);
	parts.insns = insns;
	parts.maps = u->def;
	parts.nmaps = u->n;
	parts.init = u->init;
	parts.ninit = u->ninit;
	parts.name = name[0] == '\0' ? NULL : name;
	if (ret == 0)
		ret = flt_image_whole(&parts, out, err);
out:
	free(insns);
	free(u);
	return ret;
}
