/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer of filter images; the layout is in exo/abi/image.h.
 */
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"
#include "filters/filters_int.h"

struct section {
	uint32_t kind;
	const void *bytes;
	size_t size;
};

static size_t round8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static bool name_ok(const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++)
		if (i == EXO_NAME_MAX || name[i] < 0x20 || name[i] > 0x7e)
			return false;
	return i != 0;
}

static void write_header(
    uint8_t *out, uint32_t type, size_t size, uint32_t nsections)
{
	struct exo_image_hdr hdr = {
		.magic = EXO_IMAGE_MAGIC,
		.version = EXO_IMAGE_VERSION,
		.type = (uint16_t)type,
		.size = (uint32_t)size,
		.nsections = (uint16_t)nsections,
	};

	memcpy(out, &hdr, sizeof(hdr));
}

/* Lay the sections down behind their table. */
static void write_sections(uint8_t *out, const struct section *s, uint32_t n)
{
	size_t row = sizeof(struct exo_image_hdr);
	size_t off = row + n * sizeof(struct exo_image_section);
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct exo_image_section r = {
			.kind = s[i].kind,
			.off = (uint32_t)off,
			.size = (uint32_t)s[i].size,
		};

		memcpy(out + row, &r, sizeof(r));
		memcpy(out + off, s[i].bytes, s[i].size);
		row += sizeof(r);
		off += round8(s[i].size);
	}
}

static int write_image(uint32_t type, const struct section *s, uint32_t n,
    struct flt_image *out, struct flt_error *err)
{
	size_t size =
	    sizeof(struct exo_image_hdr) + n * sizeof(struct exo_image_section);
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (s[i].size > EXO_IMAGE_MAX)
			size = EXO_IMAGE_MAX + 1;
		else
			size += round8(s[i].size);
	}
	if (size > EXO_IMAGE_MAX)
		return flt_fail(err, -EXO_E2BIG,
		    "the filter image is larger than %u bytes", EXO_IMAGE_MAX);
	out->bytes = calloc(1, size);
	if (out->bytes == NULL)
		return flt_fail(err, -EXO_ENOMEM, "out of memory");
	out->size = (uint32_t)size;
	write_header(out->bytes, type, size, n);
	write_sections(out->bytes, s, n);
	return 0;
}

/* The bytes of EXO_SEC_INIT; n of them. NULL: no memory. */
static uint8_t *init_bytes(const struct flt_whole *parts, size_t *n)
{
	uint8_t *bytes, *to;

	*n = 0;
	for (uint32_t i = 0; i < parts->ninit; i++)
		*n += sizeof(struct exo_image_init) + round8(parts->init[i].n);
	bytes = calloc(1, *n + 1);
	to = bytes;
	for (uint32_t i = 0; bytes != NULL && i < parts->ninit; i++) {
		const struct flt_init *in = &parts->init[i];
		struct exo_image_init head = { in->map, in->n };

		memcpy(to, &head, sizeof(head));
		memcpy(to + sizeof(head), in->bytes, in->n);
		to += sizeof(head) + round8(in->n);
	}
	return bytes;
}

static int check_parts(const struct flt_whole *p, struct flt_error *err)
{
	if (p->type == 0 || p->type > EXO_PROG_TYPE_MAX)
		return flt_fail(err, -EXO_EINVAL, "no such program type");
	if (p->n == 0)
		return flt_fail(
		    err, -EXO_EINVAL, "the program has no instruction");
	if (p->n > EXO_INSNS_MAX)
		return flt_fail(err, -EXO_E2BIG,
		    "%u instructions, the limit is %u", p->n, EXO_INSNS_MAX);
	if (p->nmaps > EXO_MAPS_MAX)
		return flt_fail(err, -EXO_E2BIG, "%u maps, the limit is %u",
		    p->nmaps, EXO_MAPS_MAX);
	if (p->ntails > EXO_TAILS_MAX)
		return flt_fail(err, -EXO_E2BIG,
		    "%u slots are filled, the limit is %u", p->ntails,
		    EXO_TAILS_MAX);
	if (p->name != NULL && !name_ok(p->name))
		return flt_fail(err, -EXO_EINVAL,
		    "a name is 1 to %u printable ASCII characters",
		    EXO_NAME_MAX);
	return 0;
}

int flt_image_whole(
    const struct flt_whole *parts, struct flt_image *out, struct flt_error *err)
{
	struct section s[EXO_SEC_KIND_MAX] = { { EXO_SEC_INSNS, parts->insns,
	    parts->n * sizeof(*parts->insns) } };
	uint8_t *init = NULL;
	uint32_t ns = 1;
	size_t n;
	int ret;

	*out = (struct flt_image){ NULL, 0 };
	ret = check_parts(parts, err);
	if (ret != 0)
		return ret;
	if (parts->name != NULL)
		s[ns++] = (struct section){ EXO_SEC_NAME, parts->name,
			strlen(parts->name) };
	if (parts->source != NULL)
		s[ns++] = (struct section){ EXO_SEC_SOURCE, parts->source,
			strlen(parts->source) };
	if (parts->nmaps > 0)
		s[ns++] = (struct section){ EXO_SEC_MAPS, parts->maps,
			parts->nmaps * sizeof(*parts->maps) };
	if (parts->ninit > 0) {
		init = init_bytes(parts, &n);
		if (init == NULL)
			return flt_fail(err, -EXO_ENOMEM, "out of memory");
		s[ns++] = (struct section){ EXO_SEC_INIT, init, n };
	}
	if (parts->nlines > 0)
		s[ns++] = (struct section){ EXO_SEC_LINES, parts->lines,
			parts->nlines * sizeof(*parts->lines) };
	if (parts->nfields > 0)
		s[ns++] = (struct section){ EXO_SEC_FIELDS, parts->fields,
			parts->nfields * sizeof(*parts->fields) };
	if (parts->ntails > 0)
		s[ns++] = (struct section){ EXO_SEC_TAILS, parts->tails,
			parts->ntails * sizeof(*parts->tails) };
	if (parts->nlines > 0 || parts->nfields > 0)
		s[ns++] = (struct section){ EXO_SEC_TEXTS, parts->texts,
			parts->ntexts };
	ret = write_image(parts->type, s, ns, out, err);
	free(init);
	return ret;
}

int flt_image_write(uint32_t type, const struct exo_insn *insns, uint32_t n,
    const char *name, const char *source, struct flt_image *out,
    struct flt_error *err)
{
	const struct flt_whole parts = {
		.type = type,
		.insns = insns,
		.n = n,
		.name = name,
		.source = source,
	};

	return flt_image_whole(&parts, out, err);
}

void flt_image_free(struct flt_image *img)
{
	free(img->bytes);
	*img = (struct flt_image){ NULL, 0 };
}
