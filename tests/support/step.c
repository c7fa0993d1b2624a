/* SPDX-License-Identifier: BSD-2-Clause */
/* The interpreter's source once more, under other names: see step.h. */
#include "tests/support/step.h"

static struct step_look *step_now;

#define isa_point   step_isa_point
#define isa_load    step_isa_load
#define isa_set_mem step_isa_set_mem
#define isa_run     step_isa_run

/* Where it ends like a run whose fuel is used up. */
#define ISA_STEP(vm, s, pc)                                          \
	do {                                                         \
		if (!step_now->fn(step_now->ctx, (vm), (s), (pc))) { \
			step_now->stopped = true;                    \
			STOP(ISA_END_FUEL);                          \
		}                                                    \
	} while (0)

void step_isa_point(struct isa_vm *vm, uint32_t type,
    const struct exo_insn *insns, uint32_t ninsns);
int step_isa_load(struct isa_vm *vm, uint32_t type,
    const struct exo_insn *insns, uint32_t ninsns, uint32_t *bad);
void step_isa_set_mem(struct isa_vm *vm, uint8_t *mem, uint32_t size);
enum isa_end step_isa_run(struct isa_vm *vm, uint64_t *r0);

#include "exo/isa/interp.c"

enum isa_end step_run(struct isa_vm *vm, uint64_t *r0, struct step_look *look)
{
	step_now = look;
	look->stopped = false;
	return step_isa_run(vm, r0);
}
