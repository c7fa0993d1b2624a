/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzer: archives of any bytes. Files lie in them, in order, and end. */
#include <stdlib.h>

#include "exo/bare/cpio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t at = 0, before = 0;
	struct cpio_file f, g;

	while (cpio_next(data, size, &at, &f)) {
		const uint8_t *name = (const uint8_t *)f.name;

		if (at < before + 110 || name < data + before ||
		    f.data < name + f.name_len ||
		    f.data + f.size > data + size || name[f.name_len] != '\0')
			abort();
		if (!cpio_find(data, size, f.name, f.name_len, &g))
			abort();
		before = at;
	}
	return 0;
}
