/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps against a model, and against Linux's own.
 *
 * usage: diff_map [-q] [-s SEED] [-n OPERATIONS]
 *
 * For each kind and several sizes, operations of chance (look-ups, of programs
 * and of the owner, updates with each flag, deletions, walks; pushes and pops) are
 * done on the
 * map, on a list that is searched from its start, and, where bpf(2) is allowed,
 * on a map that Linux makes from the same definition: results and values must
 * be the same. -n operations (1,000,000) a kind; -q (or EXOPF_QUICK=1) a
 * fiftieth of them. Linux's LRU maps give up another element than the oldest, and
 * its tries know flags since 6.13 only: those are compared with the model alone.
 * Exit: 0 all is well, 2 no memory, 3 a difference.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exo/abi/prog_err.h"
#include "exo/hosted/heap.h"
#include "exo/lib/bytes.h"
#include "exo/maps/map.h"
#include "tests/support/spacegen.h"

#define KEY_MAX 64u
#define VAL_MAX 64u
#define CAP_MAX 300u
#define CPUS    1024u
#define TALK    2000u /* operations between walks */

struct element {
	uint8_t key[KEY_MAX], value[VAL_MAX];
	uint64_t used;
	bool live;
};

struct trial {
	struct exo_map_def def;
	const char *name;
	struct map *map;
	int fd; /* Linux's; -1: none */
	bool percpu;
	struct element el[CAP_MAX];
	uint32_t n;
	uint64_t now;
	uint64_t ops, on_linux, evicted;
};

static struct spacegen gen = { .seed = 20261130 };
static uint32_t ncpus;
static const char *no_linux;
static uint8_t wide[CPUS * VAL_MAX];

static _Noreturn void differs(const struct trial *t, const char *what,
    const uint8_t *key, int got, int want)
{
	printf("DIFFERENT %s of %u, key %u, value %u, flags %#x: %s: %d, not "
	       "%d; operation %" PRIu64 ", key",
	    t->name, t->def.max_entries, t->def.key_size, t->def.value_size,
	    t->def.flags, what, got, want, t->ops);
	for (uint32_t i = 0; key != NULL && i < t->def.key_size; i++)
		printf(" %02x", key[i]);
	printf("\n");
	exit(3);
}

/* --- the model ---------------------------------------------------------------- */

static bool is_array(const struct trial *t)
{
	return t->def.kind == EXO_MAP_ARRAY ||
	       t->def.kind == EXO_MAP_PERCPU_ARRAY;
}

static bool is_lru(const struct trial *t)
{
	return t->def.kind == EXO_MAP_LRU_HASH ||
	       t->def.kind == EXO_MAP_LRU_PERCPU_HASH;
}

static bool is_trie(const struct trial *t)
{
	return t->def.kind == EXO_MAP_LPM_TRIE;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (((a[4 + i / 8] ^ b[4 + i / 8]) >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

/* The element of a key, exactly. */
static struct element *exactly(struct trial *t, const uint8_t *key)
{
	for (uint32_t i = 0; i < t->def.max_entries; i++) {
		struct element *e = &t->el[i];

		if (!e->live)
			continue;
		if (is_trie(t) ? memcmp(e->key, key, 4) == 0 &&
		                     same_bits(e->key, key, exo_le32(key))
		               : memcmp(e->key, key, t->def.key_size) == 0)
			return e;
	}
	return NULL;
}

static bool too_long(const struct trial *t, const uint8_t *key)
{
	return is_trie(t) && exo_le32(key) > 8 * (t->def.key_size - 4);
}

static struct element *model_find(struct trial *t, const uint8_t *key, bool use)
{
	struct element *best = NULL;

	if (too_long(t, key))
		return NULL;
	if (!is_trie(t)) {
		best = exactly(t, key);
		if (best != NULL && use)
			best->used = ++t->now;
		return best;
	}
	for (uint32_t i = 0; i < t->def.max_entries; i++) {
		struct element *e = &t->el[i];
		uint32_t bits = exo_le32(e->key);

		if (e->live && bits <= exo_le32(key) &&
		    same_bits(e->key, key, bits) &&
		    (best == NULL || exo_le32(best->key) < bits))
			best = e;
	}
	return best;
}

static struct element *room(struct trial *t)
{
	struct element *oldest = &t->el[0];

	for (uint32_t i = 0; i < t->def.max_entries; i++)
		if (!t->el[i].live)
			return &t->el[i];
	if (!is_lru(t))
		return NULL;
	for (uint32_t i = 0; i < t->def.max_entries; i++)
		if (t->el[i].used < oldest->used)
			oldest = &t->el[i];
	oldest->live = false;
	t->n--;
	t->evicted++;
	return oldest;
}

static int model_update(
    struct trial *t, const uint8_t *key, const uint8_t *value, uint64_t flags)
{
	struct element *e;

	if (flags > BPF_EXIST || too_long(t, key))
		return -EXO_P_EINVAL;
	e = exactly(t, key);
	if (is_array(t) && e == NULL)
		return -EXO_P_E2BIG;
	if (e != NULL && flags == BPF_NOEXIST)
		return -EXO_P_EEXIST;
	if (e == NULL && flags == BPF_EXIST)
		return -EXO_P_ENOENT;
	if (e == NULL) {
		e = room(t);
		if (e == NULL)
			return is_trie(t) ? -EXO_P_ENOSPC : -EXO_P_E2BIG;
		memcpy(e->key, key, t->def.key_size);
		e->live = true;
		t->n++;
	}
	memcpy(e->value, value, t->def.value_size);
	e->used = ++t->now;
	return 0;
}

static int model_delete(struct trial *t, const uint8_t *key)
{
	struct element *e;

	if (is_array(t) || too_long(t, key))
		return -EXO_P_EINVAL;
	e = exactly(t, key);
	if (e == NULL)
		return -EXO_P_ENOENT;
	e->live = false;
	t->n--;
	return 0;
}

/* --- Linux --------------------------------------------------------------------- */

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr)) < 0 ? -errno : 0;
}

static uint32_t count_cpus(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "r");
	uint32_t a = 0, b = 0;
	int n = f == NULL ? 0 : fscanf(f, "%u-%u", &a, &b);

	if (f != NULL)
		(void)fclose(f);
	return n == 2 && b < CPUS ? b + 1 : 1;
}

static int linux_new(const struct exo_map_def *def)
{
	union bpf_attr a = { .map_type = def->kind };

	a.key_size = def->key_size;
	a.value_size = def->value_size;
	a.max_entries = def->max_entries;
	a.map_flags = def->flags;
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a));
}

static int linux_op(const struct trial *t, enum bpf_cmd cmd, const uint8_t *key,
    void *value, uint64_t flags)
{
	union bpf_attr a = { .map_fd = (uint32_t)t->fd };

	a.key = (uintptr_t)key;
	a.value = (uintptr_t)value;
	a.flags = flags;
	return sys_bpf(cmd, &a);
}

/* Whether its tries look at flags. */
static bool knows_flags(const struct trial *t)
{
	uint8_t key[KEY_MAX] = { 0 }, value[VAL_MAX] = { 0 };
	int first = linux_op(t, BPF_MAP_UPDATE_ELEM, key, value, BPF_ANY);
	int again = linux_op(t, BPF_MAP_UPDATE_ELEM, key, value, BPF_NOEXIST);

	(void)linux_op(t, BPF_MAP_DELETE_ELEM, key, NULL, 0);
	return first == 0 && again == -EEXIST;
}

static void linux_open(struct trial *t)
{
	t->fd = no_linux != NULL || is_lru(t) ? -1 : linux_new(&t->def);
	if (t->fd >= 0 && is_trie(t) && !knows_flags(t)) {
		(void)close(t->fd);
		t->fd = -1;
	}
}

/* --- one operation -------------------------------------------------------------- */

static void any_key(const struct trial *t, uint8_t *key)
{
	static const uint8_t bytes[] = { 0, 0, 0, 0x80, 0xff, 0xfe, 1 };
	uint32_t n = t->def.key_size, id;

	memset(key, 0, KEY_MAX);
	if (is_trie(t)) {
		uint32_t bits = sg_below(&gen, 8 * (n - 4) + 2);

		if (sg_below(&gen, 100) == 0)
			bits = (uint32_t)sg_word(&gen);
		exo_put_le32(key, bits);
		for (uint32_t i = 4; i < n; i++)
			key[i] = bytes[sg_below(&gen, sizeof(bytes))];
		return;
	}
	id = sg_below(&gen, t->def.max_entries + t->def.max_entries / 2 + 2);
	if (is_array(t)) {
		exo_put_le32(key,
		    sg_below(&gen, 200) == 0 ? (uint32_t)sg_word(&gen) : id);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		key[i] = (uint8_t)(id >> (8 * (i % 2)) ^ i * 37);
}

static void any_value(const struct trial *t, uint8_t *value)
{
	for (uint32_t i = 0; i < t->def.value_size; i++)
		value[i] = (uint8_t)sg_word(&gen);
}

static void same_value(const struct trial *t, const char *what,
    const uint8_t *key, const uint8_t *got, const struct element *want)
{
	if ((got == NULL) != (want == NULL))
		differs(t, what, key, got != NULL, want != NULL);
	if (got != NULL && memcmp(got, want->value, t->def.value_size) != 0)
		differs(t, "the value", key, got[0], want->value[0]);
}

static void look_up(struct trial *t, const uint8_t *key, bool use)
{
	const struct element *want = model_find(t, key, use);
	int rc;

	same_value(t, use ? "look-up" : "the owner's look-up", key,
	    use ? map_lookup(t->map, key) : map_peek(t->map, key), want);
	rc = map_read(t->map, key, wide, NULL);
	if (rc != 0 && rc != -EXO_P_ENOENT)
		differs(t, "another thread's look-up", key, rc, 0);
	same_value(
	    t, "another thread's look-up", key, rc == 0 ? wide : NULL, want);
	if (t->fd < 0)
		return;
	rc = linux_op(t, BPF_MAP_LOOKUP_ELEM, key, wide, 0);
	if (rc != 0 && rc != -ENOENT)
		differs(t, "Linux's look-up", key, -ENOENT, rc);
	same_value(t, "look-up and Linux's", key, rc == 0 ? wide : NULL, want);
	t->on_linux++;
}

static void update(struct trial *t, const uint8_t *key)
{
	static const uint64_t flags[] = { 0, 0, 0, 1, 2, 3, UINT64_MAX };
	uint64_t f = flags[sg_below(&gen, 7)];
	uint8_t value[VAL_MAX] = { 0 };
	uint32_t stride = (t->def.value_size + 7) / 8 * 8;
	int want, rc;

	any_value(t, value);
	want = model_update(t, key, value, f);
	rc = map_update(t->map, key, value, f);
	if (rc != want)
		differs(t, "update", key, rc, want);
	/* flags that Linux has for other things are its own matter */
	if (t->fd < 0 || f == UINT64_MAX)
		return;
	memset(wide, 0, sizeof(wide));
	for (uint32_t i = 0; i < (t->percpu ? ncpus : 1); i++)
		memcpy(wide + (size_t)i * stride, value, t->def.value_size);
	rc = linux_op(t, BPF_MAP_UPDATE_ELEM, key, wide, f);
	if (rc != want)
		differs(t, "update and Linux's", key, want, rc);
	t->on_linux++;
}

static void delete (struct trial *t, const uint8_t *key)
{
	int want = model_delete(t, key), rc = map_delete(t->map, key);

	if (rc != want)
		differs(t, "deletion", key, rc, want);
	if (t->fd < 0)
		return;
	rc = linux_op(t, BPF_MAP_DELETE_ELEM, key, NULL, 0);
	if (rc != want)
		differs(t, "deletion and Linux's", key, want, rc);
	t->on_linux++;
}

/* Each element once, and no other. */
static void walk(struct trial *t)
{
	uint8_t key[KEY_MAX] = { 0 };
	const uint8_t *value;
	uint32_t pos = 0, n = 0;
	int rc;

	while ((value = map_next(t->map, &pos, key)) != NULL) {
		same_value(t, "a walk", key, value, exactly(t, key));
		n++;
	}
	pos = 0;
	while ((rc = map_read_next(t->map, &pos, key, wide)) == 0) {
		same_value(t, "another's walk", key, wide, exactly(t, key));
		n++;
	}
	if (rc != -EXO_P_ENOENT || n % 2 != 0)
		differs(t, "another's walk", key, rc, -EXO_P_ENOENT);
	n /= 2;
	if (n != t->n || map_count(t->map) != t->n)
		differs(t, "elements", NULL, (int)n, (int)t->n);
}

static void one(struct trial *t)
{
	uint8_t key[KEY_MAX];
	uint32_t what = sg_below(&gen, 16);
	uint32_t gone = t->ops / TALK % 2 == 0 ? 6 : 10; /* it fills, empties */

	t->ops++;
	any_key(t, key);
	if (what < 6)
		update(t, key);
	else if (what < gone || sg_below(&gen, 200) == 0)
		delete (t, key);
	else
		look_up(t, key, what < 14);
	if (t->ops % TALK == 0)
		walk(t);
}

/* --- queues ---------------------------------------------------------------------- */

/* A queue's value on Linux; key 0 is none. */
static int linux_queue(
    const struct trial *t, enum bpf_cmd cmd, void *value, uint64_t flags)
{
	union bpf_attr a = { .map_fd = (uint32_t)t->fd };

	a.value = (uintptr_t)value;
	a.flags = flags;
	return sys_bpf(cmd, &a);
}

/* The first of t->n elements is the oldest. */
static int model_push(struct trial *t, const uint8_t *value, uint64_t flags)
{
	if (flags != BPF_ANY && flags != BPF_EXIST)
		return -EXO_P_EINVAL;
	if (t->n == t->def.max_entries) {
		if (flags != BPF_EXIST)
			return -EXO_P_E2BIG;
		memmove(&t->el[0], &t->el[1], --t->n * sizeof(t->el[0]));
		t->evicted++;
	}
	memcpy(t->el[t->n++].value, value, t->def.value_size);
	return 0;
}

static int model_pop(struct trial *t, uint8_t *value, bool leave)
{
	uint32_t i = t->def.kind == EXO_MAP_QUEUE ? 0 : t->n - 1;

	memset(value, 0, VAL_MAX);
	if (t->n == 0)
		return -EXO_P_ENOENT;
	memcpy(value, t->el[i].value, t->def.value_size);
	if (leave)
		return 0;
	t->n--;
	memmove(&t->el[i], &t->el[i + 1], (t->n - i) * sizeof(t->el[0]));
	return 0;
}

static void push(struct trial *t)
{
	static const uint64_t flags[] = { 0, 0, 0, 2, 1, 3, UINT64_MAX };
	uint64_t f = flags[sg_below(&gen, 7)];
	uint8_t value[VAL_MAX] = { 0 };
	int want, rc;

	any_value(t, value);
	want = model_push(t, value, f);
	rc = map_queue_push(t->map, value, f);
	if (rc != want)
		differs(t, "push", NULL, rc, want);
	if (t->fd < 0 || f == UINT64_MAX)
		return;
	rc = linux_queue(t, BPF_MAP_UPDATE_ELEM, value, f);
	if (rc != want)
		differs(t, "push and Linux's", NULL, want, rc);
	t->on_linux++;
}

static void pop(struct trial *t, bool leave)
{
	uint8_t want[VAL_MAX], got[VAL_MAX] = { 0 };
	int code = model_pop(t, want, leave);
	int rc =
	    leave ? map_queue_peek(t->map, got) : map_queue_pop(t->map, got);

	if (rc != code)
		differs(t, leave ? "peek" : "pop", NULL, rc, code);
	if (memcmp(got, want, VAL_MAX) != 0)
		differs(t, "what is popped", NULL, got[0], want[0]);
	if (t->fd < 0)
		return;
	memset(got, 0, sizeof(got));
	rc = linux_queue(t,
	    leave ? BPF_MAP_LOOKUP_ELEM : BPF_MAP_LOOKUP_AND_DELETE_ELEM, got,
	    0);
	if (rc != code || memcmp(got, want, VAL_MAX) != 0)
		differs(t, "pop and Linux's", NULL, code, rc);
	t->on_linux++;
}

static void one_of_queue(struct trial *t)
{
	uint32_t what = sg_below(&gen, 16);

	t->ops++;
	if (what < (t->ops / TALK % 2 == 0 ? 9u : 5u))
		push(t);
	else
		pop(t, what % 2 == 0);
	if (map_count(t->map) != t->n)
		differs(t, "values", NULL, (int)map_count(t->map), (int)t->n);
}

/* --- trials ---------------------------------------------------------------------- */

static uint64_t total_linux;

static void trial(const char *name, const struct exo_map_def *def, uint64_t ops)
{
	static struct trial t;
	struct exo_mem mem = cmd_heap();
	const struct exo_sipkey hash = { sg_word(&gen), sg_word(&gen) };

	memset(&t, 0, sizeof(t));
	t.def = *def;
	t.name = name;
	t.percpu = strstr(name, "percpu") != NULL;
	if (map_new(def, &mem, &hash, &t.map) != 0) {
		fprintf(stderr, "diff_map: %s: it is not made\n", name);
		exit(2);
	}
	for (uint32_t i = 0; is_array(&t) && i < def->max_entries; i++) {
		exo_put_le32(t.el[i].key, i);
		t.el[i].live = true;
		t.n++;
	}
	linux_open(&t);
	while (t.ops < ops) {
		if ((map_can(def->kind) & EXO_MAP_PUSH) != 0)
			one_of_queue(&t);
		else
			one(&t);
	}
	if ((map_can(def->kind) & EXO_MAP_PUSH) == 0)
		walk(&t);
	map_free(t.map);
	if (mem.used != 0)
		differs(&t, "bytes are held", NULL, (int)mem.used, 0);
	if (t.fd >= 0)
		(void)close(t.fd);
	total_linux += t.on_linux;
	printf("%-16s %3u x %2u -> %2u: operations %" PRIu64
	       ", with Linux's %" PRIu64 ", given up %" PRIu64 "\n",
	    name, def->max_entries, def->key_size, def->value_size, t.ops,
	    t.on_linux, t.evicted);
}

static void kind(const char *name, uint32_t number, uint64_t ops)
{
	static const uint32_t sizes[][3] = { { 1, 4, 8 }, { 4, 8, 3 },
		{ 30, 12, 40 }, { 300, 6, 8 } };

	for (uint32_t i = 0; i < 4; i++) {
		struct exo_map_def def = { number, sizes[i][1], sizes[i][2],
			sizes[i][0], 0 };

		if (number == EXO_MAP_ARRAY || number == EXO_MAP_PERCPU_ARRAY)
			def.key_size = 4;
		if ((map_can(number) & EXO_MAP_PUSH) != 0)
			def.key_size = 0;
		if (number == EXO_MAP_LPM_TRIE) {
			def.key_size = 5 + i * 4;
			def.flags = EXO_MAP_NO_PREALLOC;
		}
		trial(name, &def, ops / 4);
	}
}

int main(int argc, char **argv)
{
	const struct exo_map_def probe = { EXO_MAP_ARRAY, 4, 4, 1, 0 };
	uint64_t ops = 1000000;
	bool quick = getenv("EXOPF_QUICK") != NULL;
	int c, fd;

	while ((c = getopt(argc, argv, "qs:n:")) != -1) {
		if (c == 'q')
			quick = true;
		else if (c == 's')
			gen.seed = strtoull(optarg, NULL, 0) | 1;
		else if (c == 'n')
			ops = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	ops = quick ? ops / 50 : ops;
	ncpus = count_cpus();
	fd = linux_new(&probe);
	if (fd < 0)
		no_linux = strerror(errno);
	else
		(void)close(fd);
#define EXO_MAP_KIND(nr, NAME, text, can)                   \
	if (((can) & (EXO_MAP_LOOKUP | EXO_MAP_PUSH)) != 0) \
		kind(text, EXO_MAP_##NAME, ops);
#include "exo/abi/map.inc"
#undef EXO_MAP_KIND
	if (no_linux != NULL)
		printf("without Linux's maps: %s\n", no_linux);
	printf(
	    "operations on Linux's %" PRIu64 ", differences 0\n", total_linux);
	return 0;
}
