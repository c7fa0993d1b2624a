/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests on the machine: see tap.h. */
#include "exo/bare/tap.h"

#include <stdint.h>

#include "exo/bare/panic.h"
#include "exo/bare/serial.h"

static uint32_t ran, bad;

void tap_ok(bool ok, const char *name)
{
	ran++;
	bad += ok ? 0 : 1;
	serial_str(ok ? "ok " : "not ok ");
	serial_u64(ran);
	serial_str(" - ");
	serial_str(name);
	serial_str("\n");
}

_Noreturn void tap_end(void)
{
	serial_str("1..");
	serial_u64(ran);
	serial_str("\n");
	panic_exit(bad != 0);
}
