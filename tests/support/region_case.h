/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Case files of regions' texts: tests/cases/region.
 *
 * `== title` starts a case, keys follow, one a line, and `#` a comment:
 *
 *	text: TEXT      what is read
 *	means: TEXT     its canonical print
 *	same: TEXT      or another text of the same packets
 *	refused: CODE   or why it is no region: a row of text_errors.inc
 *	at: PART        what of the text that is about; nothing: its end
 *	near: TEXT      a near miss that is a region
 */
#ifndef EXO_TESTS_REGION_CASE_H
#define EXO_TESTS_REGION_CASE_H

struct region_case {
	char file[32]; /* without its directory */
	unsigned line; /* of the "==" */
	char title[96], text[128], means[512], same[128], refused[32], at[64],
	    near[64]; /* "" where absent */
};

#define REGION_CASES 512u

/** Read every *.case of tests/cases/region into v, of REGION_CASES. Returns
 * how many; stops the test at what is malformed. */
unsigned region_case_load(struct region_case *v);

#endif
