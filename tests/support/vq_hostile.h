/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device that does what it likes with a virtqueue's memory.
 */
#ifndef EXO_TESTS_VQ_HOSTILE_H
#define EXO_TESTS_VQ_HOSTILE_H

#include <stddef.h>
#include <stdint.h>

/** What became of it. */
struct vqh_end {
	uint64_t added, taken, too_long;
	int broken;
};

/** Run a queue whose form, driver and device are what the bytes say. Whatever that
 * is: no id is given twice, none comes back that is not out, no length is beyond the
 * room, the counters add up, memory around the queue stays as it was. Otherwise it
 * stops the process. */
struct vqh_end vqh_run(const uint8_t *data, size_t size);

#endif
