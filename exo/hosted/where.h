/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which file a path names, or would name once it is made.
 */
#ifndef EXO_HOSTED_WHERE_H
#define EXO_HOSTED_WHERE_H

#include <stdbool.h>
#include <sys/types.h>

/** A file by what it is, not by how its path is spelled. */
struct cmd_where {
	dev_t dev;    /* of the file or, where it is yet to be made, ... */
	ino_t ino;    /* ... of the last directory on its path that exists */
	char *rest;   /* the path from there on; "" for a file that exists */
	bool nowhere; /* it is the null device: nobody reads what is written */
};

/**
 * Find the file of a path: links are followed, also those that lead to nothing
 * yet; missing directories are taken to be made as they are named.
 * Returns 0, or -1 when out of memory. cmd_where_free(), also on failure.
 */
int cmd_where_path(const char *path, struct cmd_where *w);

/** A directory that was found; zeroes: none yet. */
struct cmd_where_dir {
	char *path; /* with the '/' behind it */
	dev_t dev;
	ino_t ino;
};

/** The same, quicker for a file that is yet to be made in the directory of the
 * one before it, which must not have changed meanwhile. */
int cmd_where_beside(
    struct cmd_where_dir *dir, const char *path, struct cmd_where *w);

/** Forget a directory. */
void cmd_where_dir_free(struct cmd_where_dir *dir);

/** The same of an open file; one that is not open is no other file. */
int cmd_where_fd(int fd, struct cmd_where *w);

/** Less than, equal to, or greater than 0: an order that puts the places of
 * one file beside each other, where 0 means that they are one file. */
int cmd_where_compare(const struct cmd_where *a, const struct cmd_where *b);

void cmd_where_free(struct cmd_where *w);

#endif
