/* SPDX-License-Identifier: BSD-2-Clause */
#include "exo/hosted/witness.h"

#include "exo/abi/err.h"
#include "exo/hosted/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many bytes as a capture's packet may have, so that it can be written. */
#define LARGE 262144u

int cmd_witness_make(
    struct cmd_region_work *k, struct sp_region r, struct cmd_witness *out)
{
	uint32_t room = SP_WITNESS_BYTES;
	uint8_t *buf;
	int rc;

	*out = (struct cmd_witness){ .made = false };
	for (;;) {
		buf = exo_arena_get(&k->arena, room);
		if (buf == NULL)
			return -EXO_ENOMEM;
		rc = sp_witness(&k->w, r, buf, room, &out->p, &out->flaws);
		if (rc != -EXO_E2BIG)
			break;
		if (room == LARGE)
			return 0;
		room = LARGE;
	}
	out->made = rc > 0;
	return rc < 0 ? rc : 0;
}

struct cmd_witness cmd_witness_of(const struct exo_witness *x, size_t room)
{
	struct cmd_witness out = {
		.p = { x->data, x->caplen, x->wirelen, x->linktype },
		.flaws = x->flaws,
	};

	out.made = x->caplen > 0 && x->caplen <= room - sizeof(*x);
	return out;
}

static const struct {
	uint32_t flaw;
	const char *name;
} names[] = {
	{ SP_FLAW_CUT, "cut" },
	{ SP_FLAW_VERSION, "version" },
	{ SP_FLAW_HEADER, "header" },
	{ SP_FLAW_LENGTH, "length" },
	{ SP_FLAW_CHECKSUM, "checksum" },
	{ SP_FLAW_SHORT, "short" },
	{ SP_FLAW_EXT, "extensions" },
};

int cmd_witness_json(
    struct cmd_json *j, const char *key, const struct cmd_witness *x)
{
	size_t room = 2 * (size_t)x->p.caplen + 1;
	char line[CMD_WITNESS_LINE], *hex;
	struct exo_fmt f;

	if (!x->made) {
		cmd_json_null(j, key);
		return 0;
	}
	hex = malloc(room);
	if (hex == NULL) {
		cmd_json_null(j, key);
		return -EXO_ENOMEM;
	}
	cmd_json_object(j, key);
	cmd_json_u64(j, "linktype", x->p.link & ~TR_LINK_SWAPPED);
	cmd_json_bool(j, "swapped", (x->p.link & TR_LINK_SWAPPED) != 0);
	cmd_json_u64(j, "caplen", x->p.caplen);
	cmd_json_u64(j, "len", x->p.len);
	cmd_json_array(j, "flaws");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((x->flaws & names[i].flaw) != 0)
			cmd_json_str(j, NULL, names[i].name);
	cmd_json_end(j);
	exo_fmt_init(&f, hex, room);
	for (uint32_t i = 0; i < x->p.caplen; i++)
		exo_fmt_hex(&f, x->p.data[i], 2);
	cmd_json_str(j, "bytes", hex);
	exo_fmt_init(&f, line, sizeof(line));
	cmd_witness_line(&f, x);
	cmd_json_str(j, "line", line);
	cmd_json_end(j);
	free(hex);
	return 0;
}

static int complain(struct tr_error *err, const char *path, const char *why)
{
	*err = (struct tr_error){ .code = TR_EUSAGE };
	snprintf(err->msg, sizeof(err->msg), "%.300s: %s", path, why);
	return -1;
}

int cmd_witness_file(struct tr_outs *set, const char *path,
    const struct cmd_witness *x, struct tr_error *err)
{
	const struct tr_iface iface = {
		.linktype = (uint16_t)x->p.link,
		.swapped = (x->p.link & TR_LINK_SWAPPED) != 0,
		.snaplen = LARGE,
		.snapmax = LARGE,
		.tsresol = 6,
		.file = "",
	};
	const struct tr_pkt pkt = {
		.data = x->p.data,
		.caplen = x->p.caplen,
		.wirelen = x->p.len,
		.number = 1,
		.linktype = iface.linktype,
		.swapped = iface.swapped,
	};
	int id;

	if (!x->made)
		return complain(err, path,
		    "is not written: no packet could be made that shows it");
	if (x->p.link >= TR_LINK_COUNT)
		return complain(err, path,
		    "is not written: no capture has packets of this link type");
	id = tr_out_open(set, path, err);
	if (id < 0)
		return -1;
	(void)tr_out_write(set, id, &pkt, &iface);
	tr_outs_flush(set);
	return tr_outs_error(set, err) ? -1 : 0;
}
