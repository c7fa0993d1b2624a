/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of the library's programs: see include/exopf/exopf.h. */
#include "exo/hosted/lib.h"

#include <string.h>

static int run(struct exopf_program *p, uint64_t *r0)
{
	enum isa_end end = ISA_END_EXIT;

	p->runs = true;
	if (p->engine == EXOPF_ENGINE_JIT)
		*r0 = exo_world_exec(p->world, p->code);
	else
		end = exo_world_run(p->world, lib_max_steps(p), r0);
	p->runs = false;
	if (end == ISA_END_EXIT || end == ISA_END_REJECT)
		return 0;
	return EXOPF_ETRAP;
}

/* The packet as the core knows it. Returns 0 or EXOPF_EINVAL. */
static int packet_of(struct exopf_program *p, const struct exopf_packet *from,
    struct isa_pkt *to)
{
	*to = (struct isa_pkt){
		.data = from->caplen != 0 ? from->data : &p->nothing,
		.caplen = from->caplen,
		.wirelen = from->wirelen != 0 ? from->wirelen : from->caplen,
		.ifindex = from->ifindex,
		.protocol = from->protocol,
	};
	if (vf_prog_type(p->prog) == EXO_PROG_MEM || to->wirelen < to->caplen ||
	    to->caplen > INT32_MAX - 2 * EXO_WORLD_ROOM || to->data == NULL)
		return EXOPF_EINVAL;
	return 0;
}

PUBLIC int exopf_run_packet(
    exopf_program *program, const struct exopf_packet *packet, uint64_t *r0)
{
	struct isa_pkt pkt;
	int ret = packet_of(program, packet, &pkt);

	*r0 = 0;
	if (ret != 0)
		return ret;
	if (!vf_prog_facts(program->prog)->writes_pkt &&
	    !program->tails.writes_pkt)
		isa_set_pkt(exo_world_vm(program->world), &pkt);
	else if (exo_world_pkt(program->world, &pkt) != 0)
		return EXOPF_ENOMEM;
	return run(program, r0);
}

PUBLIC int exopf_run_packet_result(exopf_program *program,
    const struct exopf_packet *packet, struct exopf_result *result)
{
	const struct isa_vm *vm = exo_world_vm(program->world);
	uint64_t r0;
	int ret;

	memset(result, 0, sizeof(*result));
	ret = exopf_run_packet(program, packet, &r0);
	if (ret != 0)
		return ret;
	*result = (struct exopf_result){
		.r0 = r0,
		.data = vm->pkt.data,
		.caplen = vm->pkt.caplen,
		.wirelen = vm->pkt.wirelen,
		.meta = vm->room.meta,
		.protocol = vm->pkt.protocol,
	};
	if (vf_prog_type(program->prog) != EXO_PROG_TC)
		return 0;
	result->mark = vm->own.mark;
	result->priority = vm->own.priority;
	result->tc_classid = vm->own.tc_classid;
	result->tc_index = vm->own.tc_index;
	result->queue_mapping = vm->own.queue_mapping;
	result->tstamp = vm->own.tstamp;
	return 0;
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
