/* SPDX-License-Identifier: BSD-2-Clause */
/* The compiler as tools know it: see code.h. */
#include "exo/core/code.h"

#include <stddef.h>

#include "exo/jit/jit.h"

_Static_assert((int)EXO_HARDEN_BLIND == (int)JIT_HARDEN_BLIND &&
                   (int)EXO_HARDEN_FENCE == (int)JIT_HARDEN_FENCE,
    "hardenings are the compiler's");
_Static_assert((int)EXO_CPU_MOVBE == (int)JIT_CPU_MOVBE &&
                   (int)EXO_CPU_BMI2 == (int)JIT_CPU_BMI2,
    "the processor's bits are the compiler's");

static const struct exo_pass passes[] = {
#define JIT_PASS(bit, name, text) { #name, (text), JIT_PASS_##name },
#include "exo/jit/passes.inc"
#undef JIT_PASS
};

const struct exo_pass *exo_pass_at(uint32_t i)
{
	return i < sizeof(passes) / sizeof(passes[0]) ? &passes[i] : NULL;
}

uint32_t exo_cpu_has(void)
{
	return jit_cpu_detect();
}
