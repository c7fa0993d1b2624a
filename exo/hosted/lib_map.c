/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps of the library's programs: see include/exopf/map.h. */
#include "exopf/map.h"

#include "exo/abi/prog_err.h"
#include "exo/hosted/lib.h"

#include <sched.h>
#include <string.h>
#include <time.h>

/* Rounds of a reader that the writer disturbs: first it lets others run, then it
 * sleeps. All of them are some 20 ms, about what a thread that lost its processor
 * waits for it. */
#define ROUNDS   200u
#define YIELDS   100u
#define SLEEP_NS 100000

#define EXO_MAP_KIND(nr, NAME, text, can) \
	_Static_assert((int)EXOPF_MAP_##NAME == (nr), "kinds are the core's");
#include "exo/abi/map.inc"
#undef EXO_MAP_KIND
_Static_assert(sizeof(struct exopf_map_def) == sizeof(struct exo_map_def) &&
                   EXOPF_MAP_NO_PREALLOC == EXO_MAP_NO_PREALLOC &&
                   EXOPF_MAP_RDONLY_PROG == EXO_MAP_RDONLY_PROG &&
                   EXOPF_MAP_WRONLY_PROG == EXO_MAP_WRONLY_PROG,
    "and so are definitions");

/* What maps answer, as the library's errors. */
static int error_of(int ret)
{
	switch (-ret) {
	case 0:
		return 0;
	case EXO_P_EPERM:
		return EXOPF_EPERM;
	case EXO_P_ENOENT:
		return EXOPF_ENOENT;
	case EXO_P_E2BIG:
		return EXOPF_E2BIG;
	case EXO_P_EEXIST:
		return EXOPF_EEXIST;
	case EXO_P_ENOSPC:
		return EXOPF_ENOSPC;
	case EXO_P_EAGAIN:
		return EXOPF_EAGAIN;
	default:
		return EXOPF_EINVAL;
	}
}

/* Is a reader to try again, after some time? */
static bool again(int ret, uint32_t *round)
{
	const struct timespec nap = { .tv_nsec = SLEEP_NS };

	if (ret != -EXO_P_EAGAIN || *round == ROUNDS)
		return false;
	if ((*round)++ < YIELDS)
		(void)sched_yield();
	else
		(void)nanosleep(&nap, NULL);
	return true;
}

PUBLIC uint32_t exopf_map_count(const exopf_program *program)
{
	return program->nmaps;
}

PUBLIC int exopf_map_find(
    const exopf_program *program, const char *name, uint32_t *map)
{
	uint32_t i;

	for (i = 0; i < program->nmaps; i++) {
		if (name[0] != '\0' &&
		    strcmp(program->names[i].text, name) == 0) {
			*map = i;
			return 0;
		}
	}
	return EXOPF_ENOENT;
}

PUBLIC int exopf_map_info(
    const exopf_program *program, uint32_t map, struct exopf_map_info *info)
{
	const struct exo_map_def *def = exo_world_def(program->world, map);

	if (def == NULL)
		return EXOPF_EINVAL;
	memset(info, 0, sizeof(*info));
	memcpy(&info->def, def, sizeof(*def));
	memcpy(info->name, program->names[map].text, sizeof(info->name));
	return 0;
}

PUBLIC int exopf_map_lookup(
    const exopf_program *program, uint32_t map, const void *key, void *value)
{
	uint32_t round = 0;
	int ret;

	do
		ret = exo_elem_get(program->world, map, key, value);
	while (again(ret, &round));
	return error_of(ret);
}

PUBLIC int exopf_map_update(exopf_program *program, uint32_t map,
    const void *key, const void *value, uint64_t flags)
{
	return error_of(exo_elem_set(program->world, map, key, value, flags));
}

PUBLIC int exopf_map_delete(
    exopf_program *program, uint32_t map, const void *key)
{
	return error_of(exo_elem_delete(program->world, map, key));
}

PUBLIC int exopf_map_take(
    exopf_program *program, uint32_t map, const void *key, void *value)
{
	return error_of(exo_elem_take(program->world, map, key, value));
}

PUBLIC int exopf_map_next_key(
    const exopf_program *program, uint32_t map, const void *key, void *next)
{
	uint32_t round = 0;
	int ret;

	do
		ret = exo_elem_next(program->world, map, key, next);
	while (again(ret, &round));
	return error_of(ret);
}

PUBLIC int exopf_ring_next(
    exopf_program *program, uint32_t map, const void **data, uint32_t *size)
{
	const struct exo_map_def *def = exo_world_def(program->world, map);

	*data = NULL;
	*size = 0;
	if (def == NULL || def->kind != EXO_MAP_RINGBUF)
		return EXOPF_EINVAL;
	*data = exo_world_record(program->world, map, size);
	return *data != NULL ? 0 : EXOPF_ENOENT;
}
