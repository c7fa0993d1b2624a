/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One program, once, on the interpreter or as compiled code.
 */
#include "exo/hosted/run.h"

#include "exo/hosted/cmd.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/heap.h"
#include "exo/hosted/human.h"
#include "exo/hosted/perf_map.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(void)
{
	cmd_say("out of memory");
	return CMD_FAULT;
}

/* Ethernet type of an Ethernet packet, as a kernel would state it. */
static uint16_t protocol_of(const uint8_t *data, size_t n)
{
	return n < 14 ? 0 : (uint16_t)((unsigned)data[12] << 8 | data[13]);
}

/* Give the world a copy of the memory or packet. Returns 0 or CMD_FAULT. */
static int supply(const struct run_job *job, struct run_result *r)
{
	const struct isa_pkt pkt = {
		.data = job->bytes,
		.caplen = (uint32_t)job->nbytes,
		.wirelen = job->wirelen != 0 ? (uint32_t)job->wirelen
		                             : (uint32_t)job->nbytes,
		.ifindex = 0,
		.protocol = protocol_of(job->bytes, job->nbytes),
	};

	if (job->program.type != EXO_PROG_MEM)
		return exo_world_pkt(r->world, &pkt) == 0 ? 0 : no_memory();
	r->mem = malloc(job->nbytes + 1);
	if (r->mem == NULL)
		return no_memory();
	memcpy(r->mem, job->bytes, job->nbytes);
	isa_set_mem(exo_world_vm(r->world), r->mem, (uint32_t)job->nbytes);
	return 0;
}

int run_interp(const struct run_job *job, struct run_result *r)
{
	const struct flt_code *code = &job->program.code;
	const struct exo_world_config cfg = {
		.mem = &r->heap, .maps = job->maps, .nmaps = job->nmaps
	};
	struct isa_vm *vm;
	int err;

	r->heap = cmd_heap();
	err = exo_world_new(&cfg, &r->world);
	if (err != 0) {
		cmd_say("no world for the program, by its maps: %s",
		    cmd_diag_error(err));
		return CMD_FAULT;
	}
	vm = exo_world_vm(r->world);
	/* what no interpreter may run counts as a trap */
	r->end = ISA_END_OPCODE;
	if (isa_load(vm, job->program.type, code->insns, code->n, &r->pc) != 0)
		return 0;
	if (supply(job, r) != 0)
		return CMD_FAULT;
	r->end = exo_world_run(r->world, job->fuel, &r->r0);
	r->steps = job->fuel - vm->fuel;
	r->pc = vm->end_pc;
	return 0;
}

/* Compiled code counts no steps: what is proven has to be little enough. */
static int check_fuel(const struct run_job *job, const struct run_result *r)
{
	uint64_t most = vf_prog_facts(r->compiled.prog)->max_steps;
	char a[CMD_HUMAN], b[CMD_HUMAN];

	if (most <= job->fuel)
		return 0;
	cmd_say("a run may take %s steps, and compiled code counts none: "
	        "--fuel allows %s",
	    cmd_human_u64(most, a), cmd_human_u64(job->fuel, b));
	return CMD_NO;
}

/* Name the code for perf. The file is complete once it is closed. */
static int name_code(const uint8_t *code, uint32_t size)
{
	struct cmd_perf_map map = { .open = false };
	int err = cmd_perf_map_open(&map);

	if (err == 0)
		err = cmd_perf_map_add(&map, code, size, "program");
	cmd_perf_map_close(&map);
	if (err == 0)
		return 0;
	cmd_say("--perf-map: cannot make %s: %s", map.path, strerror(err));
	return CMD_FAULT;
}

int run_jit(const struct run_job *job, struct run_result *r)
{
	const struct vf_input in = {
		.insns = job->program.code.insns,
		.ninsns = job->program.code.n,
		.type = job->program.type,
		/* addresses are others in the interpreter */
		.refuse_leaks = job->engine == RUN_BOTH,
		.maps = job->maps,
		.nmaps = job->nmaps,
	};
	const uint8_t *code;
	int ret = cmd_compile_prog(
	    &r->compiled, &in, &job->jit, &job->program.source);

	if (ret == 0)
		ret = check_fuel(job, r);
	if (ret != 0)
		return ret;
	r->world = r->compiled.world;
	code = exo_world_code_bytes(r->compiled.code, &r->code);
	if (job->perf_map && name_code(code, r->code) != 0)
		return CMD_FAULT;
	if (supply(job, r) != 0)
		return CMD_FAULT;
	r->r0 = exo_world_exec(r->world, r->compiled.code);
	r->end = ISA_END_EXIT;
	return 0;
}

void run_result_free(struct run_result *r)
{
	if (r->world != r->compiled.world)
		exo_world_free(r->world);
	cmd_compile_free(&r->compiled);
	free(r->mem);
}

const uint8_t *run_after(
    const struct run_job *job, const struct run_result *r, uint32_t *n)
{
	const struct isa_vm *vm = exo_world_vm(r->world);

	if (job->program.type == EXO_PROG_MEM) {
		*n = (uint32_t)job->nbytes;
		return r->mem;
	}
	*n = vm->pkt.caplen;
	return vm->pkt.data;
}
