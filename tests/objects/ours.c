/* SPDX-License-Identifier: BSD-2-Clause */
/* Our side: verified as `exopf verify` does, run by both engines in worlds. */
#include "tests/objects/objects.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/heap.h"
#include "exo/isa/text.h"
#include "exo/lib/bytes.h"

#define LOOPBACK     1u    /* as Linux's test runs have it */
#define TYPE_MIN     1536u /* below, the two bytes are a length */
#define TYPE_802_2   4u
#define VERIFY_TRIES 3
#define FUEL_TAILS   (UINT64_C(1) << 32)

static void say_refused(struct ob_ours *o, const struct exo_report *r)
{
	const struct cmd_diag *d = cmd_diag_find(r->code);
	char text[80] = "";
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	if (r->insn < o->img.ninsns)
		(void)isa_disasm(&f, o->img.insns, o->img.ninsns, r->insn);
	snprintf(o->why, OB_WHY, "VF%u at %d (%s): %s", r->code, (int)r->insn,
	    text, d == NULL ? "?" : d->title);
}

static int verify(struct ob_ours *o, struct exo_report *report)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	struct vf_const consts[EXO_MAPS_MAX];
	const struct vf_input in = {
		.insns = o->img.insns,
		.ninsns = o->img.ninsns,
		.type = o->img.type,
		.maps = o->img.maps,
		.nmaps = o->img.nmaps,
		.consts = consts,
		.nconsts = exo_image_consts(&o->img, consts),
	};
	int err = 0;

	/* the best of a few: the machine is not ours alone */
	for (int i = 0; i < VERIFY_TRIES && err == 0; i++) {
		double t = ob_now();

		vf_prog_free(o->prog, &o->heap);
		o->prog = NULL;
		err = vf_verify(&in, &limits, &o->heap, &o->prog, report);
		t = ob_now() - t;
		o->ns = i == 0 || t < o->ns ? t : o->ns;
	}
	return err;
}

void ob_ours_judge(struct ob_ours *o, const struct flt_elf *e, uint32_t prog)
{
	struct exo_report report;
	struct flt_error why;
	uint32_t bad;
	int err;

	memset(o, 0, sizeof(*o));
	o->heap = cmd_heap();
	o->verdict = OB_UNREAD;
	if (flt_elf_image(e, prog, &o->image, &why) != 0) {
		snprintf(o->why, OB_WHY, "no image: %s", why.text);
		return;
	}
	if (exo_image_parse(o->image.bytes, o->image.size, &o->img, &bad) !=
	    0) {
		snprintf(o->why, OB_WHY, "the image is malformed");
		return;
	}
	for (uint32_t i = 0; i < o->img.nmaps; i++) {
		err = exo_world_map(&o->img.maps[i]);
		if (err == 0)
			continue;
		o->verdict = OB_REFUSED;
		snprintf(o->why, OB_WHY, "its map %u cannot be: %s", i,
		    cmd_diag_error(err));
		return;
	}
	err = verify(o, &report);
	o->verdict = err == 0 ? OB_ACCEPTED : OB_REFUSED;
	if (err == -EXO_EREFUSED || err == -EXO_EBUDGET)
		say_refused(o, &report);
	else if (err != 0)
		ob_die("the verifier gave no verdict: %s", cmd_diag_error(err));
}

/* --- worlds ---------------------------------------------------------------------- */

/* Flags of Linux's that say nothing of what a map does: filters/elf.c. */
#define OF_NO_MEANING (BPF_F_MMAPABLE | BPF_F_NUMA_NODE | BPF_F_NO_COMMON_LRU)

static void all_maps(struct ob_ours *o, const struct flt_elf *e)
{
	static const struct exo_map_def small = { EXO_MAP_ARRAY, 4, 4, 1, 0 };

	o->nmaps = e->nmaps;
	for (uint32_t i = 0; i < e->nmaps; i++) {
		o->maps[i] = e->maps[i].def;
		o->maps[i].flags &= ~(uint32_t)OF_NO_MEANING;
		o->usable[i] = exo_world_map(&o->maps[i]) == 0;
		if (!o->usable[i])
			o->maps[i] = small;
	}
}

static bool has_tail_calls(const struct ob_ours *o)
{
	return vf_prog_facts(o->prog)->tail_calls;
}

static bool depends_on_chance(const struct flt_elf_prog *p)
{
	const struct ob_code code = { .insns = p->insns, .n = p->n };

	return ob_varies(&code);
}

/* Global data that nobody writes: fill.c has them as the object does. */
static uint32_t consts_of(const struct flt_elf *e, struct vf_const *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->nmaps && n < EXO_MAPS_MAX; i++)
		if (e->maps[i].init != NULL &&
		    (e->maps[i].def.flags & EXO_MAP_RDONLY_PROG) != 0)
			out[n++] = (struct vf_const){ i, e->maps[i].ninit,
				e->maps[i].init };
	return n;
}

/* Verify and compile a program for the worlds. Returns 0 or negative. */
static int part(
    struct ob_ours *o, const struct flt_elf *e, const struct flt_elf_prog *p)
{
	struct vf_const consts[EXO_MAPS_MAX];
	const struct vf_input in = {
		.consts = consts,
		.nconsts = consts_of(e, consts),
		.insns = p->insns,
		.ninsns = p->n,
		.type = p->type,
		.maps = o->maps,
		.nmaps = o->nmaps,
	};
	const struct vf_limits limits = VF_LIMITS_TOOL;
	struct ob_part *t = &o->parts[o->nparts];
	struct exo_report report;
	int err = vf_verify(&in, &limits, &o->heap, &t->prog, &report);

	if (err == 0)
		err = exo_world_compile(
		    o->world[OB_COMPILED], t->prog, 0, &t->code);
	if (err != 0) {
		vf_prog_free(t->prog, &o->heap);
		t->prog = NULL;
		return err;
	}
	t->p = p;
	t->in[0] = (struct exo_world_prog){ p->insns, p->n, p->type, NULL };
	t->in[1] = (struct exo_world_prog){ p->insns, p->n, p->type, t->code };
	o->nparts++;
	return 0;
}

/* The program, and those of its type that tail calls may lead to, in the order
 * of the object. */
static int parts(struct ob_ours *o, const struct flt_elf *e, uint32_t prog)
{
	int err;

	for (uint32_t i = 0; i < e->nprogs && o->nparts < OB_PARTS; i++) {
		const struct flt_elf_prog *p = &e->progs[i];

		if (i != prog &&
		    (!has_tail_calls(o) || p->type != e->progs[prog].type ||
		        depends_on_chance(p)))
			continue;
		if (i == prog)
			o->self = o->nparts;
		err = part(o, e, p);
		if (err != 0 && i == prog)
			return err;
	}
	return 0;
}

bool ob_ours_ready(struct ob_ours *o, const struct flt_elf *e, uint32_t prog)
{
	const struct flt_elf_prog *p = &e->progs[prog];
	struct exo_world_config cfg = { .mem = &o->heap, .maps = o->maps };
	int err = e->nmaps > EXO_MAPS_MAX ? -EXO_E2BIG : 0;
	uint32_t bad;

	if (err == 0)
		all_maps(o, e);
	cfg.nmaps = o->nmaps;
	for (unsigned i = 0; i < OB_WORLDS && err == 0; i++) {
		err = exo_world_new(&cfg, &o->world[i]);
		if (err == 0)
			err = isa_load(exo_world_vm(o->world[i]), p->type,
			    p->insns, p->n, &bad);
	}
	if (err == 0)
		err = parts(o, e, prog);
	if (err != 0)
		snprintf(
		    o->why, OB_WHY, "no world for it: %s", cmd_diag_error(err));
	return err == 0;
}

void ob_ours_run(struct ob_ours *o, enum ob_world in,
    const struct ob_frame *frame, struct ob_result *out)
{
	uint16_t type = exo_be16(frame->data + 12);
	const struct isa_pkt pkt = {
		.data = frame->data,
		.caplen = frame->n,
		.wirelen = frame->n,
		.ifindex = LOOPBACK,
		.protocol = type < TYPE_MIN ? TYPE_802_2 : type,
	};
	struct exo_world *w = o->world[in];
	const struct isa_vm *vm = exo_world_vm(w);
	/* what others take after tail calls is not in what is proven of it */
	uint64_t fuel =
	    has_tail_calls(o) ? FUEL_TAILS : vf_prog_facts(o->prog)->max_steps;
	enum isa_end end = ISA_END_EXIT;
	uint64_t r0;

	if (exo_world_pkt(w, &pkt) != 0)
		ob_die("out of memory");
	if (in != OB_COMPILED)
		end = exo_world_run(w, fuel, &r0);
	else
		r0 = exo_world_exec(w, o->parts[o->self].code);
	out->ret = (uint32_t)r0;
	out->data = vm->pkt.data - vm->room.meta;
	out->n = vm->pkt.caplen + vm->room.meta;
	out->trapped = end != ISA_END_EXIT && end != ISA_END_REJECT;
}

void ob_ours_free(struct ob_ours *o)
{
	for (uint32_t i = 0; i < o->nparts; i++) {
		exo_world_code_free(o->world[OB_COMPILED], o->parts[i].code);
		vf_prog_free(o->parts[i].prog, &o->heap);
	}
	for (unsigned i = 0; i < OB_WORLDS; i++)
		exo_world_free(o->world[i]);
	vf_prog_free(o->prog, &o->heap);
	flt_image_free(&o->image);
	memset(o, 0, sizeof(*o));
}
