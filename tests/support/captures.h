/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The captures below a folder, opened by libpcap: for oracles, which do not
 * read traces by our own reader.
 */
#ifndef TESTS_SUPPORT_CAPTURES_H
#define TESTS_SUPPORT_CAPTURES_H

#include <ftw.h>
#include <pcap/pcap.h>

/** What is done with each; p is closed afterwards. */
typedef void captures_fn(const char *path, pcap_t *p);

static captures_fn *captures_do;

static inline int captures_visit(
    const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = what == FTW_F ? pcap_open_offline(path, err) : NULL;

	(void)st;
	(void)ftw;
	if (p == NULL)
		return 0; /* README, a packed or a broken file */
	captures_do(path, p);
	pcap_close(p);
	return 0;
}

/** Call fn with each that libpcap opens. Returns 0, or -1 with errno. */
static inline int captures_each(const char *folder, captures_fn *fn)
{
	captures_do = fn;
	return nftw(folder, captures_visit, 16, FTW_PHYS);
}

#endif
