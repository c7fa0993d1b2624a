/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `exopf doctor` says of compiled code: whether the system gives memory
 * for it, what the processor has, and whether a filter does what it should.
 */
#include "exo/hosted/doctor.h"

#include "exo/core/code.h"
#include "exo/core/world.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/code_mem.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/heap.h"
#include "filters/filters.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define RET 0xc3

static void look_at_memory(struct findings *all)
{
	static const uint8_t code[] = { RET };
	const void *at = code_mem_install(code, sizeof(code));
	int err = errno;
	struct finding *f =
	    doctor_add(all, "tool", "executable memory", at != NULL);

	if (at == NULL)
		snprintf(f->value, sizeof(f->value),
		    "none: %s; filters cannot be bound", strerror(err));
	else
		snprintf(f->value, sizeof(f->value), "%s",
		    code_mem_is_shared(at)
		        ? "memfd: written through a descriptor, never mapped "
		          "writable"
		        : "pages written first, then made executable; memfd "
		          "is refused");
	code_mem_remove(at, sizeof(code));
}

static void look_at_processor(struct findings *all)
{
	uint32_t cpu = exo_cpu_has();
	struct finding *f =
	    doctor_add(all, "machine", "instruction sets", true);

	snprintf(f->value, sizeof(f->value), "MOVBE %s, BMI2 %s",
	    (cpu & EXO_CPU_MOVBE) != 0 ? "yes" : "no",
	    (cpu & EXO_CPU_BMI2) != 0 ? "yes" : "no");
}

/* An ARP request: what "arp" takes, and its first bytes are what it does not. */
static const uint8_t arp[22] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0,
	0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };

/* Run a verified filter on both engines. Returns what is wrong, or NULL. */
static const char *try_both(
    struct exo_mem *mem, const struct vf_prog *prog, uint32_t caplen)
{
	const struct exo_world_config cfg = { .mem = mem };
	const struct isa_pkt pkt = {
		.data = arp, .caplen = caplen, .wirelen = caplen
	};
	struct exo_world_code *code = NULL;
	struct exo_world *w;
	const char *wrong = NULL;
	uint32_t n;
	const struct exo_insn *insns = vf_prog_insns(prog, &n);
	uint64_t jit, interp;

	if (exo_world_new(&cfg, &w) != 0)
		return "out of memory";
	if (exo_world_pkt(w, &pkt) != 0 ||
	    exo_world_compile(w, prog, 0, &code) != 0) {
		wrong = "it does not compile: no memory for its code";
	} else {
		isa_point(exo_world_vm(w), vf_prog_type(prog), insns, n);
		(void)exo_world_run(w, 1000, &interp);
		jit = exo_world_exec(w, code);
		if (jit != interp || (jit != 0) != (caplen == sizeof(arp)))
			wrong = "the compiled filter answers wrongly";
	}
	exo_world_code_free(w, code);
	exo_world_free(w);
	return wrong;
}

static const char *try_filter(const struct flt_cbpf *cbpf, uint32_t n)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	struct exo_mem mem = cmd_heap();
	struct flt_code code = { .n = 0 };
	struct vf_input in = { .type = EXO_PROG_SOCKET, .refuse_leaks = true };
	struct vf_prog *prog = NULL;
	struct exo_report report;
	struct flt_error err;
	const char *wrong = "it is not translated";

	if (flt_cbpf_convert(cbpf, n, &code, &err) == 0) {
		in.insns = code.insns;
		in.ninsns = code.n;
		wrong = "the verifier refuses it";
		if (vf_verify(&in, &limits, &mem, &prog, &report) == 0)
			wrong = try_both(&mem, prog, sizeof(arp));
		if (wrong == NULL)
			wrong = try_both(&mem, prog, 12);
	}
	vf_prog_free(prog, &mem);
	flt_code_free(&code);
	return wrong;
}

/* ldh [12]; jeq #0x806, 0, 1; ret #65535; ret #0: whatever libpcap does. */
static void look_at_compiler(struct findings *all)
{
	static const struct flt_cbpf is_arp[] = { { 0x28, 0, 0, 12 },
		{ 0x15, 0, 1, 0x806 }, { 0x06, 0, 0, 65535 },
		{ 0x06, 0, 0, 0 } };
	const char *wrong =
	    try_filter(is_arp, sizeof(is_arp) / sizeof(is_arp[0]));
	struct finding *f = doctor_add(all, "tool", "compiler", wrong == NULL);

	snprintf(f->value, sizeof(f->value), "%s",
	    wrong != NULL ? wrong
	                  : "a filter runs as machine code, as it does in the "
	                    "interpreter");
}

void doctor_code(struct findings *all)
{
	look_at_processor(all);
	look_at_memory(all);
	look_at_compiler(all);
}
