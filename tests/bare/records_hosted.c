/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery records of a core in a process: see exo/bare/records.h.
 *
 * usage: records_hosted [-j] [-k SEED] ARCHIVE
 *	-j	interpret, too
 *	-k SEED	no secret: what the kernel takes for one with test-key=SEED
 */
#include "exo/bare/records.h"
#include "exo/hosted/plat_hosted.h"
#include "exo/lib/siphash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fixed;
static struct exo_sipkey key;

int __real_plat_random(void *p, size_t n);
int __wrap_plat_random(void *p, size_t n);

/* The numbers of exo/bare/entropy.c. */
int __wrap_plat_random(void *p, size_t n)
{
	static uint64_t counter;
	uint8_t *to = p;

	if (!fixed)
		return __real_plat_random(p, n);
	while (n > 0) {
		size_t k = n < sizeof(uint64_t) ? n : sizeof(uint64_t);
		uint64_t v;

		counter++;
		v = exo_siphash64(&key, &counter, sizeof(counter));
		memcpy(to, &v, k);
		to += k;
		n -= k;
	}
	return 0;
}

static void show(void *arg, const char *text, uint32_t n)
{
	(void)arg;
	fwrite(text, 1, n, stdout);
}

/* All of a file; NULL. */
static uint8_t *slurp(const char *path, uint64_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = NULL;
	long n = -1;

	if (f == NULL)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0)
		n = ftell(f);
	if (n > 0 && fseek(f, 0, SEEK_SET) == 0)
		p = malloc((size_t)n);
	if (p != NULL && fread(p, 1, (size_t)n, f) != (size_t)n) {
		free(p);
		p = NULL;
	}
	fclose(f);
	*size = p != NULL ? (uint64_t)n : 0;
	return p;
}

int main(int argc, char **argv)
{
	struct records_args a = { .line = show };
	uint8_t *files;
	bool good;
	int c;

	while ((c = getopt(argc, argv, "jk:")) != -1) {
		if (c != 'j' && c != 'k')
			return 2;
		if (c == 'j') {
			a.judge = true;
			continue;
		}
		fixed = true;
		key.k0 = strtoull(optarg, NULL, 10);
	}
	files = optind < argc ? slurp(argv[optind], &a.size) : NULL;
	if (files == NULL)
		return 2;
	a.files = files;
	good = records_run(&a);
	free(files);
	return good ? 0 : 1;
}
