/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An expression compiled in a process of its own.
 *
 * libpcap's optimiser takes time with the cube of the terms and memory with
 * their square, and the rest of it recurses as deep as there are terms. What
 * cannot be split is therefore given to a child with limits of processor time,
 * of memory and of waiting (for names: they may be looked up by DNS). Whatever
 * becomes of it, this process goes on and says what was exceeded.
 *
 * Trust: the child (filters/child.h) has eaten hostile text. Its message is a
 * bounded number of bytes; the program in it is checked like every other by
 * flt_cbpf_convert().
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "filters/child.h"
#include "filters/filters_int.h"

#define ADVICE "; use several filters"

/* What the child is to do. */
struct job {
	const char *expr;
	uint32_t linktype;
	unsigned flags;
};

/* What the child says first. Then: n instructions, or the text of an error. */
struct message {
	int32_t ret;
	uint32_t n;
};

/* Are these libpcap's words for memory that it did not get? */
static bool is_memory(const char *text)
{
	return strncmp(text, "malloc", 6) == 0 ||
	       strncmp(text, "out of memory", 13) == 0 ||
	       strcmp(text, "not enough core") == 0;
}

static void compile(void *arg)
{
	const struct job *job = arg;
	struct flt_error err = { "" };
	struct flt_cbpf *insns = NULL;
	struct message m = { 0, 0 };

	m.ret = flt_expr_whole(
	    job->expr, job->linktype, job->flags, &insns, &m.n, &err);
	if (m.ret == -EXO_ESYNTAX && is_memory(err.text))
		m.ret = -EXO_EBUDGET;
	if (m.ret == -EXO_ENOMEM)
		m.ret = -EXO_EBUDGET;
	if (flt_child_put(&m, sizeof(m)) && m.ret == 0)
		(void)flt_child_put(insns, m.n * sizeof(*insns));
	else if (m.ret != 0)
		(void)flt_child_put(&err, sizeof(err));
}

/* The message, whole. False: the child did not say all. */
static bool receive(struct flt_child *c, struct message *m,
    struct flt_cbpf **out, struct flt_error *err)
{
	if (!flt_child_get(c, m, sizeof(*m)))
		return false;
	if (m->ret != 0) {
		m->n = 0;
		if (m->ret != -EXO_EBUDGET)
			m->ret = -EXO_ESYNTAX;
		if (!flt_child_get(c, err, sizeof(*err)))
			return false;
		err->text[sizeof(err->text) - 1] = '\0';
		return true;
	}
	if (m->n == 0 || m->n > EXO_INSNS_MAX) {
		m->ret = flt_fail(err, -EXO_E2BIG,
		    "the expression becomes %u instructions, the limit is %u",
		    m->n, EXO_INSNS_MAX);
		m->n = 0;
		return true;
	}
	*out = calloc(m->n, sizeof(**out));
	if (*out == NULL) {
		m->ret = flt_fail(err, -EXO_ENOMEM, "out of memory");
		m->n = 0;
		return true;
	}
	if (flt_child_get(c, *out, m->n * sizeof(**out)))
		return true;
	free(*out);
	*out = NULL;
	return false;
}

/* Why there is no message. */
static int explain(
    const struct flt_expr_how *how, bool late, int sig, struct flt_error *err)
{
	if (late)
		return flt_fail(err, -EXO_EBUDGET,
		    "libpcap was not done with it after %u s" ADVICE,
		    how->wall);
	if (sig == SIGXCPU || sig == SIGKILL)
		return flt_fail(err, -EXO_EBUDGET,
		    "libpcap needs more than %u s of processor time "
		    "for it" ADVICE,
		    how->cpu);
	if (sig == SIGSEGV || sig == SIGBUS)
		return flt_fail(err, -EXO_EBUDGET,
		    "libpcap needs more than %u MiB of stack for it" ADVICE,
		    FLT_CHILD_STACK >> 20);
	if (sig == SIGINT || sig == SIGTERM)
		return flt_fail(
		    err, -EXO_EBUDGET, "its compilation was interrupted");
	return flt_fail(err, -EXO_EBUDGET,
	    "libpcap did not survive it (signal %d)" ADVICE, sig);
}

int flt_expr_child(const struct flt_expr_how *how, const char *expr,
    uint32_t linktype, unsigned flags, struct flt_cbpf **out, uint32_t *n,
    struct flt_error *err)
{
	const struct flt_child_limits limits = { how->cpu, how->wall,
		how->memory };
	struct job job = { expr, linktype, flags };
	struct message m = { 0, 0 };
	struct flt_child c;
	bool complete;
	int sig, ret;

	*out = NULL;
	*n = 0;
	ret = flt_child_start(&c, &limits, compile, &job, err);
	if (ret != 0)
		return ret;
	complete = receive(&c, &m, out, err);
	sig = flt_child_end(&c, complete);
	if (!complete)
		return explain(how, c.late, sig, err);
	if (m.ret == -EXO_EBUDGET)
		return flt_fail(err, m.ret,
		    "libpcap ran out of memory for it (it may have %u MiB, "
		    "and has limits of its own)" ADVICE,
		    (unsigned)(how->memory >> 20));
	*n = m.n;
	return m.ret;
}
