/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads, stores and range checks on untrusted bytes.
 *
 * Every function works at any alignment. `be` is network byte order, `le`
 * little-endian. The caller has checked the range; exo_range_ok() is how.
 */
#ifndef EXO_LIB_BYTES_H
#define EXO_LIB_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/lib/mem.h"

/** True when [off, off+len) lies inside [0, limit); cannot overflow. */
static inline bool exo_range_ok(uint64_t off, uint64_t len, uint64_t limit)
{
	return len <= limit && off <= limit - len;
}

static inline uint16_t exo_le16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t exo_le32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t exo_le64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint16_t exo_be16(const void *p)
{
	return __builtin_bswap16(exo_le16(p));
}

static inline uint32_t exo_be32(const void *p)
{
	return __builtin_bswap32(exo_le32(p));
}

static inline uint64_t exo_be64(const void *p)
{
	return __builtin_bswap64(exo_le64(p));
}

static inline void exo_put_le16(void *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void exo_put_le32(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void exo_put_le64(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void exo_put_be16(void *p, uint16_t v)
{
	exo_put_le16(p, __builtin_bswap16(v));
}

static inline void exo_put_be32(void *p, uint32_t v)
{
	exo_put_le32(p, __builtin_bswap32(v));
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "exopf runs on little-endian machines only");

#endif
