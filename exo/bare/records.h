/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery records: what a core makes of captures, one line a record.
 *
 * Overview: files of an archive (cpio.h), one of which is records.conf, are all that
 * goes in; lines of text come out. The kernel runs it, and so does a program of the
 * host (tests/bare/records_hosted.c): the same lines show that the core is one core.
 *
 *	owner NAME [REGION]	an environment with a ring; a key for its region
 *	bind LABEL IMAGE [tap|first|exclusive] [snap=N] [priority=N] [owner=NAME]
 *	trace FILE		the packets of a capture, in batches
 *
 * A binding is of the owner that was named last, or of the one that it names. Lines
 * that come out:
 *
 *	N LABEL LEN DIGEST	packet N of all was delivered, LEN bytes of it
 *	refused LABEL ERROR CODE
 *	binding LABEL matched N delivered N dropped N differed N
 *	map LABEL INDEX elements N DIGEST
 *	core packets N unmatched N differed N
 *
 * Trust: records.conf is the tester's, and believed; the other files are any bytes.
 */
#ifndef EXO_BARE_RECORDS_H
#define EXO_BARE_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

struct records_args {
	const uint8_t *files; /* the archive */
	uint64_t size;
	bool judge; /* interpret, too: exo_core_config */
	/** A line, with its end. */
	void (*line)(void *arg, const char *text, uint32_t n);
	void *arg;
};

/** Do all of it. False: something could not be done, which the last line says. */
bool records_run(const struct records_args *args);

#endif
