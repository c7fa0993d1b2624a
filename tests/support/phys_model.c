/* SPDX-License-Identifier: BSD-2-Clause */
/* What exo/core/phys.h should do: see phys_model.h. */
#include "tests/support/phys_model.h"

#include "exo/abi/err.h"
#include "exo/lib/bug.h"

uint64_t phys_page(uint32_t v)
{
	/* side by side; the same place and the same hash as the first; in
	 * tables of their own; the last there is */
	if (v < 12)
		return v * (uint64_t)EXO_PAGE;
	if (v < 16)
		return (v - 11) * (uint64_t)256 * EXO_PAGE;
	if (v < 23)
		return (v - 15) * (uint64_t)(1 << 30) + v % 3 * EXO_PAGE;
	return EXO_MAP_END - EXO_PAGE;
}

/* --- numbers ------------------------------------------------------------------- */

uint32_t phys_owned(const struct phys_model *m, uint32_t who)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < PHYS_FRAMES; i++)
		n += m->owner[i] == who + 1;
	return n;
}

static uint32_t lacks(const struct phys_model *m, uint32_t who, uint32_t more)
{
	uint32_t has = phys_owned(m, who) + more,
	         g = m->holder[who].h == NULL ? 0 : m->holder[who].guaranteed;

	return g > has ? g - has : 0;
}

uint32_t phys_promised(const struct phys_model *m)
{
	uint32_t n = 0;

	for (uint32_t who = 0; who < PHYS_SPACES; who++)
		n += lacks(m, who, 0);
	return n;
}

uint32_t phys_pinned(const struct phys_model *m, uint32_t who)
{
	const struct model_entry *e = m->holder[who].e;
	uint32_t n = 0;

	for (uint32_t v = 0; v < PHYS_PAGES; v++)
		n += e[v].live && (e[v].bits & EXO_PTE_PIN) != 0;
	return n;
}

static uint32_t shown(const struct phys_model *m, uint32_t frame)
{
	uint32_t n = 0;

	for (uint32_t who = 0; who < PHYS_SPACES; who++)
		for (uint32_t v = 0; v < PHYS_PAGES; v++)
			n += m->holder[who].e[v].live &&
			     m->holder[who].e[v].frame == frame;
	return n;
}

static bool is_free(const struct phys_model *m, uint32_t i)
{
	return m->owner[i] == 0 && !m->held[i];
}

static uint32_t all_free(const struct phys_model *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < PHYS_FRAMES; i++)
		n += is_free(m, i);
	return n;
}

static bool batch(uint32_t n)
{
	return n >= 1 && n <= EXO_BATCH;
}

static int key_error(const struct phys_model *m, const struct phys_key *k,
    uint32_t res, uint32_t rights)
{
	if (k->altered || k->res != res)
		return -EXO_EBADKEY;
	if ((rights & ~k->rights) != 0)
		return -EXO_EPERM;
	if (res == EXO_RES_FRAME)
		return m->owner[k->what] != 0 &&
		               m->generation[k->what] == k->when
		           ? 0
		           : -EXO_ESTALE;
	return m->holder[k->what].h != NULL &&
	               m->holder[k->what].name == k->when
	           ? 0
	           : -EXO_ESTALE;
}

/* --- frames --------------------------------------------------------------------- */

uint32_t phys_beyond(const struct phys_model *m, uint32_t who)
{
	uint32_t has = phys_owned(m, who), g = m->holder[who].guaranteed;

	return m->holder[who].h != NULL && has > g ? has - g : 0;
}

/* Whether another has more of these than this one would have. */
static bool can_be_asked(const struct phys_model *m, uint32_t who, uint32_t n)
{
	for (uint32_t i = 0; i < PHYS_SPACES; i++)
		if (i != who && phys_beyond(m, i) > phys_beyond(m, who) + n)
			return true;
	return false;
}

/* Frames that are kept for others who wait for some, and would have fewer. */
static uint32_t kept(const struct phys_model *m, uint32_t who, uint32_t more)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < PHYS_SPACES; i++)
		if (i != who && phys_beyond(m, who) + more >
		                    phys_beyond(m, i) + m->holder[i].wish)
			n += m->holder[i].wish;
	return n;
}

void phys_did_ask(struct phys_model *m, uint32_t who, uint32_t n)
{
	struct model_holder *h = &m->holder[who];

	n = n > phys_beyond(m, who) ? phys_beyond(m, who) : n;
	if (n <= h->asked)
		return;
	h->asked = n;
	h->told = false;
}

void phys_did_want(struct phys_model *m, uint32_t who, uint32_t n)
{
	uint32_t has = phys_beyond(m, who) + n, most = 0, half;

	for (uint32_t i = 0; i < PHYS_SPACES; i++)
		if (most == who ||
		    (i != who && phys_beyond(m, i) > phys_beyond(m, most)))
			most = i;
	half = (phys_beyond(m, most) - has + 1) / 2;
	phys_did_ask(m, most, n < half ? n : half);
	m->holder[who].wish = n;
}

int phys_want_frames(const struct phys_model *m, uint32_t who,
    const struct exo_call_frames *a, bool there)
{
	const struct model_holder *h = &m->holder[who];
	uint32_t own = lacks(m, who, 0), others = phys_promised(m) - own;

	if (!batch(a->n) || (a->want != EXO_ANY && a->n != 1))
		return -EXO_EINVAL;
	if (h->most != 0 && phys_owned(m, who) + a->n > h->most)
		return -EXO_ELIMIT;
	/* beyond what it was promised: all others' promises and the reserve stay */
	if (a->n > own &&
	    a->n + others + m->reserve + kept(m, who, a->n - own) > all_free(m))
		return can_be_asked(m, who, a->n) ? -EXO_EAGAIN : -EXO_ENOMEM;
	if (a->n > m->m->takes)
		return -EXO_ENOMEM;
	if (a->want != EXO_ANY && (a->want - PHYS_FIRST >= PHYS_FRAMES ||
	                              !is_free(m, a->want - PHYS_FIRST)))
		return -EXO_ENOMEM;
	return there ? 0 : -EXO_EINVAL;
}

void phys_did_own(struct phys_model *m, uint32_t who)
{
	struct model_holder *h = &m->holder[who];

	h->overdue += h->overdue > 0;
	h->asked += h->asked > 0;
}

void phys_did_frames(struct phys_model *m, uint32_t who,
    const struct exo_call_frames *a, const struct exo_key *keys)
{
	for (uint32_t k = 0; k < a->n; k++) {
		uint32_t i = keys[k].region - PHYS_FIRST;

		exo_assert(i < PHYS_FRAMES && is_free(m, i));
		exo_assert(a->want == EXO_ANY || a->want == keys[k].region);
		exo_assert(keys[k].res == EXO_RES_FRAME && keys[k].slot == 0 &&
		           keys[k].rights == EXO_FRAME_ALL &&
		           keys[k].epoch == m->generation[i]);
		m->owner[i] = who + 1;
		phys_did_own(m, who);
	}
	m->holder[who].wish = 0;
}

int phys_want_release(const struct phys_model *m,
    const struct exo_call_release *a, const struct phys_key *keys, bool there)
{
	if (!batch(a->n) || a->zero != 0 || !there)
		return -EXO_EINVAL;
	for (uint32_t k = 0; k < a->n; k++) {
		int err = key_error(m, &keys[k], EXO_RES_FRAME, EXO_FRAME_OWN);

		for (uint32_t j = 0; err == 0 && j < k; j++)
			if (keys[j].what == keys[k].what)
				err = -EXO_EINVAL;
		if (err != 0)
			return err;
	}
	return 0;
}

void phys_did_give(struct phys_model *m, uint32_t i)
{
	struct model_holder *h = &m->holder[m->owner[i] - 1];

	h->overdue -= h->overdue > 0;
	h->asked -= h->asked > 0;
	m->owner[i] = 0;
	m->generation[i]++;
	for (uint32_t who = 0; who < PHYS_SPACES; who++)
		for (uint32_t v = 0; v < PHYS_PAGES; v++)
			if (m->holder[who].e[v].frame == i)
				m->holder[who].e[v].live = false;
}

int phys_want_key_of(
    const struct phys_model *m, uint32_t who, const struct exo_call_key_of *a)
{
	if (a->zero != 0)
		return -EXO_EINVAL;
	return a->frame >= PHYS_FIRST && a->frame < PHYS_FIRST + PHYS_FRAMES &&
	               m->owner[a->frame - PHYS_FIRST] == who + 1
	           ? 0
	           : -EXO_EPERM;
}

int phys_want_lessen(
    const struct exo_call_lessen *a, const struct phys_key *key)
{
	if (a->key.res != EXO_RES_FRAME && a->key.res != EXO_RES_ENV)
		return -EXO_EINVAL;
	if (key->altered)
		return -EXO_EBADKEY;
	if ((a->rights & ~key->rights) != 0)
		return -EXO_EPERM;
	return (a->zero | a->first | a->n) != 0 ? -EXO_EINVAL : 0;
}

bool phys_want_guarantee(
    const struct phys_model *m, uint32_t who, uint32_t frames)
{
	uint32_t has = phys_owned(m, who), before = lacks(m, who, 0),
	         after = frames > has ? frames - has : 0;

	return after <= before ||
	       phys_promised(m) - before + after + m->reserve <= all_free(m);
}

/* --- entries -------------------------------------------------------------------- */

static int entry_error(const struct phys_model *m, const struct exo_pte *e,
    const struct phys_key *key)
{
	bool writes = (e->bits & EXO_PTE_WRITE) != 0,
	     runs = (e->bits & EXO_PTE_NX) == 0;
	/* [Intel SDM, volume 3A, table 4-20]: bits 0, 1, 5, 6, 8 to 11, 52 to
	 * 58, 63 */
	uint64_t may = 0x87f0000000000f63u;
	uint32_t rights = EXO_FRAME_READ;

	if ((e->va & (EXO_PAGE - 1)) != 0 || e->va >> 40 >= 0x7e)
		return -EXO_EINVAL;
	if ((e->bits & 1) == 0) /* bits 12 to 51 name memory */
		return (e->bits & 0x000ffffffffff000u) == 0 ? 0 : -EXO_EINVAL;
	if ((e->bits & ~may) != 0 || (writes && runs))
		return -EXO_EINVAL;
	rights |= writes ? EXO_FRAME_WRITE : 0u;
	rights |= runs ? EXO_FRAME_EXECUTE : 0u;
	return key_error(m, key, EXO_RES_FRAME, rights);
}

int phys_want_pte(const struct phys_model *m, uint32_t who,
    const struct exo_call_pte *a, const struct exo_pte *entries,
    const struct phys_key *keys, const struct phys_key *env, bool there,
    uint32_t *to)
{
	uint32_t pins = 0;
	int err = 0;

	*to = env == NULL ? who : env->what;
	if (!batch(a->n) || a->zero != 0)
		return -EXO_EINVAL;
	if (env != NULL)
		err = key_error(m, env, EXO_RES_ENV, EXO_ENV_MAP);
	if (err == 0 && !there)
		err = -EXO_EINVAL;
	for (uint32_t k = 0; err == 0 && k < a->n; k++) {
		err = entry_error(m, &entries[k], &keys[k]);
		pins += (entries[k].bits & 1) != 0 &&
		        (entries[k].bits & EXO_PTE_PIN) != 0;
	}
	/* each that pins counts, whatever it replaces */
	if (err == 0 && pins > 0 &&
	    phys_pinned(m, *to) + pins >
	        m->holder[*to].pins + m->holder[*to].given)
		err = -EXO_ELIMIT;
	return err;
}

/* The page of an address; the address is one of a page that the model knows. */
static uint32_t page_of(uint64_t va)
{
	uint32_t v = 0;

	while (phys_page(v) != va)
		v++;
	exo_assert(v < PHYS_PAGES);
	return v;
}

static void show(
    struct model_holder *h, uint32_t v, uint32_t frame, uint64_t bits)
{
	uint32_t sets = h->entries <= 8 ? 1 : h->entries / 8, n = 0;
	struct model_entry *oldest = NULL;

	/* Of nine of a set the oldest is displaced, but by pins, and not if pinned. */
	h->e[v].live = false;
	for (uint32_t w = 0; (bits & EXO_PTE_PIN) == 0 && w < PHYS_PAGES; w++) {
		struct model_entry *e = &h->e[w];

		if (!e->live || (e->bits & EXO_PTE_PIN) != 0 ||
		    phys_page(v) / EXO_PAGE % sets !=
		        phys_page(w) / EXO_PAGE % sets)
			continue;
		n++;
		if (oldest == NULL || e->age < oldest->age)
			oldest = e;
	}
	if (n == 8)
		oldest->live = false;
	h->e[v] = (struct model_entry){
		.live = true, .frame = frame, .bits = bits, .age = ++h->age
	};
}

void phys_did_pte(struct phys_model *m, uint32_t to, uint32_t n,
    const struct exo_pte *entries, const struct phys_key *keys)
{
	struct model_holder *h = &m->holder[to];

	for (uint32_t k = 0; k < n; k++) {
		uint32_t v = page_of(entries[k].va);

		if ((entries[k].bits & EXO_PTE_PRESENT) != 0)
			show(h, v, keys[k].what, entries[k].bits);
		else
			h->e[v] = (struct model_entry){
				.data = entries[k].bits == 0
				            ? 0
				            : entries[k].bits | EXO_PTE_FRAME
			};
	}
}

void phys_did_pin(struct phys_model *m, uint32_t who, uint32_t v,
    uint32_t frame, uint64_t bits)
{
	m->holder[who].given++;
	show(&m->holder[who], v, frame, bits | EXO_PTE_PRESENT | EXO_PTE_PIN);
}

bool phys_want_refill(const struct phys_model *m, uint32_t who, uint32_t v,
    bool write, bool execute)
{
	const struct model_entry *e = &m->holder[who].e[v];

	return e->live && (!write || (e->bits & EXO_PTE_WRITE) != 0) &&
	       (!execute || (e->bits & EXO_PTE_NX) == 0);
}

void phys_did_forget(struct phys_model *m, uint32_t who)
{
	struct model_entry *e = m->holder[who].e;

	for (uint32_t v = 0; v < PHYS_PAGES; v++)
		e[v].live = e[v].live && (e[v].bits & EXO_PTE_PIN) != 0;
}

void phys_did_drop(
    struct phys_model *m, uint32_t who, uint32_t v, uint64_t noted)
{
	const struct phys_space *s = &m->m->space[who];
	struct model_entry *e = m->holder[who].e;

	for (uint32_t w = 0; w < PHYS_PAGES; w++)
		if (phys_page(w) >> 21 == phys_page(v) >> 21 && e[w].live &&
		    phys_shows(s, phys_page(w)) != NULL)
			e[w].bits |= noted & (EXO_PTE_ACCESSED | EXO_PTE_DIRTY);
}

void phys_did_end(struct phys_model *m, uint32_t who)
{
	struct model_holder none = { 0 };

	m->holder[who] = none;
	for (uint32_t i = 0; i < PHYS_FRAMES; i++)
		if (m->owner[i] == who + 1)
			phys_did_give(m, i);
}

/* --- all of it -------------------------------------------------------------------- */

static void check_frames(const struct phys_model *m)
{
	for (uint32_t i = 0; i < PHYS_FRAMES; i++) {
		const struct exo_frame_row *row = &m->m->rows[i];

		exo_assert(m->m->out[i] == !is_free(m, i));
		exo_assert(m->m->puts[i] >= m->generation[i]);
		exo_assert(row->owner == m->owner[i]);
		exo_assert(row->generation == m->generation[i]);
		exo_assert(row->maps == shown(m, i));
		exo_assert(row->zero == 0);
	}
	exo_assert(phys_machine_left(m->m) >= phys_promised(m));
}

/* Whatever is present is what its libOS entered last, of a frame that is the same
 * owner's still; and data are those that it entered. */
static void check_space(const struct phys_model *m, uint32_t who)
{
	const struct phys_space *s = &m->m->space[who];

	for (uint32_t k = 0; k < s->n; k++) {
		const struct phys_entry *t = &s->entry[k];
		const struct model_entry *e = &m->holder[who].e[page_of(t->va)];

		if ((t->bits & EXO_PTE_PRESENT) == 0) {
			exo_assert(!e->live && t->bits == e->data);
			continue;
		}
		exo_assert(e->live && t->bits == e->bits);
		exo_assert(t->frame == PHYS_FIRST + e->frame);
		exo_assert(m->owner[e->frame] != 0);
	}
	exo_assert(!phys_stale(s));
}

void phys_model_check(const struct phys_model *m)
{
	check_frames(m);
	for (uint32_t who = 0; who < PHYS_SPACES; who++) {
		struct exo_holder_stat st;

		check_space(m, who);
		if (m->holder[who].h == NULL)
			continue;
		exo_holder_stat(m->holder[who].h, &st);
		exo_assert(st.owned == phys_owned(m, who));
		exo_assert(st.guaranteed == m->holder[who].guaranteed);
		exo_assert(st.pinned == phys_pinned(m, who));
		exo_assert(st.lost == m->holder[who].lost);
		exo_assert(m->holder[who].asked <= st.owned);
	}
}
