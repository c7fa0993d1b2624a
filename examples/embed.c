/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verify a filter, compile it, and run it over a packet: is this IPv4?
 *
 * build: cc embed.c $(pkg-config --cflags --libs exopf)
 */
#include <exopf/exopf.h>

#include <inttypes.h>
#include <stdio.h>

/* One instruction: opcode, registers (source high), offset, immediate. */
#define INSN(code, regs, off, imm)                                 \
	(code), (regs), (off)&0xff, (off) >> 8 & 0xff, (imm)&0xff, \
	    (imm) >> 8 & 0xff, (imm) >> 16 & 0xff, (imm) >> 24 & 0xff

static const unsigned char filter[] = {
	INSN(0x61, 0x12, 76, 0),   /* r2 = *(u32 *)(r1 + 76): data */
	INSN(0x61, 0x13, 80, 0),   /* r3 = *(u32 *)(r1 + 80): data_end */
	INSN(0xb7, 0x00, 0, 0),    /* r0 = 0 */
	INSN(0xbf, 0x24, 0, 0),    /* r4 = r2 */
	INSN(0x07, 0x04, 0, 14),   /* r4 += 14 */
	INSN(0x2d, 0x34, 3, 0),    /* if r4 > r3 goto exit */
	INSN(0x69, 0x25, 12, 0),   /* r5 = *(u16 *)(r2 + 12) */
	INSN(0x55, 0x05, 1, 0x08), /* if r5 != 0x0800 (swapped) goto exit */
	INSN(0xb7, 0x00, 0, 1),    /* r0 = 1 */
	INSN(0x95, 0x00, 0, 0),    /* exit */
};

int main(void)
{
	static const unsigned char frame[60] = { [12] = 0x08, [13] = 0x00 };
	const struct exopf_packet packet = { frame, sizeof(frame), 0, 0, 0 };
	struct exopf_report report;
	struct exopf_facts facts;
	exopf_program *program;
	uint64_t r0;
	int ret;

	ret = exopf_load(
	    filter, sizeof(filter), EXOPF_TYPE_SOCKET, &report, &program);
	if (ret != 0) {
		fprintf(stderr, "%s\n%s\n", exopf_strerror(ret), report.text);
		return 1;
	}
	exopf_facts(program, &facts);
	ret = exopf_run_packet(program, &packet, &r0);
	printf("%s, at most %" PRIu64 " steps, %" PRIu32 " bytes of code\n",
	    ret == 0 && r0 != 0 ? "IPv4" : "not IPv4", facts.max_steps,
	    facts.code_bytes);
	exopf_free(program);
	return ret == 0 ? 0 : 1;
}
