/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that run on the machine, by "test" on the command line.
 */
#ifndef EXO_BARE_TEST_H
#define EXO_BARE_TEST_H

#include "exo/bare/machine.h"

/** Of memory, rights, code and time; with "clock_hz=N" on the command line a second has
 * so many ticks. */
void test_machine(const struct machine *m);

/** Of calls that wait. */
void test_fiber(void);

/** Touch an address, for tests that this cannot be done. */
void test_write(uint64_t at);
void test_read(uint64_t at);
void test_jump(uint64_t at);

/** Bytes that follow from a number; who is on the other side makes the same. */
void test_fill(uint8_t *to, uint32_t n, uint32_t x);

/** Do what the kernel must not survive, by "die=NAME" on the command line: a name of n
 * characters. */
_Noreturn void test_die(const struct machine *m, const char *name, int n);

/** Of the core: keys, bindings, packets, both engines. */
void test_core(void);

/** Of the first network device, if there is one; with "net_frames=N" on the command
 * line, against the peer of tests/bare/peer.py. */
void test_net(const struct machine *m);

/** Of the first disk, if there is one; with "disk_blocks=N" on the command line, as
 * tests/bare/disk.sh has it. */
void test_disk(const struct machine *m);

/** Instructions that a packet's way to a ring takes, by "count" on the command line:
 * tests/bare/count.sh. */
_Noreturn void test_count(void);

/** Delivery records of the modules (records.h), by "records" on the command line;
 * "judge" lets the core interpret, too. */
_Noreturn void records_boot(const struct machine *m);

#endif
