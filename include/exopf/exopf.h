/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libexopf: load, verify and run packet filters in any program.
 *
 * Overview: exopf_load() takes a program's instructions (eBPF, RFC 9669) and
 * lets the verifier judge them; only a program that was proven safe comes
 * back. It is compiled to machine code, and exopf_run_packet() or
 * exopf_run_memory() run that; where the system gives no executable memory, or
 * exopf_set_engine() says so, an interpreter runs it, to the same result. The
 * library needs no other library than libc.
 *
 * Trust: programs and images may come from anybody. Nothing that they hold
 * makes the library crash, hang, or leave the memory that it was given.
 *
 * Synchronization: a program belongs to one thread at a time; different
 * programs may be loaded and run in different threads. All that they share is
 * the memory where machine code lies, which has a lock of its own.
 */
#ifndef EXOPF_EXOPF_H
#define EXOPF_EXOPF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a program expects behind its first argument. */
enum exopf_type {
	EXOPF_TYPE_MEM = 1,    /* r1: memory, r2: its size in bytes */
	EXOPF_TYPE_XDP = 2,    /* r1: struct xdp_md of Linux */
	EXOPF_TYPE_SOCKET = 3, /* r1: struct __sk_buff; r0: bytes to keep */
	EXOPF_TYPE_TC = 4      /* r1: struct __sk_buff; r0: TC_ACT_* */
};

/** What functions return: 0, or one of these, negative. */
enum exopf_error {
	EXOPF_OK = 0,
	EXOPF_EINVAL = -1,   /* an argument makes no sense */
	EXOPF_ENOMEM = -2,   /* out of memory */
	EXOPF_E2BIG = -7,    /* more than the library takes */
	EXOPF_EIMAGE = -8,   /* not a filter image */
	EXOPF_EREFUSED = -9, /* the verifier refused: see the report */
	EXOPF_EBUDGET = -10, /* the proof would cost too much: see the report */
	EXOPF_ETRAP = -15    /* interpreted, it trapped: a bug of ours */
};

/** No instruction is to blame. */
#define EXOPF_NOWHERE UINT32_MAX

/** Why a program was refused. All strings end in NUL; no memory is owned. */
struct exopf_report {
	uint32_t code;   /* 104 is VF104; 0: nothing was refused */
	uint32_t insn;   /* index of the instruction, or EXOPF_NOWHERE */
	char text[1024]; /* the whole story, in lines, without the last '\n' */
};

/** What was proven about a program. */
struct exopf_facts {
	uint64_t max_steps;  /* no run takes more instructions */
	uint32_t insns;      /* instructions of the program */
	uint32_t stack;      /* bytes of stack that a run may touch */
	int reads_packet;    /* 1: some run looks at packet bytes */
	int pure;            /* 1: writes nothing that outlives a run */
	uint32_t code_bytes; /* of machine code; 0: it is interpreted */
};

/** A packet. */
struct exopf_packet {
	const void *data;
	uint32_t caplen;   /* bytes at data */
	uint32_t wirelen;  /* bytes on the wire; 0: caplen */
	uint32_t ifindex;  /* interface that it came in by */
	uint16_t protocol; /* Ethernet type, host order; 0: unknown */
};

/** A verified program. */
typedef struct exopf_program exopf_program;

/**
 * Verify n_bytes of instructions, 8 bytes each, little-endian.
 * They are copied. On success *out is the program, to be freed by
 * exopf_free(); else it is NULL and *report, which may be NULL, tells why.
 * Returns 0, EXOPF_EINVAL (unknown type, no whole number of instructions),
 * EXOPF_ENOMEM, EXOPF_E2BIG, EXOPF_EREFUSED or EXOPF_EBUDGET.
 */
int exopf_load(const void *insns, size_t n_bytes, enum exopf_type type,
    struct exopf_report *report, exopf_program **out);

/**
 * The same for a filter image, the format in which front-ends hand over a
 * program with its type and name. Returns EXOPF_EIMAGE as well.
 */
int exopf_load_image(const void *image, size_t n_bytes,
    struct exopf_report *report, exopf_program **out);

/** Free a program; NULL is allowed. */
void exopf_free(exopf_program *program);

/** What runs a program. */
enum exopf_engine {
	EXOPF_ENGINE_JIT = 1,   /* machine code: the default */
	EXOPF_ENGINE_INTERP = 2 /* the interpreter, which checks every access */
};

/**
 * Choose what runs a program from now on.
 * Returns 0; EXOPF_EINVAL: there is no such engine; EXOPF_ENOMEM: there was
 * no memory for machine code when the program was loaded.
 */
int exopf_set_engine(exopf_program *program, enum exopf_engine engine);

/** Tell what was proven, and what it became. */
void exopf_facts(const exopf_program *program, struct exopf_facts *facts);

/**
 * Run a program of type XDP, SOCKET or TC over a packet, which is not
 * changed. *r0 is what it returned; for SOCKET, 0 rejects the packet.
 * Returns 0, EXOPF_EINVAL (type MEM, lengths that contradict each other) or
 * EXOPF_ETRAP.
 */
int exopf_run_packet(
    exopf_program *program, const struct exopf_packet *packet, uint64_t *r0);

/**
 * Run a program of type MEM over size bytes of memory, which it may change.
 * Returns 0, EXOPF_EINVAL (another type, 2 GiB or more) or EXOPF_ETRAP.
 */
int exopf_run_memory(
    exopf_program *program, void *memory, size_t size, uint64_t *r0);

/** What an error means, in a few words; never NULL. */
const char *exopf_strerror(int error);

/** The library's version, such as "0.1.0". */
const char *exopf_version(void);

#ifdef __cplusplus
}
#endif

#endif
