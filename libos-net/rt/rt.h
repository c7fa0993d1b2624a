/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program of an environment is made of: start.S calls lnet_main(), and the
 * handlers when upcalls come.
 */
#ifndef LNET_RT_H
#define LNET_RT_H

#include "exo/abi/pe.h"
#include "libos-net/rt/sys.h"

/** The program; what it returns is its status. */
int lnet_main(struct exo_pe *pe);

/** Handlers: what they change in the frame is gone on with. Those here end the
 * program, ignore packets, yield at a slot's end, or leave it to the kernel what to take,
 * where it has none of its own. */
void lnet_on_fault(struct exo_frame *f);
void lnet_on_exception(struct exo_frame *f);
void lnet_on_packet(struct exo_frame *f);
void lnet_on_end(struct exo_frame *f);
void lnet_on_revoke(struct exo_frame *f);

/** Called when lnet_main() returned. */
_Noreturn void lnet_exit(uint64_t status);

/** Where upcalls come in: for the entry points of struct exo_pe. */
extern const uint8_t lnet_enter_fault[], lnet_enter_exception[],
    lnet_enter_packet[], lnet_enter_end[], lnet_enter_revoke[];

/** Take upcalls: a stack of this size, and the handlers, but for the slot's end and for
 * revocation: the kernel keeps the registers, until entry_end is set, and chooses, until
 * entry_revoke is. */
void lnet_upcalls(struct exo_pe *pe, void *stack, uint64_t size);

#endif
