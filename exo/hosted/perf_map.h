/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of compiled code for perf(1): /tmp/perf-PID.map.
 *
 * Overview: one line for each piece of code, as soon as it is there: address
 * and size in hexadecimal, and a name. perf reads the file when it reports,
 * so it is left behind. perf looks for it under this very name, wherever
 * temporary files are kept otherwise.
 *
 * Trust: others may write to /tmp as well. What stands under the name is
 * removed, not followed or written to, for it is not about this process; if
 * it cannot be, that is an error.
 */
#ifndef EXO_HOSTED_PERF_MAP_H
#define EXO_HOSTED_PERF_MAP_H

#include <stdbool.h>
#include <stddef.h>

#define CMD_PERF_MAP_PATH 40u

struct cmd_perf_map {
	bool open; /* zero: there is no file */
	int fd;
	char path[CMD_PERF_MAP_PATH];
};

/** Make the file of this process, for its owner alone. Returns 0 or an errno;
 * map->path says which file it is about in any case. */
int cmd_perf_map_open(struct cmd_perf_map *map);

/** Name a piece of code. name has no line ends. Returns 0 or an errno; 0 when
 * there is no file. */
int cmd_perf_map_add(
    struct cmd_perf_map *map, const void *code, size_t size, const char *name);

/** Close it; the file stays. */
void cmd_perf_map_close(struct cmd_perf_map *map);

#endif
