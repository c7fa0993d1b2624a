/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: a boot.conf of any bytes, the last thing in memory. Environments are asked for
 * with text that ends, files that are in the archive and regions that are whole; what
 * went wrong is said, once, and nothing is started behind it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/bare/conf.h"
#include "exo/bare/disk.h"
#include "exo/bare/env.h"
#include "exo/bare/paging.h"
#include "exo/bare/revoke.h"
#include "exo/bare/serial.h"
#include "exo/lib/bug.h"
#include "exo/lib/fmt.h"
#include "exo/space/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *archive, *archive_end;
static unsigned made, never, lines;

static bool inside(const void *p, uint64_t n)
{
	const uint8_t *b = p;

	return b >= archive && b <= archive_end &&
	       n <= (uint64_t)(archive_end - b);
}

/* It can be printed, if that is not too long. */
static void look(const struct sp_region *r)
{
	static char text[4096];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	if (r != NULL)
		(void)sp_text_print(&f, *r);
}

/* Some are too many. */
bool revoke_plan(const struct revoke_plan *p)
{
	exo_assert(memchr(p->label, '\0', sizeof(p->label)) != NULL);
	exo_assert(p->kind >= EXO_KIND_FRAME && p->kind <= EXO_KIND_KEY);
	exo_assert(p->at + p->patience >= p->at);
	return p->n != 16;
}

void revoke_init(void)
{
}

/* Labels that begin with 'n' are of what cannot be started. */
int env_new(struct exo_core *core, struct exo_phys *phys,
    const struct env_args *a, struct plat_env **out)
{
	exo_assert(core == NULL && phys == NULL && !a->child);
	exo_assert(lines == 0);
	exo_assert(memchr(a->label, '\0', 32) != NULL);
	exo_assert(memchr(a->arg, '\0', 1024) != NULL);
	exo_assert(inside(a->elf, a->elf_size) && a->elf_size == 4);
	exo_assert(a->expected <= ENV_NEVER);
	look(a->region);
	look(a->send);
	*out = NULL;
	if (a->label[0] == 'n')
		return -EXO_EIMAGE;
	made += a->expected != ENV_NEVER;
	return 0;
}

/* Blocks below 2^16 are there; a key is ended if nothing is started with it. */
int disk_mint(uint32_t first, uint32_t n, bool shared, struct exo_key *out)
{
	(void)shared;
	exo_assert(n > 0 && lines == 0);
	if (first >= 65536)
		return -EXO_EINVAL;
	*out = (struct exo_key){ .res = EXO_RES_DISK, .epoch = 1 };
	return 0;
}

void disk_end(uint64_t epoch)
{
	exo_assert(epoch <= 1);
}

static void refused(const char *label)
{
	exo_assert(label[0] == 'n' && memchr(label, '\0', 32) != NULL);
	never++;
}

void serial_write(const char *text, uint32_t n)
{
	exo_assert(inside(text, n));
}

void serial_str(const char *text)
{
	lines += text[0] == '\n';
}

static size_t file(uint8_t *p, const char *name, const void *data, size_t n)
{
	size_t name_len = strlen(name) + 1;
	size_t head = (110 + name_len + 3) & ~(size_t)3;

	memset(p, 0, head);
	(void)snprintf((char *)p, 111,
	    "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 0, 0,
	    0, 0, 1, 0, (unsigned)n, 0, 0, 0, 0, (unsigned)name_len, 0);
	memcpy(p + 110, name, name_len);
	if (n > 0)
		memcpy(p + head, data, n);
	return head + n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mac[6] = { 2 };
	struct machine m = { .nram = 0 };
	uint8_t *p = malloc(400 + size);
	size_t n;
	int ret;

	exo_assert(p != NULL);
	n = file(p, "a", "ELF", 4);
	n += file(p + n, "bb", "elf", 4);
	n += file(p + n, "boot.conf", data, size);
	p = realloc(p, n);
	exo_assert(p != NULL);
	archive = p;
	archive_end = archive + n;
	m.initrd = (struct machine_range){ paging_phys(archive), n };
	made = never = lines = 0;
	ret = conf_start(&m, NULL, NULL, mac, refused);
	exo_assert(ret < 0 ? ret == -1 && lines == 1
	                   : lines == 0 && (unsigned)ret == made + never);
	free(p);
	return 0;
}
