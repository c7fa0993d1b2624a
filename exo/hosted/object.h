/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that a command line names by the file that they are in: an object
 * that a compiler made for BPF, or an image.
 */
#ifndef EXO_HOSTED_OBJECT_H
#define EXO_HOSTED_OBJECT_H

#include "filters/filters.h"

/** Whether text is FILE or FILE:FUNCTION, with slots or without, of a file that
 * begins as ELF objects or images do, or is written as one: with ".o" or ".xi". */
bool cmd_object_is(const char *text);

/**
 * Make the image of the program: that of the function, or the only one of the
 * object that is for packets, with those that are in slots of its program arrays
 * as the object declares them or as ",MAP[SLOT]=FUNCTION" behind the function
 * says; an image as it is. Returns 0, or -1 with *err.
 */
int cmd_object_image(
    const char *text, struct flt_image *out, struct flt_error *err);

#endif
