/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters with helpers and maps, for the demultiplexer's oracle: see
 * demux_prog.h. */
#include "tests/support/demux_prog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/core.h"
#include "exo/core/world.h"
#include "exo/hosted/heap.h"
#include "exo/isa/text.h"

enum {
	STATE,
	TABLE,
	RING
};

const struct exo_map_def dx_maps[] = {
	[STATE] = { EXO_MAP_ARRAY, 4, 16, 2, 0 },
	[TABLE] = { EXO_MAP_HASH, 4, 8, 24, 0 }, /* it is full soon */
	[RING] = { EXO_MAP_RINGBUF, 0, 0, 4096, 0 },
};
const uint32_t dx_nmaps = sizeof(dx_maps) / sizeof(dx_maps[0]);

#define INSNS 128u
#define FUEL  100000u

#define LOOKUP(map, key)                                                     \
	"*(u32 *)(r10 - 4) = " key "\nr2 = r10\nr2 += -4\nr1 = map[idx:" map \
	"]\ncall map_lookup_elem\n"
#define UPDATE(map, flags)                                      \
	"r1 = map[idx:" map "]\nr2 = r10\nr2 += -4\nr3 = r10\n" \
	"r3 += -16\nr4 = " flags "\ncall map_update_elem\n"

/* Text with % for numbers: a place, a small one, a small one. */
static const struct {
	uint32_t type;
	bool effects;
	const char *text;
} list[] = {
	/* each run but every n-th is refused; how many there were */
	{ EXO_PROG_SOCKET, true,
	    "r1 = map[idx:0][0]+0\nr2 = *(u64 *)(r1 + 0)\nr2 += 1\n"
	    "*(u64 *)(r1 + 0) = r2\nr0 = %\nr3 = %\nr3 += 1\nr4 = %\n"
	    "r2 %= r3\nif r2 == 0 goto yes\nr0 = 0\nyes:\nexit\n" },
	/* what the order of packets makes of their lengths */
	{ EXO_PROG_SOCKET, true,
	    "r6 = *(u32 *)(r1 + 0)\nr1 = map[idx:0][0]+8\n"
	    "r2 = *(u64 *)(r1 + 0)\nr2 *= 1000003\nr2 += r6\nr2 += %\n"
	    "*(u64 *)(r1 + 0) = r2\nr0 = r2\nr0 >>= %\nr0 &= 3\nr3 = %\n"
	    "exit\n" },
	/* a histogram of a byte; known values are accepted; a packet that is
	 * too short counts nowhere */
	{ EXO_PROG_SOCKET, true,
	    "r6 = r1\nr0 = *(u8 *)skb[%]\nr7 = r0\n" LOOKUP("1",
	        "r7") "if r0 == 0 goto fresh\nr1 = *(u64 *)(r0 + 0)\nr1 += 1\n"
	              "*(u64 *)(r0 + 0) = r1\nr0 = 60\nexit\nfresh:\n"
	              "*(u64 *)(r10 - 16) = %\nr6 = %\n" UPDATE(
	                  "1", "1") "r0 = 0\nexit\n" },
	/* keys come and go */
	{ EXO_PROG_SOCKET, true,
	    "r6 = r1\nr0 = *(u8 *)skb[%]\nr7 = r0\nr7 &= 15\n" LOOKUP(
	        "1", "r7") "if r0 == 0 goto fresh\nr1 = map[idx:1]\nr2 = "
	                   "r10\nr2 += -4\n"
	                   "call map_delete_elem\nr0 = %\nexit\nfresh:\n"
	                   "*(u64 *)(r10 - 16) = r7\nr6 = %\n" UPDATE(
	                       "1", "0") "exit\n" },
	/* a record of each, while there is room */
	{ EXO_PROG_SOCKET, true,
	    "r6 = *(u32 *)(r1 + 0)\nr6 += %\n*(u64 *)(r10 - 16) = r6\n"
	    "r1 = map[idx:2]\nr2 = r10\nr2 += -16\nr3 = 8\nr4 = %\n"
	    "r4 &= 1\ncall ringbuf_output\nr5 = %\nexit\n" },
	/* one that is kept or thrown away */
	{ EXO_PROG_SOCKET, true,
	    "r6 = *(u32 *)(r1 + 0)\nr8 = %\nr1 = map[idx:2]\nr2 = 16\n"
	    "r3 = 0\ncall ringbuf_reserve\nif r0 == 0 goto out\n"
	    "*(u64 *)(r0 + 0) = r6\n*(u64 *)(r0 + 8) = %\nr7 = r6\n"
	    "r7 &= 3\nr1 = r0\nr2 = 0\nif r7 > % goto drop\n"
	    "call ringbuf_submit\nr0 = 1\nout:\nexit\ndrop:\n"
	    "call ringbuf_discard\nr0 = 0\nexit\n" },
	/* the time */
	{ EXO_PROG_SOCKET, true,
	    "call ktime_get_ns\nr1 = map[idx:0][0]+0\n*(u64 *)(r1 + 0) = r0\n"
	    "r0 >>= %\nr0 += %\nr0 &= 1\nr2 = %\nexit\n" },
	/* no effect, for all that it calls somebody */
	{ EXO_PROG_SOCKET, false,
	    "r2 = %\nr3 = r10\nr3 += -8\nr4 = 4\ncall skb_load_bytes\n"
	    "if r0 != 0 goto no\nr1 = *(u8 *)(r10 - 7)\nr1 &= 3\n"
	    "if r1 > % goto no\nr0 = %\nexit\nno:\nr0 = 0\nexit\n" },
	{ EXO_PROG_XDP, true,
	    "r6 = r1\nr1 = map[idx:0][0]+0\nr2 = *(u64 *)(r1 + 0)\nr2 += %\n"
	    "r2 += 1\n*(u64 *)(r1 + 0) = r2\nr3 = *(u32 *)(r6 + 0)\n"
	    "r4 = *(u32 *)(r6 + 4)\nr0 = r2\nr0 &= 3\nr5 = r3\nr5 += 14\n"
	    "if r5 > r4 goto out\nr7 = *(u16 *)(r3 + 12)\n"
	    "*(u64 *)(r1 + 8) = r7\nr7 = %\nr7 = %\nout:\nexit\n" },
	{ EXO_PROG_TC, true,
	    "r6 = *(u32 *)(r1 + 0)\nr7 = %\nr7 &= 1\n" LOOKUP("0",
	        "r7") "if r0 == 0 goto out\nr1 = *(u64 *)(r0 + 8)\nr1 ^= r6\n"
	              "r1 += %\n*(u64 *)(r0 + 8) = r1\nr0 = r1\nr0 &= 1\nr2 = "
	              "%\n"
	              "out:\nexit\n" },
};
#define NLIST (sizeof(list) / sizeof(list[0]))

/* %= is an operator, of the first. */
static void fill(char *to, const char *from, const uint32_t x[3])
{
	uint32_t k = 0;

	for (; *from != '\0'; from++) {
		if (*from != '%' || from[1] == '=')
			*to++ = *from;
		else
			to += sprintf(to, "%u", x[k++ % 3]);
	}
	*to = '\0';
}

bool dx_effect_make(struct dx_prog *p, struct spacegen *g)
{
	uint32_t i = sg_below(g, NLIST), n;
	const uint32_t x[] = { sg_below(g, 60), sg_below(g, 6),
		sg_below(g, 6) };
	struct exo_insn insns[INSNS];
	struct isa_asm_error where;
	struct flt_whole parts;
	struct flt_error err;

	fill(p->text, list[i].text, x);
	if (isa_asm(p->text, strlen(p->text), insns, INSNS, &n, &where) != 0) {
		printf("%s\nline %u: %s\n", p->text, where.line, where.what);
		abort();
	}
	p->world = true;
	p->effects = list[i].effects;
	parts = (struct flt_whole){ .type = list[i].type,
		.insns = insns,
		.n = n,
		.maps = dx_maps,
		.nmaps = dx_nmaps };
	return flt_image_whole(&parts, &p->img, &err) == 0;
}

/* --- worlds ------------------------------------------------------------------- */

static uint64_t time_of_packet;

static uint64_t now(void *arg)
{
	(void)arg;
	return time_of_packet;
}

struct exo_world *dx_effect_world(void)
{
	static struct exo_mem mem;
	const struct exo_world_config cfg = {
		.mem = &mem, .maps = dx_maps, .nmaps = dx_nmaps, .now = now
	};
	struct exo_world *w;

	if (mem.get == NULL)
		mem = cmd_heap();
	if (exo_world_new(&cfg, &w) != 0)
		abort();
	return w;
}

void dx_effect_free(struct exo_world *w)
{
	exo_world_free(w);
}

uint32_t dx_effect_ask(
    struct dx_prog *p, struct exo_world *w, const struct dx_packet *pkt)
{
	const struct isa_pkt raw = { pkt->data, pkt->caplen, pkt->wirelen,
		pkt->ifindex, pkt->protocol };
	struct isa_vm *vm = exo_world_vm(w);
	enum isa_end end;
	uint64_t r0;

	time_of_packet = pkt->time_ns;
	isa_point(vm, p->type, p->insns, p->n);
	isa_set_pkt(vm, &raw);
	end = exo_world_run(w, FUEL, &r0);
	if (end != ISA_END_EXIT && end != ISA_END_REJECT) {
		dx_prog_print(p);
		printf("a verified program traps\n");
		abort();
	}
	return dx_kept(p->type, (uint32_t)r0);
}

static bool same_elements(const struct exo_core *core, uint64_t binding,
    const struct exo_world *w, uint32_t map)
{
	uint32_t at = 0, pos = 0, key, theirs;
	uint64_t value[2], other[2];
	int err;

	do {
		value[1] = other[1] = 0;
		err = exo_world_next(w, map, &at, &key, value);
		if (exo_binding_next(
		        core, binding, map, &pos, &theirs, other) != err)
			return false;
		if (err == 0 && (key != theirs || value[0] != other[0] ||
		                    value[1] != other[1]))
			return false;
	} while (err == 0);
	return true;
}

static bool same_records(
    struct exo_core *core, uint64_t binding, struct exo_world *w)
{
	const uint8_t *a, *b;
	uint32_t na, nb;

	do {
		a = exo_world_record(w, RING, &na);
		b = exo_binding_record(core, binding, RING, &nb);
		if ((a == NULL) != (b == NULL) ||
		    (a != NULL && (na != nb || memcmp(a, b, na) != 0)))
			return false;
	} while (a != NULL);
	return true;
}

bool dx_effect_same(
    struct exo_core *core, uint64_t binding, struct exo_world *w)
{
	return same_elements(core, binding, w, STATE) &&
	       same_elements(core, binding, w, TABLE) &&
	       same_records(core, binding, w);
}
