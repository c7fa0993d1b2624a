/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which file a path names.
 *
 * The path is walked from the left: `at` exists, `rest` does not. What does
 * not exist has no links, so there ".." takes a name off; where directories
 * exist, the system says where ".." leads.
 */
#include "exo/hosted/where.h"

#include "exo/lib/fmt.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LINKS_MAX 40u /* as many as the system follows */

struct walk {
	char *at;   /* "": where we are */
	char *rest; /* names, each with a '/' before it */
	char *todo; /* what follows them */
	unsigned links;
	char link[PATH_MAX + 1]; /* what one holds */
};

/* *to becomes a, then b, then c, of which it may be one. */
static bool join(char **to, const char *a, const char *b, const char *c)
{
	size_t room = strlen(a) + strlen(b) + strlen(c) + 1;
	char *text = malloc(room);
	struct exo_fmt f;

	if (text == NULL)
		return false;
	exo_fmt_init(&f, text, room);
	exo_fmt_str(&f, a);
	exo_fmt_str(&f, b);
	exo_fmt_str(&f, c);
	free(*to);
	*to = text;
	return true;
}

/* path is a link that leads to nothing. Follow it: what it holds comes before
 * what is yet to be done. 1: followed, 0: it cannot be, -1: no memory. */
static int follow(struct walk *w, const char *path)
{
	char *target = w->link;
	ssize_t n = readlink(path, target, PATH_MAX);

	if (n < 0 || w->links++ >= LINKS_MAX)
		return 0;
	target[n] = '\0';
	if (target[0] == '/' && !join(&w->at, "/", "", ""))
		return -1;
	return join(&w->todo, target, "/", w->todo) ? 1 : -1;
}

/* One more name after what exists. */
static bool step_into(struct walk *w, const char *name)
{
	const char *slash = "/";
	char *path = NULL;
	struct stat st;
	int ret = 0;
	bool ok;

	if (w->at[0] == '\0' || strcmp(w->at, "/") == 0)
		slash = "";
	if (!join(&path, w->at, slash, name))
		return false;
	if (lstat(path, &st) == 0) {
		if (!S_ISLNK(st.st_mode) || stat(path, &st) == 0) {
			free(w->at);
			w->at = path;
			return true;
		}
		ret = follow(w, path);
	}
	free(path);
	ok = ret >= 0;
	if (ret == 0)
		ok = join(&w->rest, w->rest, "/", name);
	return ok;
}

static bool step(struct walk *w, const char *name)
{
	char *last;

	if (name[0] == '\0' || strcmp(name, ".") == 0)
		return true;
	if (w->rest[0] == '\0')
		return step_into(w, name);
	if (strcmp(name, "..") != 0)
		return join(&w->rest, w->rest, "/", name);
	last = strrchr(w->rest, '/');
	*last = '\0';
	return true;
}

/* Take the names off todo, one by one; a link puts more there. */
static bool walk_on(struct walk *w)
{
	while (w->todo[0] != '\0') {
		size_t n = strcspn(w->todo, "/");
		char *name = strndup(w->todo, n);
		bool ok;

		n += w->todo[n] == '/';
		memmove(w->todo, w->todo + n, strlen(w->todo + n) + 1);
		ok = name != NULL && step(w, name);
		free(name);
		if (!ok)
			return false;
	}
	return true;
}

static void note(struct cmd_where *w, const struct stat *st)
{
	w->dev = st->st_dev;
	w->ino = st->st_ino;
	w->nowhere = S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int cmd_where_path(const char *path, struct cmd_where *out)
{
	struct walk *w = calloc(1, sizeof(*w));
	struct stat st;
	bool ok;

	memset(out, 0, sizeof(*out));
	if (w == NULL)
		return -1;
	ok = join(&w->at, path[0] == '/' ? "/" : "", "", "") &&
	     join(&w->rest, "", "", "") && join(&w->todo, path, "", "") &&
	     walk_on(w);
	if (ok) {
		if (stat(w->at[0] == '\0' ? "." : w->at, &st) == 0)
			note(out, &st);
		out->rest = w->rest;
		w->rest = NULL;
	}
	free(w->at);
	free(w->rest);
	free(w->todo);
	free(w);
	return ok ? 0 : -1;
}

/* The name behind the last '/', if it is one. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash[1] == '\0' || strcmp(slash, "/.") == 0 ||
	    strcmp(slash, "/..") == 0)
		return NULL;
	return slash + 1;
}

int cmd_where_beside(
    struct cmd_where_dir *dir, const char *path, struct cmd_where *out)
{
	const char *name = name_of(path);
	size_t n = name == NULL ? 0 : (size_t)(name - path);
	struct stat st;
	int rc;

	if (name != NULL && dir->path != NULL && strlen(dir->path) == n &&
	    memcmp(dir->path, path, n) == 0 && lstat(path, &st) != 0 &&
	    errno == ENOENT) {
		memset(out, 0, sizeof(*out));
		out->dev = dir->dev;
		out->ino = dir->ino;
		out->rest = strdup(name - 1);
		return out->rest == NULL ? -1 : 0;
	}
	rc = cmd_where_path(path, out);
	/* all of it but the name is there, and the name is no link */
	if (rc != 0 || name == NULL || strcmp(out->rest, name - 1) != 0 ||
	    lstat(path, &st) == 0)
		return rc;
	free(dir->path);
	*dir = (struct cmd_where_dir){ strndup(path, n), out->dev, out->ino };
	return 0;
}

void cmd_where_dir_free(struct cmd_where_dir *dir)
{
	free(dir->path);
	dir->path = NULL;
}

int cmd_where_fd(int fd, struct cmd_where *out)
{
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (fstat(fd, &st) == 0)
		note(out, &st);
	out->rest = strdup("");
	return out->rest == NULL ? -1 : 0;
}

int cmd_where_compare(const struct cmd_where *a, const struct cmd_where *b)
{
	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	return strcmp(a->rest, b->rest);
}

void cmd_where_free(struct cmd_where *w)
{
	free(w->rest);
	w->rest = NULL;
}
