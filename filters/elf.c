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

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
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

/* Texts, one after the other. */
struct texts {
	char *text;
	uint32_t n, room;
};

/* Add a text; *at is where it stands. False: no memory, or too much. */
static bool add_text(struct texts *t, const char *text, uint32_t *at)
{
	size_t n = text == NULL ? 0 : strlen(text);
	uint32_t room = t->room == 0 ? 4096 : t->room;
	char *more;

	if (n >= FLT_ELF_TEXTS - t->n)
		return false;
	while (room < t->n + n + 1)
		room *= 2;
	more = room == t->room ? t->text : realloc(t->text, room);
	if (more == NULL)
		return false;
	t->text = more;
	t->room = room;
	*at = t->n;
	if (n > 0)
		memcpy(t->text + t->n, text, n);
	t->text[t->n + n] = '\0';
	t->n += (uint32_t)n + 1;
	return true;
}

/* --- where instructions come from ------------------------------------------ */

/* Lines of a program, as libbpf hands them to a kernel with it. */
struct told {
	const struct bpf_program *prog;
	struct bpf_line_info *line;
	uint32_t n;
	struct told *next;
};
static struct told *all_told;

static void forget_told(void)
{
	while (all_told != NULL) {
		struct told *t = all_told;

		all_told = t->next;
		free(t->line);
		free(t);
	}
}

/* libbpf is about to load a program; it calls this since there is no other way
 * to what it knows of lines. */
static int take_lines(
    struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	uint32_t n = opts->line_info_cnt, size = opts->line_info_rec_size;
	struct told *t;

	(void)cookie;
	if (opts->line_info == NULL || size < sizeof(*t->line) ||
	    n > EXO_INSNS_MAX)
		return 0;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return -ENOMEM;
	t->next = all_told;
	all_told = t;
	t->line = calloc((size_t)n + 1, sizeof(*t->line));
	if (t->line == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		memcpy(&t->line[i],
		    (const char *)opts->line_info + (size_t)i * size,
		    sizeof(*t->line));
	t->prog = prog;
	t->n = n;
	return 0;
}

/* The sections whose programs are for packets; what is registered comes before
 * libbpf's own. */
static const struct {
	const char *name;
	enum bpf_prog_type type;
} sections[] = {
	{ "xdp+", BPF_PROG_TYPE_XDP },
	{ "xdp.frags+", BPF_PROG_TYPE_XDP },
	{ "socket+", BPF_PROG_TYPE_SOCKET_FILTER },
	{ "tc", BPF_PROG_TYPE_SCHED_CLS },
	{ "classifier", BPF_PROG_TYPE_SCHED_CLS },
	{ "action", BPF_PROG_TYPE_SCHED_ACT },
};
#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

static int listen(int handler[SECTIONS])
{
	const struct libbpf_prog_handler_opts opts = { .sz = sizeof(opts),
		.prog_prepare_load_fn = take_lines };
	int worst = 0;

	for (size_t i = 0; i < SECTIONS; i++) {
		handler[i] = libbpf_register_prog_handler(
		    sections[i].name, sections[i].type, 0, &opts);
		worst = handler[i] < worst ? handler[i] : worst;
	}
	return worst;
}

static void stop_listening(const int handler[SECTIONS])
{
	for (size_t i = 0; i < SECTIONS; i++)
		if (handler[i] >= 0)
			(void)libbpf_unregister_prog_handler(handler[i]);
}

/* The text of a line without what it is indented by. */
static const char *line_text(const struct btf *btf, uint32_t off)
{
	const char *text = btf__str_by_offset(btf, off);

	return text == NULL ? NULL : text + strspn(text, " \t");
}

/* Lines go into a program, ascending; what is out of order is none. */
static bool add_lines(
    struct flt_elf_prog *to, const struct told *t, const struct btf *btf)
{
	struct texts x = { NULL, 0, 0 };
	bool ok = true;

	to->lines = calloc((size_t)t->n + 1, sizeof(*to->lines));
	if (to->lines == NULL)
		return false;
	for (uint32_t i = 0, file = 0; ok && i < t->n; i++) {
		const struct bpf_line_info *in = &t->line[i];
		struct exo_image_line *l = &to->lines[to->nlines];

		if (in->insn_off >= to->n ||
		    (to->nlines > 0 && in->insn_off <= l[-1].insn))
			continue;
		*l =
		    (struct exo_image_line){ in->insn_off, 0, 0, in->line_col };
		if (to->nlines > 0 && file == in->file_name_off)
			l->file = l[-1].file;
		else
			ok = add_text(&x,
			    btf__str_by_offset(btf, in->file_name_off),
			    &l->file);
		file = in->file_name_off;
		ok = ok && add_text(&x, line_text(btf, in->line_off), &l->text);
		to->nlines += ok;
	}
	to->texts = x.text;
	to->ntexts = x.n;
	return true;
}

static int copy_lines(
    struct flt_elf_prog *to, const struct bpf_program *p, const struct btf *btf)
{
	const struct told *t = all_told;

	while (t != NULL && t->prog != p)
		t = t->next;
	if (t == NULL || btf == NULL)
		return 0;
	return add_lines(to, t, btf) ? 0 : -1;
}

/* --- what maps hold --------------------------------------------------------- */

/* Fields of a map, while they are gathered. */
struct fields {
	const struct btf *btf;
	struct texts texts;
	struct exo_image_field *row; /* FLT_ELF_FIELDS */
	uint32_t n;
	uint8_t of;
};

/* A type without its other names. Arrays of arrays are one of all elements. */
static const struct btf_type *plain_type(
    const struct btf *btf, uint32_t id, uint64_t *count)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	*count = 0;
	for (int i = 0; t != NULL && i < 64; i++) {
		if (btf_is_array(t)) {
			uint64_t n = btf_array(t)->nelems;

			*count = *count == 0 ? n : *count * n;
			if (n == 0 || *count > UINT32_MAX)
				return NULL;
			id = btf_array(t)->type;
		} else if (btf_is_mod(t) || btf_is_typedef(t) ||
		           btf_is_var(t)) {
			id = t->type;
		} else {
			return t;
		}
		t = btf__type_by_id(btf, id);
	}
	return NULL;
}

static uint8_t kind_of(const struct btf_type *t)
{
	if (btf_is_composite(t) || btf_is_datasec(t))
		return EXO_FIELD_STRUCT;
	if (t->size > 8 && !btf_is_ptr(t))
		return EXO_FIELD_BYTES;
	if (btf_is_int(t)) {
		if ((btf_int_encoding(t) & BTF_INT_BOOL) != 0)
			return EXO_FIELD_BOOL;
		if (t->size == 1 && (btf_int_encoding(t) & BTF_INT_SIGNED) != 0)
			return EXO_FIELD_CHAR;
		return (btf_int_encoding(t) & BTF_INT_SIGNED) != 0
		           ? EXO_FIELD_SIGNED
		           : EXO_FIELD_UNSIGNED;
	}
	if (btf_is_any_enum(t) || btf_is_ptr(t))
		return EXO_FIELD_UNSIGNED;
	return EXO_FIELD_BYTES;
}

static bool add_parts(
    struct fields *f, const struct btf_type *t, unsigned depth);

/* One field and its parts, no deeper than EXO_FIELD_DEPTH_MAX. bits: of a bit
 * field, or 0.
 * NOLINTNEXTLINE(misc-no-recursion) */
static bool add_field(struct fields *f, uint32_t id, const char *name,
    uint32_t off, uint32_t bits, unsigned depth)
{
	struct exo_image_field *row = &f->row[f->n];
	uint64_t count;
	const struct btf_type *t = plain_type(f->btf, id, &count);

	if (t == NULL)
		return true; /* it is not told */
	if (f->n == FLT_ELF_FIELDS || depth > EXO_FIELD_DEPTH_MAX)
		return false;
	*row = (struct exo_image_field){ .off = off,
		.bits = bits != 0       ? bits
		        : btf_is_ptr(t) ? 64
		                        : t->size * 8,
		.count = (uint32_t)count,
		.of = f->of,
		.kind = kind_of(t),
		.depth = (uint8_t)depth };
	if (t->size > EXO_MAP_VALUE_MAX && !btf_is_ptr(t))
		return false;
	if (!add_text(&f->texts, name, &row->name))
		return false;
	f->n++;
	return row->kind != EXO_FIELD_STRUCT || add_parts(f, t, depth + 1);
}

/* NOLINTNEXTLINE(misc-no-recursion): see add_field() */
static bool add_parts(
    struct fields *f, const struct btf_type *t, unsigned depth)
{
	uint16_t n = btf_vlen(t);

	for (uint16_t i = 0; i < n && btf_is_datasec(t); i++) {
		const struct btf_var_secinfo *v = &btf_var_secinfos(t)[i];
		const struct btf_type *var = btf__type_by_id(f->btf, v->type);

		if (var != NULL &&
		    !add_field(f, v->type,
		        btf__name_by_offset(f->btf, var->name_off),
		        v->offset * 8, 0, depth))
			return false;
	}
	for (uint16_t i = 0; i < n && btf_is_composite(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];

		if (!add_field(f, m->type,
		        btf__name_by_offset(f->btf, m->name_off),
		        btf_member_bit_offset(t, i),
		        btf_member_bitfield_size(t, i), depth))
			return false;
	}
	return true;
}

/* Tell the name of a map, of which nothing else is known. */
static bool describe_name(struct flt_elf_map *to)
{
	struct texts x = { NULL, 0, 0 };

	to->fields = calloc(1, sizeof(*to->fields));
	if (to->fields == NULL || !add_text(&x, to->name, &to->fields->name))
		return false;
	to->texts = x.text;
	to->ntexts = x.n;
	to->nfields = 1;
	return true;
}

/* Tell what a map holds as far as its types are known, or only its name. */
static bool describe(
    struct flt_elf_map *to, const struct bpf_map *m, const struct btf *btf)
{
	struct fields f = { .btf = btf };
	uint32_t key = bpf_map__btf_key_type_id(m);
	uint32_t value = bpf_map__btf_value_type_id(m);
	bool ok;

	f.row = calloc(FLT_ELF_FIELDS, sizeof(*f.row));
	if (f.row == NULL)
		return false;
	to->fields = f.row;
	ok = add_text(&f.texts, to->name, &f.row[0].name);
	to->texts = f.texts.text;
	to->ntexts = f.texts.n;
	if (!ok)
		return true;
	to->nfields = f.n = 1;
	f.of = EXO_FIELD_KEY;
	if (btf != NULL && key != 0)
		ok = add_field(&f, key, "", 0, 0, 1);
	f.of = EXO_FIELD_VALUE;
	if (btf != NULL && ok && value != 0)
		ok = add_field(&f, value, "", 0, 0, 1);
	to->texts = f.texts.text;
	to->ntexts = f.texts.n;
	if (ok)
		to->nfields = f.n;
	return true;
}

/* --- programs and maps ------------------------------------------------------ */

static int copy_prog(
    struct flt_elf_prog *to, const struct bpf_program *p, const struct btf *btf)
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
	return copy_lines(to, p, btf);
}

/* libbpf puts a piece of the object's name before that of the section. */
static const char *map_name(const struct bpf_map *m)
{
	const char *name = bpf_map__name(m);
	const char *dot = name == NULL ? NULL : strchr(name, '.');

	return bpf_map__is_internal(m) && dot != NULL ? dot : name;
}

static int copy_map(
    struct flt_elf_map *to, struct bpf_map *m, const struct btf *btf)
{
	size_t n = 0;
	const void *init = bpf_map__initial_value(m, &n);

	copy_name(to->name, map_name(m));
	to->def = (struct exo_map_def){ bpf_map__type(m), bpf_map__key_size(m),
		bpf_map__value_size(m), bpf_map__max_entries(m),
		bpf_map__map_flags(m) };
	if (!describe(to, m, btf))
		return -1;
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
	const struct btf *btf = bpf_object__btf(o);
	struct bpf_map *m;
	size_t n = 0, k = 0;

	bpf_object__for_each_program(p, o) n++;
	bpf_object__for_each_map(m, o) k++;
	out->progs = calloc(n + 1, sizeof(*out->progs));
	out->maps = calloc(k + 1, sizeof(*out->maps));
	if (out->progs == NULL || out->maps == NULL)
		return -1;
	bpf_object__for_each_program(
	    p, o) if (copy_prog(&out->progs[out->nprogs++], p, btf) !=
	              0) return -1;
	bpf_object__for_each_map(m,
	    o) if (copy_map(&out->maps[out->nmaps++], m, btf) != 0) return -1;
	return 0;
}

/* Only programs for packets are put together: others may need what only a
 * kernel has. */
static int put_together(struct bpf_object *o)
{
	struct gen_loader_opts opts = { .sz = sizeof(opts) };
	struct bpf_program *p;
	struct bpf_map *m;
	int err;

	bpf_object__for_each_program(
	    p, o) if (type_of(bpf_program__type(p)) == 0)(void)
	    bpf_program__set_autoload(p, false);
	/* where others would find a map is no matter of the program's */
	bpf_object__for_each_map(m, o)(void) bpf_map__set_pin_path(m, NULL);
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

/* --- maps that were structures ----------------------------------------------- */

/* The five numbers that every such structure begins with. */
static int legacy_map(struct flt_elf_map *to, const struct flt_elf_map *data,
    const struct flt_legacy_map *m)
{
	uint32_t v[5];

	if (m->off > data->ninit || data->ninit - m->off < sizeof(v))
		return -1;
	memcpy(v, data->init + m->off, sizeof(v));
	copy_name(to->name, m->name);
	to->def = (struct exo_map_def){ v[0], v[1], v[2], v[3], v[4] };
	return describe_name(to) ? 0 : -1;
}

/* Programs that take the address of a structure name its map. */
static int legacy_names(struct flt_elf_prog *p, const struct flt_legacy *old,
    uint32_t data, uint32_t first)
{
	for (uint32_t i = 0; i + 1 < p->n; i++) {
		struct exo_insn *in = &p->insns[i];
		uint32_t k = 0;

		if (in->code != (EXO_LD | EXO_IMM | EXO_DW))
			continue;
		i++;
		if (exo_src(in) != EXO_LDDW_MAP_IDX_VALUE ||
		    (uint32_t)in->imm != data)
			continue;
		while (k < old->n && old->map[k].off != (uint32_t)in[1].imm)
			k++;
		if (k == old->n)
			return -1;
		in->regs = (uint8_t)((in->regs & 15) | EXO_LDDW_MAP_IDX << 4);
		in->imm = (int32_t)(first + k);
		in[1].imm = 0;
	}
	return 0;
}

static int legacy_maps(struct flt_elf *e, const struct flt_legacy *old)
{
	uint32_t first = e->nmaps, data = 0;
	struct flt_elf_map *maps;

	while (data < first && strcmp(e->maps[data].name, FLT_LEGACY_NAME) != 0)
		data++;
	if (data == first)
		return -1;
	maps = realloc(e->maps, (first + old->n + 1) * sizeof(*maps));
	if (maps == NULL)
		return -1;
	e->maps = maps;
	memset(&maps[first], 0, (old->n + 1) * sizeof(*maps));
	for (uint32_t k = 0; k < old->n; k++) {
		e->nmaps++;
		if (legacy_map(&maps[first + k], &maps[data], &old->map[k]) !=
		    0)
			return -1;
	}
	for (uint32_t i = 0; i < e->nprogs; i++)
		if (legacy_names(&e->progs[i], old, data, first) != 0)
			return -1;
	return 0;
}

/* --- what is in slots ---------------------------------------------------------- */

/* The map that a place in the section ".maps" is of, and its slot there: values
 * is the last member, an array of pointers. False: it is none of a slot. */
static bool slot_at(const struct flt_elf *e, const struct btf *btf,
    uint32_t off, struct flt_elf_tail *to)
{
	const struct btf_type *sec = btf__type_by_id(btf,
	    (uint32_t)btf__find_by_name_kind(btf, ".maps", BTF_KIND_DATASEC));
	const struct btf_var_secinfo *v = btf_var_secinfos(sec);
	const struct btf_type *var, *type;
	uint32_t i = 0, at;
	uint64_t count;

	while (i < btf_vlen(sec) &&
	       (off < v[i].offset || off - v[i].offset >= v[i].size))
		i++;
	if (i == btf_vlen(sec))
		return false;
	var = btf__type_by_id(btf, v[i].type);
	type = plain_type(btf, v[i].type, &count);
	if (type == NULL || !btf_is_composite(type) || btf_vlen(type) == 0)
		return false;
	at = btf_member_bit_offset(type, btf_vlen(type) - 1u) / 8;
	if (off - v[i].offset < at)
		return false;
	to->slot = (off - v[i].offset - at) / 8;
	to->map = 0;
	while (to->map < e->nmaps &&
	       strcmp(e->maps[to->map].name,
	           btf__str_by_offset(btf, var->name_off)) != 0)
		to->map++;
	return to->map < e->nmaps;
}

/* 0; -1: out of memory; -2: what is declared is no slot, or no program. */
static int copy_slots(
    struct flt_elf *e, const struct btf *btf, const struct flt_slot_rels *from)
{
	e->tails = calloc(from->n + 1, sizeof(*e->tails));
	if (e->tails == NULL)
		return -1;
	if (from->n > 0 && (btf == NULL || btf__find_by_name_kind(btf, ".maps",
	                                       BTF_KIND_DATASEC) < 0))
		return -2;
	for (uint32_t i = 0; i < from->n; i++) {
		struct flt_elf_tail *t = &e->tails[e->ntails];

		if (!slot_at(e, btf, from->rel[i].off, t))
			return -2;
		t->prog = 0;
		while (t->prog < e->nprogs && strcmp(e->progs[t->prog].name,
		                                  from->rel[i].function) != 0)
			t->prog++;
		if (t->prog == e->nprogs)
			return -2;
		e->ntails++;
	}
	return 0;
}

/* What libbpf put together, and what is in slots. */
static int copy_object(struct bpf_object *o, struct flt_elf *out,
    const struct flt_slot_rels *slots, struct flt_error *err)
{
	int ret = copy_all(o, out);

	if (ret == 0)
		ret = copy_slots(out, bpf_object__btf(o), slots);
	if (ret == -2)
		return flt_fail(err, -EXO_EINVAL,
		    "a slot is declared to have what is no program");
	return ret == 0 ? 0 : flt_fail(err, -EXO_ENOMEM, "out of memory");
}

/* What the object is shown to libbpf without. */
struct hidden {
	struct flt_legacy old;
	struct flt_slot_rels slots;
};

/* libbpf reads the object, whose maps are structures if there is an old form. */
static int read_by_libbpf(const void *bytes, size_t size,
    const struct hidden *h, struct flt_elf *out, struct flt_error *err)
{
	const struct flt_legacy *old = h->old.bytes != NULL ? &h->old : NULL;
	int handler[SECTIONS], ret = 0;
	struct bpf_object *o;

	said = err;
	(void)libbpf_set_print(say);
	o = listen(handler) == 0 ? bpf_object__open_mem(bytes, size, NULL)
	                         : NULL;
	if (o == NULL)
		ret = refuse(err, "no BPF object that libbpf can read");
	else if (put_together(o) != 0)
		ret = refuse(err, "libbpf cannot put its programs together");
	else
		ret = copy_object(o, out, &h->slots, err);
	if (ret == 0 && old != NULL && legacy_maps(out, old) != 0)
		ret = flt_fail(err, -EXO_EINVAL,
		    "its section \"maps\" is not one of maps");
	said = NULL;
	bpf_object__close(o);
	stop_listening(handler);
	forget_told();
	if (ret != 0)
		flt_elf_free(out);
	return ret;
}

int flt_elf_read_here(
    const void *bytes, size_t size, struct flt_elf *out, struct flt_error *err)
{
	struct hidden *h;
	int ret;

	memset(out, 0, sizeof(*out));
	memset(err, 0, sizeof(*err));
	if (size > FLT_ELF_MAX)
		return flt_fail(err, -EXO_E2BIG,
		    "the object has more than %u bytes", FLT_ELF_MAX);
	h = calloc(1, sizeof(*h));
	ret = h == NULL ? -1 : flt_elf_slots(bytes, size, &h->slots);
	if (ret > 0)
		bytes = h->slots.bytes;
	if (ret >= 0)
		ret = flt_elf_legacy(bytes, size, &h->old);
	if (ret == -2)
		ret = flt_fail(err, -EXO_E2BIG,
		    "more than %u slots of programs are declared",
		    FLT_SLOT_RELS);
	else if (ret < 0)
		ret = flt_fail(err, -EXO_ENOMEM, "out of memory");
	else if (ret == 0)
		ret = read_by_libbpf(bytes, size, h, out, err);
	else
		ret = read_by_libbpf(h->old.bytes, h->old.size, h, out, err);
	if (h != NULL) {
		free(h->old.bytes);
		free(h->slots.bytes);
	}
	free(h);
	return ret;
}

static void free_prog(struct flt_elf_prog *p)
{
	free(p->insns);
	free(p->lines);
	free(p->texts);
}

static void free_map(struct flt_elf_map *m)
{
	free(m->init);
	free(m->fields);
	free(m->texts);
}

void flt_elf_free(struct flt_elf *e)
{
	for (uint32_t i = 0; i < e->nprogs && e->progs != NULL; i++)
		free_prog(&e->progs[i]);
	for (uint32_t i = 0; i < e->nmaps && e->maps != NULL; i++)
		free_map(&e->maps[i]);
	free(e->progs);
	free(e->maps);
	free(e->tails);
	memset(e, 0, sizeof(*e));
}
