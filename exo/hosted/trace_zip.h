/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a file as they are stored, and the same unpacked.
 *
 * Shared by traces and by other inputs that may come packed.
 */
#ifndef EXO_HOSTED_TRACE_ZIP_H
#define EXO_HOSTED_TRACE_ZIP_H

#include "exo/hosted/trace.h"

/* The bytes of one file as they are stored. */
struct tr_raw {
	int fd;             /* -1: memory */
	bool own;           /* close fd at the end */
	const uint8_t *mem; /* what is left of it */
	size_t mem_len;
	const volatile sig_atomic_t *stop;
	void (*awake)(void *user); /* as in struct tr_how */
	void *user;
	uint64_t taken; /* bytes read so far */
	int sys;        /* errno of a failed read */
};

/** Returns 0, or -TR_EOPEN with errno in raw->sys. "-" is standard input. */
int tr_raw_open(struct tr_raw *raw, const char *path);
void tr_raw_close(struct tr_raw *raw);

/** Read up to cap bytes: their number, 0 at the end, or -TR_EREAD, -TR_ESTOP. */
ptrdiff_t tr_raw_read(struct tr_raw *raw, uint8_t *to, size_t cap);

enum tr_packing {
	TR_PLAIN,
	TR_GZIP,
	TR_ZSTD,
	TR_LZ4,
	TR_XZ
};

struct tr_zip; /* an unpacker */

/** Bytes tr_zip_kind() wants to see before it can be sure. */
#define TR_ZIP_MAGIC 6
enum tr_packing tr_zip_kind(const uint8_t *head, size_t len);
const char *tr_zip_name(enum tr_packing kind);

/**
 * Unpack what raw delivers after the len bytes at head, which were read from
 * it already (len <= 64 KiB).  Returns NULL when out of memory.
 */
struct tr_zip *tr_zip_new(
    enum tr_packing kind, struct tr_raw *raw, const uint8_t *head, size_t len);

/**
 * Deliver up to cap (> 0) unpacked bytes: their number, 0 at a proper end, or
 * a negated tr_code; for -TR_EPACKED *why says what is wrong.
 */
ptrdiff_t tr_zip_read(
    struct tr_zip *z, uint8_t *to, size_t cap, const char **why);
void tr_zip_free(struct tr_zip *z);

#endif
