/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: any bytes as a program and its packet, in the interpreter.
 *
 * Byte 0: program type and whether a helper table is there; bytes 1 and 2:
 * instructions (16 bits, little-endian), the rest is the packet or memory.
 * Runs the program without the structure check, twice, and both runs must end
 * alike; where the check takes it, a run may not end by what it refuses.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exo/isa/interp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUEL 20000u

static struct isa_vm vm;

static int helper(struct isa_vm *v, uint32_t nr, uint64_t regs[16])
{
	(void)v;
	regs[0] = regs[1] ^ regs[2] ^ nr;
	return nr % 8 == 7 ? -1 : 0;
}

static uint64_t map(struct isa_vm *v, uint32_t src, uint64_t imm)
{
	(void)v;
	return src == EXO_LDDW_FUNC ? imm | 1 : imm & 0xf00000fffu;
}

static const struct isa_ops ops = { .helper = helper, .map = map };

static void *copy(const void *from, size_t n)
{
	void *to = malloc(n == 0 ? 1 : n);

	if (to == NULL)
		abort();
	if (n != 0)
		memcpy(to, from, n);
	return to;
}

/* One run on fresh memory; what the program wrote is summed into *sum. */
static enum isa_end run(
    const uint8_t *bytes, uint32_t n, uint64_t *r0, uint64_t *sum)
{
	uint8_t *pkt = copy(bytes, n), *mem = copy(bytes, n);
	struct isa_pkt p = { pkt, n, n + 7, 3, 0x0800 };
	enum isa_end end;
	uint32_t i;

	isa_set_pkt(&vm, &p);
	isa_set_mem(&vm, mem, n);
	vm.fuel = FUEL;
	end = isa_run(&vm, r0);
	if (memcmp(pkt, bytes, n) != 0)
		abort(); /* the packet is read-only */
	if (end != ISA_END_EXIT && *r0 != 0)
		abort();
	*sum = vm.fuel + vm.end_pc;
	for (i = 0; i < n; i++)
		*sum = *sum * 31 + mem[i];
	free(pkt);
	free(mem);
	return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exo_insn *insns;
	uint32_t n, bad, type, rest;
	uint64_t r0, r0_again, sum, sum_again;
	enum isa_end end;

	if (size < 3)
		return 0;
	n = (uint32_t)data[1] | (uint32_t)data[2] << 8;
	if (n > (size - 3) / sizeof(*insns))
		n = (uint32_t)((size - 3) / sizeof(*insns));
	rest = (uint32_t)(size - 3 - n * sizeof(*insns));
	type = data[0] % 8; /* types that are none as well */
	insns = copy(data + 3, n * sizeof(*insns));
	memset(&vm, 0, sizeof(vm));
	vm.ops = (data[0] & 0x80) != 0 ? &ops : NULL;
	isa_point(&vm, type, insns, n);
	end = run(data + size - rest, rest, &r0, &sum);
	if (run(data + size - rest, rest, &r0_again, &sum_again) != end ||
	    r0 != r0_again || sum != sum_again)
		abort(); /* a run left something behind */
	if (isa_load(&vm, type, insns, n, &bad) == 0) {
		if (end == ISA_END_OPCODE ||
		    (end == ISA_END_PC && vm.end_pc != n))
			abort();
	} else if (bad > n) {
		abort();
	}
	free(insns);
	return 0;
}
