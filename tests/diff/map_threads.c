/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readers of a map while a program changes it.
 *
 * One thread does to a map of each kind what a story says (mapstory.h), by calls of
 * the library, by runs of a compiled program, and of an interpreted one; others
 * look elements up, walk, see what is to be popped, take records. All that they
 * get must have been true at some moment of their call; a value of which one byte
 * is another's is found by its other bytes.
 *
 * `make check-tsan` runs this under ThreadSanitizer. usage: map_threads [OPS]
 */
#include <exopf/exopf.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/isa/text.h"
#include "tests/support/mapstory.h"

#define READERS 3u
#define LEAST   1000u /* things that each reader gets */
#define STEPS   1000u /* of a walk that begins anew */
#define INSNS   128u
#define OPS_MAX 100000000u

static const struct {
	const char *name;
	struct exopf_map_def def;
} kinds[] = {
	{ "array", { EXOPF_MAP_ARRAY, 4, 48, STORY_IDS, 0 } },
	{ "percpu_array", { EXOPF_MAP_PERCPU_ARRAY, 4, 13, STORY_IDS, 0 } },
	{ "hash", { EXOPF_MAP_HASH, 8, 48, STORY_IDS, 0 } },
	{ "percpu_hash", { EXOPF_MAP_PERCPU_HASH, 5, 15, STORY_IDS, 0 } },
	{ "lru_hash", { EXOPF_MAP_LRU_HASH, 8, 40, 24, 0 } },
	{ "lru_percpu_hash", { EXOPF_MAP_LRU_PERCPU_HASH, 7, 21, 3, 0 } },
	{ "lpm_trie",
	    { EXOPF_MAP_LPM_TRIE, 8, 40, STORY_IDS, EXOPF_MAP_NO_PREALLOC } },
	{ "queue", { EXOPF_MAP_QUEUE, 0, 48, 5, 0 } },
	{ "stack", { EXOPF_MAP_STACK, 0, 47, 5, 0 } },
	{ "ringbuf", { EXOPF_MAP_RINGBUF, 0, 0, 4096, 0 } },
};

/* A packet: what to do, a size; a key; a value. */
struct command {
	uint32_t what, size;
	uint8_t key[STORY_KEY];
	uint8_t value[STORY_VALUE];
};
_Static_assert(sizeof(struct command) == 64, "as the programs know it");

#define MAP   "r1 = map[idx:0]\n"
#define KEY   "r2 = r10\nr2 += -8\n"
#define VALUE "r2 = r10\nr2 += -56\n"
#define BEGIN                                                     \
	"r6 = *(u32 *)(r1 + 0)\nr7 = *(u32 *)(r1 + 4)\nr2 = r6\n" \
	"r2 += 64\nif r2 > r7 goto out\nr8 = *(u32 *)(r6 + 0)\n"  \
	"r9 = *(u32 *)(r6 + 4)\nr2 = *(u64 *)(r6 + 8)\n"          \
	"*(u64 *)(r10 - 8) = r2\nr2 = *(u64 *)(r6 + 16)\n"        \
	"*(u64 *)(r10 - 56) = r2\nr2 = *(u64 *)(r6 + 24)\n"       \
	"*(u64 *)(r10 - 48) = r2\nr2 = *(u64 *)(r6 + 32)\n"       \
	"*(u64 *)(r10 - 40) = r2\nr2 = *(u64 *)(r6 + 40)\n"       \
	"*(u64 *)(r10 - 32) = r2\nr2 = *(u64 *)(r6 + 48)\n"       \
	"*(u64 *)(r10 - 24) = r2\nr2 = *(u64 *)(r6 + 56)\n"       \
	"*(u64 *)(r10 - 16) = r2\n"
#define END "out:\nr0 = 99\nexit\n"

static const char elements[] =
    BEGIN "if r8 != 0 goto gone\n" MAP KEY
          "r3 = r10\nr3 += -56\nr4 = 0\ncall map_update_elem\nexit\n"
          "gone:\n" MAP KEY "call map_delete_elem\nexit\n" END;
static const char values[] = BEGIN
    "if r8 == 1 goto gone\nr3 = r8\n" MAP VALUE "call map_push_elem\nexit\n"
    "gone:\n" MAP VALUE "call map_pop_elem\nexit\n" END;
/* 0: a copy; 1, 2: bytes that the program writes, given up or thrown away */
static const char records[] =
    BEGIN "if r8 != 0 goto reserve\nif r9 > 48 goto out\n" MAP VALUE
          "r3 = r9\nr4 = 0\ncall ringbuf_output\nexit\n"
          "reserve:\n" MAP "r2 = 48\nr3 = 0\ncall ringbuf_reserve\n"
          "if r0 == 0 goto out\nr1 = r0\n"
          "r2 = *(u64 *)(r10 - 56)\n*(u64 *)(r1 + 0) = r2\n"
          "r2 = *(u64 *)(r10 - 48)\n*(u64 *)(r1 + 8) = r2\n"
          "r2 = *(u64 *)(r10 - 40)\n*(u64 *)(r1 + 16) = r2\n"
          "r2 = *(u64 *)(r10 - 32)\n*(u64 *)(r1 + 24) = r2\n"
          "r2 = *(u64 *)(r10 - 24)\n*(u64 *)(r1 + 32) = r2\n"
          "r2 = *(u64 *)(r10 - 16)\n*(u64 *)(r1 + 40) = r2\n"
          "r2 = 0\nif r8 == 2 goto discard\ncall ringbuf_submit\nr0 = 0\nexit\n"
          "discard:\ncall ringbuf_discard\nr0 = 0\nexit\n" END;

static struct story story;
static exopf_program *program;
static int failed, stop;
static pthread_barrier_t start;

struct reader {
	pthread_t thread;
	uint32_t number;
	uint64_t random, got, again, walks;
	uint64_t sum; /* of records */
};

/* Say what is wrong, of each kind once. */
static void wrong(const char *what, uint32_t event, uint32_t lo, uint32_t hi)
{
	if (__atomic_exchange_n(&failed, 1, __ATOMIC_RELAXED) == 0)
		printf("# %s: event %u, between states %u and %u\n", what,
		    event, lo, hi);
}

static uint32_t done(void)
{
	return __atomic_load_n(&story.done, __ATOMIC_ACQUIRE);
}

static uint32_t started(void)
{
	return __atomic_load_n(&story.started, __ATOMIC_ACQUIRE);
}

/* --- readers -------------------------------------------------------------------- */

static uint32_t below(struct reader *r, uint32_t n)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return (uint32_t)(r->random >> 32) % n;
}

/* What was found by key `id`; event 0: nothing. In a trie, no longer prefix. */
static void judge(uint32_t id, uint32_t event, uint32_t lo, uint32_t hi)
{
	uint32_t bits = 0, other;

	if (event > story.nevents) {
		wrong("a value that nobody wrote", 0, lo, hi);
		return;
	}
	if (event != 0) {
		uint32_t of = story.event[event].id;

		if (!story_covers(&story, of, id))
			wrong("the value of another key", event, lo, hi);
		if (!story_shows(&story, event, lo, hi))
			wrong("a value of another time", event, lo, hi);
		memcpy(&bits, story.key[of], sizeof(bits));
		if (story.def.kind != EXOPF_MAP_LPM_TRIE)
			return;
	}
	for (other = 0; other < STORY_IDS; other++) {
		uint32_t longer;

		memcpy(&longer, story.key[other], sizeof(longer));
		if (story_covers(&story, other, id) &&
		    (event == 0 || longer > bits) &&
		    !story_lacks(&story, other, lo, hi))
			wrong("an element was missed", event, lo, hi);
	}
}

static void look_up(struct reader *r)
{
	uint8_t value[STORY_VALUE];
	uint32_t id = below(r, STORY_IDS), lo = done(), event;
	int ret = exopf_map_lookup(program, 0, story.key[id], value);

	if (ret == EXOPF_EAGAIN) {
		r->again++;
		return;
	}
	if (ret != 0 && ret != EXOPF_ENOENT)
		wrong("an error", 0, lo, lo);
	event = ret == 0 ? story_event(&story, value) : 0;
	judge(id, event, lo, started());
	r->got++;
}

/* Elements that stay are all seen, and none that is not there. A walk that went on
 * from a key that was put in again meanwhile, and so elsewhere, may leave some out. */
static void walk(struct reader *r)
{
	uint8_t key[STORY_KEY], *from = NULL;
	uint32_t since = 0, id = 0;
	uint64_t seen = 0;
	bool whole = true;
	int ret = 0;

	for (uint32_t i = 0; ret == 0 && i < STEPS; i++) {
		uint32_t lo = done();

		ret = exopf_map_next_key(program, 0, from, key);
		if (ret == EXOPF_EAGAIN)
			r->again++;
		if (from != NULL && story_lacks(&story, id, since, started()))
			whole = false;
		if (ret != 0)
			break;
		from = key;
		since = lo;
		r->got++;
		id = story_id(&story, key);
		if (id == STORY_IDS) {
			wrong("a key that nobody wrote", 0, lo, lo);
			return;
		}
		seen |= (uint64_t)1 << id;
		if (story.def.kind != EXOPF_MAP_ARRAY &&
		    story.def.kind != EXOPF_MAP_PERCPU_ARRAY &&
		    !story_has(&story, id, lo, started()))
			wrong("a key of another time", id, lo, started());
	}
	if (ret != EXOPF_ENOENT || !whole)
		return;
	r->walks++;
	if (story.def.max_entries == STORY_IDS &&
	    seen % (1u << STORY_STABLE) != (1u << STORY_STABLE) - 1)
		wrong("a walk left one out", 0, 0, 0);
}

static void peek(struct reader *r)
{
	uint8_t value[STORY_VALUE];
	uint32_t lo = done(), event;
	int ret = exopf_map_lookup(program, 0, NULL, value);

	if (ret == EXOPF_EAGAIN) {
		r->again++;
		return;
	}
	event = ret == 0 ? story_event(&story, value) : 0;
	if (event == UINT32_MAX || (ret == 0) != (event != 0))
		wrong("a value that nobody pushed", 0, lo, started());
	else if (!story_tops(&story, event, lo, started()))
		wrong("a value of another time", event, lo, started());
	r->got++;
}

static void *read_map(void *arg)
{
	struct reader *r = arg;
	bool queue = story.def.key_size == 0;

	(void)pthread_barrier_wait(&start);
	while (r->got < LEAST || !__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		if (queue)
			peek(r);
		else if (r->number == 0)
			walk(r);
		else
			look_up(r);
		if (__atomic_load_n(&failed, __ATOMIC_RELAXED))
			break;
	}
	return NULL;
}

/* A record holds its operation, and bytes that follow from it. */
static bool is_record(const void *data, uint32_t size, uint32_t *n)
{
	uint8_t want[STORY_VALUE];

	if (size < 8 || size > STORY_VALUE)
		return false;
	memcpy(n, data, sizeof(*n));
	story_value(&story, *n, want);
	return memcmp(data, want, size) == 0;
}

static void *take_records(void *arg)
{
	struct reader *r = arg;
	const void *data;
	uint32_t size, last = 0, n = 0;

	(void)pthread_barrier_wait(&start);
	for (;;) {
		int over = __atomic_load_n(&stop, __ATOMIC_ACQUIRE);

		if (exopf_ring_next(program, 0, &data, &size) != 0) {
			if (over)
				return NULL;
			continue;
		}
		if (!is_record(data, size, &n) || n <= last || n > started())
			wrong("a record that nobody wrote", n, last, started());
		for (uint32_t i = below(r, 100); i > 0; i--)
			(void)started();
		if (!is_record(data, size, &n))
			wrong("a record changed", n, last, started());
		last = n;
		r->sum += n;
		r->got++;
	}
}

/* --- the writer ----------------------------------------------------------------- */

static int run(const struct command *c, enum exopf_engine engine)
{
	const struct exopf_packet pkt = { c, sizeof(*c), 0, 0, 0 };
	uint64_t r0 = 0;

	(void)exopf_set_engine(program, engine);
	if (exopf_run_packet(program, &pkt, &r0) != 0)
		return 98;
	return (int)r0;
}

static int call(const struct command *c, uint32_t n)
{
	uint8_t value[STORY_VALUE];

	if (c->what != STORY_GONE)
		return exopf_map_update(program, 0, c->key, c->value, c->what);
	if (n % 2 == 0 && story.def.kind != EXOPF_MAP_LPM_TRIE)
		return exopf_map_take(program, 0, c->key, value);
	if (story.def.key_size == 0)
		return exopf_map_take(program, 0, NULL, value);
	return exopf_map_delete(program, 0, c->key);
}

/* One in three ways; all that fails is taking what is not there. */
static void tell(uint32_t n)
{
	const struct story_op *op = &story.op[n];
	struct command c = { .what = op->what };
	uint32_t how = (n * 2654435761u >> 16) % 3;
	int ret;

	memcpy(c.key, story.key[op->id], sizeof(c.key));
	story_value(&story, op->event, c.value);
	if (op->what == STORY_OVER)
		c.what = 2;
	story_begin(&story, n);
	ret = how == 0
	          ? call(&c, n)
	          : run(&c, how == 1 ? EXOPF_ENGINE_JIT : EXOPF_ENGINE_INTERP);
	story_end(&story, n);
	if ((ret == 0) != (op->event != 0))
		wrong("the writer fails", op->event, n, (uint32_t)ret);
}

/* A record that finds no room waits for it. Returns what is added up of those that
 * are not thrown away. */
static uint64_t tell_records(void)
{
	uint64_t sum = 0;

	for (uint32_t n = 1; n <= story.nops; n++) {
		uint32_t random = n * 2654435761u >> 8;
		struct command c = { .what = random % 3,
			.size = 8 + random / 3 % 41 };

		story_value(&story, n, c.value);
		__atomic_store_n(&story.started, n, __ATOMIC_RELEASE);
		while (run(&c, random >> 12 & 1 ? EXOPF_ENGINE_JIT
		                                : EXOPF_ENGINE_INTERP) != 0 &&
		       !__atomic_load_n(&failed, __ATOMIC_RELAXED))
			(void)sched_yield();
		if (c.what != 2)
			sum += n;
	}
	return sum;
}

/* --- a kind --------------------------------------------------------------------- */

static bool load(const struct exopf_map_def *def)
{
	struct exopf_options opt = { .size = sizeof(opt) };
	const char *text = def->kind == EXOPF_MAP_RINGBUF ? records
	                   : def->key_size == 0           ? values
	                                                  : elements;
	struct exo_insn insns[INSNS];
	struct exopf_report report;
	struct isa_asm_error err;
	uint32_t n;

	opt.maps = def;
	opt.n_maps = 1;
	if (isa_asm(text, strlen(text), insns, INSNS, &n, &err) != 0)
		return false;
	if (exopf_load_with(insns, n * sizeof(*insns), EXOPF_TYPE_XDP, &opt,
	        &report, &program) == 0)
		return true;
	printf("# %s\n", report.text);
	return false;
}

/* Tell the story to readers. */
static void play(struct reader *r, uint32_t nreaders, bool ring)
{
	uint64_t sum = 0;

	(void)pthread_barrier_init(&start, NULL, nreaders + 1);
	for (uint32_t i = 0; i < nreaders; i++) {
		r[i] = (struct reader){ .number = i, .random = i + 1 };
		if (pthread_create(&r[i].thread, NULL,
		        ring ? take_records : read_map, &r[i]) != 0)
			exit(2);
	}
	(void)pthread_barrier_wait(&start);
	if (ring) {
		sum = tell_records();
	} else {
		for (uint32_t n = STORY_STABLE + 1; n <= story.nops; n++)
			tell(n);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < nreaders; i++)
		(void)pthread_join(r[i].thread, NULL);
	(void)pthread_barrier_destroy(&start);
	if (ring && !failed && r[0].sum != sum)
		wrong("records are missing", 0, 0, 0);
}

static bool trial(uint32_t kind, uint32_t nops)
{
	const struct exopf_map_def *def = &kinds[kind].def;
	bool ring = def->kind == EXOPF_MAP_RINGBUF;
	struct reader r[READERS];
	uint32_t nreaders = ring ? 1 : READERS;
	uint64_t got = 0, again = 0, walks = 0;

	stop = failed = 0;
	if (!story_new(&story, def, nops) || !load(def))
		exit(2);
	for (uint32_t n = 1; n <= STORY_STABLE && !ring; n++)
		tell(n);
	play(r, nreaders, ring);
	for (uint32_t i = 0; i < nreaders; i++) {
		got += r[i].got;
		again += r[i].again;
		walks += r[i].walks;
	}
	if (nops >= 200000 && def->max_entries == STORY_IDS &&
	    def->key_size != 0 && walks == 0)
		wrong("no walk was whole", 0, 0, 0);
	printf("%s %u - %s: %u operations, %u readers got %llu things, "
	       "nothing %llu times, and all in %llu walks\n",
	    failed ? "not ok" : "ok", kind + 1, kinds[kind].name, nops,
	    nreaders, (unsigned long long)got, (unsigned long long)again,
	    (unsigned long long)walks);
	(void)fflush(stdout);
	exopf_free(program);
	story_free(&story);
	return failed == 0;
}

int main(int argc, char **argv)
{
	unsigned long nops = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
	uint32_t n = sizeof(kinds) / sizeof(kinds[0]);
	bool ok = true;

	if (nops <= STORY_STABLE || nops > OPS_MAX)
		return 2;
	printf("1..%u\n", n);
	for (uint32_t kind = 0; kind < n; kind++)
		ok &= trial(kind, (uint32_t)nops);
	return ok ? 0 : 1;
}
