/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: the first serial port [National Semiconductor, PC16550D].
 */
#ifndef EXO_BARE_SERIAL_H
#define EXO_BARE_SERIAL_H

#include <stdint.h>

/** Set the port up: 8 bits, no parity, 115,200 bit/s, no interrupts. */
void serial_init(void);

/** Write bytes, each '\n' as "\r\n"; waits for each. */
void serial_write(const char *text, uint32_t n);

/** Write lines that someone else wrote, who before each of them, so that none can be
 * taken for the kernel's. */
void serial_lines(const char *who, const char *text, uint32_t n);

/** Write a text, a number. */
void serial_str(const char *text);
void serial_u64(uint64_t v);
void serial_hex(uint64_t v);

#endif
