/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that nobody can guess: see entropy.h. */
#include "exo/bare/entropy.h"

#include "exo/bare/x86.h"
#include "exo/lib/mem.h"
#include "exo/lib/siphash.h"

#define TRIES 10u /* Intel, DRNG guide, section 5.2.1 */

static bool fixed;
static struct exo_sipkey key;
static uint64_t counter;

static bool number(uint64_t *out)
{
	if (fixed) {
		counter++;
		*out = exo_siphash64(&key, &counter, sizeof(counter));
		return true;
	}
	for (unsigned i = 0; i < TRIES; i++)
		if (x86_rdrand(out))
			return true;
	return false;
}

bool entropy_init(const struct machine *m)
{
	const char *value;
	uint64_t try;

	fixed = machine_option(m, "test-key", &value) >= 0;
	if (fixed) {
		uint64_t seed = machine_number(m, "test-key", 1);

		memcpy(&key, &seed, sizeof(seed));
		return true;
	}
	return m->rdrand && number(&try);
}

bool entropy_fill(void *p, size_t n)
{
	uint8_t *to = p;

	while (n > 0) {
		size_t k = n < sizeof(uint64_t) ? n : sizeof(uint64_t);
		uint64_t v;

		if (!number(&v))
			return false;
		memcpy(to, &v, k);
		to += k;
		n -= k;
	}
	return true;
}
