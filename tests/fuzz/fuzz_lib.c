/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: images through the library's door.
 *
 * Any bytes are loaded twice with the same options, and run over packets by
 * each engine; results, packets and maps must be the same, errors be those that
 * the header names, and all memory be given back, at most what the options
 * allow. The header of an image is mended after mutations, most of the time.
 */
#include <exopf/exopf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "exo/lib/bug.h"
#include "exo/lib/bytes.h"
#include "tests/support/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max, unsigned int seed);

#define MEMORY   ((uint64_t)16 << 20)
#define ELEMENTS 64u

static uint64_t held;

/* What came of an image. */
struct outcome {
	int ret;
	uint64_t sum;
	uint64_t clock;
};

static void note(struct outcome *o, const void *p, size_t size)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < size; i++)
		o->sum = (o->sum ^ b[i]) * 0x100000001b3u;
}

static void *get(void *arg, size_t size)
{
	(void)arg;
	return mem_get(&held, size);
}

static void put(void *arg, void *p, size_t size)
{
	(void)arg;
	mem_put(&held, p, size);
}

static uint64_t now(void *arg)
{
	struct outcome *o = arg;

	return o->clock += 1000;
}

static int event(void *arg, uint32_t map, const void *data, uint32_t size,
    const void *packet, uint32_t n)
{
	struct outcome *o = arg;

	note(o, &map, sizeof(map));
	note(o, data, size);
	note(o, packet, n);
	return -(int)(size % 3);
}

static void run(exopf_program *p, struct outcome *o, uint32_t len)
{
	uint8_t bytes[256];
	const struct exopf_packet pkt = { bytes, len, len + len % 7, 1,
		0x0800 };
	struct exopf_result res;
	uint64_t r0;

	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + len);
	if (exopf_run_memory(p, bytes, len, &r0) == 0) {
		note(o, &r0, sizeof(r0));
		note(o, bytes, sizeof(bytes));
		return;
	}
	exo_assert(exopf_run_packet_result(p, &pkt, &res) == 0);
	note(o, res.data, res.caplen);
	note(o, (const uint8_t *)res.data - res.meta, res.meta);
	res.data = NULL; /* lies elsewhere each time */
	note(o, &res, sizeof(res));
}

static void know(struct outcome *o, int ret)
{
	exo_assert(ret == 0 || ret == EXOPF_ENOENT || ret == EXOPF_EINVAL ||
	           ret == EXOPF_E2BIG || ret == EXOPF_EEXIST ||
	           ret == EXOPF_ENOSPC || ret == EXOPF_EPERM);
	note(o, &ret, sizeof(ret));
}

/* Look at a map from outside, and change it. */
static void use(exopf_program *p, struct outcome *o, uint32_t map)
{
	static uint8_t value[1 << 20], key[512];
	struct exopf_map_info info;
	const struct exo_insn two[] = { { .code = EXO_ALU64 | EXO_MOV | EXO_K,
		                            .imm = 5 },
		{ .code = EXO_JMP | EXO_EXIT } };
	const void *record;
	uint32_t size, i;
	int ret = 0;

	exo_assert(exopf_map_info(p, map, &info) == 0);
	if (info.name[0] != '\0')
		exo_assert(
		    exopf_map_find(p, info.name, &size) == 0 && size <= map);
	for (i = 0; i < ELEMENTS && ret == 0; i++) {
		ret = exopf_map_next_key(p, map, i == 0 ? NULL : key, key);
		know(o, ret);
		if (ret != 0)
			break;
		note(o, key, info.def.key_size);
		know(o, ret = exopf_map_lookup(p, map, key, value));
		if (ret == 0)
			note(o, value, info.def.value_size);
	}
	for (i = 0; i < ELEMENTS; i++) {
		ret = exopf_ring_next(p, map, &record, &size);
		know(o, ret);
		note(o, record, size);
	}
	memset(value, 0x55, info.def.value_size);
	memset(key, 0, info.def.key_size);
	for (i = 0; i < 4; i++)
		know(o, exopf_map_update(p, map, key, value, i));
	ret = exopf_map_set_program(p, map, 0, two, sizeof(two), NULL);
	exo_assert(ret == 0 || ret == EXOPF_EINVAL || ret == EXOPF_EBUDGET ||
	           ret == EXOPF_ENOMEM);
	note(o, &ret, sizeof(ret));
	know(o, exopf_map_take(p, map, key, value));
	know(o, exopf_map_delete(p, map, key));
}

static struct outcome whole(
    const uint8_t *data, size_t size, enum exopf_engine engine)
{
	static const uint32_t lens[] = { 0, 1, 14, 60, 60, 200 };
	struct outcome o = { 0 };
	struct exopf_options opt = { .size = sizeof(opt),
		.max_steps = 20000,
		.memory = MEMORY,
		.seed = 1,
		.alloc = get,
		.release = put,
		.now = now,
		.event = event,
		.arg = &o };
	struct exopf_report report;
	struct exopf_facts facts;
	exopf_program *p;

	o.ret = exopf_load_image_with(data, size, &opt, &report, &p);
	exo_assert((o.ret == 0) == (p != NULL));
	if (p == NULL)
		return o;
	exopf_facts(p, &facts);
	exo_assert(held == facts.memory && held <= MEMORY);
	if (exopf_set_engine(p, engine) != 0)
		exo_assert(facts.code_bytes == 0);
	for (uint32_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		run(p, &o, lens[i]);
	for (uint32_t i = 0; i < exopf_map_count(p); i++)
		use(p, &o, i);
	run(p, &o, 60);
	exopf_free(p);
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome a, b;

	if (size > 65536)
		return 0;
	a = whole(data, size, EXOPF_ENGINE_JIT);
	exo_assert(held == 0);
	exo_assert(a.ret == 0 || a.ret == EXOPF_EIMAGE ||
	           a.ret == EXOPF_EREFUSED || a.ret == EXOPF_EBUDGET ||
	           a.ret == EXOPF_ENOMEM || a.ret == EXOPF_E2BIG);
	b = whole(data, size, EXOPF_ENGINE_INTERP);
	exo_assert(held == 0);
	exo_assert(a.ret == b.ret && a.sum == b.sum && a.clock == b.clock);
	return 0;
}

size_t LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max);
	if (seed % 8 == 0 || size < sizeof(struct exo_image_hdr))
		return size;
	exo_put_le32(data, EXO_IMAGE_MAGIC);
	exo_put_le32(data + 8, (uint32_t)size);
	memset(data + 14, 0, 2);
	data[4] = EXO_IMAGE_VERSION;
	data[5] = 0;
	return size;
}
