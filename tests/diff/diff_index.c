/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index against every cube asked in turn, on real and on made packets.
 *
 * usage: diff_index [-q] [-s SEED] [-n ROUNDS]
 *
 * Sets of 1 to 2,000 cubes made near packets, so that they overlap; between
 * batches some go and some come. All three modes must answer what sp_cube_has()
 * says of sp_parse()'s view. The packets are those of pcaps/, of EXOPF_TRACES
 * where it is set, and made ones.
 *
 * -q (or EXOPF_QUICK=1) takes fewer rounds. Exit: 0, or it aborts.
 */
#include <ftw.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "exo/hosted/heap.h"
#include "exo/hosted/trace.h"
#include "tests/support/index_model.h"

#ifndef EXOPF_SRCDIR
#define EXOPF_SRCDIR "."
#endif
#define RULES_MAX 2000u
#define KEPT_MAX  60000u /* packets of captures */
#define FILE_MAX  3000u  /* of one of them */

static struct sp_packet *kept;
static uint32_t nkept;
static struct ig_chance chance;
static uint64_t decisions;

static void keep(const struct tr_pkt *p)
{
	uint8_t *data = malloc(p->caplen != 0 ? p->caplen : 1);

	if (data == NULL)
		abort();
	if (p->caplen != 0)
		memcpy(data, p->data, p->caplen);
	kept[nkept++] =
	    (struct sp_packet){ data, p->caplen, p->wirelen, p->linktype };
}

static int visit(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct tr_error err;
	struct tr_reader *r;
	struct tr_pkt pkt[16];
	uint32_t limit = nkept + FILE_MAX;
	int n;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	r = tr_open(path, NULL, &err);
	while (
	    r != NULL && nkept < limit && (n = tr_batch(r, pkt, 16, &err)) > 0)
		for (int i = 0; i < n && nkept < KEPT_MAX; i++)
			keep(&pkt[i]);
	tr_close(r);
	return 0;
}

/* Up to a batch of packets: in a row of a capture, or made. */
static uint32_t batch(struct sp_packet *p, uint8_t (*room)[IG_BYTES])
{
	uint32_t n = 1 + ig_random(&chance) % EXO_LOOK_BATCH;
	uint32_t from = nkept > 0 ? ig_random(&chance) % nkept : 0;

	for (uint32_t i = 0; i < n; i++) {
		if (nkept != 0 && n % 2 == 0)
			p[i] = kept[(from + i) % nkept];
		else
			ig_packet(&chance, room[i], &p[i]);
	}
	return n;
}

/* The real packets are looked at as their neighbours are, or anywhere. */
static void make_rule(
    struct ig_rule *r, uint32_t number, const struct sp_packet *near)
{
	struct sp_view v;

	sp_parse(near, &v);
	r->cube = ig_cube(&chance, &v, r->a);
	r->id = number % 7 == 0 ? number / 2 : number;
	r->order = r->id % 5; /* an id has one order */
	r->live = false;
}

static void churn(struct exo_index *ix, struct ig_model *m, uint32_t turns,
    const struct sp_packet *p, uint32_t n)
{
	for (uint32_t k = 0; k < turns; k++) {
		uint32_t i = ig_random(&chance) % m->n;
		struct ig_rule *r = &m->rule[i];
		int rc;

		if (!r->live)
			make_rule(r, i, &p[ig_random(&chance) % n]);
		rc = ig_turn(ix, r);
		if (rc != 0 && rc != -EXO_ELIMIT)
			ig_finding("an insert or delete", (uint64_t)-rc, 0);
	}
}

static void one_round(uint32_t rules, uint32_t batches)
{
	static struct ig_rule rule[RULES_MAX];
	static uint8_t room[EXO_LOOK_BATCH][IG_BYTES];
	struct exo_mem mem = cmd_heap();
	struct exo_epoch epoch;
	struct exo_index_config cfg = { .mem = &mem,
		.epoch = &epoch,
		.shapes = 1 + ig_random(&chance) % 4000,
		.records = RULES_MAX,
		.scanned = 64 };
	struct ig_model m = { .rule = rule, .n = rules };
	struct sp_packet p[EXO_LOOK_BATCH];
	struct exo_index *ix;
	struct exo_look *l;
	uint32_t n;

	for (uint32_t i = 0; i < EXO_INDEX_KEY; i++)
		cfg.key[i] = ig_long(&chance);
	for (uint32_t i = 0; i < rules; i++)
		rule[i].live = false;
	exo_epoch_init(&epoch);
	if (exo_index_new(&cfg, &ix) != 0 ||
	    exo_look_new(&mem, &epoch, 0, &l) != 0)
		abort();
	for (uint32_t k = 0; k < batches; k++) {
		n = batch(p, room);
		churn(ix, &m, k == 0 ? rules : rules / 4 + 1, p, n);
		ig_check(ix, l, &m, p, n, 1 + ig_random(&chance) % 20);
	}
	decisions += 3 * m.decisions;
	exo_look_free(l);
	exo_index_free(ix);
	ig_same("bytes held", mem.used, 0);
}

int main(int argc, char **argv)
{
	const char *quick = getenv("EXOPF_QUICK"), *traces;
	uint32_t rounds = quick != NULL ? 60 : 400;
	int option;

	chance.state = 1;
	while ((option = getopt(argc, argv, "qs:n:")) != -1) {
		if (option == 'q')
			rounds = 60;
		else if (option == 's')
			chance.state = strtoull(optarg, NULL, 0) * 2 + 1;
		else if (option == 'n')
			rounds = (uint32_t)strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	kept = calloc(KEPT_MAX, sizeof(*kept));
	traces = getenv("EXOPF_TRACES");
	if (kept == NULL ||
	    nftw(EXOPF_SRCDIR "/pcaps", visit, 16, FTW_PHYS) != 0 ||
	    (traces != NULL && nftw(traces, visit, 16, FTW_PHYS) != 0))
		return 2;
	for (uint32_t k = 0; k < rounds; k++)
		one_round(1 + ig_random(&chance) %
		                  (k % 8 == 0 ? RULES_MAX : 1u << (k % 10)),
		    12);
	printf("ok - %u packets of captures, %u sets of cubes, "
	       "%llu decisions in each of 3 modes, no difference\n",
	    nkept, rounds, (unsigned long long)decisions / 3);
	for (uint32_t i = 0; i < nkept; i++) {
		uint8_t *data;

		memcpy(&data, &kept[i].data, sizeof(data));
		free(data);
	}
	free(kept);
	return 0;
}
