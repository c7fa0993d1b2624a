/* SPDX-License-Identifier: BSD-2-Clause */
/* The yardstick as an engine: programs that gcc compiled for this machine. */
#include <stdio.h>
#include <string.h>

#include "tests/bench/maps_parts.h"

struct native {
	const struct mn_object *object;
	int (*run)(struct mn_ctx *ctx);
};

static void *native_open(const struct mb_prog *p, char why[MB_WHY])
{
	static const struct mn_object *opened[32];
	const struct mn_object *o = p->object->native;
	struct native *s = mb_get(sizeof(*s));
	uint32_t i = 0;

	for (const struct mn_func *f = o->funcs; f->name != NULL; f++) {
		if (strcmp(f->name, p->func) == 0)
			*s = (struct native){ o, f->run };
	}
	if (s->run == NULL) {
		snprintf(why, MB_WHY, "no such function");
		return NULL;
	}
	while (opened[i] != NULL && opened[i] != o)
		i++;
	if (opened[i] == NULL)
		o->open();
	opened[i] = o;
	return s;
}

static struct mn_ctx context(const struct mb_frame *f)
{
	return (struct mn_ctx){ (uintptr_t)f->data, (uintptr_t)f->data + f->n,
		f->n };
}

static uint32_t native_one(void *state, const struct mb_frame *f)
{
	const struct native *s = state;
	struct mn_ctx ctx = context(f);

	*s->object->clock += MB_TICK;
	return (uint32_t)s->run(&ctx);
}

static void native_runs(
    void *state, const struct mb_frame *at, uint32_t n, uint32_t repeat)
{
	const struct native *s = state;
	uint64_t *clock = s->object->clock, sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < repeat; k++) {
			struct mn_ctx ctx = context(&at[i]);

			*clock += MB_TICK;
			sum += (uint32_t)s->run(&ctx);
		}
	}
	mb_sum += sum;
}

static void native_drain(void *state)
{
	const struct native *s = state;

	s->object->drain();
}

const struct mb_engine mb_native = {
	.name = "C",
	.every = 1,
	.open = native_open,
	.one = native_one,
	.runs = native_runs,
	.drain = native_drain,
};
