/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: an index whose rules come and go as the bytes say.
 *
 * The first bytes choose limits and how many rules there are, and each packet
 * and cube takes bytes as it is made (tests/support/index_gen.h). Then rounds of
 * rules that come or go, and a batch of packets, some of which are the input
 * itself. All three modes must answer what every cube asked in turn does; in
 * the end no byte is held.
 */
#include "exo/abi/err.h"
#include "exo/hosted/heap.h"
#include "tests/support/index_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULES  48u
#define ROUNDS 4u

static struct ig_chance chance;
static struct ig_rule rule[RULES];

static void new_rule(struct ig_rule *r, uint32_t i, const struct sp_packet *p)
{
	struct sp_view v;

	sp_parse(p, &v);
	r->cube = ig_cube(&chance, &v, r->a);
	r->id = i / 2;
	r->order = r->id % 4;
	r->live = false;
}

/* Packets, of which every fourth is the bytes to come as they are. */
static uint32_t batch(
    struct sp_packet *p, uint8_t (*room)[IG_BYTES], uint32_t n)
{
	static const uint32_t links[] = { 1, 101, 113, 276, 0, 108, 228, 229 };

	for (uint32_t i = 0; i < n; i++) {
		if (i % 4 != 3 || chance.n < 8) {
			ig_packet(&chance, room[i], &p[i]);
			continue;
		}
		p[i].link = links[ig_below(&chance, 8)];
		p[i].data = chance.bytes;
		p[i].caplen = (uint32_t)(chance.n < 90 ? chance.n : 90);
		p[i].len = p[i].caplen;
	}
	return n;
}

static void turn(struct exo_index *ix, struct ig_rule *r, uint32_t i,
    const struct sp_packet *p)
{
	int rc;

	if (!r->live)
		new_rule(r, i, p);
	rc = ig_turn(ix, r);
	if (rc != 0 && rc != -EXO_ELIMIT)
		ig_finding("an insert or delete", (uint64_t)-rc, 0);
}

static void rounds(struct exo_index *ix, struct exo_look *l, uint32_t rules)
{
	struct ig_model m = { .rule = rule, .n = rules };
	uint8_t room[8][IG_BYTES];
	struct sp_packet p[8];

	for (uint32_t k = 0; k < ROUNDS; k++) {
		uint32_t n = batch(p, room, 1 + ig_below(&chance, 8));

		for (uint32_t j = 0; j < rules; j++) {
			uint32_t i = ig_below(&chance, rules);

			turn(ix, &rule[i], i, &p[i % n]);
		}
		ig_check(ix, l, &m, p, n, 1 + ig_below(&chance, 3));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct exo_epoch epoch;
	struct exo_mem mem = cmd_heap();
	struct exo_index_config cfg = { .mem = &mem, .epoch = &epoch };
	struct exo_index *ix;
	struct exo_look *l;
	uint32_t rules;

	chance = (struct ig_chance){ data, size, 7 };
	rules = 1 + ig_below(&chance, RULES);
	cfg.shapes = 1 + ig_below(&chance, 64);
	cfg.records = 1 + ig_below(&chance, RULES);
	cfg.scanned = ig_below(&chance, 8);
	for (uint32_t i = 0; i < EXO_INDEX_KEY; i++)
		cfg.key[i] = ig_long(&chance);
	for (uint32_t i = 0; i < rules; i++)
		rule[i].live = false;
	exo_epoch_init(&epoch);
	if (exo_index_new(&cfg, &ix) != 0 ||
	    exo_look_new(&mem, &epoch, 0, &l) != 0)
		abort();
	rounds(ix, l, rules);
	exo_look_free(l);
	exo_index_free(ix);
	ig_same("bytes held", mem.used, 0);
	return 0;
}
