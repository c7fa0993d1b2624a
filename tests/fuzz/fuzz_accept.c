/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: accept conditions of generated programs, on packets made for them.
 *
 * usage: fuzz_accept -g N SEED [FROM]
 *
 * The first byte says which generator makes a program of the rest: filters
 * about fields (tests/support/accgen.h), or those of the other fuzzers. The
 * interpreter runs it on packets, on packets of its condition's cubes, and on
 * those with a bit changed:
 *	it accepts				the packet is in the condition
 *	the packet is in a sure cube		it accepts
 *	the program is pure			it says the same a second time
 * What does not hold is printed, with all that it was found with. With -g it
 * needs no inputs: programs FROM (0) to N of SEED. FUZZ_STATS=1 prints counts.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/world_int.h"
#include "exo/lib/bytes.h"
#include "exo/lib/fmt.h"
#include "filters/filters_int.h"
#include "tests/support/accgen.h"
#include "tests/support/filtgen.h"
#include "tests/support/life.h"
#include "tests/support/linegen.h"
#include "tests/support/region_world.h"
#include "verifier/accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define PACKETS   24u
#define WITNESSES 12u
#define FLIPS     6u
#define BUDGET    400000u

enum kind {
	KIND_CLASSIC,
	KIND_DIRECT,
	KIND_FILT,
	KIND_PROGEN,
	KIND_LINE,
	KINDS
};
static const char *const names[KINDS] = { "classic", "direct", "filter",
	"progen", "line" };
static const uint8_t of_byte[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2,
	3, 4 };

static struct progen_prog made;
static struct {
	uint64_t made[KINDS], verified[KINDS], exact[KINDS], opaque[KINDS];
	uint64_t packets, accepted, sure, witnesses;
} stats;

static uint64_t at_work; /* program, of a loop */
static bool looping;

/* One program on its packets. */
struct trial {
	struct accgen g;
	struct life life;
	struct region_world world;
	struct vf_prog *prog;
	struct vf_accept acc;
	uint32_t link;
	enum kind kind;
};

static void print_stats(void)
{
	for (unsigned i = 0; i < KINDS; i++)
		fprintf(stderr,
		    "%s %" PRIu64 " verified %" PRIu64 " exact %" PRIu64
		    " opaque %" PRIu64 "\n",
		    names[i], stats.made[i], stats.verified[i], stats.exact[i],
		    stats.opaque[i]);
	fprintf(stderr,
	    "packets %" PRIu64 " accepted %" PRIu64 " sure %" PRIu64
	    " witnesses %" PRIu64 "\n",
	    stats.packets, stats.accepted, stats.sure, stats.witnesses);
}

/* --- programs -------------------------------------------------------------- */

static bool generate_classic(struct trial *t)
{
	struct flt_cbpf classic[ACCGEN_CLASSIC];
	struct flt_code code = { NULL, 0, 0 };
	struct flt_error err;
	uint32_t n = accgen_classic(&t->g, t->link, classic);

	if (flt_cbpf_convert(classic, n, &code, &err) != 0)
		return false;
	made.n = code.n < PROGEN_ROOM ? code.n : 0;
	made.type = EXO_PROG_SOCKET;
	if (accgen_below(&t->g, 8) == 0)
		made.type = EXO_PROG_TC;
	memcpy(made.insns, code.insns, made.n * sizeof(made.insns[0]));
	flt_code_free(&code);
	return made.n != 0;
}

static bool generate(struct trial *t, const uint8_t *data, size_t size)
{
	made.refuse_leaks = true;
	switch (t->kind) {
	case KIND_CLASSIC:
		return generate_classic(t);
	case KIND_DIRECT:
		made.type =
		    accgen_below(&t->g, 4) != 0 ? EXO_PROG_XDP : EXO_PROG_TC;
		made.n = accgen_direct(&t->g, t->link, made.type, made.insns);
		return true;
	case KIND_FILT:
		(void)filtgen(&made, data, size);
		return true;
	case KIND_LINE:
		(void)linegen(&made, data, size);
		return true;
	default:
		made.fold = false;
		(void)progen(&made, data, size);
		return true;
	}
}

static bool verify(struct trial *t)
{
	struct vf_input in = { .insns = made.insns,
		.ninsns = made.n,
		.type = made.type,
		.refuse_leaks = made.refuse_leaks,
		.maps = progen_maps,
		.nmaps = PROGEN_MAPS };
	struct vf_limits limits = { 20000, 8u << 20, NULL };
	struct exo_report report;

	return vf_verify(&in, &limits, &t->world.mem, &t->prog, &report) == 0;
}

/* --- packets --------------------------------------------------------------- */

static bool accepts(uint32_t type, uint64_t r0)
{
	uint32_t w0 = (uint32_t)r0;

	if (type == EXO_PROG_XDP)
		return w0 == 2;
	if (type == EXO_PROG_TC)
		return w0 == 0 || w0 == UINT32_MAX;
	return type == EXO_PROG_SOCKET && w0 != 0;
}

/* As the core shows it. */
static uint16_t protocol_of(const struct sp_packet *p)
{
	uint16_t type;

	if (p->link != SP_LINK_ETHERNET || p->caplen < 14)
		return 0;
	type = exo_be16(p->data + 12);
	return type >= 0x600 ? type : 4;
}

/* Whether it accepts, and what it keeps then, as its condition has it. */
static bool run(struct trial *t, const struct sp_packet *p, uint32_t *keep)
{
	struct isa_vm *vm = exo_world_vm(t->life.w);
	struct isa_pkt pkt = { p->data, p->caplen, p->len, 7, protocol_of(p) };
	enum isa_end end;
	uint64_t r0;

	isa_set_pkt(vm, &pkt);
	isa_point(vm, made.type, made.insns, made.n);
	vm->stack = EXO_STACK_SIZE;
	end = exo_world_run(t->life.w, vf_prog_facts(t->prog)->max_steps, &r0);
	*keep = made.type == EXO_PROG_SOCKET ? (uint32_t)r0 : UINT32_MAX;
	return (end == ISA_END_EXIT || end == ISA_END_REJECT) &&
	       accepts(made.type, r0);
}

static void fault(struct trial *t, const struct sp_packet *p, const char *what)
{
	static char text[1 << 16];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	(void)sp_text_print(&f, t->acc.where);
	fprintf(stderr, "FAULT %s\nlink type %u, %u bytes of %u:\n", what,
	    p->link, p->caplen, p->len);
	for (uint32_t i = 0; i < p->caplen; i++)
		fprintf(
		    stderr, "%02x%s", p->data[i], i % 16 == 15 ? "\n" : " ");
	fprintf(
	    stderr, "\nsure %u of %u: %s\n", t->acc.sure, t->acc.where.n, text);
	progen_print(&made);
	if (looping)
		fprintf(stderr, "IS program %" PRIu64 "\n", at_work);
	abort();
}

static void one_packet(struct trial *t, const struct sp_packet *p)
{
	const struct sp_region sure = { t->acc.where.v, t->acc.sure };
	uint32_t keep, again;
	bool took = run(t, p, &keep);
	struct sp_view v;

	sp_parse(p, &v);
	stats.packets++;
	stats.accepted += took;
	if (took && !sp_region_has(t->acc.where, &v))
		fault(t, p, "it accepts what is not in the condition");
	if (sp_region_has(sure, &v)) {
		stats.sure++;
		if (!took && t->acc.pure)
			fault(t, p, "it refuses what is in a sure cube");
	}
	if (took && t->acc.keep != 0 && keep != t->acc.keep)
		fault(t, p, "it keeps something else");
	if (t->acc.pure && run(t, p, &again) != took)
		fault(t, p, "it is pure, and says something else");
}

static void generated(struct trial *t)
{
	uint8_t buf[ACCGEN_PACKET];
	struct sp_packet p = { buf, 0, 0, t->link };

	for (unsigned i = 0; i < PACKETS; i++) {
		p.caplen = accgen_packet(&t->g, t->link, buf);
		p.len = p.caplen + (i % 3 == 0 ? 40 : 0);
		if (i % 2 == 0)
			accgen_aim(&t->g, made.insns, made.n, buf, p.caplen);
		one_packet(t, &p);
	}
}

/* Packets of cubes, and their neighbours. */
static void witnesses(struct trial *t)
{
	static uint8_t buf[SP_WITNESS_BYTES];
	struct sp_packet p;

	for (uint32_t i = 0; i < t->acc.where.n && i < WITNESSES; i++) {
		uint32_t k = i;
		struct sp_region one;

		if (t->acc.where.n > WITNESSES)
			k = accgen_below(&t->g, t->acc.where.n);
		one = (struct sp_region){ &t->acc.where.v[k], 1 };
		t->world.w.left = 20000;
		t->world.w.of = &sp_packets;
		if (sp_witness(&t->world.w, one, buf, sizeof(buf), &p, NULL) !=
		    1)
			continue;
		stats.witnesses++;
		one_packet(t, &p);
		for (unsigned f = 0; f < FLIPS && p.caplen != 0; f++) {
			uint32_t reach = p.caplen < 64 ? p.caplen : 64;
			uint32_t at = accgen_below(&t->g, reach);
			uint8_t bit = (uint8_t)(1u << accgen_below(&t->g, 8));

			buf[at] ^= bit;
			one_packet(t, &p);
			buf[at] ^= bit;
		}
		if (p.caplen != 0) {
			p.caplen--;
			one_packet(t, &p);
		}
	}
}

static void judge(struct trial *t)
{
	const struct vf_facts *facts = vf_prog_facts(t->prog);
	const struct life_bytes none = { NULL, 0 };

	t->world.w.left = BUDGET >> accgen_below(&t->g, 16);
	if (accgen_below(&t->g, 2) != 0)
		t->world.w.of = &sp_packets;
	if (vf_accept(t->prog, t->link, &t->world.w, &t->acc) != 0)
		abort();
	if (t->acc.exact != (t->acc.sure == t->acc.where.n) ||
	    t->acc.where.n > VF_ACCEPT_CUBES_MAX)
		abort();
	stats.verified[t->kind]++;
	stats.exact[t->kind] += t->acc.exact;
	stats.opaque[t->kind] += t->acc.opaque;
	if (facts->writes_pkt || facts->max_steps > 200000)
		return; /* packets here are not to be written */
	life_begin(&t->life, made.type, &none, false);
	generated(t);
	witnesses(t);
	life_finish(&t->life);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trial t;
	uint64_t held = 0;

	if (size < 2)
		return 0;
	memset(&t, 0, sizeof(t));
	t.kind = (enum kind)of_byte[data[0] % 16];
	accgen_init(&t.g, data + 1, size - 1);
	t.link = accgen_link(&t.g);
	region_world_init(&t.world, &held);
	stats.made[t.kind]++;
	if (generate(&t, data + 1, size - 1) && made.type != EXO_PROG_MEM &&
	    verify(&t))
		judge(&t);
	vf_prog_free(t.prog, &t.world.mem);
	region_world_free(&t.world);
	if (held != 0)
		abort();
	return 0;
}

static int loop(uint64_t n, uint64_t seed, uint64_t from)
{
	static uint8_t bytes[PROGEN_BYTES + 16];

	looping = true;
	for (uint64_t i = from; i < n; i++) {
		size_t size = 1 + progen_bytes(bytes + 1, seed, i);

		bytes[0] = (uint8_t)(i * 7 + i / 16);
		at_work = i;
		(void)LLVMFuzzerTestOneInput(bytes, size);
	}
	print_stats();
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char **a = *argv;

	if (*argc >= 4 && strcmp(a[1], "-g") == 0)
		exit(loop(strtoull(a[2], NULL, 0), strtoull(a[3], NULL, 0),
		    *argc > 4 ? strtoull(a[4], NULL, 0) : 0));
	if (getenv("FUZZ_STATS") != NULL)
		atexit(print_stats);
	return 0;
}
