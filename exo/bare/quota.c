/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose the buffers of a queue are: see quota.h. */
#include "exo/bare/quota.h"

#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

void quota_init(struct quota *q, uint32_t size)
{
	memset(q, 0, sizeof(*q));
	q->size = size;
}

static struct quota_owner *find(struct quota *q, uint32_t name)
{
	exo_assert(name <= QUOTA_OWNERS);
	return name == 0 ? NULL : &q->owner[name - 1];
}

/* What is nobody's to keep. */
static uint32_t common(const struct quota *q)
{
	return q->size - q->size / 2;
}

/* There are more owners, or less: what is kept for each is another number. */
static void settle(struct quota *q)
{
	uint32_t within = 0;

	q->kept = q->owners == 0 ? 0 : q->size / 2 / q->owners;
	for (uint32_t i = 0; i < QUOTA_OWNERS; i++)
		within += q->owner[i].out < q->kept ? q->owner[i].out : q->kept;
	q->beyond = q->out - within;
}

uint32_t quota_join(struct quota *q)
{
	for (uint32_t i = 0; i < QUOTA_OWNERS; i++) {
		struct quota_owner *o = &q->owner[i];

		if (o->here || o->out > 0)
			continue;
		*o = (struct quota_owner){ .here = true };
		q->owners++;
		settle(q);
		return i + 1;
	}
	return 0;
}

static void gone(struct quota *q)
{
	q->owners--;
	settle(q);
}

void quota_leave(struct quota *q, uint32_t name)
{
	struct quota_owner *o = find(q, name);

	if (o == NULL || !o->here)
		return;
	o->here = false;
	if (o->out == 0)
		gone(q);
}

bool quota_may(const struct quota *q, uint32_t name)
{
	const struct quota_owner *o;

	exo_assert(name <= QUOTA_OWNERS);
	if (q->out == q->size)
		return false;
	if (name == 0)
		return true;
	o = &q->owner[name - 1];
	if (!o->here)
		return false;
	return o->out < q->kept ||
	       (q->beyond < common(q) &&
	           o->out - q->kept < common(q) - q->beyond);
}

void quota_refused(struct quota *q, uint32_t name)
{
	struct quota_owner *o = find(q, name);

	if (o != NULL)
		o->refused++;
}

void quota_take(struct quota *q, uint32_t name)
{
	struct quota_owner *o = find(q, name);

	exo_assert(q->out < q->size);
	q->out++;
	if (o == NULL || ++o->out > q->kept)
		q->beyond++;
}

void quota_back(struct quota *q, uint32_t name)
{
	struct quota_owner *o = find(q, name);

	exo_assert(q->out > 0 && (o == NULL || o->out > 0));
	q->out--;
	if (o == NULL || o->out-- > q->kept)
		q->beyond--;
	if (o != NULL && !o->here && o->out == 0)
		gone(q);
}
