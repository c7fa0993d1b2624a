/* SPDX-License-Identifier: BSD-2-Clause */
/* Address spaces: see space.h. */
#include "exo/bare/space.h"

#include "exo/abi/err.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/revoke.h"
#include "exo/bare/slots.h"
#include "exo/bare/tlb.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define PER         512u
#define LEAF        1u
#define ROOT        4u
#define NEED        6u /* tables that one page may need, its window's among them */
#define EACH_MOST   64u  /* tables of one environment, when nothing is said */
#define RESERVE     512u /* frames that are the kernel's, */
#define LAST        64u  /* of them those for what may not fail */
#define PATIENCE_MS 20u /* beside a round of the slots: who has one runs once */
#define WINDOW      (PT_PRESENT | PT_USER | PT_NX)
#define HARDWARE    (~(EXO_PTE_PIN | PT_FRAME)) /* of what a libOS chooses */
#define SHARED_SLOT (EXO_STATE_AT >> 39)
#define FIRST_SLOT \
	(EXO_MAP_END >> 39) /* of the kernel's windows, in the root */

static struct {
	uint32_t tables, most;
	bool forget;      /* with its tables the S-TLB is dropped */
	uint64_t windows; /* a root with what everybody sees */
	struct exo_frame_row *rows;
	uint64_t rows_at, rows_size;
	const struct exo_phys *guard;
	uint64_t out;     /* frames that environments own, */
	uint64_t all;     /* of so many at most, with their tables */
	uint64_t retired; /* nobody's, for good */
} space;

uint32_t space_tables(void)
{
	return space.tables;
}

uint64_t space_owned(void)
{
	return space.out;
}

uint64_t space_retired(void)
{
	return space.retired;
}

static uint64_t *table_at(uint64_t entry)
{
	return paging_direct(entry & PT_FRAME);
}

static bool runs(const struct plat_env *e)
{
	return tlb_uses(e->root);
}

/* A place is one environment's at a time. */
static unsigned tag_of(const struct plat_env *e)
{
	_Static_assert(ENVS_MAX < TLB_TAGS, "each has a tag");

	return TLB_KERNEL + 1 + e->place;
}

/* Nothing that the processor knows of its pages may be used any more. */
static void outdate(struct plat_env *e)
{
	if (runs(e))
		tlb_forget_all();
	else
		e->word = tlb_word(e->root, tag_of(e), false);
}

/* --- tables come and go --------------------------------------------------------- */

static uint64_t make(void *arg)
{
	struct plat_env *e = arg;
	uint64_t at = paging_table(NULL);

	if (at != 0) {
		e->tables++;
		space.tables++;
		if (e->born)
			exo_phys_set_aside(e->phys, -1);
	}
	return at;
}

static void put(struct plat_env *e, uint64_t entry)
{
	frames_put(entry & PT_FRAME, 0);
	e->tables--;
	space.tables--;
	if (e->born)
		exo_phys_set_aside(e->phys, 1);
}

static uint64_t window_of(uint64_t va)
{
	return EXO_TABLES_AT + (va >> 21) * FRAME_SIZE;
}

/* A table of pages, which is shown, is given back unless something in it is pinned.
 * Windows are given back when nothing is in them. */
static bool drop_leaf(struct plat_env *e, const uint64_t *table, uint64_t va)
{
	uint64_t *shown;

	for (uint64_t i = 0; i < PER; i++)
		if ((table[i] & PT_PRESENT) != 0 &&
		    (va >= EXO_MAP_END ||
		        exo_holder_pinned(e->holder, va + i * FRAME_SIZE)))
			return false;
	if (va >= EXO_MAP_END)
		return true;
	for (uint64_t i = 0; i < PER; i++)
		if ((table[i] & PT_PRESENT) != 0)
			exo_holder_dropped(
			    e->holder, va + i * FRAME_SIZE, table[i]);
	shown = paging_leaf(e->root, window_of(va));
	if (shown != NULL)
		*shown = 0;
	return true;
}

/* Drop what is below a table; whether nothing is left in it. */
static bool drop_level(struct plat_env *e, uint64_t *table, unsigned level,
    unsigned from, unsigned to, uint64_t va)
{
	uint64_t step = (uint64_t)1 << (12 + 9 * (level - 1));
	bool left = false;

	for (unsigned i = from; i < to; i++) {
		uint64_t at = va + i * step;
		uint64_t *below = table_at(table[i]);

		if ((table[i] & PT_PRESENT) == 0 ||
		    (level == ROOT && i == SHARED_SLOT))
			continue;
		if (level == LEAF + 1
		        ? drop_leaf(e, below, at)
		        : drop_level(e, below, level - 1, 0, PER, at)) {
			put(e, table[i]);
			table[i] = 0;
		} else {
			left = true;
		}
	}
	return !left;
}

/* Windows last: they are empty when what they show is gone. */
static void drop(struct plat_env *e)
{
	uint64_t *root = table_at(e->root);

	(void)drop_level(e, root, ROOT, 0, FIRST_SLOT, 0);
	(void)drop_level(e, root, ROOT, FIRST_SLOT, PER / 2, 0);
	e->drops++;
	e->changes++;
	e->dropped = !runs(e);
	if (space.forget)
		exo_holder_forget(e->phys, e->holder);
	e->trimmed = true;
	outdate(e);
}

/* The one that ran least lately, but this one; NULL: there is no other. */
static struct plat_env *idlest(const struct plat_env *but)
{
	struct plat_env *found = NULL;

	for (unsigned i = 0; i < env_places(); i++) {
		struct plat_env *e = env_at(i);

		if (e == NULL || e == but || e->holder == NULL || e->trimmed)
			continue;
		if (found == NULL || e->ran < found->ran)
			found = e;
	}
	return found;
}

/* Whether all together have none for one more page. */
static bool all_are_out(void)
{
	return space.most != 0 && space.tables + NEED > space.most;
}

/* Somebody's tables are dropped, for one: of a batch it is the only time. */
static void drop_for(struct plat_env *e, struct plat_env *whose)
{
	drop(whose);
	e->held |= e->batch;
}

/* Room for one more page's tables. false: what it pinned has all that it may have, or
 * there is no more for this batch. */
static bool make_room(struct plat_env *e)
{
	struct plat_env *other;

	if (e->tables + NEED > e->tables_most && !e->trimmed && !e->held)
		drop_for(e, e);
	if (e->born && e->tables + NEED > e->tables_most)
		return false;
	while (all_are_out() && !(e->batch && e->held)) {
		other = idlest(e);
		if (other == NULL)
			break;
		drop_for(e, other);
	}
	if (all_are_out() && !e->held)
		drop_for(e, e);
	return !(e->batch && all_are_out());
}

/* The entry of a page of the libOS's, with its tables, which it may look at: the window's
 * come first, so that no table of pages is there without it. */
static uint64_t *place(struct plat_env *e, uint64_t va)
{
	uint64_t *entry = paging_leaf(e->root, va), *shown;
	uint64_t *above;

	if (entry != NULL)
		return entry;
	if (!make_room(e))
		return NULL;
	e->trimmed = false;
	shown = paging_place(e->root, window_of(va), LEAF, make, e);
	if (shown == NULL)
		return NULL;
	entry = paging_place(e->root, va, LEAF, make, e);
	if (entry == NULL)
		return NULL;
	above = paging_place(e->root, va, LEAF + 1, NULL, NULL);
	*shown = (*above & PT_FRAME) | WINDOW;
	return entry;
}

/* --- what the core asks for ------------------------------------------------------ */

/* What the processor may know of a page is void after flush(). */
static void was(struct plat_env *e, uint64_t va, uint64_t entry)
{
	if ((entry & PT_PRESENT) == 0)
		return;
	if (e->nstale < SPACE_STALE)
		e->stale[e->nstale] = va;
	e->nstale++;
}

static bool has_table(const struct plat_env *e, uint64_t va)
{
	return paging_leaf(e->root, va) != NULL;
}

static bool is_pin(const struct exo_pte *p)
{
	const uint64_t pin = EXO_PTE_PRESENT | EXO_PTE_PIN;

	return (p->bits & pin) == pin;
}

static bool any_pin(const struct exo_pte *entries, uint32_t n)
{
	while (n > 0 && !is_pin(&entries[n - 1]))
		n--;
	return n > 0;
}

/* Tables may be pinned while there is room for a page that is not, behind them. So there
 * always is, when all that may be dropped is. */
static bool reserve(
    struct plat_env *e, const struct exo_pte *entries, uint32_t n)
{
	uint32_t need = 1;

	e->batch = !any_pin(entries, n);
	if (e->batch)
		return true;
	for (uint32_t i = 0; i < n; i++)
		need += is_pin(&entries[i]) && !has_table(e, entries[i].va);
	if (e->tables + need * NEED > e->tables_most && !e->trimmed)
		drop(e);
	e->held = true;
	for (uint32_t i = 0; i < n && e->held; i++)
		if (is_pin(&entries[i]) && !has_table(e, entries[i].va))
			e->held = (!e->born ||
			              e->tables + 2 * NEED <= e->tables_most) &&
			          place(e, entries[i].va) != NULL;
	return e->held;
}

static void settle(struct plat_env *e)
{
	e->held = false;
	e->batch = false;
}

static bool enter(
    struct plat_env *e, uint64_t va, uint32_t frame, uint64_t bits)
{
	uint64_t *entry = place(e, va);

	if (entry == NULL)
		return false;
	was(e, va, *entry);
	e->changes++;
	*entry =
	    (bits & PT_PRESENT) == 0
	        ? bits
	        : (bits & HARDWARE) | (uint64_t)frame * FRAME_SIZE | PT_USER;
	return true;
}

static void remove(struct plat_env *e, uint64_t va)
{
	uint64_t *entry = paging_leaf(e->root, va);

	if (entry == NULL)
		return;
	was(e, va, *entry);
	e->changes++;
	e->trimmed = false; /* a table may have lost its last pin */
	*entry = 0;
}

static void flush(struct plat_env *e)
{
	uint32_t n = e->nstale;

	e->nstale = 0;
	if (n == 0)
		return;
	if (n > SPACE_STALE || !runs(e)) {
		outdate(e);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		tlb_forget(e->stale[i]);
}

static uint32_t take(void *arg, uint32_t want)
{
	uint64_t at = (uint64_t)want * FRAME_SIZE;

	(void)arg;
	if (want == EXO_FRAME_NONE)
		at = frames_get(0);
	else if (!frames_take(at))
		at = 0;
	if (at == 0)
		return EXO_FRAME_NONE;
	memset(paging_direct(at), 0, FRAME_SIZE);
	space.out++;
	return (uint32_t)(at / FRAME_SIZE);
}

static void give_back(void *arg, uint32_t frame)
{
	(void)arg;
	space.out--;
	frames_put((uint64_t)frame * FRAME_SIZE, 0);
}

static void retire(void *arg, uint32_t frame)
{
	(void)arg;
	(void)frame;
	space.out--;
	space.retired++;
}

static uint64_t left(void *arg)
{
	uint64_t used = space.out + space.tables,
	         most = space.all > used ? space.all - used : 0;

	(void)arg;
	return frames_free() < most ? frames_free() : most;
}

const struct exo_phys_ops space_ops = { take, give_back, retire, left, enter,
	remove, flush, reserve, settle, revoke_save, revoke_seed,
	revoke_surrender, revoke_choose };

/* --- life -------------------------------------------------------------------------- */

/* What everybody sees is below one entry of the root, which all roots share. */
bool space_window(uint64_t va, uint64_t at, uint64_t size)
{
	for (uint64_t off = 0; off < size; off += FRAME_SIZE) {
		uint64_t *entry = paging_place(
		    space.windows, va + off, LEAF, paging_table, NULL);

		if (entry == NULL)
			return false;
		*entry = (at + off) | WINDOW;
	}
	return true;
}

int space_init(
    const struct machine *m, uint32_t most, bool forget, struct exo_phys **out)
{
	struct exo_phys_config cfg = { .ops = &space_ops,
		.frames = (uint32_t)(m->ram_end / FRAME_SIZE),
		.reserve = RESERVE,
		.patience =
		    slots_round_ns() +
		    machine_number(m, "patience_ms", PATIENCE_MS) * 1000000 };
	unsigned order;

	space.most = most;
	space.forget = forget;
	space.out = 0;
	space.retired = 0;
	space.all = machine_number(m, "frames", UINT64_MAX);
	space.rows_size = (uint64_t)cfg.frames * sizeof(*space.rows);
	order = frames_order(space.rows_size);
	space.rows_at = frames_get(order);
	if (space.rows_at == 0)
		return -EXO_ENOMEM;
	cfg.rows = paging_direct(space.rows_at);
	memset(cfg.rows, 0, (uint64_t)FRAME_SIZE << order);
	for (uint32_t i = 0; i < cfg.frames; i++)
		cfg.rows[i].generation =
		    (uint32_t)machine_number(m, "generation", 0);
	space.windows = paging_new();
	if (space.windows == 0 ||
	    !space_window(EXO_FRAMES_AT, space.rows_at, space.rows_size))
		return -EXO_ENOMEM;
	return exo_phys_new(&cfg, out);
}

void space_guard(const struct exo_phys *p)
{
	space.guard = p;
}

bool space_may(uint64_t bytes)
{
	uint64_t n = (uint64_t)1 << frames_order(bytes), kept;

	if (space.guard == NULL)
		return true;
	kept = exo_phys_kept(space.guard) + LAST;
	return frames_free() >= kept && frames_free() - kept >= n;
}

bool space_new(struct plat_env *e)
{
	e->root = paging_new();
	if (e->root == 0)
		return false;
	e->kept = tlb_word(e->root, tag_of(e), true);
	outdate(e); /* others had its place before */
	table_at(e->root)[SHARED_SLOT] = table_at(space.windows)[SHARED_SLOT];
	e->changes = 1; /* none of what was seen is of 0 */
	e->tables_shared = e->tables_most != 0;
	if (!e->tables_shared)
		e->tables_most = EACH_MOST;
	return true;
}

/* It gets of its maker's, who keeps room for a page that is pinned and one that is not. Of
 * what is set aside no more is needed, but for the tables that it has already. */
static int share(struct plat_env *e, struct plat_env *maker)
{
	uint32_t need = maker->tables + 2 * NEED + e->tables_most;

	if (need > maker->tables_most && !maker->trimmed) {
		drop(maker);
		need = maker->tables + 2 * NEED + e->tables_most;
	}
	if (need > maker->tables_most)
		return -EXO_ELIMIT;
	maker->tables_most -= e->tables_most;
	e->tables_given = e->tables_most;
	exo_phys_set_aside(e->phys, -(int64_t)e->tables);
	e->born = true;
	return 0;
}

void space_return(struct plat_env *maker, const struct plat_env *child)
{
	maker->tables_most += child->tables_given;
	exo_phys_set_aside(maker->phys, child->tables_given);
}

int space_born(struct plat_env *e, struct plat_env *maker)
{
	uint32_t more;

	if (e->tables_most < e->tables + 2 * NEED)
		e->tables_most = e->tables + 2 * NEED;
	if (maker != NULL && maker->tables_shared)
		return share(e, maker);
	more = e->tables_most - e->tables;
	if (more > exo_phys_spare(e->phys))
		return -EXO_ELIMIT;
	exo_phys_set_aside(e->phys, more);
	e->born = true;
	return 0;
}

void space_free(struct plat_env *e)
{
	if (e->root == 0)
		return;
	exo_assert(!runs(e));
	if (e->born)
		exo_phys_set_aside(
		    e->phys, -(int64_t)(e->tables_most - e->tables));
	e->born = false;
	table_at(e->root)[SHARED_SLOT] = 0;
	paging_free(e->root);
	e->root = 0;
	space.tables -= e->tables;
	e->tables = 0;
}

bool space_show(struct plat_env *e, uint64_t va, uint64_t at, uint64_t bits)
{
	uint32_t before = e->tables;
	uint64_t *entry = paging_place(e->root, va, LEAF, make, e);

	if (e->born) { /* beside its own */
		e->tables_most += e->tables - before;
		exo_phys_set_aside(e->phys, e->tables - before);
	}
	if (entry != NULL)
		*entry = at | bits;
	e->changes++;
	return entry != NULL;
}

void space_preload(struct plat_env *e)
{
	e->dropped = false;
	e->batch = true;
	(void)exo_holder_preload(e->phys, e->holder);
	settle(e);
}

/* --- the kernel's way to a libOS's memory ------------------------------------------ */

static struct env_seen *seen_at(struct plat_env *e, uint64_t va)
{
	return &e->seen[va / FRAME_SIZE % ENV_SEEN];
}

/* A page that is in the tables, or comes from the S-TLB. Not inlined: the short way needs
 * no registers of its caller's. */
static __attribute__((noinline)) uint8_t *look_at_user(
    struct plat_env *e, uint64_t va, bool write)
{
	uint64_t want = PT_PRESENT | PT_USER | (write ? PT_WRITE : 0), entry;
	uint8_t *at;

	if (va >= USER_END)
		return NULL;
	entry = paging_entry(e->root, va);
	if (entry == 0 && exo_phys_refill(e->phys, e->holder, va, write, false))
		entry = paging_entry(e->root, va);
	if ((entry & want) != want)
		return NULL;
	at = paging_direct(entry & PT_FRAME);
	if (write)
		*seen_at(e, va) =
		    (struct env_seen){ va / FRAME_SIZE, e->changes, at };
	return at + va % FRAME_SIZE;
}

/* Arguments are in the same few pages again and again, and so are the frames of upcalls.
 * Pages that were found writable are what they were until an entry changes: whatever
 * writes one counts. */
uint8_t *env_at_user(struct plat_env *e, uint64_t va, bool write)
{
	const struct env_seen *seen = seen_at(e, va);

	if (seen->changes == e->changes && seen->page == va / FRAME_SIZE)
		return seen->at + va % FRAME_SIZE;
	return look_at_user(e, va, write);
}

/* Bytes up to the end of the page, n at most. */
static uint64_t on_page(uint64_t va, uint64_t n)
{
	uint64_t left = FRAME_SIZE - va % FRAME_SIZE;

	return n < left ? n : left;
}

int env_copy_in(struct plat_env *e, void *to, uint64_t from, uint64_t n)
{
	uint8_t *p = to;

	while (n > 0) {
		const uint8_t *at = env_at_user(e, from, false);
		uint64_t k = on_page(from, n);

		if (at == NULL)
			return -EXO_EINVAL;
		memcpy(p, at, k);
		p += k;
		from += k;
		n -= k;
	}
	return 0;
}

/* Whether all pages but the first may be written. */
static bool others_writable(struct plat_env *e, uint64_t to, uint64_t n)
{
	uint64_t k = on_page(to, n);

	for (; k < n; k += on_page(to + k, n - k))
		if (env_at_user(e, to + k, true) == NULL)
			return false;
	return true;
}

/* To look at a page may cost the tables of another, and, where the S-TLB is forgotten with
 * them, that page. Of two the first is known before that, and the second was looked at
 * last: both are written, or none is. */
int env_copy_out(struct plat_env *e, uint64_t to, const void *from, uint64_t n)
{
	const uint8_t *p = from;
	uint8_t *at = n > 0 ? env_at_user(e, to, true) : NULL;

	if (!others_writable(e, to, n))
		return -EXO_EINVAL;
	while (n > 0) {
		uint64_t k = on_page(to, n);

		if (at == NULL)
			return -EXO_EINVAL;
		memcpy(at, p, k);
		p += k;
		to += k;
		n -= k;
		at = n > 0 ? env_at_user(e, to, true) : NULL;
	}
	return 0;
}
