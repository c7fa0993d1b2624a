/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks at how an input begins, before its turn to be read.
 *
 * Cost
 *	The file header; in pcapng also the blocks before the first packet, as
 *	far as they lie in the first PEEK_BYTES.  Packed files are unpacked that
 *	far.  So thousands of inputs take an open, a read and a close each.
 */
#include "exo/hosted/trace_out.h"

#include "exo/hosted/trace_int.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEEK_BYTES  65536U
#define PEEK_WINDOW 4096U

/* Whether an interface described before the first packet has nanoseconds. */
static bool ng_nano(struct tr_reader *r)
{
	struct tr_error err;
	struct tr_pkt k;
	uint32_t i = 0;
	bool over;

	do {
		over = tr_ng_walk(r, &k, 1) != 0 || r->fault.code != 0;
		for (; i < tr_iface_count(r); i++)
			if (tr_iface_at(r, i)->nano)
				return true;
	} while (!over && tr_src_offset(&r->src) + r->need <= PEEK_BYTES &&
	         tr_src_need(&r->src, r->need, &err) > 0);
	return false;
}

enum tr_peek tr_peek(const char *path, const volatile sig_atomic_t *stop)
{
	const struct tr_how how = { .stop = stop, .window = PEEK_WINDOW };
	bool in = strcmp(path, "-") == 0;
	struct tr_error err;
	struct tr_reader *r;
	struct stat st;
	off_t at = 0;
	bool nano;

	if ((in ? fstat(STDIN_FILENO, &st) : stat(path, &st)) != 0 ||
	    !S_ISREG(st.st_mode))
		return TR_PEEK_NOTHING;
	if (in)
		at = lseek(STDIN_FILENO, 0, SEEK_CUR);
	if (at < 0)
		return TR_PEEK_NOTHING;
	r = tr_open(path, &how, &err);
	nano = r != NULL &&
	       (r->format == TR_NG ? ng_nano(r) : tr_iface_at(r, 0)->nano);
	/* whoever reads it finds it as it was */
	if (in)
		(void)lseek(STDIN_FILENO, at, SEEK_SET);
	if (r == NULL)
		return TR_PEEK_NOTHING;
	tr_close(r);
	return nano ? TR_PEEK_NANO : TR_PEEK_HEADER;
}
