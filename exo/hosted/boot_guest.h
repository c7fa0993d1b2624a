/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU as a process of ours, and what its end means.
 *
 * It has no terminal: its input is empty, and its console a pipe. It is in a process
 * group of its own, and does not outlive us.
 */
#ifndef EXO_HOSTED_BOOT_GUEST_H
#define EXO_HOSTED_BOOT_GUEST_H

#include <sys/types.h>

struct boot_guest {
	pid_t pid;
	int console; /* to be read; at its end QEMU has ended */
};

/** Start argv, with two descriptors as BOOT_FD_ARCHIVE and BOOT_FD_WIRE (-1:
 * without). Returns 0, or CMD_FAULT after saying why. */
int boot_guest_start(
    struct boot_guest *g, char *const *argv, int archive, int wire);

/** Kill it, if it has not ended. */
void boot_guest_kill(const struct boot_guest *g);

/** Wait for its end. Returns the status of waitpid(2). */
int boot_guest_wait(struct boot_guest *g);

/** CMD_YES where it means that the kernel was content; else CMD_NO after saying
 * what it means. */
int boot_guest_verdict(int status);

#endif
