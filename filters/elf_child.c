/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An object read in a process of its own.
 *
 * libbpf may not survive an object that was made to harm it. The child reads the
 * object and puts what came of it, piece by piece; the parent takes no more than
 * it has limits for, and believes no number.
 */
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "filters/child.h"
#include "filters/elf_int.h"
#include "filters/filters_int.h"

#define PROGS_MAX 4096u
#define BYTES_MAX ((size_t)256 << 20) /* of all that is taken */

static const struct flt_child_limits limits = { 10, 20, (uint64_t)1 << 30 };

struct job {
	const void *bytes;
	size_t size;
};

/* First; then the programs and the maps, each with its bytes behind it, or the
 * error. */
struct message {
	int32_t ret;
	uint32_t nprogs, nmaps, ntails;
};

/* --- the child ---------------------------------------------------------------- */

static bool put_all(const struct flt_elf *e)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < e->nprogs; i++) {
		const struct flt_elf_prog *p = &e->progs[i];

		ok = flt_child_put(p, sizeof(*p)) &&
		     flt_child_put(p->insns, p->n * sizeof(*p->insns)) &&
		     flt_child_put(p->lines, p->nlines * sizeof(*p->lines)) &&
		     flt_child_put(p->texts, p->ntexts);
	}
	for (uint32_t i = 0; ok && i < e->nmaps; i++) {
		const struct flt_elf_map *m = &e->maps[i];

		ok =
		    flt_child_put(m, sizeof(*m)) &&
		    flt_child_put(m->init, m->ninit) &&
		    flt_child_put(m->fields, m->nfields * sizeof(*m->fields)) &&
		    flt_child_put(m->texts, m->ntexts);
	}
	return ok && flt_child_put(e->tails, e->ntails * sizeof(*e->tails));
}

static void read_it(void *arg)
{
	const struct job *job = arg;
	struct flt_error err;
	struct flt_elf e;
	struct message m = { 0, 0, 0, 0 };

	m.ret = flt_elf_read_here(job->bytes, job->size, &e, &err);
	m.nprogs = e.nprogs;
	m.nmaps = e.nmaps;
	m.ntails = e.ntails;
	if (!flt_child_put(&m, sizeof(m)))
		return;
	if (m.ret != 0)
		(void)flt_child_put(&err, sizeof(err));
	else
		(void)put_all(&e);
}

/* --- the parent --------------------------------------------------------------- */

/* Take n bytes into memory of their own; at least one is allocated. */
static void *take(struct flt_child *c, size_t n, size_t *left)
{
	void *p = n > *left ? NULL : malloc(n + 1);

	if (p != NULL && flt_child_get(c, p, n)) {
		*left -= n;
		return p;
	}
	free(p);
	return NULL;
}

static bool take_prog(
    struct flt_child *c, struct flt_elf_prog *to, size_t *left)
{
	struct flt_elf_prog p;

	if (!flt_child_get(c, &p, sizeof(p)) || p.n > EXO_INSNS_MAX ||
	    p.type > EXO_PROG_TYPE_MAX || p.nlines > p.n ||
	    p.ntexts > FLT_ELF_TEXTS)
		return false;
	p.name[FLT_ELF_NAME - 1] = '\0';
	p.section[FLT_ELF_NAME - 1] = '\0';
	p.insns = take(c, p.n * sizeof(*p.insns), left);
	p.lines = take(c, p.nlines * sizeof(*p.lines), left);
	p.texts = take(c, p.ntexts, left);
	*to = p;
	return p.insns != NULL && p.lines != NULL && p.texts != NULL;
}

static bool take_map(struct flt_child *c, struct flt_elf_map *to, size_t *left)
{
	struct flt_elf_map m;

	if (!flt_child_get(c, &m, sizeof(m)) || m.ninit > EXO_MAP_VALUE_MAX ||
	    m.nfields > FLT_ELF_FIELDS || m.ntexts > FLT_ELF_TEXTS)
		return false;
	m.name[FLT_ELF_NAME - 1] = '\0';
	m.init = take(c, m.ninit, left);
	m.fields = take(c, m.nfields * sizeof(*m.fields), left);
	m.texts = take(c, m.ntexts, left);
	*to = m;
	return m.init != NULL && m.fields != NULL && m.texts != NULL;
}

static bool take_all(
    struct flt_child *c, const struct message *m, struct flt_elf *out)
{
	size_t left = BYTES_MAX;

	if (m->nprogs > PROGS_MAX || m->nmaps > FLT_ELF_MAPS ||
	    m->ntails > EXO_TAILS_MAX)
		return false;
	out->progs = calloc(m->nprogs + 1, sizeof(*out->progs));
	out->maps = calloc(m->nmaps + 1, sizeof(*out->maps));
	if (out->progs == NULL || out->maps == NULL)
		return false;
	while (out->nprogs < m->nprogs)
		if (!take_prog(c, &out->progs[out->nprogs++], &left))
			return false;
	while (out->nmaps < m->nmaps)
		if (!take_map(c, &out->maps[out->nmaps++], &left))
			return false;
	out->tails = take(c, m->ntails * sizeof(*out->tails), &left);
	if (out->tails == NULL)
		return false;
	out->ntails = m->ntails;
	for (uint32_t i = 0; i < m->ntails; i++)
		if (out->tails[i].map >= m->nmaps ||
		    out->tails[i].prog >= m->nprogs)
			return false;
	return true;
}

/* The message, whole. False: the child did not say all, or nonsense. */
static bool receive(struct flt_child *c, struct message *m, struct flt_elf *out,
    struct flt_error *err)
{
	if (!flt_child_get(c, m, sizeof(*m)))
		return false;
	if (m->ret == 0)
		return take_all(c, m, out);
	if (m->ret != -EXO_ENOMEM && m->ret != -EXO_E2BIG)
		m->ret = -EXO_EINVAL;
	if (!flt_child_get(c, err, sizeof(*err)))
		return false;
	err->text[sizeof(err->text) - 1] = '\0';
	return true;
}

int flt_elf_read(
    const void *bytes, size_t size, struct flt_elf *out, struct flt_error *err)
{
	struct job job = { bytes, size };
	struct message m = { 0, 0, 0, 0 };
	struct flt_child c;
	bool complete;
	int sig, ret;

	memset(out, 0, sizeof(*out));
	ret = flt_child_start(&c, &limits, read_it, &job, err);
	if (ret != 0)
		return ret;
	complete = receive(&c, &m, out, err);
	sig = flt_child_end(&c, complete);
	if (complete && m.ret == 0)
		return 0;
	flt_elf_free(out);
	if (complete)
		return m.ret;
	if (c.late)
		return flt_fail(err, -EXO_EINVAL,
		    "libbpf was not done with it after %u s", limits.wall);
	if (sig != 0)
		return flt_fail(err, -EXO_EINVAL,
		    "libbpf did not survive it (signal %d): it is malformed",
		    sig);
	return flt_fail(err, -EXO_EINVAL, "it has more in it than is taken");
}
