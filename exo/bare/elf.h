/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of environments as files: ELF64, static, with segments that are written or
 * executed and never both [System V gABI, chapter 5]. Any bytes may come.
 */
#ifndef EXO_BARE_ELF_H
#define EXO_BARE_ELF_H

#include <stdbool.h>
#include <stdint.h>

#define ELF_SEGMENTS 16u
#define ELF_PAGE     4096u
#define ELF_FROM     0x10000u /* where segments may lie */
#define ELF_TO       0x0000700000000000u
#define ELF_MOST     ((uint64_t)64 << 20) /* bytes of all of them */

/** What is to be at va: in_file bytes of the file at off, then zeroes up to in_mem. */
struct elf_segment {
	uint64_t off, va, in_file, in_mem; /* in_mem is not 0 */
	bool write, execute;               /* never both */
};

/** No two segments share a page; the entry is an address, and no more is known. */
struct elf {
	uint64_t entry;
	uint32_t n;
	struct elf_segment segment[ELF_SEGMENTS];
};

/** Read a program's headers. 0 or -EXO_EIMAGE. */
int elf_read(const uint8_t *u_elf, uint64_t size, struct elf *out);

#endif
