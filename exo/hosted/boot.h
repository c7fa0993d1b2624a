/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Booting the kernel in QEMU: what is asked for, the command line that does it, the files
 * that the machine gets.
 */
#ifndef EXO_HOSTED_BOOT_H
#define EXO_HOSTED_BOOT_H

#include "exo/hosted/cpio_out.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOT_FORWARDS 16u
#define BOOT_ARGS     64u

/* Descriptors that QEMU is given, by number. */
enum {
	BOOT_FD_ARCHIVE = 3,
	BOOT_FD_WIRE = 4,
};

/** A port of this machine's loopback that leads to a guest's. */
struct boot_forward {
	bool tcp;
	uint16_t from, to;
	char address[16]; /* the guest's */
};

struct boot_options {
	const char *conf;    /* "-": standard input; NULL: boot_conf_default */
	const char *kernel;  /* NULL: see boot_find_kernel() */
	const char *archive; /* where it is written; NULL: nowhere for long */
	const char *qemu;
	const char *append; /* to the kernel's command line, or NULL */
	const char *net;    /* path of a socket, or NULL */
	const char *replay, *capture; /* paths, or NULL */
	const char *disk;             /* of a raw image, or NULL */
	struct boot_forward forward[BOOT_FORWARDS];
	unsigned nforward;
	bool microvm, gdb, exact, dry_run;
	bool json;           /* snapshots as JSON, */
	uint32_t top_ms;     /* that come so often; 0: there are none */
	uint32_t memory;     /* MiB */
	uint32_t timeout_ms; /* 0: none */
	uint32_t linger_ms;
};

/** An argument list; freed by boot_argv_free(). */
struct boot_argv {
	char *v[BOOT_ARGS + 1]; /* ends in NULL */
	unsigned n;
	bool lost; /* there was no memory, or too many */
};

/** "udp:5007:7", "tcp:5007:10.0.2.16:7": without an address it is 10.0.2.15's.
 * False: it is no such thing. */
bool boot_forward_parse(const char *text, struct boot_forward *out);

/** "2", "0.25" as milliseconds, a day at most. False: it is no such thing. */
bool boot_seconds(const char *text, uint32_t *ms);

/** The command line of QEMU. argv is zeroed; if it is lost then, it is for
 * nothing but boot_argv_free(). */
void boot_argv_make(struct boot_argv *argv, const struct boot_options *o,
    const char *kernel, const char *archive);
void boot_argv_free(struct boot_argv *argv);

/** As a line that a shell takes apart into the same; the caller's to free().
 * NULL: out of memory. */
char *boot_shell_line(char *const *argv);

/** Two libOSes with an address each. */
extern const char boot_conf_default[];

/** The file that the next "env" line of text[*at, n) names, as the kernel reads
 * it (exo/bare/conf.h); *at is then behind that line. False: there is none.
 * *size is 0 where the line names no file. */
bool boot_conf_next(
    const char *text, size_t n, size_t *at, const char **name, size_t *size);

/** Where the kernel is: the caller's to free(). NULL after saying that it is
 * not there. */
char *boot_find_kernel(const struct boot_options *o);

/** Put boot.conf and the files that it names into an archive. Returns 0, or
 * CMD_FAULT after saying why. */
int boot_archive(const struct boot_options *o, struct cpio_out *out);

/** Whether the image of a disk is one. Returns 0, or CMD_FAULT after saying why
 * not. */
int boot_disk_check(const char *path);

struct boot_wire;

/** Start QEMU, with the archive, and be the other end of its console, its wire
 * (NULL: somebody else is) and its end. Returns the exit status of the tool
 * after saying why it is not 0. */
int boot_run(const struct boot_options *o, char *const *argv,
    const struct cpio_out *archive, struct boot_wire *wire);

#endif
