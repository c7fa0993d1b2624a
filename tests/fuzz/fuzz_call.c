/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the call table: a core with two environments, and a sequence of
 * calls whose arguments come from the input.
 *
 * Keys that the kernel issued are put into arguments, whole or with a byte
 * changed, so that decoding is left behind. Packets come in between. At the
 * end everything must have gone back to the platform (exo_core_free()
 * asserts it), and the engines may never have differed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "exo/abi/map.h"
#include "exo/core/core.h"
#include "exo/lib/bug.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEYS  8
#define NAMES 8
#define RING  4096u

struct input {
	const uint8_t *p;
	size_t n;
};

struct world {
	struct exo_core *core;
	uint64_t env[2];
	struct exo_key keys[KEYS];
	uint64_t names[NAMES];
	unsigned nkeys, nnames;
};

static uint8_t take(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static void fill(struct input *in, void *to, size_t n)
{
	size_t k = n < in->n ? n : in->n;

	memset(to, 0, n);
	memcpy(to, in->p, k);
	in->p += k;
	in->n -= k;
}

static struct exo_key any_key(struct world *w, struct input *in)
{
	struct exo_key k = w->keys[take(in) % KEYS];
	uint8_t spoil = take(in);

	if (spoil >= 0xf0)
		((uint8_t *)&k)[take(in) % sizeof(k)] ^= take(in);
	return k;
}

/* A region of the input's atoms, of fields near the ports, in memory that stays
 * for the call; now and then it is damaged, or there is none. */
static struct exo_span any_region(struct input *in)
{
	static _Alignas(8) uint8_t bytes[16 + 8 * 40 + 8];
	struct exo_region_hdr *h = (void *)bytes;
	struct exo_atom *a = (void *)(h + 1);
	uint32_t n = take(in) % 8, size = 16 + 40 * n;
	uint8_t spoil = take(in);

	if (spoil < 0x40)
		return (struct exo_span){ 0 };
	*h = (struct exo_region_hdr){ EXO_REGION_VERSION, n / 2 + 1, n, 0 };
	for (uint32_t i = 0; i < n; i++) {
		uint8_t kind = take(in);

		a[i] =
		    (struct exo_atom){ .cube = i / 2, .field = take(in) % 56 };
		a[i].absent = kind % 8 == 0;
		if (a[i].absent != 0)
			continue;
		a[i].mask = kind % 2 != 0 ? 0xff : 0;
		a[i].value = take(in) & a[i].mask;
		a[i].lo = kind % 3 == 0 ? take(in) : 0;
		a[i].hi = kind % 5 == 0 ? take(in) : UINT64_MAX;
	}
	if (spoil >= 0xf0)
		bytes[take(in) % size] ^= take(in);
	return (struct exo_span){ (uintptr_t)bytes,
		spoil == 0xef ? size + 8 : size, 0 };
}

/* Where a witness may go. */
static struct exo_span any_room(struct input *in)
{
	static _Alignas(8) uint8_t room[sizeof(struct exo_witness) + 64];
	uint8_t n = take(in);

	if (n < 0x80)
		return (struct exo_span){ 0 };
	return (struct exo_span){ (uintptr_t)room, n % (sizeof(room) + 1), 0 };
}

/* Maps that a program may name: some can be made. */
static uint32_t any_maps(struct input *in, struct exo_map_def maps[2])
{
	static const uint32_t kinds[] = { EXO_MAP_HASH, EXO_MAP_ARRAY,
		EXO_MAP_PROG_ARRAY, EXO_MAP_RINGBUF, 99 };
	uint32_t n = take(in) % 3;

	for (uint32_t i = 0; i < n; i++)
		maps[i] = (struct exo_map_def){ kinds[take(in) % 5],
			take(in) % 9, take(in), 1u << take(in) % 16,
			take(in) % 16 == 0 ? 0x80 : 0 };
	return n;
}

#define INSNS 64u

/* An image with the input's bytes for instructions: BIND gets this far. The last
 * of them may be a program for the first map's slots. Returns its size. */
static uint32_t any_image(struct input *in, const void **out)
{
	static _Alignas(8) struct family {
		struct exo_image_hdr hdr;
		struct exo_image_section row[3];
		struct exo_insn insns[INSNS];
		struct exo_map_def maps[2];
		struct exo_image_tail tails[2];
	} m;
	uint32_t n = 1 + take(in) % INSNS, k = any_maps(in, m.maps);
	uint32_t t = k == 0 ? 0 : take(in) % 3;

	m.hdr = (struct exo_image_hdr){ EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION,
		(uint16_t)(take(in) % 6), sizeof(m),
		(uint16_t)(t != 0   ? 3
		           : k == 0 ? 1
		                    : 2),
		0 };
	m.row[0] = (struct exo_image_section){ EXO_SEC_INSNS,
		offsetof(struct family, insns), 8 * n, 0 };
	m.row[1] = (struct exo_image_section){ EXO_SEC_MAPS,
		offsetof(struct family, maps), 20 * k, 0 };
	m.row[2] = (struct exo_image_section){ EXO_SEC_TAILS,
		offsetof(struct family, tails), 16 * t, 0 };
	for (uint32_t i = 0; i < t; i++)
		m.tails[i] = (struct exo_image_tail){ n - 2 + i,
			take(in) < 0xf0 ? 0 : 1, take(in) % 4, 0 };
	memset(m.insns, 0, sizeof(m.insns));
	fill(in, m.insns, 8 * (size_t)n);
	*out = &m;
	return sizeof(m);
}

static void slot(struct world *w, uint64_t env, struct input *in)
{
	struct exo_report report;
	struct exo_call_slot a = {
		.binding = w->names[take(in) % NAMES],
		.map = take(in) % 3,
		.slot = take(in) % 8,
		.report = take(in) % 2 == 0 ? 0 : (uintptr_t)&report,
	};
	const void *image;

	a.image_size = any_image(in, &image);
	a.image = (uintptr_t)image;
	if (take(in) % 4 == 0)
		a.image_size = 0;
	(void)exo_call(w->core, env, EXO_CALL_SLOT_NR, &a, sizeof(a));
}

static void bind(struct world *w, uint64_t env, struct input *in)
{
	struct exo_report report;
	const void *image;
	uint32_t size = any_image(in, &image);
	struct exo_call_bind a = {
		.key = any_key(w, in),
		.image = (uintptr_t)image,
		.image_size = size,
		.linktype = take(in) % 3,
		.priority = (int8_t)take(in),
		.mode = take(in) % 5,
		.claim = any_region(in),
		.witness = any_room(in),
		.snap = take(in),
		.flags = take(in) % 4,
		.report = (uintptr_t)&report,
	};

	if ((a.flags & EXO_BIND_ASH) != 0)
		a.send = any_key(w, in);

	if (exo_call(w->core, env, EXO_CALL_BIND_NR, &a, sizeof(a)) == 0)
		w->names[w->nnames++ % NAMES] = a.out_binding;
}

/* What goes out has a sender that somebody may be. */
static int wire(void *arg, struct plat_env *env, const uint8_t *p, uint32_t n)
{
	uint64_t *sum = arg;

	(void)env;
	exo_assert(n >= EXO_TRANSMIT_MIN && n <= EXO_TRANSMIT_MAX);
	for (uint32_t i = 0; i < n; i++)
		*sum += p[i];
	return *sum % 5 == 0 ? -EXO_ELIMIT : 0;
}

static void transmit(struct world *w, uint64_t env, struct input *in)
{
	uint8_t data[EXO_TRANSMIT_MAX + 1] = { 0 };
	struct exo_call_transmit a = { .key = any_key(w, in),
		.packet = (uintptr_t)data,
		.size = take(in) * 6u };

	fill(in, data, take(in));
	(void)exo_call(w->core, env, EXO_CALL_TRANSMIT_NR, &a, sizeof(a));
}

static void derive(struct world *w, uint64_t env, struct input *in)
{
	struct exo_call_derive a = { .key = any_key(w, in),
		.rights = take(in),
		.region = any_region(in),
		.witness = any_room(in) };

	if (exo_call(w->core, env, EXO_CALL_DERIVE_NR, &a, sizeof(a)) != 0)
		return;
	exo_assert((a.out_key.rights & ~a.key.rights) == 0);
	w->keys[w->nkeys++ % KEYS] = a.out_key;
}

static void packet(struct world *w, struct input *in)
{
	uint8_t data[64];
	struct exo_pkt p = { .data = data,
		.caplen = take(in) % 65,
		.wirelen = take(in),
		.linktype = take(in) % 3 };

	fill(in, data, p.caplen);
	exo_ingest(w->core, &p, 1);
}

static void stat(struct world *w, uint64_t env, struct input *in)
{
	struct exo_call_stat a = { .binding = w->names[take(in) % NAMES] };

	if (exo_call(w->core, env, EXO_CALL_STAT_NR, &a, sizeof(a)) == 0)
		exo_assert(a.out_stat.differed == 0 &&
		           a.out_stat.delivered + a.out_stat.dropped +
		                   a.out_stat.replied + a.out_stat.withheld ==
		               a.out_stat.matched);
}

static void raw_call(struct world *w, uint64_t env, struct input *in)
{
	uint64_t args[32];
	uint32_t nr = take(in);
	size_t n = take(in);

	/* these read memory at addresses of the caller: bind(), slot(),
	 * transmit() and derive() do that */
	if (nr == EXO_CALL_BIND_NR || nr == EXO_CALL_DERIVE_NR ||
	    nr == EXO_CALL_SLOT_NR || nr == EXO_CALL_TRANSMIT_NR)
		return;
	fill(in, args, sizeof(args));
	(void)exo_call(w->core, env, nr, args, n);
}

static void step(struct world *w, struct input *in)
{
	uint8_t op = take(in);
	uint64_t env = w->env[op >> 7];
	struct exo_call_revoke r;
	struct exo_call_unbind u;

	switch (op % 8) {
	case 0:
	case 1:
		bind(w, env, in);
		break;
	case 2:
		derive(w, env, in);
		break;
	case 3:
		r.key = any_key(w, in);
		(void)exo_call(w->core, env, EXO_CALL_REVOKE_NR, &r, sizeof(r));
		break;
	case 4:
		u.binding = w->names[take(in) % NAMES];
		(void)exo_call(w->core, env, EXO_CALL_UNBIND_NR, &u, sizeof(u));
		break;
	case 5:
		packet(w, in);
		break;
	case 6:
		if ((op & 8) != 0)
			transmit(w, env, in);
		else
			stat(w, env, in);
		break;
	default:
		if ((op & 8) != 0)
			slot(w, env, in);
		else
			raw_call(w, env, in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t sum = 0;
	struct exo_core_config cfg = { .mem = 4u << 20,
		.verify_insns = 20000,
		.verify_mem = 1u << 20,
		.region_steps = 20000,
		.send = wire,
		.send_arg = &sum,
		.judge = true };
	struct world w = { .nkeys = 2 };
	struct input in = { data, size };
	struct exo_ring *rings[2];

	if (exo_core_new(&cfg, &w.core) != 0)
		return 0;
	for (int i = 0; i < 2; i++) {
		struct exo_env_args args = { .ring_size = RING };

		rings[i] = aligned_alloc(64, sizeof(struct exo_ring) + RING);
		args.ring = rings[i];
		exo_assert(rings[i] != NULL);
		exo_assert(exo_env_new(w.core, &args, &w.env[i]) == 0);
		exo_assert(exo_grant(w.core, w.env[i], EXO_RIGHT_ALL, NULL,
		               &w.keys[i]) == 0);
	}
	for (int i = 0; i < 1000 && in.n != 0; i++)
		step(&w, &in);
	exo_core_free(w.core);
	free(rings[0]);
	free(rings[1]);
	return 0;
}
