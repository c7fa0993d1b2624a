/* SPDX-License-Identifier: BSD-2-Clause */
/* Page frames: see frames.h. */
#include "exo/bare/frames.h"

#include "exo/bare/paging.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define LOW  0x100000u /* what is below is firmware's and the loader's */
#define NONE UINT8_MAX /* no free run begins here */
#define USED 3u        /* parts of memory are in use from the start */

/* What is needed before: tables of the kernel, some for each GiB of RAM, and a byte
 * for each frame of it. */
#define EARLY_LEAST ((uint64_t)4 << 20)
#define EARLY_PART  2048u /* one byte of so many, beside it */

/* A free run, in its own first bytes. */
struct run {
	struct run *next, **prev;
};

static struct {
	struct run *free[FRAME_ORDER + 1];
	uint8_t *order; /* of the free run that begins at a frame, or NONE */
	uint64_t n;     /* frames below the end of RAM */
	uint64_t nfree, nall;
	uint64_t early; /* what was given away before */
	uint64_t early_end;
} frames;

static uint64_t round_up(uint64_t v)
{
	return (v + FRAME_SIZE - 1) / FRAME_SIZE * FRAME_SIZE;
}

static uint64_t early_most(const struct machine *m)
{
	return EARLY_LEAST + m->ram_end / EARLY_PART;
}

/* Behind the kernel, or behind the initrd where that begins soon: the loader puts it
 * at the end of RAM, where nothing is behind it. */
static uint64_t early_from(const struct machine *m)
{
	uint64_t at = round_up(paging_phys_of_kernel((uintptr_t)kernel_end));

	if (m->initrd.size != 0 && m->initrd.from < at + early_most(m) &&
	    m->initrd.from + m->initrd.size > at)
		at = round_up(m->initrd.from + m->initrd.size);
	return at;
}

uint64_t frames_early(const struct machine *m, uint64_t n)
{
	uint64_t at;

	if (frames.early == 0) {
		frames.early = early_from(m);
		frames.early_end = frames.early + early_most(m);
	}
	at = frames.early;
	frames.early += n * FRAME_SIZE;
	exo_assert(frames.early <= frames.early_end &&
	           frames.early <= m->ram_end &&
	           frames.early <= (uint64_t)1 << 30);
	memset(paging_early(at), 0, n * FRAME_SIZE);
	return at;
}

static void link_run(uint64_t at, unsigned order)
{
	struct run *r = paging_direct(at);

	r->next = frames.free[order];
	r->prev = &frames.free[order];
	if (r->next != NULL)
		r->next->prev = &r->next;
	frames.free[order] = r;
	frames.order[at / FRAME_SIZE] = (uint8_t)order;
}

static void unlink_run(struct run *r, uint64_t at)
{
	*r->prev = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	frames.order[at / FRAME_SIZE] = NONE;
}

uint64_t frames_get(unsigned order)
{
	unsigned have = order;
	uint64_t at;

	while (have <= FRAME_ORDER && frames.free[have] == NULL)
		have++;
	if (have > FRAME_ORDER)
		return 0;
	at = paging_phys(frames.free[have]);
	unlink_run(frames.free[have], at);
	while (have > order) {
		have--;
		link_run(at + ((uint64_t)FRAME_SIZE << have), have);
	}
	frames.nfree -= (uint64_t)1 << order;
	return at;
}

bool frames_take(uint64_t at)
{
	uint64_t run = at;
	unsigned order = 0;

	for (; order <= FRAME_ORDER; order++) {
		run = at & ~(((uint64_t)FRAME_SIZE << order) - 1);
		if (run / FRAME_SIZE < frames.n &&
		    frames.order[run / FRAME_SIZE] == order)
			break;
	}
	if (order > FRAME_ORDER)
		return false;
	unlink_run(paging_direct(run), run);
	while (order > 0) {
		uint64_t half = (uint64_t)FRAME_SIZE << --order;

		link_run(at < run + half ? run + half : run, order);
		run = at < run + half ? run : run + half;
	}
	frames.nfree--;
	return true;
}

void frames_put(uint64_t at, unsigned order)
{
	exo_assert(at % ((uint64_t)FRAME_SIZE << order) == 0 &&
	           at / FRAME_SIZE < frames.n &&
	           frames.order[at / FRAME_SIZE] == NONE);
	frames.nfree += (uint64_t)1 << order;
	while (order < FRAME_ORDER) {
		uint64_t buddy = at ^ ((uint64_t)FRAME_SIZE << order);

		if (buddy / FRAME_SIZE >= frames.n ||
		    frames.order[buddy / FRAME_SIZE] != order)
			break;
		unlink_run(paging_direct(buddy), buddy);
		at = at < buddy ? at : buddy;
		order++;
	}
	link_run(at, order);
}

unsigned frames_order(uint64_t size)
{
	unsigned order = 0;

	while (order <= FRAME_ORDER && ((uint64_t)FRAME_SIZE << order) < size)
		order++;
	return order;
}

uint64_t frames_free(void)
{
	return frames.nfree;
}

uint64_t frames_all(void)
{
	return frames.nall;
}

/* What is in use from the start, each from a frame on. */
static void in_use(const struct machine *m, struct machine_range used[USED])
{
	uint64_t initrd = m->initrd.from / FRAME_SIZE * FRAME_SIZE;

	used[0] = (struct machine_range){ 0, LOW };
	used[1] = (struct machine_range){ 0x200000u, frames.early - 0x200000u };
	used[2] = (struct machine_range){ initrd,
		m->initrd.from + m->initrd.size - initrd };
}

/* The first frame from at on that is not in use; *end is no further than where the
 * next that is begins. */
static uint64_t first_free(
    const struct machine_range used[USED], uint64_t at, uint64_t *end)
{
	for (unsigned i = 0; i < USED * USED; i++) {
		const struct machine_range *u = &used[i % USED];

		if (at >= u->from && at - u->from < u->size)
			at = round_up(u->from + u->size);
	}
	for (unsigned i = 0; i < USED; i++)
		if (used[i].from > at && used[i].from < *end)
			*end = used[i].from;
	return at;
}

/* Add the frames of [at, end), in the largest runs that they are. */
static void add(uint64_t at, uint64_t end)
{
	while (at < end && end - at >= FRAME_SIZE) {
		uint64_t size = FRAME_SIZE;
		unsigned order = 0;

		while (order < FRAME_ORDER && at % (2 * size) == 0 &&
		       end - at >= 2 * size) {
			size *= 2;
			order++;
		}
		frames_put(at, order);
		frames.nall += (uint64_t)1 << order;
		at += size;
	}
}

void frames_init(const struct machine *m)
{
	struct machine_range used[USED];
	uint64_t table;

	frames.n = m->ram_end / FRAME_SIZE;
	table = frames_early(m, round_up(frames.n) / FRAME_SIZE);
	frames.order = paging_direct(table);
	memset(frames.order, NONE, frames.n);
	in_use(m, used);
	for (uint32_t i = 0; i < m->nram; i++) {
		uint64_t at = round_up(m->ram[i].from), to;
		uint64_t end = m->ram[i].from + m->ram[i].size;

		for (; at < end; at = to) {
			to = end;
			at = first_free(used, at, &to);
			add(at, to);
		}
	}
}
