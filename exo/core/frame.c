/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page frames: each is nobody's, or one holder's. See phys.h.
 *
 * A generation is over when its frame is given back. The last one there can be is never
 * begun, so that no key comes to life again: such a frame is retired, after four thousand
 * million owners.
 */
#include "exo/abi/err.h"
#include "exo/core/phys_int.h"
#include "exo/lib/bug.h"

uint32_t frame_generation(const struct exo_phys *p, uint32_t i)
{
	return p->cfg.rows[i].generation;
}

static void link_frame(struct exo_phys *p, struct exo_holder *h, uint32_t i)
{
	struct frame *f = &p->frames[i];

	f->owner = h;
	f->prev = 0;
	f->next = h->frames;
	if (f->next != 0)
		p->frames[f->next - 1].prev = i + 1;
	h->frames = i + 1;
	p->cfg.rows[i].owner = h->args.place + 1;
	exo_holder_got(h, EXO_KIND_FRAME);
	phys_count(p, h, 1);
}

static void unlink_frame(struct exo_phys *p, uint32_t i)
{
	struct frame *f = &p->frames[i];
	struct exo_holder *h = f->owner;

	exo_holder_given(p, h, EXO_KIND_FRAME);
	if (f->next != 0)
		p->frames[f->next - 1].prev = f->prev;
	if (f->prev != 0)
		p->frames[f->prev - 1].next = f->next;
	else
		h->frames = f->next;
	f->owner = NULL;
	p->cfg.rows[i].owner = 0;
	phys_count(p, h, -1);
}

void frame_release(struct exo_phys *p, uint32_t i)
{
	mapping_of_frame(p, i);
	unlink_frame(p, i);
	if (++p->cfg.rows[i].generation != UINT32_MAX)
		p->cfg.ops->put(p->cfg.arg, p->cfg.first + i);
	else if (p->cfg.ops->retire != NULL)
		p->cfg.ops->retire(p->cfg.arg, p->cfg.first + i);
}

/* Own a frame; its index, or EXO_FRAME_NONE. */
static uint32_t own(struct exo_phys *p, struct exo_holder *h, uint32_t want)
{
	uint32_t frame = p->cfg.ops->take(p->cfg.arg, want), i;

	if (frame == EXO_FRAME_NONE)
		return EXO_FRAME_NONE;
	i = frame - p->cfg.first;
	exo_assert(i < p->cfg.frames && p->frames[i].owner == NULL);
	link_frame(p, h, i);
	return i;
}

/* It was never owned: nobody has a key, so its generation goes on. */
static void disown(struct exo_phys *p, uint32_t i)
{
	unlink_frame(p, i);
	p->cfg.ops->put(p->cfg.arg, p->cfg.first + i);
}

uint32_t exo_holder_frame(struct exo_phys *p, struct exo_holder *h)
{
	uint32_t i = own(p, h, EXO_FRAME_NONE);

	return i == EXO_FRAME_NONE ? i : p->cfg.first + i;
}

int frame_of_key(const struct exo_phys *p, const struct exo_key *u_key,
    uint32_t rights, uint32_t *out)
{
	int err = phys_key_check(p, u_key, EXO_RES_FRAME, rights);
	uint32_t i = u_key->region - p->cfg.first;

	if (err != 0)
		return err;
	exo_assert(i < p->cfg.frames); /* this kernel made it */
	if (p->cfg.rows[i].owner == 0 || u_key->epoch != frame_generation(p, i))
		return -EXO_ESTALE;
	*out = i;
	return 0;
}

int exo_phys_frame(const struct exo_phys *p, const struct exo_key *u_key,
    uint32_t rights, uint32_t *frame, uint32_t *generation)
{
	uint32_t i;
	int err = frame_of_key(p, u_key, rights, &i);

	if (err != 0)
		return err;
	*frame = p->cfg.first + i;
	*generation = frame_generation(p, i);
	return 0;
}

bool exo_phys_same(
    const struct exo_phys *p, uint32_t frame, uint32_t generation)
{
	return frame_generation(p, frame - p->cfg.first) == generation;
}

static void key_of(const struct exo_phys *p, uint32_t i, struct exo_key *out)
{
	phys_key_make(p, EXO_RES_FRAME, EXO_FRAME_ALL, p->cfg.first + i,
	    frame_generation(p, i), out);
}

int call_frames(
    struct exo_phys *p, struct exo_holder *h, struct exo_call_frames *a)
{
	uint32_t got[EXO_BATCH], n = 0;
	int err;

	if (a->n == 0 || a->n > EXO_BATCH || (a->want != EXO_ANY && a->n != 1))
		return -EXO_EINVAL;
	err = phys_room(p, h, a->n);
	if (err == -EXO_ENOMEM && revoke_want(p, h, a->n))
		err = -EXO_EAGAIN;
	while (err == 0 && n < a->n) {
		got[n] = own(p, h, a->want);
		if (got[n] == EXO_FRAME_NONE) {
			err = -EXO_ENOMEM;
			break;
		}
		key_of(p, got[n], &p->keys[n]);
		n++;
	}
	_Static_assert(sizeof(p->keys) <= EXO_PAGE, "all are written or none");
	if (err == 0)
		err = plat_copy_out(
		    h->args.plat, a->keys, p->keys, n * sizeof(p->keys[0]));
	while (err != 0 && n > 0)
		disown(p, got[--n]);
	if (err == 0)
		h->wish.n = 0;
	return err;
}

int call_release(
    struct exo_phys *p, struct exo_holder *h, struct exo_call_release *a)
{
	uint32_t is[EXO_BATCH], n = 0;
	int err;

	if (a->n == 0 || a->n > EXO_BATCH || a->zero != 0)
		return -EXO_EINVAL;
	err = plat_copy_in(
	    h->args.plat, p->keys, a->keys, a->n * sizeof(p->keys[0]));
	while (err == 0 && n < a->n) {
		err = frame_of_key(p, &p->keys[n], EXO_FRAME_OWN, &is[n]);
		if (err == 0 && p->frames[is[n]].named)
			err = -EXO_EINVAL; /* twice */
		if (err == 0)
			p->frames[is[n++]].named = true;
	}
	for (uint32_t i = 0; i < n; i++)
		p->frames[is[i]].named = false;
	for (uint32_t i = 0; err == 0 && i < n; i++) {
		struct exo_holder *owner = p->frames[is[i]].owner;

		if (owner != h) /* who had its key from the owner */
			exo_holder_lost(owner, EXO_KIND_FRAME,
			    revoke_name(p, is[i]), revoke_seen(p, is[i]),
			    EXO_ANY);
		frame_release(p, is[i]);
	}
	return err;
}

int call_key_of(
    struct exo_phys *p, struct exo_holder *h, struct exo_call_key_of *a)
{
	uint32_t i = a->frame - p->cfg.first;

	if (a->zero != 0)
		return -EXO_EINVAL;
	if (i >= p->cfg.frames || p->frames[i].owner != h)
		return -EXO_EPERM;
	key_of(p, i, &a->out_key);
	return 0;
}
