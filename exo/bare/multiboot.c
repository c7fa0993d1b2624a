/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot2: see multiboot.h. */
#include "exo/bare/multiboot.h"

#include <stddef.h>

/* [Multiboot2 Specification 2.0, 3.6] */
#define HEAD     8u /* of all, and of each tag, which begins at a multiple of it */
#define END      0u
#define CMDLINE  1u
#define MODULE   3u
#define MEMORY   6u
#define TYPE_RAM 1u

struct tag {
	uint32_t type, size; /* with this */
};

struct module {
	struct tag tag;
	uint32_t from, end; /* and its command line */
};

struct memory {
	struct tag tag;
	uint32_t each, version; /* and ranges, of so many bytes each */
};

struct range {
	uint64_t from, size;
	uint32_t type, zero;
};

static void read_cmdline(struct machine *m, const struct tag *tag)
{
	const char *text = (const char *)(tag + 1);
	uint32_t n = 0, most = tag->size - HEAD;

	while (n < most && n + 1 < sizeof(m->cmdline) && text[n] != '\0') {
		m->cmdline[n] = text[n];
		n++;
	}
	m->cmdline[n] = '\0';
}

/* The first is what has the files. */
static void read_module(struct machine *m, const struct module *module)
{
	if (module->tag.size < sizeof(*module) || m->initrd.size != 0 ||
	    module->end < module->from)
		return;
	m->initrd =
	    (struct machine_range){ module->from, module->end - module->from };
}

static void read_memory(struct machine *m, const struct memory *memory)
{
	const uint8_t *at = (const uint8_t *)(memory + 1);
	uint32_t left = memory->tag.size;

	if (left < sizeof(*memory) || memory->each < sizeof(struct range) ||
	    memory->each % HEAD != 0)
		return;
	left -= (uint32_t)sizeof(*memory);
	for (; left >= memory->each; left -= memory->each, at += memory->each) {
		const struct range *r = (const void *)at;

		if (r->type == TYPE_RAM)
			machine_ram(m, r->from, r->size);
	}
}

bool multiboot_read(struct machine *m, const void *info, uint32_t size)
{
	const uint8_t *all = info;
	uint64_t at = HEAD;

	for (;;) {
		const struct tag *tag = (const void *)(all + at);

		if (at > size || size - at < HEAD || tag->size < HEAD ||
		    tag->size > size - at)
			return false;
		if (tag->type == END)
			return m->nram > 0;
		if (tag->type == CMDLINE)
			read_cmdline(m, tag);
		else if (tag->type == MODULE)
			read_module(m, (const void *)tag);
		else if (tag->type == MEMORY)
			read_memory(m, (const void *)tag);
		at += ((uint64_t)tag->size + HEAD - 1) / HEAD * HEAD;
	}
}
