/* SPDX-License-Identifier: BSD-2-Clause */
/* The console: see serial.h. */
#include "exo/bare/serial.h"

#include "exo/bare/x86.h"
#include "exo/lib/fmt.h"

#define PORT 0x3f8u
#define THRE 0x20u /* of the line status: the transmitter is empty */

void serial_init(void)
{
	x86_outb(PORT + 1, 0);    /* no interrupts */
	x86_outb(PORT + 3, 0x80); /* the divisor's latch */
	x86_outb(PORT + 0, 1);
	x86_outb(PORT + 1, 0);
	x86_outb(PORT + 3, 3); /* 8 bits, one stop bit */
	x86_outb(PORT + 2, 7); /* FIFOs, emptied */
}

static void put(char c)
{
	while ((x86_inb(PORT + 5) & THRE) == 0)
		continue;
	x86_outb(PORT, (uint8_t)c);
}

void serial_write(const char *text, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			put('\r');
		put(text[i]);
	}
}

void serial_str(const char *text)
{
	uint32_t n = 0;

	while (text[n] != '\0')
		n++;
	serial_write(text, n);
}

void serial_lines(const char *who, const char *text, uint32_t n)
{
	uint32_t at = 0, len;

	do {
		for (len = 0; len < n - at && text[at + len] != '\n'; len++)
			continue;
		serial_str(who);
		serial_str(": ");
		serial_write(text + at, len);
		serial_str("\n");
		at += len + 1;
	} while (at < n);
}

void serial_u64(uint64_t v)
{
	struct exo_fmt f;
	char text[24];

	exo_fmt_init(&f, text, sizeof(text));
	exo_fmt_u64(&f, v);
	serial_str(text);
}

void serial_hex(uint64_t v)
{
	static const char digit[] = "0123456789abcdef";
	char text[17];

	for (int i = 0; i < 16; i++)
		text[i] = digit[v >> (60 - 4 * i) & 15];
	text[16] = '\0';
	serial_str(text);
}
