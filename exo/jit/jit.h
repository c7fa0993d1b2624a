/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compiler: verified programs become x86-64 machine code.
 *
 * Overview: jit_compile() takes a struct vf_prog, which only the verifier
 * makes, and nothing else. It reads the instructions into blocks (ir.c), runs
 * passes over them that are each switched by a bit (passes.inc), assigns
 * registers, emits, fixes up jumps, and hands the finished bytes to
 * plat_code_install(): until then they are data in a buffer, afterwards
 * nobody can write them.
 *
 * Trust: what the verifier proved is believed. Accesses have no check at run
 * time; a program that was not verified must never come here.
 *
 * The code is position-independent, keeps to the System V calling convention,
 * touches no vector or floating-point register, needs no red zone, and
 * leaves the direction flag alone.
 */
#ifndef EXO_JIT_JIT_H
#define EXO_JIT_JIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/ctx.h"
#include "exo/lib/arena.h"
#include "exo/lib/pause.h"
#include "verifier/verifier.h"

/** What a run finds behind r1: the context in its native form. The driver
 * fills all of it before the first run; `own` is zero at each run's start. */
struct jit_ctx {
	const uint8_t *data;      /* the packet; NULL when there is none */
	const uint8_t *data_end;  /* behind its last captured byte */
	const uint8_t *data_meta; /* its metadata; else data */
	uint32_t wirelen;         /* bytes that were on the wire */
	uint32_t ifindex;
	uint32_t protocol; /* Ethernet type in network byte order */
	uint32_t size;     /* captured bytes: data_end - data */
	uint64_t zero; /* 0: what fields that a trace has not are read from */
	struct exo_ctx_own own;
	const void *tail; /* where a tail call leads; set by its helper, or 0 */
	uint64_t depth;   /* of callbacks */
	void *user;       /* for helpers */
};

/**
 * Compiled code. data and size are the packet's first byte and captured
 * length as in *ctx; for EXO_PROG_MEM programs the memory that r1 points to
 * and its size, both 0 when there is none.
 * Returns r0; 0 when a packet load went past the end, as classic BPF does.
 */
typedef uint64_t jit_fn(
    struct jit_ctx *ctx, const uint8_t *data, uint64_t size);

/** The native body of a helper: its arguments are r1 to r5, pointers as they
 * are; the result is r0. */
typedef uint64_t jit_helper(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
    uint64_t r5, struct jit_ctx *ctx);

/** A local function of a compiled program, as a helper calls it back. */
typedef uint64_t jit_callback(
    const void *func, const uint64_t args[5], struct jit_ctx *ctx);

/** What a program refers to; all of it outlives the code. */
struct jit_env {
	/** The native body of a helper, or NULL: jit_compile() fails. */
	jit_helper *(*helper)(const struct jit_env *env, uint32_t nr);
	/** The address that a 64-bit immediate of source src (1, 2, 5, 6)
	 * stands for: of 1 and 5 a struct map (exo/maps/map.h), of 2 and 6 a
	 * byte of its first value; 0: jit_compile() fails. */
	uint64_t (*name)(const struct jit_env *env, uint32_t src, uint64_t imm);
	const void *user;
};

/** Passes: bits of jit_options.passes. */
enum jit_pass {
#define JIT_PASS(bit, name, text) JIT_PASS_##name = 1u << (bit),
#include "exo/jit/passes.inc"
#undef JIT_PASS
};
#define JIT_PASSES_ALL UINT32_MAX

/** Instructions beyond x86-64's first set that code may use: bits. */
enum jit_cpu {
	JIT_CPU_MOVBE = 1, /* CPUID.1:ECX[22] */
	JIT_CPU_BMI2 = 2,  /* CPUID.7:EBX[8] */
};

/** Find out what this processor has: bits of enum jit_cpu. */
uint32_t jit_cpu_detect(void);

/** Hardening: bits of jit_options.harden. SECURITY.md says when to use it. */
enum jit_harden {
	/** No constant of the program that is wider than a byte stands in the
	 * code as it is: each is made of two random ones. No tables. */
	JIT_HARDEN_BLIND = 1,
	/** LFENCE behind checks of the packet's length, and before accesses
	 * whose address the program computed. */
	JIT_HARDEN_FENCE = 2,
};

struct jit_options {
	uint32_t passes; /* bits of enum jit_pass */
	uint32_t harden; /* bits of enum jit_harden */
	uint64_t seed;   /* unpredictable, for JIT_HARDEN_BLIND */
	uint32_t cpu;    /* bits of enum jit_cpu */
	uint64_t mem;    /* most bytes of working memory; 0: JIT_MEM_MAX */
	uint32_t limit;  /* most bytes of code; 0: JIT_CODE_MAX */
	bool lines;      /* keep what jit_lines() gives */
	/** Asked while it works, NULL: nobody is; a no ends it with
	 * -EXO_EBUDGET. */
	struct exo_pause *pause;
};

#define JIT_CODE_MAX (64u << 20)
#define JIT_MEM_MAX  ((uint64_t)1 << 30) /* some 400 bytes an instruction */

/** Compiled code, or what remains of it for tools. Immutable. */
struct jit_code;

/**
 * Take one verified program and make it runnable.
 * The program may be freed afterwards; the code owns its memory until
 * jit_free(). Working memory is charged to mem and given back; env may be
 * NULL for a program without helpers and maps.
 * Returns 0; -EXO_ENOMEM; -EXO_E2BIG: more code than the limit; -EXO_EBUDGET:
 * more working memory than that; -EXO_EINVAL: env knows no such helper or map.
 * On failure *out is NULL.
 */
int jit_compile(const struct vf_prog *prog, const struct jit_env *env,
    const struct jit_options *opt, struct exo_mem *mem, struct jit_code **out);

/** Give code back; nobody runs it any more. NULL is allowed. */
void jit_free(struct jit_code *code, struct exo_mem *mem);

/** What who runs code needs of it, and what it begins with. */
struct jit_way {
	jit_fn *entry;          /* where to call it */
	jit_callback *callback; /* where a helper calls back functions of it;
	                           NULL: it has no callbacks */
	bool keeps; /* it touches jit_ctx.own: to be cleared before */
};

static inline const struct jit_way *jit_way(const struct jit_code *code)
{
	return (const struct jit_way *)(const void *)code;
}

/** Does it look at its context at all? If not, it only hands it on. */
bool jit_looks(const struct jit_code *code);

/** Its machine code: *size bytes. */
const uint8_t *jit_bytes(const struct jit_code *code, uint32_t *size);

/** A place in the code: bytes [from, next row's from) are of instruction pc. */
struct jit_line {
	uint32_t from;
	uint32_t pc; /* or one of: */
};
#define JIT_LINE_FRAME  UINT32_MAX       /* of none, as entry and exit */
#define JIT_LINE_TABLES (UINT32_MAX - 1) /* what is looked up, behind code */

/** The places of a program's instructions in the order of the code. */
const struct jit_line *jit_lines(const struct jit_code *code, uint32_t *n);

#endif
