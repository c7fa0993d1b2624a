/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The façade of the embeddable library: include/exopf/exopf.h.
 */
#include "exopf/exopf.h"

#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "exo/core/world.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/heap.h"
#include "verifier/verifier.h"

#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

_Static_assert(EXOPF_EINVAL == -EXO_EINVAL && EXOPF_ENOMEM == -EXO_ENOMEM &&
                   EXOPF_E2BIG == -EXO_E2BIG && EXOPF_EIMAGE == -EXO_EIMAGE &&
                   EXOPF_EREFUSED == -EXO_EREFUSED &&
                   EXOPF_EBUDGET == -EXO_EBUDGET,
    "the library's errors are the kernel's");
_Static_assert((int)EXOPF_TYPE_MEM == (int)EXO_PROG_MEM &&
                   (int)EXOPF_TYPE_XDP == (int)EXO_PROG_XDP &&
                   (int)EXOPF_TYPE_SOCKET == (int)EXO_PROG_SOCKET &&
                   (int)EXOPF_TYPE_TC == (int)EXO_PROG_TC,
    "the library's types are the kernel's");

struct exopf_program {
	struct vf_prog *prog;
	struct exo_mem mem; /* that all is charged to */
	struct exo_world *world;
	struct exo_world_code *code; /* NULL: there was no memory for it */
	enum exopf_engine engine;
	uint8_t nothing; /* where a packet without bytes lies */
};

static void write_report(struct exopf_report *to, const struct exo_report *from,
    const struct exo_insn *insns, uint32_t n)
{
	struct exo_fmt f;

	if (to == NULL)
		return;
	to->code = from->code;
	to->insn = from->insn;
	exo_fmt_init(&f, to->text, sizeof(to->text));
	cmd_diag_write(&f, from, insns, n);
}

static void clear_report(struct exopf_report *report, const char *text)
{
	struct exo_fmt f;

	if (report == NULL)
		return;
	memset(report, 0, sizeof(*report));
	report->insn = EXOPF_NOWHERE;
	exo_fmt_init(&f, report->text, sizeof(report->text));
	exo_fmt_str(&f, text);
}

/* Make a verified program runnable. Without machine code it is interpreted. */
static int prepare(struct exopf_program *p, uint32_t type)
{
	const struct exo_world_config cfg = { .mem = &p->mem };
	const struct exo_insn *insns;
	struct isa_vm *vm;
	uint32_t bad, n;
	int ret = exo_world_new(&cfg, &p->world);

	if (ret != 0)
		return ret;
	vm = exo_world_vm(p->world);
	insns = vf_prog_insns(p->prog, &n);
	ret = isa_load(vm, type, insns, n, &bad);
	if (ret != 0)
		return ret;
	vm->stack = vf_prog_facts(p->prog)->stack;
	(void)exo_world_compile(p->world, p->prog, 0, &p->code);
	p->engine = p->code != NULL ? EXOPF_ENGINE_JIT : EXOPF_ENGINE_INTERP;
	return 0;
}

/* Judge n instructions and make them runnable. */
static int load(const struct exo_insn *insns, uint32_t n, uint32_t type,
    struct exopf_report *report, struct exopf_program **out)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	const struct vf_input in = { /* a run here has a packet, and no more */
		.insns = insns,
		.ninsns = n,
		.type = type,
		.refuse_leaks = true,
		.no_helpers = true,
		.no_pkt_write = true
	};
	struct exopf_program *p = calloc(1, sizeof(*p));
	struct exo_report why = { .code = 0 };
	int ret;

	if (p == NULL)
		return EXOPF_ENOMEM;
	p->mem = cmd_heap();
	ret = vf_verify(&in, &limits, &p->mem, &p->prog, &why);
	if (ret == 0)
		ret = prepare(p, type);
	else if (why.code != 0)
		write_report(report, &why, insns, n);
	if (ret != 0) {
		exopf_free(p);
		return ret;
	}
	*out = p;
	return 0;
}

PUBLIC int exopf_load(const void *insns, size_t n_bytes, enum exopf_type type,
    struct exopf_report *report, exopf_program **out)
{
	struct exo_insn *copy;
	int ret;

	*out = NULL;
	clear_report(report, "");
	if ((unsigned)type < EXOPF_TYPE_MEM || (unsigned)type > EXOPF_TYPE_TC ||
	    n_bytes % sizeof(*copy) != 0)
		return EXOPF_EINVAL;
	if (n_bytes / sizeof(*copy) > EXO_INSNS_MAX)
		return EXOPF_E2BIG;
	copy = malloc(n_bytes + 1); /* the caller's may lie at any address */
	if (copy == NULL)
		return EXOPF_ENOMEM;
	if (n_bytes != 0)
		memcpy(copy, insns, n_bytes);
	ret = load(copy, (uint32_t)(n_bytes / sizeof(*copy)), (uint32_t)type,
	    report, out);
	free(copy);
	return ret;
}

PUBLIC int exopf_load_image(const void *image, size_t n_bytes,
    struct exopf_report *report, exopf_program **out)
{
	struct exo_image parsed;
	uint32_t bad = 0;
	uint8_t *copy;
	int ret;

	*out = NULL;
	clear_report(report, "");
	if (n_bytes > EXO_IMAGE_MAX)
		return EXOPF_E2BIG;
	copy = malloc(n_bytes + 1);
	if (copy == NULL)
		return EXOPF_ENOMEM;
	if (n_bytes != 0)
		memcpy(copy, image, n_bytes);
	ret = exo_image_parse(copy, (uint32_t)n_bytes, &parsed, &bad);
	if (ret == 0)
		ret =
		    load(parsed.insns, parsed.ninsns, parsed.type, report, out);
	else
		clear_report(report, "these bytes are no filter image");
	free(copy);
	return ret;
}

PUBLIC void exopf_free(exopf_program *program)
{
	if (program == NULL)
		return;
	if (program->world != NULL)
		exo_world_code_free(program->world, program->code);
	exo_world_free(program->world);
	vf_prog_free(program->prog, &program->mem);
	free(program);
}

PUBLIC int exopf_set_engine(exopf_program *program, enum exopf_engine engine)
{
	if (engine != EXOPF_ENGINE_JIT && engine != EXOPF_ENGINE_INTERP)
		return EXOPF_EINVAL;
	if (engine == EXOPF_ENGINE_JIT && program->code == NULL)
		return EXOPF_ENOMEM;
	program->engine = engine;
	return 0;
}

PUBLIC void exopf_facts(const exopf_program *program, struct exopf_facts *facts)
{
	const struct vf_facts *from = vf_prog_facts(program->prog);

	*facts = (struct exopf_facts){
		.max_steps = from->max_steps,
		.stack = from->stack,
		.reads_packet = from->reads_pkt,
		.pure = from->pure,
	};
	(void)vf_prog_insns(program->prog, &facts->insns);
	if (program->code != NULL)
		(void)exo_world_code_bytes(program->code, &facts->code_bytes);
}

static int run(struct exopf_program *p, uint64_t *r0)
{
	enum isa_end end;

	if (p->engine == EXOPF_ENGINE_JIT) {
		*r0 = exo_world_exec(p->world, p->code);
		return 0;
	}
	end = exo_world_run(p->world, vf_prog_facts(p->prog)->max_steps, r0);
	if (end == ISA_END_EXIT || end == ISA_END_REJECT)
		return 0;
	return EXOPF_ETRAP;
}

PUBLIC int exopf_run_packet(
    exopf_program *program, const struct exopf_packet *packet, uint64_t *r0)
{
	const struct isa_pkt pkt = {
		.data = packet->caplen != 0 ? packet->data : &program->nothing,
		.caplen = packet->caplen,
		.wirelen =
		    packet->wirelen != 0 ? packet->wirelen : packet->caplen,
		.ifindex = packet->ifindex,
		.protocol = packet->protocol,
	};

	*r0 = 0;
	if (vf_prog_type(program->prog) == EXO_PROG_MEM ||
	    pkt.wirelen < pkt.caplen || pkt.caplen > INT32_MAX ||
	    (pkt.data == NULL && pkt.caplen != 0))
		return EXOPF_EINVAL;
	isa_set_pkt(exo_world_vm(program->world), &pkt);
	return run(program, r0);
}

PUBLIC int exopf_run_memory(
    exopf_program *program, void *memory, size_t size, uint64_t *r0)
{
	*r0 = 0;
	if (vf_prog_type(program->prog) != EXO_PROG_MEM || size > INT32_MAX ||
	    (memory == NULL && size != 0))
		return EXOPF_EINVAL;
	isa_set_mem(exo_world_vm(program->world), memory, (uint32_t)size);
	return run(program, r0);
}

PUBLIC const char *exopf_strerror(int error)
{
	return error == 0 ? "no error" : cmd_diag_error(error);
}

PUBLIC const char *exopf_version(void)
{
	return EXOPF_VERSION;
}
