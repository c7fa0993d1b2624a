/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of a machine's wire: the frames of a trace go in, and what comes out is
 * kept.
 *
 * The wire is a pair of sockets; QEMU's "stream" has 4 bytes with the length, the highest
 * first, before each frame. Nothing here waits but for the trace.
 */
#ifndef EXO_HOSTED_BOOT_WIRE_H
#define EXO_HOSTED_BOOT_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct boot_wire;

/** Frames come from the trace; they and what comes back go to a capture (NULL:
 * to none). Returns NULL after saying why. */
struct boot_wire *boot_wire_open(const char *replay, const char *capture);

/** Our end, or -1 when the other is gone; the machine's, the caller's to
 * close() once it was handed over. */
int boot_wire_fd(const struct boot_wire *w);
int boot_wire_take_peer(struct boot_wire *w);

/** Send as much as the wire takes; receive what is there. */
void boot_wire_send(struct boot_wire *w);
void boot_wire_receive(struct boot_wire *w);

/** True when all of the trace was sent, or the rest of it cannot be. */
bool boot_wire_over(const struct boot_wire *w);

/** How many frames went and came. */
uint64_t boot_wire_frames(const struct boot_wire *w);

/** How often it said that something failed. */
unsigned boot_wire_faults(const struct boot_wire *w);

/** Write the capture to its end, say how many there were to f, free. Returns 0; CMD_NO
 * where the machine took less than all; CMD_FAULT. It says why. */
int boot_wire_close(struct boot_wire *w, FILE *f);

#endif
