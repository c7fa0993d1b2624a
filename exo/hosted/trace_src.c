/* SPDX-License-Identifier: BSD-2-Clause */
/* The window over the unpacked bytes of one trace file. */
#include "exo/hosted/trace_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WINDOW_MIN 4096U
/* Fits the second level cache: measured faster than 64 KiB and than 1 MiB. */
#define WINDOW_DEFAULT (256U << 10)
#define LARGE_FILE     ((off_t)32 << 20) /* smaller: no trouble is worth it */

static void fail_text(struct tr_error *err, size_t used, const char *fmt,
    va_list ap) __attribute__((format(printf, 3, 0)));

static void fail_text(
    struct tr_error *err, size_t used, const char *fmt, va_list ap)
{
	if (used < sizeof(err->msg))
		(void)vsnprintf(
		    err->msg + used, sizeof(err->msg) - used, fmt, ap);
}

int tr_fail(struct tr_error *err, int code, const struct tr_src *s,
    uint64_t offset, const char *fmt, ...)
{
	bool packed = s->packing != TR_PLAIN;
	va_list ap;
	int used;

	*err = (struct tr_error){
		.code = code, .packed = packed, .offset = offset
	};
	used = snprintf(err->msg, sizeof(err->msg),
	    "%s: offset %llu%s: ", s->name, (unsigned long long)offset,
	    packed ? " of the unpacked data" : "");
	va_start(ap, fmt);
	fail_text(err, used < 0 ? 0 : (size_t)used, fmt, ap);
	va_end(ap);
	return -code;
}

int tr_fail_at(struct tr_error *err, int code, int sys, const char *name,
    const char *fmt, ...)
{
	va_list ap;
	size_t used;
	int n;

	*err = (struct tr_error){ .code = code, .sys = sys };
	n = snprintf(err->msg, sizeof(err->msg), "%s: ", name);
	va_start(ap, fmt);
	fail_text(err, n < 0 ? 0 : (size_t)n, fmt, ap);
	va_end(ap);
	used = strlen(err->msg);
	if (sys != 0)
		(void)snprintf(err->msg + used, sizeof(err->msg) - used, ": %s",
		    strerror(sys));
	return -code;
}

/* Remember what happened after s->end; returns the negated code. */
static int src_fault(struct tr_src *s, int code, const char *why)
{
	uint64_t at = s->base + (uint64_t)(s->end - s->buf);

	switch (code) {
	case -TR_EREAD:
		return tr_fail(&s->fault, TR_EREAD, s, at,
		    "cannot read on: %s; the packets before it were kept",
		    strerror(s->raw.sys));
	case -TR_ESTOP:
		return tr_fail(&s->fault, TR_ESTOP, s, at, "interrupted");
	case -TR_EPACKED:
		return tr_fail(&s->fault, TR_EPACKED, s, at,
		    "%s: %s; the packets before it were kept",
		    tr_zip_name(s->packing), why);
	default:
		return tr_fail(&s->fault, TR_EMEM, s, at,
		    "out of memory for a window of %zu bytes", s->size);
	}
}

/* Fetch once into the free part of the window.  Sets eof or fault at the end. */
static void src_fetch(struct tr_src *s)
{
	size_t room = s->size - (size_t)(s->end - s->buf);
	const char *why = "";
	ptrdiff_t n;

	if (s->zip != NULL)
		n = tr_zip_read(s->zip, s->end, room, &why);
	else
		n = tr_raw_read(&s->raw, s->end, room);
	if (n < 0)
		(void)src_fault(s, (int)n, why);
	else if (n == 0)
		s->eof = true;
	else
		s->end += n;
}

/* Move what is held to the front. */
static void src_slide(struct tr_src *s)
{
	size_t held = (size_t)(s->end - s->cur);

	if (s->cur == s->buf)
		return;
	memmove(s->buf, s->cur, held);
	s->base += (uint64_t)(s->cur - s->buf);
	s->cur = s->buf;
	s->end = s->buf + held;
}

/* Twice the window, but not more than n asks for.  False: out of memory. */
static bool src_grow(struct tr_src *s, size_t n)
{
	size_t size = s->size * 2 < n ? s->size * 2 : n;
	size_t held = (size_t)(s->end - s->buf);
	uint8_t *buf = realloc(s->heap, size);

	if (buf == NULL)
		return false;
	s->heap = buf;
	s->room = size;
	s->buf = buf;
	s->cur = buf;
	s->end = buf + held;
	s->size = size;
	return true;
}

/* --- the way the bytes come ------------------------------------------------ */

static int64_t now_ns(void)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Show the n bytes at an offset; false: they must be read, if there are any. */
static bool src_show(struct tr_src *s, uint64_t at, size_t n)
{
	const struct tr_map *m = &s->map;

	if (m->slot < 0 || !tr_map_show(&s->map, at, n))
		return false;
	s->mapped = true;
	s->buf = m->at;
	s->size = m->len;
	s->base = m->off;
	s->cur = m->at + (at - m->off);
	s->end = m->at + m->len;
	s->warm = (uintptr_t)s->cur;
	s->raw.taken = m->off + m->len;
	return true;
}

static int src_cut(struct tr_src *s, uint64_t at, struct tr_error *err)
{
	return tr_fail(err, TR_ETRUNC, s, at,
	    "the file was cut to this length while it was read; the packets "
	    "before it were kept");
}

static void src_stop_ahead(struct tr_src *s)
{
	if (s->ahead == NULL)
		return;
	tr_ahead_stop(s->ahead);
	s->spare = s->ahead;
	s->ahead = NULL;
}

static bool src_start_ahead(struct tr_src *s)
{
	if (!s->pace.turns && !tr_ahead_helps(&s->raw))
		return false;
	s->taken = s->raw.taken;
	if (s->spare == NULL) {
		s->ahead = tr_ahead_new(&s->raw, s->zip);
	} else if (tr_ahead_start(s->spare)) {
		s->ahead = s->spare;
		s->spare = NULL;
	}
	return s->ahead != NULL;
}

/*
 * Read from an offset on, whatever is held of what follows: the end of the file
 * is always found like this, and what was appended in the meantime. If it was
 * mapped, tr_src_check() has agreed before.
 */
static void src_reread(struct tr_src *s, uint64_t at)
{
	struct stat st;

	src_stop_ahead(s);
	tr_map_hide(&s->map);
	s->mapped = false;
	s->warm = UINTPTR_MAX;
	s->base = at;
	s->buf = s->heap;
	s->size = s->room;
	s->cur = s->buf;
	s->end = s->buf;
	s->eof = false;
	s->raw.taken = at;
	if (fstat(s->raw.fd, &st) != 0 ||
	    lseek(s->raw.fd, (off_t)at, SEEK_SET) < 0) {
		s->raw.sys = errno;
		(void)src_fault(s, -TR_EREAD, "");
	} else if ((uint64_t)st.st_size < at) {
		(void)src_cut(s, (uint64_t)st.st_size, &s->fault);
	}
}

/* Choose how the rest of a plain file comes. */
static void src_choose_plain(
    struct tr_src *s, const struct tr_how *how, off_t size)
{
	enum tr_io io = how != NULL ? how->io : TR_IO_AUTO;
	uint32_t ways = TR_WAY(TR_WAY_READ) | TR_WAY(TR_WAY_AHEAD);

	if (io == TR_IO_AHEAD)
		s->ahead = tr_ahead_new(&s->raw, NULL);
	if (io == TR_IO_AHEAD || (io == TR_IO_AUTO && size < LARGE_FILE))
		return;
	if (tr_map_open(&s->map, s->raw.fd, how != NULL ? how->window : 0,
	        io == TR_IO_AUTO))
		ways |= TR_WAY(TR_WAY_MAP);
	if (io == TR_IO_MAP)
		(void)src_show(s, 0, 1);
	else
		tr_pace_begin(&s->pace, ways, io == TR_IO_TURNS,
		    tr_src_offset(s), now_ns());
}

/* Choose how the rest of the file comes, of which the first bytes were read. */
static void src_choose(struct tr_src *s, const struct tr_how *how)
{
	enum tr_io io = how != NULL ? how->io : TR_IO_AUTO;
	struct stat st;

	tr_pace_begin(&s->pace, TR_WAY(TR_WAY_READ), false, 0, 0);
	if (io == TR_IO_READ || !s->raw.own || s->eof || s->fault.code != 0 ||
	    fstat(s->raw.fd, &st) != 0)
		return;
	if (s->packing == TR_PLAIN && S_ISREG(st.st_mode))
		src_choose_plain(s, how, st.st_size);
	else if (io == TR_IO_AHEAD)
		s->ahead = tr_ahead_new(&s->raw, s->zip);
	else if (io == TR_IO_AUTO && s->packing != TR_PLAIN)
		(void)src_start_ahead(s);
}

/* Go on from cur in another way; if that cannot be had, by reading. */
static void src_turn(struct tr_src *s, enum tr_way way, size_t n)
{
	uint64_t at = tr_src_offset(s);
	bool have = way == TR_WAY_READ;

	src_reread(s, at);
	if (s->fault.code != 0)
		return;
	if (way == TR_WAY_MAP)
		have = src_show(s, at, n);
	else if (way == TR_WAY_AHEAD)
		have = src_start_ahead(s);
	if (!have)
		tr_pace_without(&s->pace, way, at, now_ns());
}

/* n bytes are wanted, which are not held: the time to go another way. */
static void src_pace(struct tr_src *s, size_t n)
{
	enum tr_way way = s->pace.way;

	if (s->pace.ways == TR_WAY(TR_WAY_READ) || s->eof || s->fault.code != 0)
		return;
	if (tr_pace_next(&s->pace, tr_src_offset(s), now_ns()) != way)
		src_turn(s, s->pace.way, n);
}

int tr_src_check(struct tr_src *s, uint64_t *good, struct tr_error *err)
{
	int sys;

	if (!s->mapped)
		return 0;
	*good = tr_map_good(&s->map, &sys);
	if (*good >= s->base + (uint64_t)(s->end - s->buf))
		return 0;
	if (sys == 0)
		return src_cut(s, *good, err);
	return tr_fail(err, TR_EREAD, s, *good,
	    "cannot read on: %s; the packets before it were kept",
	    strerror(sys));
}

/* Have n bytes at cur in a mapped window; or else one to be read into. */
static bool src_remap(struct tr_src *s, size_t n)
{
	uint64_t at = tr_src_offset(s);

	if (s->raw.stop != NULL && *s->raw.stop) {
		(void)src_fault(s, -TR_ESTOP, "");
		return false;
	}
	if (src_show(s, at, n))
		return true;
	src_reread(s, at);
	tr_pace_without(&s->pace, TR_WAY_MAP, at, now_ns());
	return false;
}

/* --- read ahead ------------------------------------------------------------ */

/* A heap of n bytes at least, with what is held at its front. */
static bool src_gather(struct tr_src *s, size_t n)
{
	size_t held = (size_t)(s->end - s->cur), room = s->room;
	uint64_t at = tr_src_offset(s);
	bool inside = s->buf == s->heap;
	uint8_t *heap = s->heap;

	if (inside)
		src_slide(s);
	while (room < n)
		room *= 2;
	if (room > s->room) {
		heap = realloc(s->heap, room);
		if (heap == NULL)
			return false;
		s->heap = heap;
		s->room = room;
	}
	if (!inside)
		memcpy(heap, s->cur, held);
	s->buf = heap;
	s->size = s->room;
	s->base = at;
	s->cur = heap;
	s->end = heap + held;
	return true;
}

/*
 * One block more. What is held goes before it; if that is more than there is
 * room, as a long record's pieces are, the block goes behind it, in the heap.
 */
static void src_block(struct tr_src *s)
{
	size_t held = (size_t)(s->end - s->cur);
	bool small = held <= TR_AHEAD_ROOM;
	struct tr_ahead_part part;
	int rc;

	if (!small && !src_gather(s, held + TR_AHEAD_BLOCK)) {
		(void)src_fault(s, -TR_EMEM, "");
		return;
	}
	rc = tr_ahead_next(s->ahead, s->cur, small ? held : 0, &part);
	if (rc < 0)
		(void)src_fault(s, rc, part.why);
	s->eof = rc == 0;
	if (rc <= 0)
		return;
	s->taken = part.taken;
	if (!small) {
		memcpy(s->end, part.p, part.len);
		s->end += part.len;
		return;
	}
	s->base = tr_src_offset(s);
	s->buf = part.p - held;
	s->size = held + part.len;
	s->cur = s->buf;
	s->end = part.p + part.len;
	s->warm = (uintptr_t)s->cur; /* another processor's caches have it */
}

/* --- all ------------------------------------------------------------------- */

/* Have more bytes in the heap, for a record of n. */
static void src_more(struct tr_src *s, size_t n)
{
	if (s->end == s->buf + s->size && !src_grow(s, n))
		(void)src_fault(s, -TR_EMEM, "");
	else
		src_fetch(s);
}

int tr_src_need(struct tr_src *s, size_t n, struct tr_error *err)
{
	if ((size_t)(s->end - s->cur) >= n)
		return 1;
	src_pace(s, n);
	if (s->mapped && s->fault.code == 0 &&
	    ((size_t)(s->end - s->cur) >= n || src_remap(s, n)))
		return 1;
	if (s->ahead == NULL && !s->mapped)
		src_slide(s);
	while ((size_t)(s->end - s->cur) < n && !s->eof && s->fault.code == 0) {
		if (s->ahead != NULL)
			src_block(s);
		else
			src_more(s, n);
	}
	if ((size_t)(s->end - s->cur) >= n)
		return 1;
	if (s->fault.code == 0)
		return 0;
	*err = s->fault;
	return -s->fault.code;
}

/* The bytes so far are packed: hand them to an unpacker and begin again. */
static int src_unpack(struct tr_src *s, struct tr_error *err)
{
	size_t held = (size_t)(s->end - s->buf);

	s->zip = tr_zip_new(s->packing, &s->raw, s->buf, held);
	if (s->zip == NULL)
		return tr_fail_at(err, TR_EMEM, 0, s->name, "out of memory");
	s->end = s->buf;
	s->eof = false;
	return 0;
}

int tr_src_open(struct tr_src *s, struct tr_raw raw, const char *name,
    const struct tr_how *how, struct tr_error *err)
{
	size_t window = how != NULL ? how->window : 0;
	int rc;

	*s = (struct tr_src){ .raw = raw, .name = name };
	s->warm = UINTPTR_MAX;
	s->map.slot = -1;
	if (window == 0)
		window = WINDOW_DEFAULT;
	s->room = window < WINDOW_MIN ? WINDOW_MIN : window;
	s->size = WINDOW_MIN; /* at first no more than an unpacker takes back */
	s->heap = malloc(s->room);
	s->buf = s->heap;
	if (s->heap == NULL) {
		tr_raw_close(&s->raw);
		return tr_fail_at(err, TR_EMEM, 0, name, "out of memory");
	}
	s->cur = s->buf;
	s->end = s->buf;
	rc = tr_src_need(s, TR_ZIP_MAGIC, err);
	if (rc >= 0) {
		s->packing = tr_zip_kind(s->buf, (size_t)(s->end - s->buf));
		rc = s->packing == TR_PLAIN ? 0 : src_unpack(s, err);
	}
	if (rc < 0) {
		tr_src_close(s);
		return rc;
	}
	s->size = s->room;
	src_choose(s, how);
	return 0;
}

void tr_src_close(struct tr_src *s)
{
	tr_ahead_free(s->ahead);
	tr_ahead_free(s->spare);
	s->ahead = NULL;
	s->spare = NULL;
	tr_zip_free(s->zip);
	tr_raw_close(&s->raw);
	tr_map_close(&s->map);
	free(s->heap);
	s->heap = NULL;
	s->mapped = false;
	s->zip = NULL;
	s->buf = NULL;
	s->cur = NULL;
	s->end = NULL;
}
