/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: any bytes as lines of a file of bindings.
 *
 * A line either says what is wrong with it, or is a binding or a grant whose
 * parts lie within it; its region then has packets, and its canonical text is
 * read as the same. No file is opened: filters are not read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/cap.h"
#include "exo/hosted/grant.h"
#include "exo/hosted/region_text.h"

/* Regions may take long that are short, and those are fuzz_space_text's. */
#define LONG 160u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_region(const char *text, size_t len)
{
	char err[CMD_BINDING_ERR] = "", *one, *two;
	struct sp_region r, again;

	if (len > LONG)
		return;
	if (cmd_claim_read("its claim", text, len, &r, err) != 0) {
		must(strncmp(err, "its claim: ", 11) == 0);
		return;
	}
	must(r.n > 0);
	one = cmd_region_text(r, CMD_REGION_SHOWN);
	must(one != NULL);
	if (strlen(one) < 4096) {
		must(cmd_claim_read("", one, strlen(one), &again, err) == 0);
		two = cmd_region_text(again, CMD_REGION_SHOWN);
		must(two != NULL && strcmp(one, two) == 0);
		free(two);
		cmd_region_free(&again);
	}
	free(one);
	cmd_region_free(&r);
}

static void within(const char *line, const char *part, size_t len)
{
	must(part >= line && len <= strlen(line) &&
	     part + len <= line + strlen(line));
}

static void grant(const char *line, const char *text)
{
	char err[CMD_BINDING_ERR] = "";
	struct cmd_grant_parts p;

	if (cmd_grant_parse(text, &p, err) != 0) {
		must(err[0] != '\0');
		return;
	}
	within(line, p.owner, p.owner_len);
	within(line, p.region, p.region_len);
	must(cmd_name_span(p.owner) == p.owner_len && p.owner_len > 0);
	must(p.rights != 0 && (p.rights & ~EXO_RIGHT_ALL) == 0);
	check_region(p.region, p.region_len);
}

static void binding(const char *line)
{
	char err[CMD_BINDING_ERR] = "";
	struct cmd_binding_parts p;

	if (cmd_binding_parse(line, &p, err) != 0) {
		must(err[0] != '\0');
		return;
	}
	within(line, p.name, p.name_len);
	within(line, p.filter, strlen(p.filter));
	must(cmd_name_span(p.name) == p.name_len && p.name_len > 0);
	must(cmd_name_span(p.owner) >= p.owner_len && p.owner_len > 0);
	if (p.claim == NULL)
		return;
	within(line, p.claim, p.claim_len);
	check_region(p.claim, p.claim_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *line, *next;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (line = text; line != NULL; line = next) {
		const char *of;

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		of = cmd_grant_line(line);
		if (of != NULL)
			grant(line, of);
		else
			binding(line);
	}
	free(text);
	return 0;
}
