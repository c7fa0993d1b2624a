/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A main() for fuzzers without libFuzzer: any compiler, any sanitizer.
 *
 * usage: fuzz_X [-r N SEED] [-c FILE] [FILE|DIRECTORY...]
 *
 * Every file, and every file below a directory, is given to the fuzzer once.
 * With -r follow N inputs made from SEED: random bytes, and mutations of the
 * files (by the fuzzer's own mutator where it has one). When an input kills
 * the process or takes longer than 20 seconds, it is kept in the file of -c
 * ("fuzz-crash.bin" by default). Output is TAP; exit 2: a file is unreadable.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX  (1u << 20)
#define RANDOM_MAX 4096u
#define PATIENCE   20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max, unsigned int seed);
__attribute__((weak)) void __sanitizer_set_death_callback(void (*fn)(void));

struct input {
	uint8_t *data;
	size_t size;
};

static struct {
	struct input *in;
	size_t n, room;
} seeds;

static const char *crash_file = "fuzz-crash.bin";
static struct input now; /* what the fuzzer is looking at */
static uint64_t rng;

static void keep_input(void)
{
	int fd = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		return;
	if (write(fd, now.data, now.size) == (ssize_t)now.size)
		dprintf(STDERR_FILENO, "# the input is in %s (%zu bytes)\n",
		    crash_file, now.size);
	close(fd);
}

static void on_signal(int sig)
{
	keep_input();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void one_input(const uint8_t *data, size_t size)
{
	/* A copy of the true size, so that ASan sees a read past it. */
	uint8_t *copy = malloc(size == 0 ? 1 : size);

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	now.data = copy;
	now.size = size;
	alarm(PATIENCE);
	(void)LLVMFuzzerTestOneInput(copy, size);
	alarm(0);
	free(copy);
	now.data = NULL;
	now.size = 0;
}

static void add_seed(uint8_t *data, size_t size)
{
	if (seeds.n == seeds.room) {
		size_t room = seeds.room == 0 ? 64 : seeds.room * 2;

		seeds.in = realloc(seeds.in, room * sizeof(*seeds.in));
		if (seeds.in == NULL)
			abort();
		seeds.room = room;
	}
	seeds.in[seeds.n].data = data;
	seeds.in[seeds.n++].size = size;
}

static bool replay_file(const char *path)
{
	uint8_t *data = malloc(INPUT_MAX);
	FILE *f = fopen(path, "rb");
	size_t size;

	if (data == NULL || f == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		free(data);
		return false;
	}
	size = fread(data, 1, INPUT_MAX, f);
	fclose(f);
	one_input(data, size);
	data = realloc(data, size == 0 ? 1 : size);
	if (data == NULL)
		abort();
	add_seed(data, size);
	return true;
}

static bool replay_path(const char *path)
{
	struct dirent **names;
	struct stat st;
	bool ok = true;
	int i, n;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return replay_file(path);
	n = scandir(path, &names, NULL, alphasort);
	if (n < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	for (i = 0; i < n; i++) {
		char child[4096];

		snprintf(child, sizeof(child), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			ok = replay_path(child) && ok;
		free(names[i]);
	}
	free(names);
	return ok;
}

/* xorshift64*, M. E. O'Neill's and S. Vigna's constants. */
static uint64_t rnd(uint64_t below)
{
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return (rng * UINT64_C(0x2545f4914f6cdd1d) >> 11) % below;
}

/* Numbers at which parsers like to be wrong. */
static uint8_t odd_byte(void)
{
	static const uint8_t odd[] = { 0, 1, 2, 4, 8, 0x7f, 0x80, 0xfe, 0xff };

	return rnd(2) ? odd[rnd(sizeof(odd))] : (uint8_t)rnd(256);
}

static size_t cut_or_grow(uint8_t *data, size_t size, size_t max)
{
	size_t n = 1 + rnd(16), at = rnd(size + 1);

	if (rnd(2)) { /* cut */
		n = n > size - at ? size - at : n;
		memmove(data + at, data + at + n, size - at - n);
		return size - n;
	}
	n = n > max - size ? max - size : n;
	memmove(data + at + n, data + at, size - at);
	memset(data + at, odd_byte(), n);
	return size + n;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
	uint64_t steps = 1 + rnd(6);

	while (steps-- > 0) {
		size_t at = size == 0 ? 0 : rnd(size);
		uint64_t what = rnd(8);

		if (size == 0 || what == 0)
			size = cut_or_grow(data, size, max);
		else if (what < 3)
			data[at] ^= (uint8_t)(1u << rnd(8));
		else if (what < 5)
			data[at] = odd_byte();
		else if (what == 5)
			data[at] = (uint8_t)(data[at] + 1);
		else if (what == 6 && size - at >= 4)
			memset(data + at, rnd(2) ? 0xff : 0, 4);
		else
			data[at] = data[rnd(size)];
	}
	return size;
}

static void random_input(uint8_t *buf)
{
	size_t i, size;

	if (seeds.n > 0 && rnd(8) != 0) {
		const struct input *in = &seeds.in[rnd(seeds.n)];

		size = in->size > INPUT_MAX / 2 ? INPUT_MAX / 2 : in->size;
		memcpy(buf, in->data, size);
		if (LLVMFuzzerCustomMutator != NULL)
			size = LLVMFuzzerCustomMutator(buf, size, INPUT_MAX,
			    (unsigned int)rnd(UINT32_MAX));
		else
			size = LLVMFuzzerMutate(buf, size, INPUT_MAX);
	} else {
		size = rnd(rnd(RANDOM_MAX) + 1);
		for (i = 0; i < size; i++)
			buf[i] = odd_byte();
	}
	one_input(buf, size);
}

static void random_inputs(unsigned long n)
{
	uint8_t *buf = malloc(INPUT_MAX);
	unsigned long i;

	if (buf == NULL)
		abort();
	for (i = 0; i < n; i++)
		random_input(buf);
	free(buf);
}

static void catch_crashes(void)
{
	static const int fatal[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL,
		SIGALRM };
	size_t i;

	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(keep_input);
	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], on_signal);
}

static void forget_seeds(void)
{
	while (seeds.n > 0)
		free(seeds.in[--seeds.n].data);
	free(seeds.in);
}

int main(int argc, char **argv)
{
	unsigned long random = 0;
	bool ok = true;
	int a;

	if (LLVMFuzzerInitialize != NULL)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	catch_crashes();
	rng = 1;
	for (a = 1; a < argc; a++) {
		if (strcmp(argv[a], "-r") == 0 && a + 2 < argc) {
			random = strtoul(argv[++a], NULL, 0);
			rng = strtoull(argv[++a], NULL, 0) | 1;
		} else if (strcmp(argv[a], "-c") == 0 && a + 1 < argc) {
			crash_file = argv[++a];
		} else if (!replay_path(argv[a])) {
			ok = false;
		}
	}
	printf("%s 1 - %zu kept inputs\n", ok ? "ok" : "not ok", seeds.n);
	fflush(stdout);
	if (random != 0) {
		random_inputs(random);
		printf("ok 2 - %lu random inputs\n", random);
	}
	forget_seeds();
	return ok ? 0 : 2;
}
