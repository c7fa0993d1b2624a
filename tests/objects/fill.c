/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same elements in the maps of all sides, and whether they are still the
 * same after the runs.
 *
 * Keys are cut from packets, or are small numbers, or what the program is seen
 * to look up.
 * Global data stay as the object has them. Of values that each processor has
 * its own of, all are filled alike, and that of processor 0 is compared, where
 * everything runs. Program arrays name the programs of their object. Event
 * arrays and ring buffers begin empty, and are not compared.
 */
#include "tests/objects/objects.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/world_int.h"
#include "exo/lib/bytes.h"
#include "exo/maps/map.h"

#define ELEMENTS 32u   /* put into a hash whatever the program does */
#define ROUNDS   3u    /* of elements that the program looks up */
#define FILLED   1024u /* elements of an array that are not left alone */
#define COMPARED 16384u
#define CPUS_MAX 1024

struct sides {
	const struct exo_map_def *def;
	struct exo_world *const *world; /* ours */
	uint32_t map;
	int fd;
	uint32_t copies, stride; /* of a value as Linux hands it over */
	uint8_t *wide;           /* such a value */
	uint8_t *value, *key;
	uint32_t *n; /* elements that were put there */
};

static uint32_t elements[EXO_MAPS_MAX];

static bool is_percpu(uint32_t kind)
{
	return kind == EXO_MAP_PERCPU_ARRAY || kind == EXO_MAP_PERCPU_HASH ||
	       kind == EXO_MAP_LRU_PERCPU_HASH;
}

static bool is_array(uint32_t kind)
{
	return kind == EXO_MAP_ARRAY || kind == EXO_MAP_PERCPU_ARRAY;
}

static bool is_lru(uint32_t kind)
{
	return kind == EXO_MAP_LRU_HASH || kind == EXO_MAP_LRU_PERCPU_HASH;
}

static struct sides sides_of(
    const struct ob_ours *o, const struct ob_linux *l, uint32_t i)
{
	struct sides s = { .def = &o->maps[i], .world = o->world, .map = i };
	int cpus = libbpf_num_possible_cpus();

	s.fd = bpf_map__fd(ob_linux_map(l, i));
	s.copies = is_percpu(s.def->kind) && cpus > 0 ? (uint32_t)cpus : 1;
	s.n = &elements[i];
	s.stride = (s.def->value_size + 7) / 8 * 8;
	s.wide = calloc(s.copies + 1, s.stride + 8);
	s.value = calloc(1, s.def->value_size + 8);
	s.key = calloc(1, s.def->key_size + s.def->value_size + 8);
	if (s.wide == NULL || s.value == NULL || s.key == NULL)
		ob_die("out of memory");
	return s;
}

static void sides_free(struct sides *s)
{
	free(s->wide);
	free(s->value);
	free(s->key);
}

/* --- before --------------------------------------------------------------------- */

static void any_key(
    struct spacegen *gen, const struct sides *s, const struct ob_frames *frames)
{
	const struct ob_frame *f = &frames->at[sg_below(gen, frames->n)];
	uint32_t n = s->def->key_size, from = sg_below(gen, 64);
	bool trie = s->def->kind == EXO_MAP_LPM_TRIE;

	memset(s->key, 0, n);
	if (!trie && sg_below(gen, 3) == 0) {
		s->key[0] = (uint8_t)sg_below(gen, 32);
		return;
	}
	for (uint32_t i = trie ? 4 : 0; i < n; i++, from++)
		s->key[i] = from < f->n ? f->data[from] : 0;
	if (trie)
		exo_put_le32(s->key, sg_below(gen, 8 * (n - 4) + 1));
}

/* Words of chance, small numbers, and nothing. */
static void any_value(struct spacegen *gen, const struct sides *s)
{
	uint32_t how = 0;

	for (uint32_t i = 0; i < s->def->value_size; i++) {
		if (i % 4 == 0)
			how = sg_below(gen, 3);
		s->value[i] = how == 0 ? (uint8_t)sg_word(gen)
		              : how == 1 && i % 4 == 0
		                  ? (uint8_t)sg_below(gen, 16)
		                  : 0;
	}
}

/* One element everywhere; what Linux does not take is put nowhere. Of an LRU map
 * half stays free: Linux gives up others than we do. */
static void put(const struct sides *s)
{
	if (is_lru(s->def->kind) && *s->n >= s->def->max_entries / 2)
		return;
	++*s->n;
	for (uint32_t i = 0; i < s->copies; i++)
		memcpy(s->wide + (size_t)i * s->stride, s->value,
		    s->def->value_size);
	if (bpf_map_update_elem(s->fd, s->key, s->wide, 0) != 0)
		return;
	for (unsigned i = 0; i < OB_WORLDS; i++) {
		if (exo_world_update(s->world[i], s->map, s->key, s->value) !=
		    0)
			ob_die("an element that Linux takes is refused");
	}
}

/* The same for queues and stacks, which have no keys. */
static void push(const struct sides *s)
{
	if (bpf_map_update_elem(s->fd, NULL, s->value, 0) != 0)
		return;
	for (unsigned i = 0; i < OB_WORLDS; i++) {
		if (map_queue_push(s->world[i]->maps[s->map], s->value, 0) != 0)
			ob_die("a value that Linux takes is refused");
	}
}

static void fill(
    struct spacegen *gen, const struct sides *s, const struct ob_frames *frames)
{
	uint32_t n = s->def->max_entries;

	if (map_can(s->def->kind) & EXO_MAP_PUSH) {
		for (uint32_t i = 0; i < n / 2; i++) {
			any_value(gen, s);
			push(s);
		}
		return;
	}
	if (!(map_can(s->def->kind) & EXO_MAP_UPDATE))
		return;
	if (is_array(s->def->kind)) {
		for (uint32_t i = 0; i < n && i < FILLED; i++) {
			exo_put_le32(s->key, i);
			any_value(gen, s);
			put(s);
		}
		return;
	}
	for (uint32_t i = 0; i < n && i < ELEMENTS; i++) {
		any_key(gen, s, frames);
		any_value(gen, s);
		put(s);
	}
}

/* Global data as the object has them. */
static void fill_global(const struct flt_elf_map *m, const struct sides *s)
{
	if (m->init == NULL)
		return;
	memcpy(s->value, m->init, m->ninit);
	memset(s->key, 0, s->def->key_size);
	for (unsigned i = 0; i < OB_WORLDS; i++) {
		if (exo_world_update(s->world[i], s->map, s->key, s->value) !=
		    0)
			ob_die("global data are refused");
	}
}

/* About half of what the program looks up in vain. A key that is found may lead
 * to others. */
static void fill_found(struct spacegen *gen, struct ob_ours *o,
    const struct ob_linux *l, const struct ob_frames *frames)
{
	uint32_t n;
	const struct ob_key *keys = ob_scout(o, frames, &n);

	for (uint32_t i = 0; i < n; i++) {
		struct sides s;

		if (sg_below(gen, 2) == 0 ||
		    !(map_can(o->maps[keys[i].map].kind) & EXO_MAP_UPDATE))
			continue;
		s = sides_of(o, l, keys[i].map);
		memcpy(s.key, keys[i].key, s.def->key_size);
		any_value(gen, &s);
		put(&s);
		sides_free(&s);
	}
}

/* Element `slot` of program array m, everywhere. */
static void put_program(
    struct ob_ours *o, const struct ob_linux *l, uint32_t m, uint32_t slot)
{
	const struct ob_part *part = &o->parts[slot];
	int map = bpf_map__fd(ob_linux_map(l, m));
	int fd = bpf_program__fd(
	    bpf_object__find_program_by_name(l->object, part->p->name));

	if (fd < 0 || bpf_map_update_elem(map, &slot, &fd, 0) != 0)
		return;
	for (unsigned w = 0; w < OB_WORLDS; w++) {
		if (exo_world_slot(
		        o->world[w], m, slot, &part->in[w == OB_COMPILED]) != 0)
			ob_die("a program that Linux takes is refused");
	}
}

void ob_fill_tails(struct ob_ours *o, const struct ob_linux *l)
{
	for (uint32_t m = 0; m < o->nmaps; m++) {
		if (!o->usable[m] || o->maps[m].kind != EXO_MAP_PROG_ARRAY)
			continue;
		for (uint32_t i = 0; i < o->nparts; i++)
			put_program(o, l, m, i);
	}
}

void ob_fill(struct spacegen *gen, const struct flt_elf *e, struct ob_ours *o,
    const struct ob_linux *l, const struct ob_frames *frames)
{
	memset(elements, 0, sizeof(elements));
	for (uint32_t i = 0; i < o->nmaps; i++) {
		struct sides s;

		if (!o->usable[i])
			continue;
		s = sides_of(o, l, i);
		if (bpf_map__is_internal(ob_linux_map(l, i)))
			fill_global(&e->maps[i], &s);
		else
			fill(gen, &s, frames);
		sides_free(&s);
	}
	for (uint32_t i = 0; i < ROUNDS; i++)
		fill_found(gen, o, l, frames);
}

/* --- after ---------------------------------------------------------------------- */

/* The value that the interpreter's map has for a key, in the others. */
static bool same_value(const struct sides *s)
{
	uint8_t *jit = s->wide;

	if (exo_world_lookup(s->world[OB_COMPILED], s->map, s->key, jit) != 0 ||
	    memcmp(jit, s->value, s->def->value_size) != 0)
		return false;
	return bpf_map_lookup_elem(s->fd, s->key, s->wide) == 0 &&
	       memcmp(s->wide, s->value, s->def->value_size) == 0;
}

static uint32_t count_linux(const struct sides *s)
{
	uint8_t *next = calloc(1, s->def->key_size + 8);
	uint32_t n = 0;
	int err;

	if (next == NULL)
		ob_die("out of memory");
	err = bpf_map_get_next_key(s->fd, NULL, next);
	while (err == 0 && n <= s->def->max_entries) {
		n++;
		memcpy(s->key, next, s->def->key_size);
		err = bpf_map_get_next_key(s->fd, s->key, next);
	}
	free(next);
	return n;
}

static void say_value(const struct sides *s, const char *name, char why[OB_WHY])
{
	size_t at = (size_t)snprintf(why, OB_WHY, "map %.32s, key", name);
	uint32_t from = 0;

	for (uint32_t i = 0; i < s->def->key_size && i < 16; i++)
		at +=
		    (size_t)snprintf(why + at, OB_WHY - at, " %02x", s->key[i]);
	while (from + 1 < s->def->value_size && s->value[from] == s->wide[from])
		from++;
	at += (size_t)snprintf(
	    why + at, OB_WHY - at, ": from byte %u ours", from);
	for (uint32_t i = from; i < s->def->value_size && i < from + 8; i++)
		at += (size_t)snprintf(
		    why + at, OB_WHY - at, " %02x", s->value[i]);
	at += (size_t)snprintf(why + at, OB_WHY - at, ", the other's");
	for (uint32_t i = from; i < s->def->value_size && i < from + 8; i++)
		at += (size_t)snprintf(
		    why + at, OB_WHY - at, " %02x", s->wide[i]);
}

static bool same(const struct sides *s, const char *name, char why[OB_WHY])
{
	uint32_t pos = 0, n = 0, linux_n;

	while (n < COMPARED && exo_world_next(s->world[OB_INTERPRETER], s->map,
	                           &pos, s->key, s->value) == 0) {
		n++;
		if (same_value(s))
			continue;
		say_value(s, name, why);
		return false;
	}
	if (is_array(s->def->kind) || n == COMPARED)
		return true;
	linux_n = count_linux(s);
	if (linux_n == n)
		return true;
	snprintf(why, OB_WHY, "map %s: %u elements, Linux's has %u", name, n,
	    linux_n);
	return false;
}

/* Of a queue or stack, which is empty afterwards. */
static bool same_queue(
    const struct sides *s, const char *name, char why[OB_WHY])
{
	uint8_t *value[3] = { s->value, s->wide, s->key };
	uint32_t n = 0;
	int rc[3];

	do {
		rc[0] = map_queue_pop(
		    s->world[OB_INTERPRETER]->maps[s->map], value[0]);
		rc[1] = map_queue_pop(
		    s->world[OB_COMPILED]->maps[s->map], value[1]);
		rc[2] = bpf_map_lookup_and_delete_elem(s->fd, NULL, value[2]);
		for (unsigned i = 1; i < 3; i++) {
			if ((rc[i] == 0) == (rc[0] == 0) &&
			    (rc[0] != 0 || memcmp(value[0], value[i],
			                       s->def->value_size) == 0))
				continue;
			snprintf(why, OB_WHY, "map %s: value %u from its end",
			    name, n);
			return false;
		}
		n++;
	} while (rc[0] == 0);
	return true;
}

bool ob_same_maps(const struct flt_elf *e, const struct ob_ours *o,
    const struct ob_linux *l, char why[OB_WHY])
{
	for (uint32_t i = 0; i < o->nmaps; i++) {
		struct sides s;
		bool ok;

		if (!o->usable[i])
			continue;
		s = sides_of(o, l, i);
		ok = (map_can(s.def->kind) & EXO_MAP_PUSH) != 0
		         ? same_queue(&s, e->maps[i].name, why)
		         : (map_can(s.def->kind) & EXO_MAP_LOOKUP) == 0 ||
		               same(&s, e->maps[i].name, why);
		sides_free(&s);
		if (!ok)
			return false;
	}
	return true;
}
