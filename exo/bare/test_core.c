/* SPDX-License-Identifier: BSD-2-Clause */
/* The core on the machine: the same calls as anywhere. */
#include "exo/bare/test.h"

#include "exo/abi/call.h"
#include "exo/abi/ctx.h"
#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "exo/abi/ring.h"
#include "exo/bare/heap.h"
#include "exo/bare/tap.h"
#include "exo/core/core.h"
#include "exo/lib/mem.h"

#define RING 4096u

/* Accept packets whose byte 12 and 13 are 0x0800, as compiled from 'ip'. */
static const struct exo_insn program[] = {
	{ .code = EXO_ALU64 | EXO_MOV | EXO_X, .regs = 0x16 },
	{ .code = EXO_LD | EXO_ABS | EXO_H, .imm = 12 },
	{ .code = EXO_JMP32 | EXO_JNE | EXO_K,
	    .regs = 0,
	    .off = 2,
	    .imm = 0x800 },
	{ .code = EXO_ALU | EXO_MOV | EXO_K, .imm = 262144 },
	{ .code = EXO_JMP | EXO_EXIT },
	{ .code = EXO_ALU64 | EXO_MOV | EXO_K, .imm = 0 },
	{ .code = EXO_JMP | EXO_EXIT },
};

static struct {
	struct exo_image_hdr hdr;
	struct exo_image_section row;
	struct exo_insn insns[7];
} image;

static void make_image(void)
{
	image.hdr = (struct exo_image_hdr){ EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION,
		EXO_PROG_SOCKET, sizeof(image), 1, 0 };
	image.row = (struct exo_image_section){ EXO_SEC_INSNS,
		sizeof(image.hdr) + sizeof(image.row), sizeof(program), 0 };
	memcpy(image.insns, program, sizeof(program));
}

static int bind(struct exo_core *core, uint64_t env, uint32_t snap,
    struct exo_report *report, uint64_t *name)
{
	struct exo_call_bind a = { .image = (uintptr_t)&image,
		.image_size = sizeof(image),
		.linktype = 1,
		.mode = EXO_BIND_TAP,
		.snap = snap,
		.report = (uintptr_t)report };
	int err = exo_grant(core, env, EXO_RIGHT_ALL, NULL, &a.key);

	if (err == 0)
		err = exo_call(core, env, EXO_CALL_BIND_NR, &a, sizeof(a));
	*name = a.out_binding;
	return err;
}

static void packets(struct exo_core *core, uint32_t n)
{
	static uint8_t ip[60], arp[60];
	struct exo_pkt p = { .caplen = 60, .wirelen = 60, .linktype = 1 };

	ip[12] = 8;
	arp[12] = 8;
	arp[13] = 6;
	for (uint32_t i = 0; i < n; i++) {
		p.data = i % 3 == 0 ? arp : ip;
		exo_ingest(core, &p, 1);
	}
}

static void test_binding(struct exo_core *core, uint64_t env)
{
	struct exo_call_stat st = { 0 };
	struct exo_report report;
	uint64_t name;

	make_image();
	tap_ok(bind(core, env, 60, &report, &name) == 0, "a filter is bound");
	packets(core, 30);
	st.binding = name;
	tap_ok(exo_call(core, env, EXO_CALL_STAT_NR, &st, sizeof(st)) == 0 &&
	           st.out_stat.matched == 20 && st.out_stat.differed == 0,
	    "it takes what it is for, by both engines");
	image.insns[1].imm = -1;
	image.insns[2].regs = 9;
	tap_ok(bind(core, env, 60, &report, &name) != 0 && report.code != 0,
	    "a bad one is refused");
}

void test_core(void)
{
	const struct exo_core_config cfg = { .judge = true };
	uint64_t before = heap_used(), env;
	struct exo_ring *ring = heap_get(sizeof(*ring) + RING);
	struct exo_env_args args = { .ring = ring, .ring_size = RING };
	struct exo_core *core = NULL;

	tap_ok(
	    ring != NULL && exo_core_new(&cfg, &core) == 0, "a core is made");
	tap_ok(exo_env_new(core, &args, &env) == 0, "and an environment");
	test_binding(core, env);
	tap_ok(ring->head > 0, "records are in the ring");
	exo_core_free(core);
	heap_put(ring, sizeof(*ring) + RING);
	tap_ok(heap_used() == before, "nothing is left");
}
