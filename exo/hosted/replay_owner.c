/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The libOSes of a replay: one consumer of one ring for each owner.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/replay.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Room for two records of the longest kind: a filter made by libpcap keeps
 * 262,144 bytes of a packet at most, and a record that does not fit before
 * the ring's end needs as much again.
 */
#define RING_SIZE (1u << 20)

/* Memory that the rings of all owners may keep between batches, bytes; and as
 * much again for what they get at once. */
#define RINGS_KEEP (64u << 20)
#define KEEP_MIN   (4u << 10) /* a ring's share at least: a page */

/*
 * Give an emptied ring's pages back, once more than its share was written.
 * A ring goes round, so all of it would stay resident for ever: 1 MB for each
 * of thousands of owners. With few owners the share is the whole ring, and
 * nothing is ever given back.
 */
static void ring_release(struct replay_owner *o)
{
	uint64_t keep = RINGS_KEEP / o->rp->nowners;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t skip = -(uintptr_t)o->ring->data & (page - 1);
	uintptr_t end = ((uintptr_t)o->ring + o->ring_bytes) & ~(page - 1);
	uint8_t *from = o->ring->data + skip;

	if (keep < KEEP_MIN)
		keep = KEEP_MIN;
	if (keep >= RING_SIZE || o->tap.tail - o->released < keep)
		return;
	o->released = o->tap.tail;
	(void)madvise(from, end - (uintptr_t)from, MADV_DONTNEED);
}

uint64_t replay_ring_share(const struct replay *rp)
{
	uint64_t share = RINGS_KEEP / rp->nowners;

	/* a full ring is polled: it cannot hold more */
	return share >= RING_SIZE ? UINT64_MAX : share;
}

static void on_record(
    void *user, const struct exo_rec *rec, const uint8_t *data)
{
	struct replay_owner *o = user;

	(void)data;
	o->records++;
	replay_out_record(o->rp, rec);
}

/* The packet upcall. */
static void on_packets(void *user)
{
	struct replay_owner *o = user;

	if (o->ring == NULL)
		return;
	if (lnet_tap_poll(&o->tap, on_record, o) < 0)
		o->broken = true;
	/* the kernel writes no record before this upcall has ended */
	replay_out_written(o->rp);
	if (!o->broken)
		ring_release(o);
}

/* Untouched pages cost nothing: most owners of many get few packets. */
static int ring_map(struct replay_owner *o)
{
	size_t bytes = sizeof(struct exo_ring) + RING_SIZE;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return CMD_FAULT;
	o->ring = p;
	o->ring_bytes = bytes;
	return 0;
}

/* A filter printed a line; its newline is one anyway. */
static void on_line(void *user, const char *text, uint32_t n)
{
	struct replay_owner *o = user;

	n -= n > 0 && text[n - 1] == '\n';
	replay_warn(o->rp, "%s: %.*s", o->name, (int)n, text);
}

static int owner_open(struct replay *rp, struct replay_owner *o, uint32_t *next)
{
	struct exo_env_args args = { .plat = &o->plat };
	int ret;

	o->rp = rp;
	o->plat.packets = on_packets;
	o->plat.line = on_line;
	o->plat.user = o;
	o->plat.ours = true;
	if (rp->opts->out != NULL) {
		if (ring_map(o) != 0) {
			replay_error(rp,
			    "out of memory for the ring of owner "
			    "%s",
			    o->name);
			return CMD_FAULT;
		}
		args.ring = o->ring;
		args.ring_size = RING_SIZE;
	}
	ret = exo_env_new(rp->core, &args, &o->env);
	if (ret == 0)
		ret = replay_keys_make(rp, o, next);
	if (ret != 0) {
		replay_error(rp, "owner %s gets no environment: %s", o->name,
		    cmd_diag_error(ret));
		return CMD_FAULT;
	}
	if (o->ring != NULL)
		lnet_tap_init(&o->tap, o->ring);
	return 0;
}

static int by_owner(const void *a, const void *b, void *ctx)
{
	const struct cmd_binding *v = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = strcmp(v[x].owner, v[y].owner);

	return c != 0 ? c : x < y ? -1 : x > y;
}

/* Number the owners: bindings sorted by owner fall into runs. */
static int owners_collect(struct replay *rp)
{
	const struct cmd_binding *v = rp->set.v;
	uint32_t n = rp->set.n, *sorted = calloc(n, sizeof(*sorted)), i;
	struct replay_owner *o = NULL;

	rp->owners = calloc(n, sizeof(*rp->owners));
	rp->owner_of = calloc(n, sizeof(*rp->owner_of));
	if (sorted == NULL || rp->owners == NULL || rp->owner_of == NULL) {
		free(sorted);
		replay_error(rp, "out of memory");
		return CMD_FAULT;
	}
	for (i = 0; i < n; i++)
		sorted[i] = i;
	qsort_r(sorted, n, sizeof(*sorted), by_owner, rp->set.v);
	for (i = 0; i < n; i++) {
		if (o == NULL || strcmp(o->name, v[sorted[i]].owner) != 0) {
			o = &rp->owners[rp->nowners++];
			o->name = v[sorted[i]].owner;
		}
		o->bindings++;
		rp->owner_of[sorted[i]] = rp->nowners - 1;
	}
	free(sorted);
	return 0;
}

int replay_owners_open(struct replay *rp)
{
	uint32_t i, next = 0;
	int ret = owners_collect(rp);

	if (ret == 0 && replay_grants_sort(rp) != 0) {
		replay_error(rp, "out of memory");
		ret = CMD_FAULT;
	}
	for (i = 0; ret == 0 && i < rp->nowners; i++)
		ret = owner_open(rp, &rp->owners[i], &next);
	return ret;
}

void replay_owners_close(struct replay *rp)
{
	uint32_t i;

	for (i = 0; i < rp->nowners; i++) {
		free(rp->owners[i].keys);
		if (rp->owners[i].ring != NULL)
			munmap(rp->owners[i].ring, rp->owners[i].ring_bytes);
	}
	free(rp->owners);
	free(rp->owner_of);
	free(rp->granted);
}
