/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Error numbers: functions return 0 or a negative EXO_E* value.
 *
 * The rows are in err.inc; numbers are never reused.
 */
#ifndef EXO_ABI_ERR_H
#define EXO_ABI_ERR_H

enum exo_err {
	EXO_OK = 0,
#define EXO_ERR(name, number, meaning) EXO_##name = (number),
#include "exo/abi/err.inc"
#undef EXO_ERR
};

#endif
