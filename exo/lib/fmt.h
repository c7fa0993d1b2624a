/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded formatter: text into a buffer that can never overflow.
 *
 * Writers append and stop at the end, remembering that something was cut.
 * The text is always terminated. One look at `cut` at the end is enough.
 */
#ifndef EXO_LIB_FMT_H
#define EXO_LIB_FMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exo_fmt {
	char *buf;
	size_t size; /* bytes of buf, the terminator included; not 0 */
	size_t len;  /* characters written */
	bool cut;    /* something did not fit */
};

/** Start an empty text in buf; size must not be 0. */
void exo_fmt_init(struct exo_fmt *f, char *buf, size_t size);

void exo_fmt_char(struct exo_fmt *f, char c);
void exo_fmt_str(struct exo_fmt *f, const char *s);

/** Append v in decimal. */
void exo_fmt_u64(struct exo_fmt *f, uint64_t v);
void exo_fmt_i64(struct exo_fmt *f, int64_t v);

/** Append v in hexadecimal, at least `digits` digits, without "0x". */
void exo_fmt_hex(struct exo_fmt *f, uint64_t v, unsigned digits);

#endif
