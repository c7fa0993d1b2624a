/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's life: from the loader's word to its work.
 */
#include "exo/bare/clock.h"
#include "exo/bare/entropy.h"
#include "exo/bare/frames.h"
#include "exo/bare/machine.h"
#include "exo/bare/paging.h"
#include "exo/bare/panic.h"
#include "exo/bare/serial.h"
#include "exo/bare/system.h"
#include "exo/bare/tap.h"
#include "exo/bare/test.h"
#include "exo/bare/tlb.h"
#include "exo/bare/trap.h"
#include "exo/bare/x86.h"

static struct machine machine;

_Noreturn void bare_main(uint64_t said, uint32_t loader);

/* The processor keeps the kernel from what is ring 3's. */
static void enable_guards(void)
{
	uint64_t cr4 = x86_cr4();

	if (machine.smep)
		cr4 |= CR4_SMEP;
	if (machine.smap)
		cr4 |= CR4_SMAP;
	if (machine.pge)
		cr4 |= CR4_PGE;
	x86_set_cr4(cr4);
	tlb_init(&machine);
}

/* On a stack with guard pages, all of the kernel's tables in place. */
static void run(void)
{
	const char *value;
	int n;

	clock_init();
	if (!entropy_init(&machine)) {
		serial_str("exopf: no source of random numbers: give it a "
		           "processor with RDRAND (-cpu max)\n");
		panic_exit(1);
	}
	serial_str("exopf: ");
	serial_u64(frames_all() / 256);
	serial_str(" MiB of RAM, ");
	serial_u64(machine.initrd.size);
	serial_str(" bytes of modules\n");
	n = machine_option(&machine, "die", &value);
	if (n > 0)
		test_die(&machine, value, n);
	if (machine_option(&machine, "test", &value) >= 0) {
		test_machine(&machine);
		test_core();
		test_net(&machine);
		test_disk(&machine);
		tap_end();
	}
	if (machine_option(&machine, "count", &value) >= 0)
		test_count();
	if (machine_option(&machine, "records", &value) >= 0)
		records_boot(&machine);
	system_run(&machine);
}

_Noreturn void bare_main(uint64_t said, uint32_t loader)
{
	serial_init();
	if (!machine_read(&machine, said, loader)) {
		serial_str("exopf: not started by PVH or Multiboot2\n");
		panic_exit(1);
	}
	if (!machine.nx) {
		serial_str("exopf: the processor has no NX\n");
		panic_exit(1);
	}
	paging_init(&machine);
	enable_guards();
	frames_init(&machine);
	trap_init(run);
}
