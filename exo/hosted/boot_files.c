/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that the machine gets: see boot.h. */
#include "exo/hosted/boot.h"

#include "exo/hosted/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK         4096u /* bytes of a disk's block */
#define CONF_LIMIT    65536u
#define PROGRAM_LIMIT (64u << 20)

#define HOST(address)                                                         \
	"recv arp dst host " address " or dst host " address "\n"             \
	"send (type = 0x0806 and arp.spa = " address ") or src host " address \
	"\n"

const char boot_conf_default[] =
    "# Two libOSes that own an address each.\n" HOST(
        "10.0.2.15") "env fifteen echo.elf arg=10.0.2.15\n" HOST("10.0.2."
                                                                 "16") "env"
                                                                       " si"
                                                                       "xte"
                                                                       "en "
                                                                       "ech"
                                                                       "o."
                                                                       "elf"
                                                                       " ar"
                                                                       "g="
                                                                       "10."
                                                                       "0."
                                                                       "2."
                                                                       "16"
                                                                       "\n";

/* A word of a line that ends at end; *p is then behind it. */
static size_t word(const char **p, const char *end, const char **out)
{
	while (*p < end && **p == ' ')
		(*p)++;
	*out = *p;
	while (*p < end && **p != ' ')
		(*p)++;
	return (size_t)(*p - *out);
}

bool boot_conf_next(
    const char *text, size_t n, size_t *at, const char **name, size_t *size)
{
	while (*at < n) {
		const char *p = text + *at, *first;
		const char *end = memchr(p, '\n', n - *at);

		if (end == NULL)
			end = text + n;
		*at = (size_t)(end - text) + 1;
		if (word(&p, end, &first) != 3 || memcmp(first, "env", 3) != 0)
			continue;
		(void)word(&p, end, &first);
		*size = word(&p, end, name);
		return true;
	}
	return false;
}

/* A file of the folder that the tool lies in: the caller's to free(). */
static char *beside(const char *relative, const char *name)
{
	char *exe = realpath("/proc/self/exe", NULL), *path = NULL, *slash;

	slash = exe == NULL ? NULL : strrchr(exe, '/');
	if (slash != NULL) {
		*slash = '\0';
		if (asprintf(&path, "%s%s/%s", exe, relative, name) < 0)
			path = NULL;
	}
	free(exe);
	return path;
}

/* As it was built, then as it was installed. */
static char *find(const char *const *folders, const char *name)
{
	for (; *folders != NULL; folders++) {
		char *path = beside(*folders, name);

		if (path != NULL && access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

char *boot_find_kernel(const struct boot_options *o)
{
	static const char *const folders[] = { "", "/../libexec/exopf", NULL };
	char *path;

	if (o->kernel == NULL) {
		path = find(folders, "exopf.elf");
		if (path == NULL)
			cmd_say(
			    "there is no kernel, exopf.elf, beside the tool "
			    "or installed: 'make boot' builds it, --kernel "
			    "names it");
		return path;
	}
	if (access(o->kernel, R_OK) != 0) {
		cmd_say("%s: %s", o->kernel, strerror(errno));
		return NULL;
	}
	path = strdup(o->kernel);
	if (path == NULL)
		cmd_say("out of memory");
	return path;
}

/* Where a program is: in the folder of boot.conf, else where ours are. */
static char *find_program(const char *conf, const char *name)
{
	static const char *const folders[] = { "/ring3", "/../libexec/exopf",
		NULL };
	const char *slash = conf == NULL ? NULL : strrchr(conf, '/');
	char *path;

	if (name[0] == '/')
		return strdup(name);
	if (conf != NULL) {
		if (asprintf(&path, "%.*s%s",
		        slash == NULL ? 0 : (int)(slash - conf + 1), conf,
		        name) < 0)
			return NULL;
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return find(folders, name);
}

static int add_program(
    const struct boot_options *o, const char *name, struct cpio_out *out)
{
	char *path = find_program(o->conf, name), *bytes;
	size_t n;
	int ret;

	if (path == NULL) {
		cmd_say("%s: there is no such program, neither beside %s nor "
		        "among those that were built or installed",
		    name, o->conf == NULL ? "the tool" : o->conf);
		return CMD_FAULT;
	}
	ret = cmd_read_file(path, PROGRAM_LIMIT, &bytes, &n);
	if (ret == 0) {
		cpio_out_add(out, name, bytes, n);
		free(bytes);
	}
	free(path);
	return ret;
}

/* Whether a line before the one that ends at `before` names this file. */
static bool named_before(
    const char *text, size_t before, const char *name, size_t n)
{
	size_t at = 0, size;
	const char *other;

	while (boot_conf_next(text, before, &at, &other, &size) && other < name)
		if (size == n && memcmp(other, name, n) == 0)
			return true;
	return false;
}

static int add_programs(const struct boot_options *o, const char *text,
    size_t n, struct cpio_out *out)
{
	size_t at = 0, size;
	unsigned count = 0;
	const char *name;
	int ret = 0;

	while (ret == 0 && boot_conf_next(text, n, &at, &name, &size)) {
		char *copy;

		count++;
		if (named_before(text, at < n ? at : n, name, size))
			continue;
		copy = size == 0 ? NULL : strndup(name, size);
		if (copy != NULL)
			ret = add_program(o, copy, out);
		else if (size != 0)
			out->lost = true;
		free(copy);
		if (size == 0) {
			cmd_say("%s: a line that begins with env names no file",
			    o->conf);
			ret = CMD_FAULT;
		}
	}
	if (ret == 0 && count == 0) {
		cmd_say("%s: no line begins with env: nothing would be started",
		    o->conf);
		ret = CMD_FAULT;
	}
	return ret;
}

int boot_archive(const struct boot_options *o, struct cpio_out *out)
{
	char *text = NULL;
	size_t n;
	int ret = 0;

	if (o->conf != NULL) {
		ret = cmd_read_file(o->conf, CONF_LIMIT, &text, &n);
	} else {
		text = strdup(boot_conf_default);
		out->lost |= text == NULL;
		n = text == NULL ? 0 : strlen(text);
	}
	if (ret == 0 && text != NULL) {
		cpio_out_add(out, "boot.conf", text, n);
		ret = add_programs(o, text, n, out);
	}
	free(text);
	if (ret == 0 && !cpio_out_end(out)) {
		cmd_say("out of memory");
		ret = CMD_FAULT;
	}
	return ret;
}

int boot_disk_check(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0 ||
	    (S_ISREG(st.st_mode) && access(path, R_OK | W_OK) != 0)) {
		cmd_say("--disk: %s: %s", path, strerror(errno));
		return CMD_FAULT;
	}
	if (!S_ISREG(st.st_mode)) {
		cmd_say("--disk: %s: it is no regular file", path);
		return CMD_FAULT;
	}
	if (st.st_size == 0) {
		cmd_say("--disk: %s: it is empty; 'truncate -s 64M FILE' makes "
		        "one of 16384 blocks",
		    path);
		return CMD_FAULT;
	}
	if (st.st_size % BLOCK != 0) {
		cmd_say("--disk: %s: %lld bytes are not blocks of %u; "
		        "'truncate -s %%%u FILE' fills the last",
		    path, (long long)st.st_size, BLOCK, BLOCK);
		return CMD_FAULT;
	}
	return 0;
}
