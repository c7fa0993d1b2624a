/* SPDX-License-Identifier: BSD-2-Clause */
/* Delivery records on the machine: see records.h. */
#include "exo/bare/records.h"

#include "exo/bare/paging.h"
#include "exo/bare/panic.h"
#include "exo/bare/serial.h"
#include "exo/bare/test.h"

static void show(void *arg, const char *text, uint32_t n)
{
	(void)arg;
	serial_write(text, n);
}

_Noreturn void records_boot(const struct machine *m)
{
	const char *value;
	const struct records_args a = {
		.files = paging_direct(m->initrd.from),
		.size = m->initrd.size,
		.judge = machine_option(m, "judge", &value) >= 0,
		.line = show,
	};
	bool good;

	serial_str("records begin\n");
	good = records_run(&a);
	serial_str("records end\n");
	panic_exit(good ? 0 : 1);
}
