/* SPDX-License-Identifier: BSD-2-Clause */
/* Our side: verified as `exopf verify` does, run by both engines in worlds. */
#include "tests/objects/objects.h"

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

/* The maps of the image are those of the object in the order of their use. */
static void find_maps(struct ob_ours *o, const struct flt_elf_prog *p)
{
	uint32_t n = 0, k;

	for (uint32_t i = 0; i < p->n && n < EXO_MAPS_MAX; i++) {
		const struct exo_insn *in = &p->insns[i];

		if (in->code != (EXO_LD | EXO_IMM | EXO_DW) ||
		    (exo_src(in) != EXO_LDDW_MAP_IDX &&
		        exo_src(in) != EXO_LDDW_MAP_IDX_VALUE))
			continue;
		for (k = 0; k < n && o->map_of[k] != (uint32_t)in->imm; k++)
			;
		if (k == n)
			o->map_of[n++] = (uint32_t)in->imm;
	}
}

static int verify(struct ob_ours *o, struct exo_report *report)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	const struct vf_input in = {
		.insns = o->img.insns,
		.ninsns = o->img.ninsns,
		.type = o->img.type,
		.maps = o->img.maps,
		.nmaps = o->img.nmaps,
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
	find_maps(o, &e->progs[prog]);
	for (uint32_t i = 0; i < o->img.nmaps; i++) {
		err = exo_world_map(&o->img.maps[i]);
		if (err == 0)
			continue;
		o->verdict = OB_REFUSED;
		snprintf(o->why, OB_WHY, "map %s cannot be: %s",
		    e->maps[o->map_of[i]].name, cmd_diag_error(err));
		return;
	}
	err = verify(o, &report);
	o->verdict = err == 0 ? OB_ACCEPTED : OB_REFUSED;
	if (err == -EXO_EREFUSED || err == -EXO_EBUDGET)
		say_refused(o, &report);
	else if (err != 0)
		ob_die("the verifier gave no verdict: %s", cmd_diag_error(err));
}

bool ob_ours_ready(struct ob_ours *o)
{
	const struct exo_world_config cfg = {
		.mem = &o->heap, .maps = o->img.maps, .nmaps = o->img.nmaps
	};
	uint32_t bad;
	int err = 0;

	for (unsigned i = 0; i < OB_WORLDS && err == 0; i++) {
		err = exo_world_new(&cfg, &o->world[i]);
		if (err == 0)
			err = isa_load(exo_world_vm(o->world[i]), o->img.type,
			    o->img.insns, o->img.ninsns, &bad);
	}
	if (err == 0)
		err = exo_world_compile(
		    o->world[OB_COMPILED], o->prog, 0, &o->code);
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
	enum isa_end end = ISA_END_EXIT;
	uint64_t r0;

	if (exo_world_pkt(w, &pkt) != 0)
		ob_die("out of memory");
	if (in != OB_COMPILED)
		end = exo_world_run(w, vf_prog_facts(o->prog)->max_steps, &r0);
	else
		r0 = exo_world_exec(w, o->code);
	out->ret = (uint32_t)r0;
	out->data = vm->pkt.data - vm->room.meta;
	out->n = vm->pkt.caplen + vm->room.meta;
	out->trapped = end != ISA_END_EXIT && end != ISA_END_REJECT;
}

void ob_ours_free(struct ob_ours *o)
{
	if (o->code != NULL)
		exo_world_code_free(o->world[OB_COMPILED], o->code);
	for (unsigned i = 0; i < OB_WORLDS; i++)
		exo_world_free(o->world[i]);
	vf_prog_free(o->prog, &o->heap);
	flt_image_free(&o->image);
	memset(o, 0, sizeof(*o));
}
