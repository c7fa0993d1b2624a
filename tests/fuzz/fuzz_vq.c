/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: a virtqueue whose device is the bytes (tests/support/vq_hostile.h).
 */
#include "tests/support/vq_hostile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)vqh_run(data, size);
	return 0;
}
