/* SPDX-License-Identifier: BSD-2-Clause */
/* What is started: see conf.h. The file is the machine's owner's, and believed. */
#include "exo/bare/conf.h"

#include "exo/abi/cap.h"
#include "exo/bare/cpio.h"
#include "exo/bare/disk.h"
#include "exo/bare/env.h"
#include "exo/bare/paging.h"
#include "exo/bare/revoke.h"
#include "exo/bare/serial.h"
#include "exo/bare/word.h"
#include "exo/lib/arena.h"
#include "exo/lib/mem.h"
#include "exo/plat/plat.h"
#include "exo/space/text.h"

#define RING_DEFAULT 65536u
#define MS           1000000u
#define MOST_MS      1000000000u
#define STEPS        10000000u /* for a region's text */

/* What environments are made of. */
struct boot {
	struct exo_core *core;
	struct exo_phys *phys;
	const uint8_t *files; /* the archive */
	uint64_t size;
	const uint8_t *mac;
	void (*refused)(const char *label);
};

/* How an environment is to end. False: there is no such way. */
static bool end_of(struct word w, struct env_args *a)
{
	static const struct {
		const char *name;
		uint32_t n;
		enum env_end end;
	} ways[] = { { "exit", 4, ENV_EXIT }, { "fault", 5, ENV_FAULT },
		{ "stack", 5, ENV_BAD_STACK }, { "killed", 6, ENV_KILLED },
		{ "none", 4, ENV_NEVER } };

	for (uint32_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		uint32_t n = ways[i].n;

		if (w.n < n || memcmp(w.p, ways[i].name, n) != 0 ||
		    (w.n > n && w.p[n] != ':'))
			continue;
		a->expected = ways[i].end;
		a->expected_code = ways[i].end == ENV_EXIT ? 0 : ENV_ANY_CODE;
		return w.n == n ||
		       word_u64((struct word){ w.p + n + 1, w.n - n - 1 },
		           &a->expected_code);
	}
	return false;
}

static int refuse(struct word line, const char *why)
{
	serial_str("boot.conf: ");
	serial_write(line.p, line.n);
	serial_str(": ");
	serial_str(why);
	serial_str("\n");
	return -1;
}

static void *get(void *ctx, size_t n)
{
	(void)ctx;
	return plat_alloc(n);
}

static void put(void *ctx, void *p, size_t n)
{
	(void)ctx;
	plat_free(p, n);
}

/* What was said before an environment, for it. */
struct grants {
	struct exo_arena arena;
	struct sp_work work;
	struct sp_region recv, send;
	bool has_recv, has_send;
};

/* FIRST, FIRST*N, or FIRST/STEP*N. */
static bool slots_of(struct word w, struct env_slots *s)
{
	uint32_t *number[] = { &s->first, &s->step, &s->n };
	static const char before[] = " /*";
	struct word digits = { w.p, 0 };
	uint32_t k = 0;

	*s = (struct env_slots){ 0, 1, 1 };
	for (uint32_t i = 0; i <= w.n; i++) {
		uint32_t next = k + 1;

		if (i < w.n && w.p[i] != '/' && w.p[i] != '*') {
			digits.n++;
			continue;
		}
		if (!word_u32(digits, number[k]))
			return false;
		if (i == w.n)
			break;
		next += w.p[i] == '*' && k == 0;
		if (next > 2 || w.p[i] != before[next])
			return false;
		k = next;
		digits = (struct word){ w.p + i + 1, 0 };
	}
	return k != 1 && s->n > 0;
}

/* Blocks of the disk; n 0: none. */
struct blocks {
	uint32_t first, n;
	bool shared;
};

/* FIRST+BLOCKS, and whether others may have them. */
static bool blocks_of(struct word w, struct blocks *b)
{
	static const char shared[] = ",shared";
	const uint32_t tail = sizeof(shared) - 1;
	struct word first = { w.p, 0 };

	while (first.n < w.n && w.p[first.n] != '+')
		first.n++;
	if (first.n == w.n)
		return false;
	w = (struct word){ w.p + first.n + 1, w.n - first.n - 1 };
	b->shared = w.n > tail && memcmp(w.p + w.n - tail, shared, tail) == 0;
	w.n -= b->shared ? tail : 0;
	return word_u32(first, &b->first) && word_u32(w, &b->n) && b->n > 0;
}

static int options(struct word line, struct env_args *a, struct blocks *disk,
    char *arg, uint32_t room)
{
	bool good = true;

	while (good) {
		struct word w = word_next(&line);

		if (w.n == 0)
			break;
		if (word_option(&w, "ring"))
			good = word_u32(w, &a->ring_size);
		else if (word_option(&w, "mem"))
			good = word_u64(w, &a->mem);
		else if (word_option(&w, "slots"))
			good = slots_of(w, &a->slots);
		else if (word_option(&w, "arg"))
			word_copy(arg, room, w);
		else if (word_option(&w, "frames"))
			good = word_u32(w, &a->frames);
		else if (word_option(&w, "most"))
			good = word_u32(w, &a->most);
		else if (word_option(&w, "entries"))
			good = word_u32(w, &a->entries);
		else if (word_option(&w, "tables"))
			good = word_u32(w, &a->tables);
		else if (word_option(&w, "children"))
			good = word_u32(w, &a->children);
		else if (word_option(&w, "rights"))
			good = word_u32(w, &a->rights);
		else if (word_option(&w, "disk"))
			good = blocks_of(w, disk);
		else
			good = word_option(&w, "end") && end_of(w, a);
	}
	return good ? 0 : -1;
}

/* One environment. */
static int start(const struct boot *b, struct word whole, struct word line,
    const struct grants *g)
{
	char label[32], arg[1024] = "";
	struct env_args a = { .label = label,
		.arg = arg,
		.ring_size = RING_DEFAULT,
		.region = g->has_recv ? &g->recv : NULL,
		.send = g->has_send ? &g->send : NULL,
		.mac = b->mac,
		.rights =
		    EXO_RIGHT_ALL & ~(EXO_RIGHT_DERIVE | EXO_RIGHT_TRANSMIT) };
	struct blocks disk = { .n = 0 };
	struct cpio_file file;
	struct plat_env *e;
	struct word w = word_next(&line);
	int err;

	word_copy(label, sizeof(label), w);
	w = word_next(&line);
	if (!cpio_find(b->files, b->size, w.p, w.n, &file))
		return refuse(whole, "there is no such module");
	a.elf = file.data;
	a.elf_size = file.size;
	if (options(line, &a, &disk, arg, sizeof(arg)) != 0)
		return refuse(whole, "an option is malformed");
	if (a.most != 0 && a.frames > a.most)
		return refuse(whole, "frames= is more than most=");
	if (disk.n > 0 &&
	    disk_mint(disk.first, disk.n, disk.shared, &a.disk) != 0)
		return refuse(whole, "the disk has no such blocks, or another "
		                     "environment does");
	err = env_new(b->core, b->phys, &a, &e);
	if (err != 0)
		disk_end(a.disk.epoch);
	if ((err != 0) != (a.expected == ENV_NEVER))
		return refuse(whole, a.expected == ENV_NEVER
		                         ? "it can be started"
		                         : "it cannot be started");
	if (a.expected == ENV_NEVER)
		b->refused(label);
	return 0;
}

/* When that is: a time, or when so many lines were written. */
static bool when(struct word w, struct revoke_plan *p)
{
	p->by_line = word_option(&w, "line");
	if (!word_u64(w, &p->at) || p->at > MOST_MS)
		return false;
	p->at *= p->by_line ? 1 : MS;
	return true;
}

/* What is asked of an environment. */
static bool revocation(struct word rest)
{
	static const char *const kinds[] = { [EXO_KIND_FRAME] = "frames",
		[EXO_KIND_SLOT] = "slots",
		[EXO_KIND_BINDING] = "bindings",
		[EXO_KIND_KEY] = "keys" };
	struct revoke_plan p = { .n = 0 };
	struct word kind;

	word_copy(p.label, sizeof(p.label), word_next(&rest));
	kind = word_next(&rest);
	if (!word_u32(word_next(&rest), &p.n) || !when(word_next(&rest), &p) ||
	    !word_u64(word_next(&rest), &p.patience) || p.patience > MOST_MS)
		return false;
	p.patience *= MS;
	for (uint32_t k = EXO_KIND_FRAME; k <= EXO_KIND_KEY; k++) {
		p.kind = (enum exo_kind)k;
		if (word_is(kind, kinds[k]))
			return revoke_plan(&p);
	}
	return false;
}

/* One line: 1 if an environment was started; 0; -1. */
static int take(const struct boot *b, struct word line, struct grants *g)
{
	struct word rest = line, first = word_next(&rest);
	struct sp_text_error err;

	if (first.n == 0 || first.p[0] == '#')
		return 0;
	if (word_is(first, "env"))
		return start(b, line, rest, g) != 0 ? -1 : 1;
	if (word_is(first, "revoke"))
		return revocation(rest)
		           ? 0
		           : refuse(line, "a revocation is "
		                          "LABEL KIND NUMBER AT "
		                          "PATIENCE_MS, 64 of them at most");
	if (word_is(first, "recv") || word_is(first, "send")) {
		bool recv = word_is(first, "recv");
		struct sp_region *to = recv ? &g->recv : &g->send;

		if (sp_text_parse(&g->work, rest.p, rest.n, to, &err) != 0)
			return refuse(line, "that is no region");
		g->has_recv |= recv;
		g->has_send |= !recv;
		return 0;
	}
	return refuse(line, "a line begins with env, recv, send or revoke");
}

int conf_start(const struct machine *m, struct exo_core *core,
    struct exo_phys *phys, const uint8_t mac[6],
    void (*refused)(const char *label))
{
	const struct boot b = { core, phys, paging_direct(m->initrd.from),
		m->initrd.size, mac, refused };
	struct exo_mem mem = { .get = get, .put = put };
	struct grants g = { .has_recv = false };
	struct cpio_file conf;
	struct word text, line;
	int n = 0, ret = 0;

	revoke_init();
	if (!cpio_find(b.files, b.size, "boot.conf", 9, &conf))
		return 0;
	exo_arena_init(&g.arena, &mem);
	g.work = (struct sp_work){ &g.arena, STEPS, &sp_packets, NULL, NULL };
	text = (struct word){ (const char *)conf.data, conf.size };
	while (ret >= 0 && word_line(&text, &line)) {
		ret = take(&b, line, &g);
		n += ret > 0;
	}
	exo_arena_free(&g.arena);
	return ret < 0 ? -1 : n;
}
