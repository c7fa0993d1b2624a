/* SPDX-License-Identifier: BSD-2-Clause */
/*
 *	object = path [ ":" function { "," map "[" slot "]" "=" function } ]
 *
 * A path that is a file's is taken as it is, colons and all. A file may also be
 * an image, which holds one program.
 */
#include "exo/hosted/object.h"

#include "exo/core/image.h"
#include "exo/hosted/cmd.h"
#include "filters/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define complain(err, ...) \
	((void)snprintf((err)->text, sizeof((err)->text), __VA_ARGS__), -1)

#define ELF_MAGIC   "\177ELF"
#define IMAGE_MAGIC "XOPF" /* EXO_IMAGE_MAGIC, as bytes */

static bool begins(const char *bytes, size_t n)
{
	return n >= 4 && (memcmp(bytes, ELF_MAGIC, 4) == 0 ||
	                     memcmp(bytes, IMAGE_MAGIC, 4) == 0);
}

/* Whether a file begins as one that programs come in. */
static bool is_one(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char magic[4];
	struct stat st;
	bool one;

	if (fd < 0)
		return false;
	one = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	      read(fd, magic, 4) == 4 && begins(magic, 4);
	close(fd);
	return one;
}

/* The path in text, to be freed, and the function, or NULL. NULL: it is none of
 * an object. */
static char *split(const char *text, const char **function)
{
	const char *colon = strrchr(text, ':');
	char *path = strdup(text);

	*function = NULL;
	if (path == NULL || is_one(path))
		return path;
	if (colon != NULL) {
		path[colon - text] = '\0';
		*function = colon + 1;
		if (is_one(path))
			return path;
	}
	free(path);
	return NULL;
}

/* Whether a text has this ending, before a function or the end. */
static bool ends(const char *text, const char *ending)
{
	const char *at = strstr(text, ending);
	size_t n = strlen(ending);

	while (at != NULL && at[n] != '\0' && at[n] != ':')
		at = strstr(at + 1, ending);
	return at != NULL;
}

/* Whether it is written as one, be it there or not. */
static bool looks_like_one(const char *text)
{
	return (ends(text, ".o") || ends(text, ".xi")) &&
	       strpbrk(text, " \t\r\n") == NULL;
}

bool cmd_object_is(const char *text)
{
	const char *function;
	char *path = split(text, &function);

	free(path);
	return path != NULL || looks_like_one(text);
}

/* The names of an object's programs for packets, as many as there is room. */
static void list(const struct flt_elf *e, char *out, size_t room)
{
	size_t n = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < e->nprogs && n + 1 < room; i++)
		if (e->progs[i].type != 0)
			n += (size_t)snprintf(out + n, room - n, "%s%s",
			    n == 0 ? "" : ", ", e->progs[i].name);
}

static int choose(const struct flt_elf *e, const char *path,
    const char *function, uint32_t *prog, struct flt_error *err)
{
	uint32_t n = 0;
	char names[96];

	for (uint32_t i = 0; i < e->nprogs; i++) {
		const struct flt_elf_prog *p = &e->progs[i];

		if (function != NULL && strcmp(p->name, function) == 0 &&
		    p->type == 0)
			return complain(err,
			    "%.80s:%.40s is no program for packets but one of "
			    "section %.40s (xdp, socket and tc are)",
			    path, function, p->section);
		if (p->type == 0 ||
		    (function != NULL && strcmp(p->name, function) != 0))
			continue;
		*prog = i;
		n++;
	}
	list(e, names, sizeof(names));
	if (n == 0 && function != NULL)
		return complain(err, "%.60s has no program %.40s; it has: %s",
		    path, function, names[0] == '\0' ? "none" : names);
	if (n == 0)
		return complain(err,
		    "%.120s has no program for packets (of sections xdp, "
		    "socket, tc)",
		    path);
	if (n > 1)
		return complain(err,
		    "%.60s has several programs; name one, as in %.60s:NAME, "
		    "of: %s",
		    path, path, names);
	return 0;
}

/* The slot that a text of its own speaks of; its '=' is made an end. */
static int slot_of(const struct flt_elf *e, char *text, const char *path,
    struct flt_elf_tail *to, struct flt_error *err)
{
	char *open = strchr(text, '['), *function = strchr(text, '='), *end;
	unsigned long slot = 0;
	uint32_t i = 0, k = 0;

	if (open == NULL || function == NULL || function < open)
		return complain(err,
		    "'%.60s' fills no slot: write MAP[SLOT]=FUNCTION", text);
	*function++ = '\0';
	errno = 0;
	slot = strtoul(open + 1, &end, 10);
	if (end == open + 1 || strcmp(end, "]") != 0 || errno != 0 ||
	    slot > UINT32_MAX || open[1] == '-' || open[1] == '+')
		return complain(err,
		    "'%.60s' names no slot: write MAP[SLOT]=FUNCTION", text);
	*open = '\0';
	while (i < e->nmaps && strcmp(e->maps[i].name, text) != 0)
		i++;
	while (k < e->nprogs && strcmp(e->progs[k].name, function) != 0)
		k++;
	if (i == e->nmaps)
		return complain(err, "%.60s has no map %.60s", path, text);
	if (k == e->nprogs)
		return complain(
		    err, "%.60s has no program %.60s", path, function);
	*to = (struct flt_elf_tail){ i, (uint32_t)slot, k };
	return 0;
}

/* What is behind the function says what is in slots. */
static int take_slots(const struct flt_elf *e, const char *path, char *slots,
    struct flt_elf_tail *to, uint32_t *n, struct flt_error *err)
{
	char *at = slots, *one;

	*n = 0;
	while ((one = strsep(&at, ",")) != NULL) {
		if (*n == EXO_TAILS_MAX)
			return complain(err, "more than %u slots are filled",
			    EXO_TAILS_MAX);
		if (slot_of(e, one, path, &to[(*n)++], err) != 0)
			return -1;
	}
	return 0;
}

/* The image of a program of an object that was read. */
static int write_one(const struct flt_elf *e, const char *path,
    const char *function, struct flt_image *out, struct flt_error *err)
{
	struct flt_elf_tail *tails = calloc(EXO_TAILS_MAX, sizeof(*tails));
	char *own = function == NULL ? NULL : strdup(function), *slots = own;
	struct flt_error why;
	uint32_t prog = 0, n = 0;
	int ret;

	if (tails == NULL || (own == NULL) != (function == NULL)) {
		ret = complain(err, "out of memory");
	} else {
		(void)strsep(&slots, ",");
		ret = choose(e, path, own, &prog, err);
	}
	if (ret == 0 && slots != NULL)
		ret = take_slots(e, path, slots, tails, &n, err);
	if (ret == 0 && flt_elf_image_with(e, prog, tails, n, out, &why) != 0)
		ret = complain(
		    err, "%.60s, an ELF object: %.170s", path, why.text);
	free(own);
	free(tails);
	return ret;
}

static int make(const char *path, const char *function, const char *bytes,
    size_t size, struct flt_image *out, struct flt_error *err)
{
	struct flt_error why;
	struct flt_elf e;
	int ret;

	if (flt_elf_read(bytes, size, &e, &why) != 0)
		return complain(
		    err, "%.60s, an ELF object: %.170s", path, why.text);
	ret = write_one(&e, path, function, out, err);
	flt_elf_free(&e);
	return ret;
}

/* An image is taken as it is; it was written by somebody. */
static int take_image(const char *path, const char *function, const char *bytes,
    size_t size, struct flt_image *out, struct flt_error *err)
{
	struct exo_image img;
	uint32_t bad = 0;

	if (function != NULL)
		return complain(err,
		    "%.80s:%.40s: %.80s is an image, which has one program",
		    path, function, path);
	out->bytes = malloc(size);
	if (out->bytes == NULL)
		return complain(err, "out of memory");
	memcpy(out->bytes, bytes, size);
	out->size = (uint32_t)size;
	if (exo_image_parse(out->bytes, out->size, &img, &bad) == 0)
		return 0;
	flt_image_free(out);
	return complain(
	    err, "%.100s: the image is malformed at byte %u", path, bad);
}

int cmd_object_image(
    const char *text, struct flt_image *out, struct flt_error *err)
{
	const char *function;
	char *path = split(text, &function), *bytes;
	size_t size;
	int ret;

	if (path == NULL)
		return complain(err,
		    "%.180s is not the file of a BPF object or an image, nor "
		    "FILE:FUNCTION",
		    text);
	if (cmd_read_file(path, FLT_ELF_MAX, &bytes, &size) != 0) {
		ret = complain(err, "%.200s cannot be read", path);
	} else {
		ret = size >= 4 && memcmp(bytes, IMAGE_MAGIC, 4) == 0
		          ? take_image(path, function, bytes, size, out, err)
		          : make(path, function, bytes, size, out, err);
		free(bytes);
	}
	free(path);
	return ret;
}
