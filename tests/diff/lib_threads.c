/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library in several threads at once: each loads, runs and frees programs of
 * its own, and finds in their maps what one thread alone finds.
 *
 * What they share is the memory of machine code. `make check-tsan` runs this
 * under ThreadSanitizer. usage: lib_threads [ROUNDS]
 */
#include <exopf/exopf.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/isa/text.h"

#define THREADS 4u
#define PACKETS 200u

/* Count packets by their first byte in a hash, and add up what came out of it. */
static const char text[] =
    "r6 = *(u32 *)(r1 + 0)\nr7 = *(u32 *)(r1 + 4)\nr2 = r6\nr2 += 1\n"
    "if r2 > r7 goto out\nr1 = *(u8 *)(r6 + 0)\n*(u32 *)(r10 - 4) = r1\n"
    "r1 = map[idx:0]\nr2 = r10\nr2 += -4\ncall map_lookup_elem\n"
    "if r0 == 0 goto fresh\nr1 = *(u64 *)(r0 + 0)\nr1 += 1\n"
    "*(u64 *)(r0 + 0) = r1\nr0 = r1\nexit\nfresh:\n"
    "*(u64 *)(r10 - 16) = 1\nr1 = map[idx:0]\nr2 = r10\nr2 += -4\nr3 = r10\n"
    "r3 += -16\nr4 = 0\ncall map_update_elem\nr0 = 1\nexit\n"
    "out:\nr0 = 0\nexit\n";

static struct exo_insn insns[128];
static uint32_t ninsns;
static unsigned long rounds = 100;

struct worker {
	pthread_t thread;
	uint32_t number;
	uint64_t sum;
	int bad;
};

static uint64_t packets(exopf_program *p, uint32_t number)
{
	uint64_t sum = 0, r0 = 0;

	for (uint32_t i = 0; i < PACKETS; i++) {
		const uint8_t byte = (uint8_t)((i * (number + 7)) % 13);
		const struct exopf_packet pkt = { &byte, 1, 0, 0, 0 };

		if (exopf_run_packet(p, &pkt, &r0) != 0)
			return 0;
		sum = sum * 31 + r0;
	}
	return sum;
}

static uint64_t elements(const exopf_program *p)
{
	uint64_t sum = 0, value;
	uint32_t key, *from = NULL;

	while (exopf_map_next_key(p, 0, from, &key) == 0) {
		from = &key;
		if (exopf_map_lookup(p, 0, &key, &value) == 0)
			sum += (key + 1) * value;
	}
	return sum;
}

/* One program's life; 0 when it fails. */
static uint64_t once(uint32_t number)
{
	const struct exopf_map_def map = { EXOPF_MAP_HASH, 4, 8, 64, 0 };
	struct exopf_options opt = { .size = sizeof(opt) };
	exopf_program *p;
	uint64_t sum;

	opt.maps = &map;
	opt.n_maps = 1;
	if (exopf_load_with(insns, ninsns * sizeof(*insns), EXOPF_TYPE_XDP,
	        &opt, NULL, &p) != 0)
		return 0;
	(void)exopf_set_engine(
	    p, number % 3 == 2 ? EXOPF_ENGINE_INTERP : EXOPF_ENGINE_JIT);
	sum = packets(p, number) + elements(p);
	exopf_free(p);
	return sum;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (unsigned long i = 0; i < rounds; i++) {
		if (once(w->number) != w->sum)
			w->bad = 1;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct worker w[THREADS];
	struct isa_asm_error err;
	int bad;

	if (argc > 1)
		rounds = strtoul(argv[1], NULL, 10);
	bad = isa_asm(text, strlen(text), insns, 128, &ninsns, &err) != 0;
	for (uint32_t i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .number = i, .sum = once(i) };
		bad |= w[i].sum == 0;
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
			return 1;
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		(void)pthread_join(w[i].thread, NULL);
		bad |= w[i].bad;
	}
	printf("%s 1 - %u threads, %lu programs in each\n",
	    bad ? "not ok" : "ok", THREADS, rounds);
	return bad;
}
