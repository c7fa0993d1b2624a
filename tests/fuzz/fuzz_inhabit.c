/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cubes of packets: is somebody found where somebody is?
 *
 * Input: choices (tests/support/spacegen.h) of a packet, of atoms that it
 * satisfies, and of atoms that another one does. The first cube must be found
 * to be inhabited. Both get a witness exactly if they are, which parses into
 * the cube. Nothing but the budget may end this without an answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "tests/support/mem.h"
#include "tests/support/spacegen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ATOMS 10
#define ROOM  4096u

static void must(bool is, const char *what)
{
	if (is)
		return;
	fprintf(stderr, "fuzz_inhabit: %s\n", what);
	abort();
}

static void ask(struct exo_arena *arena, const struct sp_atom *a, uint32_t n,
    const struct sp_view *known)
{
	struct sp_work w = { arena, 400000, &sp_packets, NULL, NULL };
	static uint8_t buf[ROOM];
	struct sp_packet p;
	struct sp_region r;
	struct sp_view v;
	uint32_t flaws;
	int rc = sp_conj(&w, a, n, &r);

	must(rc == 0 || rc == -EXO_EBUDGET, "an error");
	if (rc != 0)
		return;
	must(known == NULL || r.n == 1, "nobody, where a packet is");
	must(r.n == 0 || known == NULL || sp_region_has(r, known), "another");
	rc = sp_witness(&w, r, buf, ROOM, &p, &flaws);
	if (rc == -EXO_E2BIG || (rc == -EXO_EBUDGET && w.left == 0))
		return;
	must(rc == (int)r.n, "a witness, or none, where there is none, or one");
	if (rc == 0)
		return;
	sp_parse(&p, &v);
	must(sp_region_has(r, &v), "a witness outside");
	must(flaws == sp_flaws(&p), "other flaws");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spacegen g = { data, size, size };
	struct exo_mem mem = mem_heap(NULL);
	struct exo_arena arena;
	struct sp_atom a[2 * ATOMS];
	uint8_t buf[SG_PACKET_MAX];
	struct sp_packet p = sg_packet(&g, buf);
	struct sp_view v;
	uint32_t n;

	exo_arena_init(&arena, &mem);
	sp_parse(&p, &v);
	n = sg_atoms(&g, &v, a, ATOMS);
	ask(&arena, a, n, &v);
	exo_arena_free(&arena);
	p = sg_packet(&g, buf);
	sp_parse(&p, &v);
	n += sg_atoms(&g, &v, a + n, ATOMS);
	ask(&arena, a, n, NULL);
	exo_arena_free(&arena);
	must(mem.used == 0, "memory is left");
	return 0;
}
