/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values of --jit-passes and --harden.
 */
#include "exo/hosted/passes.h"

#include "exo/core/code.h"
#include "exo/hosted/cmd.h"
#include "exo/lib/fmt.h"

#include <string.h>

/* The bits of one name; 0: there is no such pass. */
static uint32_t find(const char *name, size_t n)
{
	const struct exo_pass *p;
	uint32_t i;

	for (i = 0; (p = exo_pass_at(i)) != NULL; i++) {
		if (strlen(p->name) == n && strncmp(p->name, name, n) == 0)
			return p->bit;
	}
	return 0;
}

static bool is(const char *word, const char *name, size_t n)
{
	return strlen(word) == n && strncmp(word, name, n) == 0;
}

/* Take one word of the list into the set of passes. */
static bool take(const char *word, size_t n, bool first, uint32_t *with)
{
	bool less = n > 0 && word[0] == '-';
	uint32_t bit;

	if (is("all", word, n) || is("none", word, n)) {
		*with = word[0] == 'a' ? UINT32_MAX : 0;
		return true;
	}
	bit = find(word + less, n - less);
	if (first)
		*with = less ? UINT32_MAX : 0;
	*with = less ? *with & ~bit : *with | bit;
	return bit != 0;
}

static int unknown(const struct cmd *self, const char *word, size_t n)
{
	const struct exo_pass *p;
	char names[512];
	struct exo_fmt f;
	uint32_t i;

	exo_fmt_init(&f, names, sizeof(names));
	for (i = 0; (p = exo_pass_at(i)) != NULL; i++) {
		exo_fmt_str(&f, i == 0 ? "" : ", ");
		exo_fmt_str(&f, p->name);
	}
	return cmd_usage(self,
	    "--jit-passes: '%.*s' is no pass; they are %s, also all, none, and "
	    "-NAME for all others",
	    (int)(n < 64 ? n : 64), word, names);
}

int cmd_passes(const struct cmd *self, const char *text, struct cmd_jit *jit)
{
	const char *word = text;
	uint32_t with = 0;
	size_t n;

	for (;; word += n + 1) {
		n = strcspn(word, ",");
		if (!take(word, n, word == text, &with))
			return unknown(self, word, n);
		if (word[n] == '\0')
			break;
	}
	jit->without = ~with;
	return 0;
}

int cmd_harden(const struct cmd *self, const char *text, struct cmd_jit *jit)
{
	size_t n;

	jit->harden = 0;
	for (;; text += n + 1) {
		n = strcspn(text, ",");
		if (n == 5 && strncmp(text, "blind", n) == 0)
			jit->harden |= EXO_HARDEN_BLIND;
		else if (n == 5 && strncmp(text, "fence", n) == 0)
			jit->harden |= EXO_HARDEN_FENCE;
		else if (n != 4 || strncmp(text, "none", n) != 0)
			return cmd_usage(self,
			    "--harden: '%.*s' is no hardening; they are blind, "
			    "fence and none",
			    (int)(n < 64 ? n : 64), text);
		if (text[n] == '\0')
			return 0;
	}
}
