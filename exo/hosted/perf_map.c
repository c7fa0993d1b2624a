/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of compiled code for perf(1): see perf_map.h. */
#include "exo/hosted/perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name is cut there; those of bindings are shorter. */
#define NAME_MAX_SHOWN 200

int cmd_perf_map_open(struct cmd_perf_map *map)
{
	map->open = false;
	snprintf(
	    map->path, sizeof(map->path), "/tmp/perf-%ld.map", (long)getpid());
	if (unlink(map->path) != 0 && errno != ENOENT)
		return errno;
	map->fd = open(map->path,
	    O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    S_IRUSR | S_IWUSR);
	map->open = map->fd >= 0;
	return map->open ? 0 : errno;
}

int cmd_perf_map_add(
    struct cmd_perf_map *map, const void *code, size_t size, const char *name)
{
	char line[NAME_MAX_SHOWN + 48];
	ssize_t did;
	int n;

	if (!map->open)
		return 0;
	n = snprintf(line, sizeof(line), "%" PRIxPTR " %zx %.*s\n",
	    (uintptr_t)code, size, NAME_MAX_SHOWN, name);
	do
		did = write(map->fd, line, (size_t)n);
	while (did < 0 && errno == EINTR);
	if (did == n)
		return 0;
	return did < 0 ? errno : ENOSPC;
}

void cmd_perf_map_close(struct cmd_perf_map *map)
{
	if (map->open)
		close(map->fd);
	map->open = false;
}
