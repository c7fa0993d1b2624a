/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls from one environment to another (exo/bare/pct.h): ten words go there, and ten
 * come back; no memory is shared.
 *
 *	client					server
 *	uint64_t m[LNET_PCT_WORDS] = { 7 };	void lnet_on_call(uint64_t caller,
 *	uint64_t s = lnet_pct_find("adder");	    uint64_t m[LNET_PCT_WORDS])
 *	int64_t err = lnet_pct_call(s, m);	{
 *							m[0] += 1;
 *						}
 *						...
 *						lnet_pct_serve(pe, stack, sizeof(stack));
 *
 * A server has one caller at a time. What it has to wait for itself it waits for in the
 * time of its caller; while it does, others are told to try again (-EXO_EAGAIN).
 */
#ifndef LNET_PCT_H
#define LNET_PCT_H

#define LNET_PCT_WORDS 10

#ifndef __ASSEMBLER__
#include <stdint.h>

#include "exo/abi/pe.h"

/** Call an environment, and wait for its answer, which is in the message then. 0 or a
 * negated EXO_E*: EAGAIN, it does not accept calls now; EINVAL, it has no entry point;
 * ESTALE, there is none of this name, or it ended before it answered. */
int64_t lnet_pct_call(uint64_t name, uint64_t message[LNET_PCT_WORDS]);

/** Send it a message without waiting; what is left of the turn goes with it. 0 or a
 * negated EXO_E*, as above. */
int64_t lnet_pct_send(uint64_t name, uint64_t message[LNET_PCT_WORDS]);

/** The same, with how as rsi. */
int64_t lnet_pct(uint64_t name, uint64_t how, uint64_t message[LNET_PCT_WORDS]);

/** Handlers of a server; caller is true. What lnet_on_call() leaves in the message is the
 * answer. Those here answer what came, and ignore what is sent. */
void lnet_on_call(uint64_t caller, uint64_t message[LNET_PCT_WORDS]);
void lnet_on_send(uint64_t caller, uint64_t message[LNET_PCT_WORDS]);

/** Take calls, on a stack of this size, for ever. Upcalls come as ever, on theirs. */
_Noreturn void lnet_pct_serve(struct exo_pe *pe, void *stack, uint64_t size);

/** Where calls come in; for the entry points of struct exo_pe. */
extern const uint8_t lnet_enter_call[], lnet_enter_send[];

/** Accept calls, where they were set up. */
_Noreturn void lnet_pct_accept(void);

/** The name of an environment by its label, as the kernel shows it (a tenth of a second
 * late); 0: there is none. */
uint64_t lnet_pct_find(const char *label);
#endif

#endif
