/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes what is done with objects beside libbpf: old ones are shown to it in
 * another form, and what it, or a child that it harmed, says of an object
 * becomes an image. Any answer is one of those; an image is whole, or refused.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/image.h"
#include "exo/lib/bug.h"
#include "filters/elf_int.h"

#define PIECES 4u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *at;
static size_t left;

static uint8_t byte(void)
{
	if (left == 0)
		return 0;
	left--;
	return *at++;
}

/* So many bytes of the input, then zeroes, in memory of their own. */
static void *piece(size_t n)
{
	uint8_t *p = calloc(1, n + 1);
	size_t have = n < left ? n : left;

	if (p == NULL)
		abort();
	memcpy(p, at, have);
	at += have;
	left -= have;
	return p;
}

static void old_form(const uint8_t *data, size_t size)
{
	static struct flt_legacy old;
	int ret = flt_elf_legacy(data, size, &old);

	exo_assert(ret == 0 || ret == 1);
	exo_assert(old.n <= FLT_LEGACY_MAPS);
	if (ret == 0)
		return;
	exo_assert(old.size > size);
	for (uint32_t i = 0; i < old.n; i++)
		exo_assert(memchr(old.map[i].name, '\0', FLT_ELF_NAME) != NULL);
	free(old.bytes);
}

static void a_prog(struct flt_elf_prog *p)
{
	p->type = byte() % (EXO_PROG_TYPE_MAX + 1u);
	p->n = byte() % 32u;
	p->insns = piece(p->n * sizeof(*p->insns));
	/* names of maps are what becomes of it */
	for (uint32_t i = 0; i + 1 < p->n; i += 3) {
		p->insns[i].code = EXO_LD | EXO_IMM | EXO_DW;
		p->insns[i].regs = (uint8_t)((5 + byte() % 2) << 4);
		p->insns[i].imm = byte() % 6;
	}
	p->nlines = byte() % (p->n + 1);
	p->lines = piece(p->nlines * sizeof(*p->lines));
	p->ntexts = byte() % 64u;
	p->texts = piece(p->ntexts);
	memcpy(p->name, "prog", 5);
	p->name[0] = (char)byte();
}

static void a_map(struct flt_elf_map *m)
{
	void *def = piece(sizeof(m->def));

	memcpy(&m->def, def, sizeof(m->def));
	free(def);
	m->ninit = byte() % 64u;
	m->init = piece(m->ninit);
	m->nfields = byte() % 8u;
	m->fields = piece(m->nfields * sizeof(*m->fields));
	m->ntexts = byte() % 32u;
	m->texts = piece(m->ntexts);
}

static void an_answer(void)
{
	struct flt_elf e = { .nprogs = 1 + byte() % PIECES,
		.nmaps = byte() % (PIECES + 1) };
	struct flt_image out;
	struct flt_error err;
	struct exo_image img;
	uint32_t bad;

	e.progs = calloc(e.nprogs, sizeof(*e.progs));
	e.maps = calloc(e.nmaps + 1, sizeof(*e.maps));
	if (e.progs == NULL || e.maps == NULL)
		abort();
	for (uint32_t i = 0; i < e.nprogs; i++)
		a_prog(&e.progs[i]);
	for (uint32_t i = 0; i < e.nmaps; i++)
		a_map(&e.maps[i]);
	for (uint32_t i = 0; i < e.nprogs; i++) {
		if (flt_elf_image(&e, i, &out, &err) != 0)
			continue;
		(void)exo_image_parse(out.bytes, out.size, &img, &bad);
		flt_image_free(&out);
	}
	flt_elf_free(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	old_form(data, size);
	at = data;
	left = size;
	an_answer();
	return 0;
}
