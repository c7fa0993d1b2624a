/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of classic instructions.
 */
#include <stddef.h>

#include "filters/cbpf_int.h"

static const struct flt_op ops[256] = {
#define FLT_CBPF(code, kind, mnemonic, operand) \
	[(code)] = { FLT_##kind, (mnemonic), (operand) },
#include "filters/cbpf.inc"
#undef FLT_CBPF
};

const struct flt_op *flt_cbpf_op(uint16_t code)
{
	if (code >= sizeof(ops) / sizeof(ops[0]))
		return NULL;
	return ops[code].kind != FLT_NONE ? &ops[code] : NULL;
}
