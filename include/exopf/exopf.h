/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libexopf: load, verify and run packet filters in any program.
 *
 * Overview: exopf_load() takes a program's instructions (eBPF, RFC 9669), and
 * exopf_load_image() a filter image, which `exopf compile` makes of a tcpdump
 * expression or of C. The verifier judges them; only a program that was proven
 * safe comes back. It is compiled to machine code, and exopf_run_packet() or
 * exopf_run_memory() run that; where the system gives no executable memory, or
 * exopf_set_engine() says so, an interpreter runs it, to the same result. Its
 * maps are in <exopf/map.h>. The library needs no other library than libc.
 *
 * Trust: programs and images may come from anybody. Nothing that they hold
 * makes the library crash or leave the memory that it was given. Loading has
 * budgets of its own; a run takes exopf_facts.max_steps at most, which
 * exopf_options.max_steps limits, as exopf_options.memory does its memory.
 *
 * Ownership: arguments are the caller's, and looked at during the call only;
 * what a function points to is the program's, and ends where the function says.
 *
 * Synchronization: a program belongs to one thread at a time, but for its maps,
 * which others may read while it runs (<exopf/map.h>); different programs may be
 * loaded and run in different threads. All that they share is the memory where
 * machine code lies, which has a lock of its own.
 */
#ifndef EXOPF_EXOPF_H
#define EXOPF_EXOPF_H

#include <exopf/map.h>
#include <exopf/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** No instruction is to blame. */
#define EXOPF_NOWHERE UINT32_MAX

/** Why a program was refused. All strings end in NUL; no memory is owned. */
struct exopf_report {
	uint32_t code;   /* 104 is VF104; 0: nothing was refused */
	uint32_t insn;   /* index of the instruction, or EXOPF_NOWHERE */
	char text[1024]; /* the whole story, in lines, without the last '\n' */
};

/** What was proven about a program, and what it became. */
struct exopf_facts {
	uint64_t max_steps;  /* no run takes more instructions, or work of
	                        helpers that counts as such */
	uint32_t insns;      /* instructions of the program */
	uint32_t stack;      /* bytes of stack that a run may touch */
	int reads_packet;    /* 1: some run looks at packet bytes */
	int pure;            /* 1: writes nothing that outlives a run */
	uint32_t code_bytes; /* of machine code; 0: it is interpreted */
	int writes_packet;   /* 1: some run may change the packet */
	int helpers;         /* 1: some run may call one */
	uint64_t memory; /* bytes that it holds now, machine code excepted */
};

/** A packet. */
struct exopf_packet {
	const void *data;
	uint32_t caplen;   /* bytes at data */
	uint32_t wirelen;  /* bytes on the wire; 0: caplen */
	uint32_t ifindex;  /* interface that it came in by */
	uint16_t protocol; /* Ethernet type, host order; 0: unknown */
};

/** What a run left, of a packet too. */
struct exopf_result {
	uint64_t r0;         /* what the program returned */
	const void *data;    /* the packet as it is now */
	uint32_t caplen;     /* bytes at data */
	uint32_t wirelen;    /* bytes on the wire */
	uint32_t meta;       /* bytes of metadata right before data */
	uint16_t protocol;   /* Ethernet type, host order */
	uint16_t reserved;   /* 0 */
	uint32_t mark;       /* this and what follows: of type TC, what the */
	uint32_t priority;   /* program wrote to these fields of struct */
	uint32_t tc_classid; /* __sk_buff; 0 where it did not */
	uint32_t tc_index;
	uint32_t queue_mapping;
	uint64_t tstamp;
};

/** exopf_options.flags: */
#define EXOPF_NO_HELPERS      1u /* refuse programs that call helpers: VF513 */
#define EXOPF_NO_PACKET_WRITE 2u /* ... that change packets: VF406 */

/** Bytes that a program may hold where exopf_options.memory says nothing. */
#define EXOPF_MEMORY_DEFAULT ((uint64_t)512 << 20)

/**
 * How a program is loaded. Zero it, set size, then what is to differ: 0 or NULL
 * is the default of each. The functions are called with arg; they may look at
 * the program's maps, and must neither run nor free it, nor leave by longjmp()
 * or an exception.
 */
struct exopf_options {
	size_t size;     /* sizeof(struct exopf_options) */
	uint32_t flags;  /* EXOPF_NO_* */
	uint32_t n_maps; /* 64 at most; an image brings its own */
	const struct exopf_map_def *maps; /* what instructions name by index */
	uint64_t max_steps; /* refuse what may take more in a run */
	uint64_t memory;    /* bytes that it may hold at any time, loading
	                       included and machine code excepted: proof, copy,
	                       maps; default EXOPF_MEMORY_DEFAULT, UINT64_MAX for
	                       no limit. Compiling takes some 400 bytes an
	                       instruction; where they are not there, the program
	                       is interpreted */
	uint64_t seed; /* what get_prandom_u32 follows from; default: chance */
	/** Return size bytes aligned to 16, or NULL. Default: malloc(). */
	void *(*alloc)(void *arg, size_t size);
	/** Take back what alloc() returned, of this size; not NULL. Both are set,
	 * or none. */
	void (*release)(void *arg, void *p, size_t size);
	/** Nanoseconds, for ktime_get_ns and ktime_get_boot_ns: the time of the
	 * packet, for instance. Default: the system's monotonic clock. */
	uint64_t (*now)(void *arg);
	/**
	 * Take what perf_event_output sends to map: size bytes of data, and n
	 * bytes of the packet; both end with the call. Returns 0 or a negative
	 * errno of Linux, which the program gets. Default: it gets -ENOENT.
	 */
	int (*event)(void *arg, uint32_t map, const void *data, uint32_t size,
	    const void *packet, uint32_t n);
	void *arg;
};

/**
 * Verify n_bytes of instructions, 8 bytes each, little-endian (RFC 9669,
 * section 3). They are copied. On success *out is the program, to be freed by
 * exopf_free(); else it is NULL and *report, which may be NULL, tells why.
 * Helpers are those of docs/helpers.md, numbered as in Linux; a program without
 * options has no maps.
 * Returns 0, EXOPF_EINVAL (unknown type, no whole number of instructions),
 * EXOPF_ENOMEM, EXOPF_E2BIG (more than 1,000,000 of them), EXOPF_ENOENTROPY,
 * EXOPF_EREFUSED or EXOPF_EBUDGET.
 */
int exopf_load(const void *insns, size_t n_bytes, enum exopf_type type,
    struct exopf_report *report, exopf_program **out);

/**
 * The same with options, which may be NULL. Maps begin empty; the elements of
 * arrays are 0. Returns EXOPF_EINVAL also for options that make no sense, maps
 * that cannot be among them; EXOPF_E2BIG: too many or too large maps, or fields
 * of options that are not 0 and that this version of the library does not know;
 * EXOPF_EBUDGET: also where max_steps may be exceeded.
 */
int exopf_load_with(const void *insns, size_t n_bytes, enum exopf_type type,
    const struct exopf_options *options, struct exopf_report *report,
    exopf_program **out);

/**
 * The same for a filter image, the format in which front-ends hand over a
 * program with its type, maps and what is in them from the start. The image is
 * copied. Returns EXOPF_EIMAGE as well: it is none, or its maps cannot be; and
 * EXOPF_E2BIG: it has more than 16 MiB.
 */
int exopf_load_image(const void *image, size_t n_bytes,
    struct exopf_report *report, exopf_program **out);

/** The same with options, which may be NULL, and have no maps. */
int exopf_load_image_with(const void *image, size_t n_bytes,
    const struct exopf_options *options, struct exopf_report *report,
    exopf_program **out);

/** Free a program with its maps, and all that was pointed to; NULL is allowed. */
void exopf_free(exopf_program *program);

/** What runs a program. */
enum exopf_engine {
	EXOPF_ENGINE_JIT = 1,   /* machine code: the default */
	EXOPF_ENGINE_INTERP = 2 /* the interpreter, which checks every access */
};

/**
 * Choose what runs a program from now on. Its maps stay.
 * Returns 0; EXOPF_EINVAL: there is no such engine; EXOPF_ENOMEM: there was
 * no memory for machine code when the program was loaded.
 */
int exopf_set_engine(exopf_program *program, enum exopf_engine engine);

/** Tell what was proven, and what it became. */
void exopf_facts(const exopf_program *program, struct exopf_facts *facts);

/**
 * Run a program of type XDP, SOCKET or TC over a packet, which is not
 * changed: a program that may change packets (exopf_facts.writes_packet) gets
 * a copy. *r0 is what it returned; for SOCKET, 0 rejects the packet.
 * Returns 0, EXOPF_EINVAL (type MEM, lengths that contradict each other, 2 GiB
 * less 1 KiB or more), EXOPF_ENOMEM (for the copy) or EXOPF_ETRAP.
 */
int exopf_run_packet(
    exopf_program *program, const struct exopf_packet *packet, uint64_t *r0);

/**
 * The same, and tell what came of the packet. result->data points to the packet
 * itself or to the program's copy; that ends with the next run or exopf_free().
 * A copy has 512 bytes of room before and behind it, which are 0 and which
 * xdp_adjust_head, xdp_adjust_meta and xdp_adjust_tail may use, 252 bytes of
 * metadata at most. *result is all 0 where it returns no 0.
 */
int exopf_run_packet_result(exopf_program *program,
    const struct exopf_packet *packet, struct exopf_result *result);

/**
 * Run a program of type MEM over size bytes of memory, which it may change.
 * Returns 0, EXOPF_EINVAL (another type, 2 GiB or more) or EXOPF_ETRAP.
 */
int exopf_run_memory(
    exopf_program *program, void *memory, size_t size, uint64_t *r0);

#ifdef __cplusplus
}
#endif

#endif
