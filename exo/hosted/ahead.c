/* SPDX-License-Identifier: BSD-2-Clause */
/* Things made in order, by a thread ahead of who takes them: see ahead.h. */
#include "exo/hosted/ahead.h"

#include "exo/hosted/thread.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS   256u
#define FEWEST  32u /* fewer are made as soon as a thread is */
#define AT_ONCE 16u /* things that are handed over together */

struct cmd_ahead {
	struct cmd_ahead_how how;
	pthread_t thread;
	pthread_mutex_t work, lock;
	pthread_cond_t moved;
	uint32_t made;  /* guarded by lock */
	uint32_t taken; /* guarded by lock: whose slots are free again */
	uint32_t next;  /* the taker's: what it takes next, and ... */
	uint32_t known; /* ... what it knows of made */
	atomic_bool quit;
	uint8_t *slots;
};

static void *slot_of(const struct cmd_ahead *a, uint32_t i)
{
	return a->slots + (size_t)(i % SLOTS) * a->how.size;
}

/* Make things i ... end-1. Returns the number that were. */
static uint32_t make_some(struct cmd_ahead *a, uint32_t i, uint32_t end)
{
	uint32_t n = 0;

	for (; i + n < end && !atomic_load(&a->quit); n++) {
		void *slot = slot_of(a, i + n);

		memset(slot, 0, a->how.size);
		pthread_mutex_lock(&a->work);
		a->how.make(a->how.user, i + n, slot);
		pthread_mutex_unlock(&a->work);
	}
	return n;
}

/* All slots are full: sleep until half of them are free. Never while the taker
 * waits, for then nothing is full. The lock is held. */
static void wait_for_half(struct cmd_ahead *a, uint32_t i)
{
	while (i - a->taken > SLOTS / 2 && !atomic_load(&a->quit))
		pthread_cond_wait(&a->moved, &a->lock);
}

static void *thread_main(void *arg)
{
	struct cmd_ahead *a = arg;
	uint32_t i = 0, end;

	while (i < a->how.n && !atomic_load(&a->quit)) {
		pthread_mutex_lock(&a->lock);
		if (i - a->taken > SLOTS - AT_ONCE)
			wait_for_half(a, i);
		pthread_mutex_unlock(&a->lock);
		end = a->how.n - i < AT_ONCE ? a->how.n : i + AT_ONCE;
		i += make_some(a, i, end);
		pthread_mutex_lock(&a->lock);
		a->made = i;
		pthread_cond_signal(&a->moved);
		pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

static void dispose(struct cmd_ahead *a)
{
	(void)pthread_mutex_destroy(&a->work);
	(void)pthread_mutex_destroy(&a->lock);
	(void)pthread_cond_destroy(&a->moved);
	free(a->slots);
	free(a);
}

struct cmd_ahead *cmd_ahead_new(const struct cmd_ahead_how *how)
{
	struct cmd_ahead *a;

	if (how->n < FEWEST || cmd_processors() < 2)
		return NULL;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	a->how = *how;
	a->slots = malloc(SLOTS * how->size);
	(void)pthread_mutex_init(&a->work, NULL);
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->moved, NULL);
	if (a->slots != NULL && cmd_thread_start(&a->thread, thread_main, a))
		return a;
	dispose(a);
	return NULL;
}

/* Say what was taken, and learn what was made: more than that. */
static void meet(struct cmd_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->taken = a->next;
	pthread_cond_signal(&a->moved);
	while (a->made == a->next)
		pthread_cond_wait(&a->moved, &a->lock);
	a->known = a->made;
	pthread_mutex_unlock(&a->lock);
}

void *cmd_ahead_take(struct cmd_ahead *a)
{
	if (a->next == a->known || a->next % AT_ONCE == 0)
		meet(a);
	return slot_of(a, a->next++);
}

void cmd_ahead_hold(struct cmd_ahead *a)
{
	if (a != NULL)
		pthread_mutex_lock(&a->work);
}

void cmd_ahead_go_on(struct cmd_ahead *a)
{
	if (a != NULL)
		pthread_mutex_unlock(&a->work);
}

void cmd_ahead_free(struct cmd_ahead *a)
{
	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	atomic_store(&a->quit, true);
	pthread_cond_signal(&a->moved);
	pthread_mutex_unlock(&a->lock);
	(void)pthread_join(a->thread, NULL);
	for (; a->next < a->made; a->next++)
		a->how.drop(a->how.user, slot_of(a, a->next));
	dispose(a);
}
