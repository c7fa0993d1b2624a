/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A key for another environment, by a block of the disk that both have (",shared" in
 * boot.conf). Page LETTER_PAGE is where it is written and read.
 */
#ifndef TESTS_BARE_LETTER_H
#define TESTS_BARE_LETTER_H

#include "tests/bare/pages.h"

#define LETTER_PAGE  500u
#define LETTER_THERE 0x726574746c656b00u

struct letter {
	uint64_t there;
	struct exo_key key;
};

static inline struct letter *letter_page(struct exo_key *frame)
{
	CHECK(pages_take(frame, 1) == 0 && pages_show(LETTER_PAGE, frame) == 0);
	return (struct letter *)(void *)pages_at(LETTER_PAGE);
}

static inline void letter_write(
    const struct exo_key *disk, uint32_t block, const struct exo_key *key)
{
	struct exo_key frame;
	struct letter *m = letter_page(&frame);

	m->key = *key;
	m->there = LETTER_THERE;
	CHECK(lnet_disk(disk, &frame, block, 1) == 0);
}

/** Waits for it. */
static inline struct exo_key letter_read(
    const struct exo_key *disk, uint32_t block)
{
	struct exo_key frame;
	struct letter *m = letter_page(&frame);

	for (;;) {
		CHECK(lnet_disk(disk, &frame, block, 0) == 0);
		if (m->there == LETTER_THERE)
			return m->key;
		(void)lnet_yield();
	}
}

#endif
