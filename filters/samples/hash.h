/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash of words for sketches: a few multiplications, no table. It is no
 * secret keeper: who knows the seed can make words that meet, so a loader
 * draws the seed when it loads the program.
 */
#ifndef SAMPLES_HASH_H
#define SAMPLES_HASH_H

#include <linux/types.h>

#include <bpf/bpf_helpers.h>

static __always_inline __u32 hash_mix(__u32 h)
{
	h ^= h >> 16;
	h *= 0x7feb352d;
	h ^= h >> 15;
	h *= 0x846ca68b;
	return h ^ (h >> 16);
}

static __always_inline __u32 hash_words(const __u32 *word, int n, __u32 seed)
{
	__u32 h = seed;

	for (int i = 0; i < n; i++)
		h = hash_mix(h + word[i] + 0x9e3779b9);
	return h;
}

#endif
