/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs in C that are compiled three ways: for BPF by clang, for this
 * machine by gcc and by clang. The bodies are the same; what differs is where
 * a program finds its packet, and how it calls its map.
 *
 * A map is named by an immediate of source 1, which clang emits for a call of
 * llvm.bpf.pseudo, so that no relocation is left in the object.
 */
#include <stdint.h>

#define INLINE    inline __attribute__((always_inline))
#define WORDS_MAX 757 /* of 16 bits: 1,514 bytes */

#ifdef __bpf__
struct xdp_md {
	uint32_t data, data_end;
};
#define ADDRESS(field) ((const uint8_t *)(uintptr_t)(field))
#define PROGRAM(name)                                          \
	__attribute__((section("xdp." #name), used)) int name( \
	    struct xdp_md *ctx)
#define BEGIN ADDRESS(ctx->data)
#define END   ADDRESS(ctx->data_end)

uint64_t pseudo(uint64_t src, uint64_t imm) __asm__("llvm.bpf.pseudo");

static const uint64_t *(*const find)(uint64_t map,
    const uint32_t *key) = (const uint64_t *(*)(uint64_t, const uint32_t *))1;
#define FIND(key)     find(pseudo(1, 0), (key))
#define LOAD_ALIGN(n) n
#else
#include "exo/maps/map.h"
#include "tests/bench/jit_yard.h"

#define PROGRAM(name)         \
	static uint64_t name( \
	    struct jit_ctx *ctx, const uint8_t *d, uint64_t len)
#define BEGIN         (d)
#define END           (d + len)

/* A map's values are aligned to 8. */
static INLINE const uint64_t *find(const uint32_t *key)
{
	return (const uint64_t *)(const void *)map_lookup(yard_map, key);
}
#define FIND(key)     find(key)
#define LOAD_ALIGN(n) 1
#endif

/* Loads of packet bytes: no processor that BPF runs on minds where they lie,
 * but clang would make single bytes of them for BPF if it were told so. */
typedef uint16_t word16 __attribute__((may_alias, aligned(LOAD_ALIGN(2))));
typedef uint32_t word32 __attribute__((may_alias, aligned(LOAD_ALIGN(4))));

static INLINE uint32_t load16(const void *p)
{
	return *(const word16 *)p;
}

static INLINE uint32_t load32(const void *p)
{
	return *(const word32 *)p;
}

/* RFC 1071 over the packet's first 1,514 bytes, in the machine's order. */
static INLINE uint32_t sum_of(const uint8_t *p, const uint8_t *end)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < WORDS_MAX && p + 2 <= end; i++) {
		sum += load16(p);
		p += 2;
	}
	if (i < WORDS_MAX && p + 1 <= end)
		sum += *p;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)(sum ^ 0xffff);
}

/* The number of an IPv4 packet's source. */
static INLINE uint32_t number_of(const uint8_t *p, const uint8_t *end)
{
	const uint64_t *value;
	uint32_t key;

	if (p + 34 > end || load16(p + 12) != 0x0008)
		return 0;
	key = load32(p + 26);
	value = FIND(&key);
	return value != (void *)0 ? (uint32_t)*value : 0;
}

PROGRAM(checksum)
{
	(void)ctx;
	return sum_of(BEGIN, END);
}

PROGRAM(lookup)
{
	(void)ctx;
	return number_of(BEGIN, END);
}

PROGRAM(empty)
{
	(void)ctx;
#ifndef __bpf__
	(void)d;
	(void)len;
#endif
	return 0;
}

#ifndef __bpf__
const struct yard_progs YARD = { checksum, lookup, empty };
#endif
