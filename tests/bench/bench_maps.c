/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations of maps, and the samples, against the same C compiled for this
 * machine, and against Linux's JIT.
 *
 * Side by side in one process: C by gcc -O2 with the yardstick's maps
 * (maps_yard.h), our compiled code, our interpreter, Linux. All give the same
 * results first, or nothing is timed and the exit status is 3. `all` is a run
 * from outside, `body` is what it takes more than the base: the same without the
 * operation, or, of a sample, nothing. With Linux only bodies can be compared.
 * A sample's packets come in turn, as a link brings them, or, since Linux's
 * interface can no more, one packet many times.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/hosted/machine.h"
#include "tests/bench/maps_parts.h"

#define COMPARED 512u /* results of a row, after its map is filled */
#define TARGET   1.3  /* of hash lookups, to the yardstick */

const struct mb_engine *const mb_engines[MB_ENGINES] = { &mb_native, &mb_ours,
	&mb_interpreter, &mb_linux };
uint64_t mb_sum;

void mb_die(const char *fmt, ...)
{
	va_list ap;

	fputs("bench_maps: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

void *mb_get(size_t size)
{
	void *p = calloc(1, size != 0 ? size : 1);

	if (p == NULL)
		mb_die("no memory");
	return p;
}

static void open_row(
    struct mb_timed *t, const struct mb_row *row, const char *no_linux)
{
	t->row = row;
	for (unsigned e = 0; e < MB_ENGINES; e++) {
		if (e == MB_LINUX && no_linux != NULL) {
			snprintf(t->why[e], MB_WHY, "%s", no_linux);
			continue;
		}
		t->prog[e] = mb_engines[e]->open(&row->prog, t->why[e]);
		if (t->prog[e] != NULL)
			t->base[e] = mb_engines[e]->open(&row->base, t->why[e]);
	}
}

/* Does an engine say the same as the yardstick of a frame? */
static bool agrees(struct mb_timed *t, unsigned e, const struct mb_frame *f,
    uint32_t want, uint32_t number)
{
	uint32_t got = mb_engines[e]->one(t->prog[e], f);

	if (number % 64 == 0)
		mb_engines[e]->drain(t->prog[e]);
	if (got == want)
		return true;
	fprintf(stderr, "bench_maps: %s: run %u: %s says %u, C says %u\n",
	    t->row->name, number, mb_engines[e]->name, got, want);
	return false;
}

/* Fill its map, then compare results. */
static bool same_results(struct mb_timed *t)
{
	const struct mb_frames *frames = mb_frames();
	bool sample = t->row->about == MB_SAMPLES;
	uint32_t n = sample ? frames->n : COMPARED;
	bool clock = mb_reads_clock(&t->row->prog);

	for (unsigned e = 0; e < MB_ENGINES; e++) {
		if (t->prog[e] != NULL && t->row->before != 0)
			mb_engines[e]->runs(
			    t->prog[e], frames->at, 1, t->row->before);
		if (t->prog[e] != NULL)
			mb_engines[e]->drain(t->prog[e]);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct mb_frame *f = &frames->at[sample ? i : 0];
		uint32_t want = mb_native.one(t->prog[MB_NATIVE], f);

		if (i % 64 == 0)
			mb_native.drain(t->prog[MB_NATIVE]);
		for (unsigned e = MB_OURS; e < MB_ENGINES; e++) {
			if (t->prog[e] != NULL && !(e == MB_LINUX && clock) &&
			    !agrees(t, e, f, want, i))
				return false;
		}
	}
	for (unsigned e = 0; e < MB_ENGINES; e++) {
		if (t->base[e] != NULL && t->row->before != 0)
			mb_engines[e]->runs(
			    t->base[e], frames->at, 1, t->row->before);
	}
	return true;
}

/* Is there no call in the code of a row? */
static bool has_no_call(const struct mb_timed *t)
{
	char text[CMD_MACHINE_TEXT];
	uint32_t size, at = 0;
	const uint8_t *code = mb_ours_code(t->prog[MB_OURS], &size);
	struct cmd_machine *m = cmd_machine_new(code, size, size);
	bool none = m != NULL;

	while (none && at < size) {
		at += cmd_machine_text(m, at, text);
		none = strncmp(text, "call", 4) != 0;
	}
	cmd_machine_free(m);
	return none;
}

static void put(const struct mb_figure *f, bool spread)
{
	if (!f->there)
		fputs(spread ? ",,," : ",", stdout);
	else if (spread)
		printf(",%.2f,%.2f,%.2f", f->median, f->least, f->greatest);
	else
		printf(",%.2f", f->median);
}

static void print_row(const struct mb_timed *t)
{
	static const char *const sets[] = { "in turn", "one packet" };

	for (unsigned set = 0; set < MB_SETS; set++) {
		for (unsigned e = 0; e < MB_ENGINES; e++) {
			const struct mb_cell *c = &t->cell[set][e];

			if (!c->there)
				continue;
			printf("%s,\"%s\",%s,%s", t->row->name, t->row->what,
			    sets[set], mb_engines[e]->name);
			put(&c->all, false);
			put(&c->body, false);
			put(&c->all_by_native, true);
			put(&c->body_by_native, true);
			put(&c->body_by_linux, true);
			putchar('\n');
		}
	}
	for (unsigned e = 0; e < MB_ENGINES; e++) {
		if (t->prog[e] == NULL || t->base[e] == NULL)
			printf("%s,\"%s\",,%s,,,,,,,,,,,,%s\n", t->row->name,
			    t->row->what, mb_engines[e]->name, t->why[e]);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Medians over the rows, and the worst. */
struct total {
	double v[64];
	uint32_t n;
};

static void add(struct total *t, const struct mb_figure *f)
{
	if (f->there && t->n < 64)
		t->v[t->n++] = f->median;
}

static void put_total(const char *name, struct total *t)
{
	if (t->n == 0) {
		printf(" %s=skipped", name);
		return;
	}
	qsort(t->v, t->n, sizeof(t->v[0]), by_value);
	printf(" %s=%.2f %s_worst=%.2f", name, t->v[t->n / 2], name,
	    t->v[t->n - 1]);
}

static void summary(const struct mb_timed *t, uint32_t n)
{
	struct total hash = { .n = 0 }, hash_linux = { .n = 0 };
	struct total native = { .n = 0 }, linux_jit = { .n = 0 };
	bool inlined = true;

	for (uint32_t i = 0; i < n; i++) {
		const struct mb_cell *ours = t[i].cell[MB_SAME] + MB_OURS;
		const struct mb_cell *turn = t[i].cell[MB_TURN] + MB_OURS;
		const char *name = t[i].row->name;

		if (t[i].row->about == MB_ARRAYS && !has_no_call(&t[i])) {
			printf("missed: %s is a call\n", name);
			inlined = false;
		}
		if (t[i].row->about == MB_HASHES) {
			add(&hash, &ours->body_by_native);
			add(&hash_linux, &ours->body_by_linux);
			if (ours->body_by_native.median > TARGET)
				printf("missed: %s is %.2f of the yardstick\n",
				    name, ours->body_by_native.median);
		}
		if (t[i].row->about == MB_SAMPLES) {
			add(&native, &turn->all_by_native);
			add(&linux_jit, &ours->body_by_linux);
		}
	}
	printf("summary: array_inlined=%s", inlined ? "yes" : "no");
	put_total("hash_vs_yardstick", &hash);
	put_total("hash_vs_linux", &hash_linux);
	put_total("samples_vs_native_median", &native);
	put_total("samples_vs_linux_median", &linux_jit);
	putchar('\n');
}

/* bench_maps [NAME...]: these rows only. */
static bool is_wanted(const struct mb_row *row, char **names)
{
	if (*names == NULL)
		return true;
	for (; *names != NULL; names++) {
		if (strcmp(*names, row->name) == 0)
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	uint32_t nrows, n = 0, i;
	const struct mb_row *rows = mb_rows(&nrows);
	struct mb_timed *t = mb_get(nrows * sizeof(*t));
	const char *no_linux = mb_linux_probe();

	(void)argc;
	for (i = 0; i < nrows; i++) {
		if (is_wanted(&rows[i], argv + 1))
			open_row(&t[n++], &rows[i], no_linux);
	}
	for (i = 0; i < n; i++) {
		if (!same_results(&t[i]))
			return 3;
	}
	puts("row,what,packets,engine,ns_all,ns_body,all_vs_c,least,greatest,"
	     "body_vs_c,least,greatest,body_vs_linux,least,greatest,note");
	mb_time(t, n);
	for (i = 0; i < n; i++)
		print_row(&t[i]);
	summary(t, n);
	return 0;
}
