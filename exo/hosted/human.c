/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers as people read them.
 */
#include "exo/hosted/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define NS_PER_S 1000000000u

const char *cmd_human_u64(uint64_t v, char buf[CMD_HUMAN])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, v);
	char *to = buf;
	int i;

	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return buf;
}

const char *cmd_human_share(uint64_t part, uint64_t whole, char buf[CMD_HUMAN])
{
	if (whole == 0)
		snprintf(buf, CMD_HUMAN, "-");
	else
		snprintf(buf, CMD_HUMAN, "%.1f%%",
		    100.0 * (double)part / (double)whole);
	return buf;
}

const char *cmd_human_seconds(uint64_t ns, char buf[CMD_HUMAN])
{
	char whole[CMD_HUMAN];

	snprintf(buf, CMD_HUMAN, "%.30s.%06" PRIu64,
	    cmd_human_u64(ns / NS_PER_S, whole), ns % NS_PER_S / 1000);
	return buf;
}

const char *cmd_human_time(uint64_t ns, char buf[CMD_HUMAN])
{
	time_t s = (time_t)(ns / NS_PER_S);
	struct tm tm;
	size_t n;

	if (gmtime_r(&s, &tm) == NULL) {
		snprintf(buf, CMD_HUMAN, "?");
		return buf;
	}
	n = strftime(buf, CMD_HUMAN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, CMD_HUMAN - n, ".%09" PRIu64 "Z", ns % NS_PER_S);
	return buf;
}
