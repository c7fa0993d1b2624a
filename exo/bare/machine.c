/* SPDX-License-Identifier: BSD-2-Clause */
/* What the loader says of the machine: see machine.h. */
#include "exo/bare/machine.h"

#include "exo/bare/multiboot.h"
#include "exo/bare/paging.h"
#include "exo/bare/x86.h"
#include "exo/lib/mem.h"

#define MAGIC     0x336ec578u
#define TYPE_RAM  1u
#define EARLY_END ((uint64_t)1 << 30)

/* struct hvm_start_info, version 1 [Xen, xen/include/public/arch-x86/hvm/
 * start_info.h]. */
struct start_info {
	uint32_t magic, version, flags, nmodules;
	uint64_t modules, cmdline, rsdp, memmap;
	uint32_t nmemmap, zero;
};

struct start_module {
	uint64_t from, size, cmdline, zero;
};

struct start_range {
	uint64_t from, size;
	uint32_t type, zero;
};

/* What lies at a physical address, n bytes; NULL: not where the early tables
 * reach. */
static const void *early(uint64_t at, uint64_t n)
{
	if (at == 0 || at >= EARLY_END || n > EARLY_END - at)
		return NULL;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (const void *)(uintptr_t)(KERNEL + at);
}

static void read_processor(struct machine *m)
{
	struct x86_cpuid top = x86_cpuid(0, 0), one = x86_cpuid(1, 0);
	struct x86_cpuid seven = { 0, 0, 0, 0 };

	if (top.a >= 7)
		seven = x86_cpuid(7, 0);
	m->smep = (seven.b >> 7 & 1) != 0;
	m->smap = (seven.b >> 20 & 1) != 0;
	m->rdrand = (one.c >> 30 & 1) != 0;
	m->pcid = (one.c >> 17 & 1) != 0;
	m->pge = (one.d >> 13 & 1) != 0;
	m->nx = (x86_cpuid(0x80000001u, 0).d >> 20 & 1) != 0;
}

static bool read_memory(struct machine *m, const struct start_info *s)
{
	const struct start_range *r =
	    early(s->memmap, (uint64_t)s->nmemmap * sizeof(*r));

	if (s->version < 1 || r == NULL)
		return false;
	for (uint32_t i = 0; i < s->nmemmap; i++)
		if (r[i].type == TYPE_RAM)
			machine_ram(m, r[i].from, r[i].size);
	return m->nram > 0;
}

static void read_cmdline(struct machine *m, const struct start_info *s)
{
	const char *from = early(s->cmdline, sizeof(m->cmdline));
	uint32_t n = 0;

	while (from != NULL && n + 1 < sizeof(m->cmdline) && from[n] != '\0') {
		m->cmdline[n] = from[n];
		n++;
	}
	m->cmdline[n] = '\0';
}

static bool read_pvh(struct machine *m, uint64_t start_info)
{
	const struct start_info *s = early(start_info, sizeof(*s));
	const struct start_module *module;

	if (s == NULL || s->magic != MAGIC || !read_memory(m, s))
		return false;
	read_cmdline(m, s);
	module = s->nmodules == 0 ? NULL : early(s->modules, sizeof(*module));
	if (module != NULL)
		m->initrd =
		    (struct machine_range){ module->from, module->size };
	return true;
}

static bool read_multiboot(struct machine *m, uint64_t info)
{
	const uint32_t *size = early(info, sizeof(*size));
	const void *all = size == NULL ? NULL : early(info, *size);

	return all != NULL && multiboot_read(m, all, *size);
}

bool machine_read(struct machine *m, uint64_t said, uint32_t loader)
{
	memset(m, 0, sizeof(*m));
	if (loader == MULTIBOOT_LOADER ? !read_multiboot(m, said)
	                               : !read_pvh(m, said))
		return false;
	read_processor(m);
	return true;
}

int machine_option(
    const struct machine *m, const char *name, const char **value)
{
	const char *p = m->cmdline;

	for (;;) {
		uint32_t n = 0, len = 0;

		while (*p == ' ')
			p++;
		if (*p == '\0')
			return -1;
		while (name[n] != '\0' && p[n] == name[n])
			n++;
		if (name[n] == '\0' &&
		    (p[n] == '=' || p[n] == ' ' || p[n] == '\0')) {
			*value = p + n + (p[n] == '=');
			while ((*value)[len] != ' ' && (*value)[len] != '\0')
				len++;
			return p[n] == '=' ? (int)len : 0;
		}
		while (*p != ' ' && *p != '\0')
			p++;
	}
}

uint64_t machine_number(
    const struct machine *m, const char *name, uint64_t otherwise)
{
	const char *text;
	int n = machine_option(m, name, &text);
	uint64_t v = 0;

	if (n <= 0)
		return otherwise;
	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return otherwise;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	return v;
}
