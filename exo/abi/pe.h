/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page that the kernel and one environment share: where upcalls go, what was
 * granted at the start, and what the kernel has to say.
 *
 * Upcalls: each discontinuity is handed to the libOS. The kernel writes a struct
 * exo_frame below the top of the upcall stack, or, when that is in use already, below
 * the stack pointer, and goes on at the entry point with the frame's address in rdi
 * and in rsp. The handler resumes by itself: it takes the registers from the frame, and
 * RET the last, from below the stack that was interrupted (libos-net/rt/start.S). An
 * entry point of 0 means that there is none: an
 * exception then ends the environment, packets wait.
 *
 * Trust: the kernel believes nothing that stands here; entry points and the stack are
 * looked at when they are used. An environment whose upcall stack is bad ends.
 */
#ifndef EXO_ABI_PE_H
#define EXO_ABI_PE_H

#include <stddef.h>
#include <stdint.h>

#include "exo/abi/cap.h"
#include "exo/abi/regs.h"

#define EXO_PE_AT   0x00007fffff000000u /* where the page is */
#define EXO_RING_AT 0x00007f0000000000u /* and the packet ring */

/** What an upcall is about. */
enum exo_cause {
	EXO_CAUSE_FAULT = 1,     /* page fault: address, code */
	EXO_CAUSE_EXCEPTION = 2, /* another one: vector, code */
	EXO_CAUSE_PACKET = 3,    /* there are packets in the ring */
	EXO_CAUSE_END = 4,       /* the slot is over: yield, before the time
	                            `address` it costs nothing */
	EXO_CAUSE_REVOKE = 5,    /* give up `code` of kind `vector` (enum
	                            exo_kind) before the time `address` */
};

/** The registers at a discontinuity, as a handler finds them at rsp. */
struct exo_frame {
	uint64_t cause; /* enum exo_cause */
	uint64_t vector, code;
	uint64_t address;
	uint64_t EXO_X64_REGS; /* r15 first, rax last */
	uint64_t rflags, rsp, rip;
};
_Static_assert(sizeof(struct exo_frame) == 22 * 8, "handlers know it");
_Static_assert(offsetof(struct exo_frame, r15) == EXO_FRAME_REGS, "regs.h");
_Static_assert(
    offsetof(struct exo_frame, rflags) == EXO_FRAME_RFLAGS, "regs.h");
_Static_assert(offsetof(struct exo_frame, rsp) == EXO_FRAME_RSP, "regs.h");
_Static_assert(offsetof(struct exo_frame, rip) == EXO_FRAME_RIP, "regs.h");

struct exo_pe {
	/* the libOS writes */
	uint64_t entry_fault;
	uint64_t entry_exception;
	uint64_t entry_packet;
	uint64_t entry_end;    /* 0: the kernel keeps the registers itself */
	uint64_t entry_revoke; /* 0: the kernel chooses, at once */
	uint64_t entry_sync, entry_async; /* calls of others, in ACCEPT */
	uint64_t call_stack;              /* rsp of those begins here */
	uint64_t stack_from, stack_to;    /* of upcalls; to: a multiple of 16 */
	uint32_t critical;                /* not 0: no upcall but exceptions */
	uint32_t zero;
	/* the kernel writes, once */
	struct exo_key key;  /* what was granted at the start: to receive, */
	struct exo_key send; /* and to send; zeroes: nothing */
	struct exo_key disk; /* blocks of the disk; zeroes: none */
	uint64_t env;        /* its name */
	uint64_t ring_size;  /* bytes of the ring's data, at EXO_RING_AT */
	uint64_t arg_size;   /* of arg */
	uint8_t mac[6];      /* of the network card; zeroes: there is none */
	uint8_t zero2[2];
	/* ... and as it goes */
	uint64_t packets; /* not 0: an upcall is held up by critical, */
	uint64_t late;    /* likewise: the slot is over since this time; 0
	                     again when it has yielded */
	uint64_t revoke;  /* likewise */
	char arg[1024];   /* what the environment was started with */
};

#endif
