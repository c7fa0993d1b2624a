/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash's free elements and numbers: see hash_int.h, and hash.c for why. */
#include "exo/maps/hash_int.h"

/* What marks an element that is freed now; 0: nobody holds its value. */
static uint32_t stamp_now(const struct map_table *t)
{
	return t->run == NULL || *t->run == 0 ? 0 : *t->run % STAMPS + 1;
}

static void set_before(struct map_table *t, uint32_t e, uint32_t before)
{
	uint32_t stamp = t->state[e - 1] >> STAMP << STAMP;

	map_set(&t->state[e - 1], stamp | before);
}

/* The list of free elements that are in no group, each by its number behind homes. */
static void queue_apart(struct map_table *t, uint32_t n)
{
	t->apart[n - 1] = (struct map_apart){ .before = t->apart_last };
	if (t->apart_last != 0)
		t->apart[t->apart_last - 1].behind = n;
	else
		t->apart_first = n;
	t->apart_last = n;
}

static void unqueue_apart(struct map_table *t, uint32_t n)
{
	struct map_apart a = t->apart[n - 1];

	if (a.before != 0)
		t->apart[a.before - 1].behind = a.behind;
	else
		t->apart_first = a.behind;
	if (a.behind != 0)
		t->apart[a.behind - 1].before = a.before;
	else
		t->apart_last = a.before;
}

void hash_give(struct map *m, uint32_t e)
{
	struct map_table *t = &m->table;

	if (e > t->homes)
		queue_apart(t, e - t->homes);
	map_set(link_at(m, e), 0);
	map_set(&t->state[e - 1], stamp_now(t) << STAMP | t->free_last);
	if (t->free_last != 0)
		map_set(link_at(m, t->free_last), e);
	else
		t->free_first = e;
	t->free_last = e;
}

void hash_take(struct map *m, uint32_t e)
{
	struct map_table *t = &m->table;
	uint32_t before = t->state[e - 1] & ((1u << STAMP) - 1);
	uint32_t behind = *link_at(m, e);

	if (e > t->homes)
		unqueue_apart(t, e - t->homes);
	if (before != 0)
		map_set(link_at(m, before), behind);
	else
		t->free_first = behind;
	if (behind != 0)
		set_before(t, behind, before);
	else
		t->free_last = before;
}

bool hash_seen(const struct map_table *t, uint32_t e)
{
	uint32_t stamp = t->state[e - 1] >> STAMP;

	return stamp != 0 && stamp == stamp_now(t);
}

void hash_put_number(struct map_table *t, uint32_t number)
{
	map_set(&t->place[number], FREE);
	if (t->number_last != 0)
		map_set(&t->place[t->number_last - 1], FREE | (number + 1));
	else
		t->number_first = number + 1;
	t->number_last = number + 1;
}

uint32_t hash_take_number(struct map_table *t)
{
	uint32_t number = t->number_first - 1;

	t->number_first = t->place[number] & ~FREE;
	if (t->number_first == 0)
		t->number_last = 0;
	return number;
}

uint32_t hash_room(const struct map *m, uint32_t group)
{
	const struct map_table *t = &m->table;
	uint32_t e = group * t->ways;

	for (uint32_t i = 0; i < t->ways; i++) {
		e++;
		if ((t->state[e - 1] & LIVE) == 0 && !hash_seen(t, e))
			return e;
	}
	e = t->homes + t->apart_first;
	if (t->apart_first != 0 && !hash_seen(t, e))
		return e;
	return t->free_first;
}
