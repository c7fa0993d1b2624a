/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of bench_maps share: objects, engines, rows.
 *
 * An engine runs one program of an object on frames. A row is a program and
 * its base, which does the same but for what the row is about; or nothing.
 */
#ifndef TESTS_BENCH_MAPS_PARTS_H
#define TESTS_BENCH_MAPS_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filters/elf.h"
#include "tests/bench/maps_native.h"

#define MB_WHY    160u
#define MB_ROUNDS 41u
#define MB_TICK   1000u /* ns from a packet to the next */

/** Say what is taken for granted and is not so, and exit by 2. */
__attribute__((format(printf, 1, 2))) _Noreturn void mb_die(
    const char *fmt, ...);

/** Memory of so many bytes, zeroed, or the end of the process. */
void *mb_get(size_t size);

/* --- frames: maps_frames.c ------------------------------------------------------ */

struct mb_frame {
	const uint8_t *data;
	uint32_t n;
	uint16_t type; /* Ethernet's */
};

struct mb_frames {
	struct mb_frame *at;
	uint32_t n;
};

/** The whole Ethernet frames of the bundled captures, one after the other. */
const struct mb_frames *mb_frames(void);

/** Every k-th of them. */
struct mb_frames mb_thin(const struct mb_frames *of, uint32_t k);

/* --- objects -------------------------------------------------------------------- */

struct mb_object {
	const char *name;
	uint8_t *bytes; /* compiled for BPF */
	size_t size;
	struct flt_elf elf;
	const struct mn_object *native;
};

struct mb_prog {
	struct mb_object *object;
	const char *func;
};

/** Its number in the object, or the end of the process. */
uint32_t mb_number(const struct mb_prog *p);

/* --- engines: maps_native_run.c, maps_ours.c, maps_linux.c ---------------------- */

struct mb_engine {
	const char *name;
	uint32_t every; /* it takes part in each so manieth round */
	/** Be ready to run a program. NULL: it cannot; why says so. */
	void *(*open)(const struct mb_prog *p, char why[MB_WHY]);
	/** The result of a run. */
	uint32_t (*one)(void *state, const struct mb_frame *f);
	/** Run it on each of the frames, so many times in a row. */
	void (*runs)(void *state, const struct mb_frame *at, uint32_t n,
	    uint32_t repeat);
	/** Take what is in its ring buffers. */
	void (*drain)(void *state);
};

enum {
	MB_NATIVE,
	MB_OURS,
	MB_INTERPRETER,
	MB_LINUX,
	MB_ENGINES,
};

extern const struct mb_engine mb_native, mb_ours, mb_interpreter, mb_linux;

/** The sum of all results: what the loops compute ends somewhere. */
extern uint64_t mb_sum;

/** NULL, or why Linux runs nothing here. */
const char *mb_linux_probe(void);

/** The machine code of a program opened by mb_ours. */
const uint8_t *mb_ours_code(const void *state, uint32_t *size);

/** Does it read a clock? Then Linux may say something else. */
bool mb_reads_clock(const struct mb_prog *p);

/* --- rows: maps_rows.c ---------------------------------------------------------- */

enum mb_about {
	MB_ARRAYS,
	MB_HASHES,
	MB_OTHERS,
	MB_SAMPLES,
};

struct mb_row {
	const char *name, *what;
	enum mb_about about;
	struct mb_prog prog, base;
	uint32_t before; /* runs until its map is filled */
};

/** All rows; ends the process when one cannot be. */
struct mb_row *mb_rows(uint32_t *n);

/* --- times: maps_time.c --------------------------------------------------------- */

/** A figure over the rounds. */
struct mb_figure {
	double median, least, greatest;
	bool there;
};

/** One engine in one set of frames. */
struct mb_cell {
	bool there;
	struct mb_figure all;  /* ns a run */
	struct mb_figure body; /* what the base does not take of it */
	struct mb_figure all_by_native, body_by_native, body_by_linux;
};

/** How the frames of a row come. */
enum mb_set {
	MB_TURN, /* each once, one after the other */
	MB_SAME, /* each many times in a row: all that Linux's interface can */
	MB_SETS,
};

struct mb_timed {
	const struct mb_row *row;
	void *prog[MB_ENGINES], *base[MB_ENGINES];
	char why[MB_ENGINES][MB_WHY];
	struct mb_cell cell[MB_SETS][MB_ENGINES];
};

extern const struct mb_engine *const mb_engines[MB_ENGINES];

/** Time the rows, whose programs are open. */
void mb_time(struct mb_timed *t, uint32_t n);

#endif
