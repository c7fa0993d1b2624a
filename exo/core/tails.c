/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs in the slots of a world's program arrays: see tails.h. */
#include "exo/core/tails.h"

#include "exo/abi/err.h"
#include "exo/core/world_int.h"
#include "exo/isa/helpers.h"
#include "exo/isa/interp.h"

_Static_assert(EXO_TAILS_RUN == ISA_TAILS_MAX, "runs make as many");

struct world_tail {
	struct exo_world_prog shown;
	struct exo_world_code code;
	struct vf_prog *prog;
	struct exo_mem *mem, *code_mem; /* that they are charged to */
	uint32_t uses;                  /* slots that name it */
	struct world_tail *next;
};

/* What the verifier is told of a world. */
struct asked {
	struct exo_map_def maps[EXO_WORLD_MAPS];
	struct vf_const consts[EXO_WORLD_MAPS];
};

void exo_tail_free(struct world_tail *t)
{
	struct exo_mem *mem;

	if (t == NULL)
		return;
	mem = t->mem;
	jit_free(t->code.code, t->code_mem);
	vf_prog_free(t->prog, mem);
	exo_mem_put(mem, t, sizeof(*t));
}

/* Maps that stay as they are hold constants. */
static void ask_of(
    const struct exo_world *w, struct asked *a, struct vf_input *in)
{
	in->nconsts = 0;
	for (uint32_t i = 0; i < w->nmaps; i++) {
		a->maps[i] = *map_def(w->maps[i]);
		if ((w->frozen >> i & 1) == 0)
			continue;
		a->consts[in->nconsts++] = (struct vf_const){ i,
			a->maps[i].value_size, map_value(w->maps[i], 0) };
	}
	in->maps = a->maps;
	in->nmaps = w->nmaps;
	in->consts = a->consts;
}

static int prove(const struct exo_world *w, struct exo_tails_how *how,
    const struct exo_insn *insns, uint32_t n, struct world_tail *t,
    struct exo_report *report)
{
	struct asked *a = exo_mem_get(how->mem, sizeof(*a));
	struct vf_limits limits = how->limits;
	struct vf_input in = how->in;
	int err;

	if (a == NULL)
		return -EXO_ENOMEM;
	if (limits.explored == 0)
		limits.explored = VF_EXPLORED_DEFAULT;
	limits.explored = how->explored < limits.explored
	                      ? limits.explored - how->explored
	                      : 1;
	ask_of(w, a, &in);
	in.insns = insns;
	in.ninsns = n;
	err = vf_verify(&in, &limits, how->mem, &t->prog, report);
	how->explored += report->explored;
	exo_mem_put(how->mem, a, sizeof(*a));
	how->overlong =
	    err == 0 && vf_prog_facts(t->prog)->max_steps > how->most_steps;
	return how->overlong ? -EXO_EBUDGET : err;
}

/* A program that no slot names yet, and the world does not know. */
static int tail_new(struct exo_world *w, struct exo_tails_how *how,
    const struct exo_insn *insns, uint32_t n, struct world_tail **out,
    struct exo_report *report)
{
	struct world_tail *t = exo_mem_get(how->mem, sizeof(*t));
	int err;

	*out = NULL;
	if (t == NULL)
		return -EXO_ENOMEM;
	t->mem = how->mem;
	t->code_mem = w->mem;
	err = prove(w, how, insns, n, t, report);
	if (err == 0 && !how->interpret)
		err = how->compile == NULL
		          ? world_compile(w, t->prog, 0, &t->code.code)
		          : how->compile(how->arg, w, t->prog, &t->code.code,
		                &t->code_mem);
	if (err != 0) {
		exo_tail_free(t);
		return err;
	}
	t->code.type = vf_prog_type(t->prog);
	t->shown.insns = vf_prog_insns(t->prog, &t->shown.ninsns);
	t->shown.type = t->code.type;
	t->shown.code = t->code.code == NULL ? NULL : &t->code;
	*out = t;
	return 0;
}

static struct world_tail *tail_of(
    const struct exo_world *w, const struct exo_world_prog *shown)
{
	struct world_tail *t = w->tails;

	while (t != NULL && &t->shown != shown)
		t = t->next;
	return t;
}

/* One slot names it less. */
static void tail_drop(struct exo_world *w, struct world_tail *t)
{
	struct world_tail **at = &w->tails;

	if (t == NULL || --t->uses > 0)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	exo_tail_free(t);
}

void exo_world_set(
    struct exo_world *w, uint32_t map, uint32_t slot, struct world_tail *t)
{
	struct world_tail *old = tail_of(w, map_slot(w->maps[map], slot));

	if (t != NULL && t->uses++ == 0) {
		t->next = w->tails;
		w->tails = t;
	}
	(void)map_slot_set(w->maps[map], slot, t == NULL ? NULL : &t->shown);
	tail_drop(w, old);
}

static void count_from(uint32_t *insn, uint32_t first)
{
	if (*insn != EXO_REPORT_NOWHERE)
		*insn += first;
}

int exo_world_fill(struct exo_world *w, const struct exo_image *img,
    struct exo_tails_how *how, struct exo_report *report)
{
	struct world_tail *t = NULL;

	for (uint32_t i = 0; i < img->ntails; i++) {
		const struct exo_image_tail *row = &img->tails[i];
		int err = 0;

		if (i == 0 || row->insn != row[-1].insn)
			err = tail_new(w, how, img->insns + row->insn,
			    exo_image_tail_size(img, i), &t, report);
		if (err != 0) {
			count_from(&report->insn, row->insn);
			count_from(&report->widened, row->insn);
			return err;
		}
		exo_world_set(w, row->map, row->slot, t);
	}
	return 0;
}

int exo_world_make(struct exo_world *w, struct exo_tails_how *how, uint32_t map,
    uint32_t slot, const struct exo_insn *insns, uint32_t n,
    struct world_tail **out, struct exo_report *report)
{
	*out = NULL;
	if (map >= w->nmaps ||
	    map_def(w->maps[map])->kind != EXO_MAP_PROG_ARRAY ||
	    slot >= map_def(w->maps[map])->max_entries)
		return -EXO_EINVAL;
	return n == 0 ? 0 : tail_new(w, how, insns, n, out, report);
}

int exo_world_put(struct exo_world *w, struct exo_tails_how *how, uint32_t map,
    uint32_t slot, const struct exo_insn *insns, uint32_t n,
    struct exo_report *report)
{
	struct world_tail *t;
	int err = exo_world_make(w, how, map, slot, insns, n, &t, report);

	if (err == 0)
		exo_world_set(w, map, slot, t);
	return err;
}

void exo_world_tails(
    const struct exo_world *w, uint32_t grain, struct exo_tails_facts *out)
{
	const struct world_tail *t;
	uint64_t most = 0;

	*out = (struct exo_tails_facts){ .n = 0 };
	for (t = w->tails; t != NULL; t = t->next) {
		const struct vf_facts *f = vf_prog_facts(t->prog);
		uint32_t size = 0;

		if (t->code.code != NULL)
			(void)jit_bytes(t->code.code, &size);
		out->n++;
		out->code += size;
		out->grains += ((uint64_t)size + grain - 1) / grain * grain;
		most = f->max_steps > most ? f->max_steps : most;
		out->stack = f->stack > out->stack ? f->stack : out->stack;
		out->reads_pkt |= f->reads_pkt;
		out->writes_pkt |= f->writes_pkt;
		out->helpers |= f->helpers;
	}
	out->steps = exo_tails_steps(most);
}

void exo_world_mirror(const struct exo_world *w, struct exo_world *other,
    uint32_t map, uint32_t slot)
{
	(void)map_slot_set(
	    other->maps[map], slot, map_slot(w->maps[map], slot));
}

void world_tails_free(struct exo_world *w)
{
	while (w->tails != NULL) {
		struct world_tail *t = w->tails;

		w->tails = t->next;
		exo_tail_free(t);
	}
}
