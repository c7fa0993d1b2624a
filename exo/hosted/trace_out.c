/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of trace outputs: who they are, their buffers, their errors. */
#include "exo/hosted/trace_out_int.h"

#include "exo/hosted/trace_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_DEFAULT ((size_t)64 << 20)
#define SOON_BYTES     128U
#define FILES_MOST     131072U /* descriptors to keep, whatever the limit */
#define FILES_OTHER    64U     /* and those left to the rest of the process */
#define INODE_FREE     (-2)
#define LINKTYPE_ETHER 1
#define STDOUT_NAME    "standard output"

static unsigned files_default(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) != 0)
		return 256;
	if (rl.rlim_cur > FILES_MOST)
		return FILES_MOST;
	return rl.rlim_cur > (size_t)2 * FILES_OTHER
	           ? (unsigned)rl.rlim_cur - FILES_OTHER
	           : (unsigned)rl.rlim_cur / 2;
}

void tr_outs_limit(size_t count)
{
	size_t want =
	    (count < FILES_MOST ? count : FILES_MOST) + (size_t)2 * FILES_OTHER;
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) != 0 || rl.rlim_cur >= want)
		return;
	rl.rlim_cur = want < rl.rlim_max ? want : rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl); /* without, some are reopened */
}

struct tr_outs *tr_outs_new(const struct tr_outs_how *how)
{
	static const struct tr_outs_how plain;
	struct tr_outs *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	if (how == NULL)
		how = &plain;
	set->nano = how->nano;
	set->stop = how->stop;
	set->memory = how->memory != 0 ? how->memory : MEMORY_DEFAULT;
	set->files = how->files != 0 ? how->files : files_default();
	set->thread = how->thread;
	set->hint_type = LINKTYPE_ETHER;
	set->oldest = OUT_NONE;
	set->newest = OUT_NONE;
	set->first_error = OUT_NONE;
	set->last_error = OUT_NONE;
	set->worst = OUT_NONE;
	set->first_hurt = OUT_NONE;
	set->last_hurt = OUT_NONE;
	(void)pthread_mutex_init(&set->lock, NULL);
	return set;
}

/* --- which files are taken ------------------------------------------------ */

static struct inode *inode_slot(
    struct inode *v, size_t cap, dev_t dev, ino_t ino)
{
	uint64_t h = ((uint64_t)ino * 0x9e3779b97f4a7c15U) ^ (uint64_t)dev;
	size_t i = (size_t)(h ^ h >> 29) & (cap - 1);

	while (v[i].used && (v[i].dev != dev || v[i].ino != ino))
		i = (i + 1) & (cap - 1);
	return &v[i];
}

static bool inode_room(struct tr_outs *set)
{
	size_t cap = set->inode_cap == 0 ? 64 : set->inode_cap * 2;
	struct inode *v;

	if (set->inode_count * 2 < set->inode_cap)
		return true;
	v = calloc(cap, sizeof(*v));
	if (v == NULL)
		return false;
	for (size_t i = 0; i < set->inode_cap; i++)
		if (set->inodes[i].used)
			*inode_slot(v, cap, set->inodes[i].dev,
			    set->inodes[i].ino) = set->inodes[i];
	free(set->inodes);
	set->inodes = v;
	set->inode_cap = cap;
	return true;
}

/* Who has this file: an output's id, OUT_NONE for an input, or INODE_FREE. */
static int inode_owner(const struct tr_outs *set, dev_t dev, ino_t ino)
{
	const struct inode *s =
	    inode_slot(set->inodes, set->inode_cap, dev, ino);

	return s->used ? s->id : INODE_FREE;
}

static void inode_add(struct tr_outs *set, dev_t dev, ino_t ino, int id)
{
	struct inode *s = inode_slot(set->inodes, set->inode_cap, dev, ino);

	if (s->used)
		return;
	*s = (struct inode){ dev, ino, id, true };
	set->inode_count++;
}

int tr_outs_guard(struct tr_outs *set, const char *path)
{
	struct stat st;
	int rc;

	rc =
	    strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(path, &st);
	if (rc != 0 || !S_ISREG(st.st_mode))
		return 0;
	if (!inode_room(set))
		return -TR_EMEM;
	inode_add(set, st.st_dev, st.st_ino, OUT_NONE);
	return 0;
}

void tr_outs_hint(struct tr_outs *set, const struct tr_iface *first)
{
	if (set->hinted)
		return;
	set->hinted = true;
	set->hint_type = first->linktype;
	set->hint_ext = first->ext;
}

void tr_outs_nano(struct tr_outs *set)
{
	set->nano = true;
}

/* --- numbers of interfaces in outputs ------------------------------------- */

static size_t if_slot(const uint64_t *keys, size_t cap, uint64_t key)
{
	uint64_t h = key * 0x9e3779b97f4a7c15U;
	size_t i = (size_t)(h >> 20) & (cap - 1);

	while (keys[i] != 0 && keys[i] != key)
		i = (i + 1) & (cap - 1);
	return i;
}

/* Never 0, which marks a free slot. */
static uint64_t if_key(int id, uint32_t ifid)
{
	return ((uint64_t)id + 1) << 32 | ifid;
}

int64_t out_if_get(const struct tr_outs *set, int id, uint32_t ifid)
{
	size_t i;

	if (set->if_cap == 0)
		return -1;
	i = if_slot(set->if_key, set->if_cap, if_key(id, ifid));
	return set->if_key[i] != 0 ? (int64_t)set->if_val[i] : -1;
}

static bool if_grow(struct tr_outs *set)
{
	size_t cap = set->if_cap == 0 ? 256 : set->if_cap * 2;
	uint64_t *keys = calloc(cap, sizeof(*keys));
	uint32_t *vals = calloc(cap, sizeof(*vals));

	if (keys == NULL || vals == NULL) {
		free(keys);
		free(vals);
		return false;
	}
	for (size_t i = 0; i < set->if_cap; i++) {
		size_t to;

		if (set->if_key[i] == 0)
			continue;
		to = if_slot(keys, cap, set->if_key[i]);
		keys[to] = set->if_key[i];
		vals[to] = set->if_val[i];
	}
	free(set->if_key);
	free(set->if_val);
	set->if_key = keys;
	set->if_val = vals;
	set->if_cap = cap;
	return true;
}

bool out_if_put(struct tr_outs *set, int id, uint32_t ifid, uint32_t local)
{
	size_t i;

	if (set->if_count * 2 >= set->if_cap && !if_grow(set))
		return false;
	i = if_slot(set->if_key, set->if_cap, if_key(id, ifid));
	set->if_key[i] = if_key(id, ifid);
	set->if_val[i] = local;
	set->if_count++;
	return true;
}

/* --- errors --------------------------------------------------------------- */

void out_fail(struct tr_outs *set, struct out *o, enum out_fault why, int sys)
{
	int id = out_id(set, o);

	if (o->fault != OUT_FINE &&
	    (o->fault != OUT_LINKTYPE || why == OUT_LINKTYPE))
		return;
	o->fault = (uint8_t)why;
	o->sys = sys;
	if (set->worst == OUT_NONE)
		set->worst = id;
	if (o->queued)
		return;
	o->queued = true;
	o->next_error = OUT_NONE;
	if (set->last_error != OUT_NONE)
		set->v[set->last_error].next_error = id;
	else
		set->first_error = id;
	set->last_error = id;
}

/* The hint that helps against a system error, or "". */
static const char *sys_hint(int sys)
{
	switch (sys) {
	case ENOSPC:
	case EDQUOT:
		return " (free some space and run again)";
	case EFBIG:
		return " (see ulimit -f)";
	case EPIPE:
		return " (its reader has gone)";
	case ETIMEDOUT:
		return " (interrupted, and its reader does not read)";
	default:
		return "";
	}
}

#define LEFT_ROOM 80U

/* What is left of an output that could not be written. */
static const char *out_left(const struct out *o, char text[LEFT_ROOM])
{
	unsigned long long n = o->packets;
	const char *verb = n == 1 ? " is" : "s are";

	if (o->size == 0)
		return o->torn ? "no more than a part of its header is in it"
		               : "it is empty";
	if (o->torn)
		(void)snprintf(text, LEFT_ROOM,
		    "%llu packet%s in it, whole, then a part of a record", n,
		    verb);
	else if (n == 0)
		return "no packet is in it";
	else
		(void)snprintf(
		    text, LEFT_ROOM, "%llu packet%s in it, whole", n, verb);
	return text;
}

static void out_explain(const struct out *o, struct tr_error *err)
{
	const char *hint = sys_hint(o->sys);
	char left[LEFT_ROOM];

	switch ((enum out_fault)o->fault) {
	case OUT_FINE:
		*err = (struct tr_error){ 0 };
		break;
	case OUT_OPEN:
		(void)tr_fail_at(err, TR_EWRITE, o->sys, o->path,
		    "cannot reopen the output%s", hint);
		break;
	case OUT_WRITE:
		(void)tr_fail_at(err, TR_EWRITE, o->sys, o->path,
		    "cannot write%s; %s", hint, out_left(o, left));
		break;
	case OUT_REPLACED:
		(void)tr_fail_at(err, TR_EWRITE, 0, o->path,
		    "was replaced by another file while it was being written");
		break;
	case OUT_CLOSE:
		(void)tr_fail_at(err, TR_EWRITE, o->sys, o->path,
		    "closing failed, its end may be missing%s", hint);
		break;
	case OUT_LINKTYPE:
		(void)tr_fail_at(err, TR_EUSAGE, 0, o->path,
		    "a pcap file holds one link type, this one %u: packets of "
		    "link type %u are left out (name the output .pcapng to "
		    "have both)",
		    o->linktype, o->linktype2);
		break;
	case OUT_MEMORY:
		(void)tr_fail_at(err, TR_EMEM, 0, o->path, "out of memory");
		break;
	}
}

/* Take the next tidings of a file, and what they are. */
static struct out *next_hurt(
    struct tr_outs *set, enum out_fault *why, int *sys, uint64_t *missing)
{
	struct out *o = NULL;

	pthread_mutex_lock(&set->lock);
	if (set->first_hurt != OUT_NONE) {
		o = &set->v[set->first_hurt];
		set->first_hurt = o->next_hurt;
		if (set->first_hurt == OUT_NONE)
			set->last_hurt = OUT_NONE;
		*why = (enum out_fault)o->why;
		*sys = o->why_sys;
		*missing = o->missing;
		o->missing = 0;
		o->hurt = false;
	}
	pthread_mutex_unlock(&set->lock);
	return o;
}

static bool any_hurt(struct tr_outs *set)
{
	bool any;

	pthread_mutex_lock(&set->lock);
	any = set->first_hurt != OUT_NONE;
	pthread_mutex_unlock(&set->lock);
	return any;
}

void out_settle(struct tr_outs *set)
{
	enum out_fault why;
	uint64_t missing;
	struct out *o;
	int sys;

	if (set->writer != NULL && !any_hurt(set))
		return;
	/* What is told of a file counts all buffers that were handed over. */
	out_writer_wait(set);
	while ((o = next_hurt(set, &why, &sys, &missing)) != NULL) {
		struct out_chain rest = out_take(o);

		missing += out_chain_packets(o, &rest);
		out_give(set, &rest);
		o->dead = true;
		o->packets -= missing;
		o->lost += missing;
		out_fail(set, o, why, sys);
	}
}

bool tr_outs_error(struct tr_outs *set, struct tr_error *err)
{
	int id;

	out_settle(set);
	id = set->first_error;
	if (id == OUT_NONE)
		return false;
	set->first_error = set->v[id].next_error;
	set->v[id].queued = false;
	if (set->first_error == OUT_NONE)
		set->last_error = OUT_NONE;
	out_explain(&set->v[id], err);
	return true;
}

/* --- the outputs ---------------------------------------------------------- */

enum out_form {
	FORM_NONE,
	FORM_PCAP,
	FORM_NG
};

static enum out_form extension_form(const char *dot)
{
	if (strcmp(dot, ".pcap") == 0 || strcmp(dot, ".cap") == 0)
		return FORM_PCAP;
	if (strcmp(dot, ".pcapng") == 0 || strcmp(dot, ".ng") == 0)
		return FORM_NG;
	return FORM_NONE;
}

static enum out_form path_form(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash != NULL ? slash : path, '.');

	if (strcmp(path, "-") == 0)
		return FORM_PCAP;
	return dot != NULL ? extension_form(dot) : FORM_NONE;
}

bool tr_out_path_ok(const char *path)
{
	return path_form(path) != FORM_NONE;
}

bool tr_out_is_stdout(const char *path)
{
	return path[0] == '-' &&
	       (path[1] == '\0' || extension_form(path + 1) != FORM_NONE);
}

static bool outs_room(struct tr_outs *set)
{
	int room = set->room == 0 ? 16 : set->room * 2;
	struct out *v;

	if (set->count < set->room)
		return true;
	if (room > (1 << 24))
		return false;
	v = aligned_alloc(_Alignof(struct out), (size_t)room * sizeof(*v));
	if (v == NULL)
		return false;
	if (set->count != 0)
		memcpy(v, set->v, (size_t)set->count * sizeof(*v));
	free(set->v);
	set->v = v;
	set->room = room;
	return true;
}

static int is_input(const char *path, struct tr_error *err)
{
	return tr_fail_at(err, TR_EUSAGE, 0, path,
	    "is also an input: writing it would destroy it (choose another "
	    "name)");
}

int tr_out_check(
    const struct tr_outs *set, const char *path, struct tr_error *err)
{
	bool dash = tr_out_is_stdout(path);
	struct stat st;

	if ((dash ? fstat(STDOUT_FILENO, &st) : stat(path, &st)) != 0 ||
	    !S_ISREG(st.st_mode) || set->inode_cap == 0 ||
	    inode_owner(set, st.st_dev, st.st_ino) != OUT_NONE)
		return 0;
	return is_input(dash ? STDOUT_NAME : path, err);
}

/* Whether the file just opened may be an output; fills *err if not. */
static int out_claim(struct tr_outs *set, struct out *o, struct tr_error *err)
{
	int who;

	if (!o->regular)
		return 0;
	who = inode_owner(set, o->dev, o->ino);
	if (who == OUT_NONE)
		return is_input(o->path, err);
	if (who != INODE_FREE)
		return tr_fail_at(err, TR_EUSAGE, 0, o->path,
		    "is the same file as output %s (choose another name)",
		    set->v[who].path);
	/* To cut what is empty would cost: some file systems then write out at
	 * close. */
	if (!o->pinned && o->size != 0 && ftruncate(o->fd, 0) != 0)
		return tr_fail_at(
		    err, TR_EOPEN, errno, o->path, "cannot empty it");
	o->size = 0;
	inode_add(set, o->dev, o->ino, out_id(set, o));
	return 0;
}

int tr_out_open(struct tr_outs *set, const char *path, struct tr_error *err)
{
	enum out_form form = path_form(path);
	bool dash = tr_out_is_stdout(path);
	struct out *o;
	int rc;

	if (form == FORM_NONE)
		return tr_fail_at(err, TR_EUSAGE, 0, path,
		    "an output is named .pcap or .cap (pcap), .pcapng or .ng "
		    "(pcapng), or - (standard output)");
	out_writer_wait(set);
	if (set->closed || !outs_room(set) || !inode_room(set))
		return tr_fail_at(err, TR_EMEM, 0, path, "out of memory");
	for (int i = 0; dash && i < set->count; i++)
		if (set->v[i].fd == STDOUT_FILENO)
			return tr_fail_at(err, TR_EUSAGE, 0, path,
			    "two outputs cannot share standard output");
	o = &set->v[set->count];
	*o = (struct out){ .fd = -1,
		.older = OUT_NONE,
		.newer = OUT_NONE,
		.next_error = OUT_NONE,
		.next_hurt = OUT_NONE,
		.ng = form == FORM_NG,
		.pinned = dash };
	o->path = strdup(dash ? STDOUT_NAME : path);
	if (o->path == NULL)
		return tr_fail_at(err, TR_EMEM, 0, path, "out of memory");
	rc = out_file_create(set, o);
	if (rc != 0)
		rc = tr_fail_at(
		    err, TR_EOPEN, rc, o->path, "cannot open for writing");
	else
		rc = out_claim(set, o, err);
	if (rc != 0) {
		out_file_close(set, o);
		free(o->path);
		return rc;
	}
	return set->count++;
}

void tr_outs_soon(const struct tr_outs *set, const int *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(&set->v[ids[i]], 1);
	for (size_t i = 0; i < n; i++) {
		const struct out *o = &set->v[ids[i]];

		if (o->cap - o->len > SOON_BYTES) {
			__builtin_prefetch(o->last->data + o->len, 1);
			__builtin_prefetch(o->last->data + o->len + 64, 1);
		}
	}
}

static void out_restart(struct tr_outs *set, struct out *o)
{
	out_writer_wait(set);
	o->empty = false;
	out_file_restart(set, o);
	out_settle(set);
	o->started = false;
}

int tr_out_write(struct tr_outs *set, int id, const struct tr_pkt *p,
    const struct tr_iface *iface)
{
	struct out *o = &set->v[id];
	bool ok = false;

	set->clock++;
	if (!set->hinted)
		tr_outs_hint(set, iface);
	if (o->empty)
		out_restart(set, o);
	if (!o->dead)
		ok = o->ng ? out_ng_put(set, o, p, iface)
		           : out_pcap_put(set, o, p, iface);
	if (ok)
		o->packets++;
	else
		o->lost++;
	return ok ? 0 : 1;
}

/* The header of an output that has no packet (yet). */
static void out_start_empty(struct tr_outs *set, struct out *o)
{
	static const struct tr_opts none;

	if (o->started || o->dead)
		return;
	if (o->ng)
		(void)out_ng_start(set, o, &none);
	else
		(void)out_pcap_start(
		    set, o, set->hint_type, set->hint_ext, set->nano);
}

/* What is no regular file of its own cannot be begun anew. */
void tr_outs_flush(struct tr_outs *set)
{
	for (int i = 0; i < set->count; i++) {
		struct out *o = &set->v[i];

		if (!o->started && o->regular && !o->pinned) {
			out_start_empty(set, o);
			o->empty = o->started;
		}
		out_flush(set, o);
	}
	out_writer_wait(set);
	out_settle(set);
}

void tr_out_stat(const struct tr_outs *set, int id, struct tr_out_stat *st)
{
	const struct out *o = &set->v[id];

	*st = (struct tr_out_stat){ .path = o->path,
		.packets = o->packets,
		.lost = o->lost,
		.rounded = o->rounded,
		.cut = o->cut,
		.failed = o->fault != OUT_FINE };
}

int tr_outs_count(const struct tr_outs *set)
{
	return set->count;
}

int tr_outs_close(struct tr_outs *set, struct tr_error *err)
{
	struct tr_error scratch;

	for (int i = 0; !set->closed && i < set->count; i++)
		out_start_empty(set, &set->v[i]);
	if (!set->closed)
		out_writer_end(set);
	set->closed = true;
	if (err == NULL)
		err = &scratch;
	*err = (struct tr_error){ 0 };
	if (set->worst == OUT_NONE)
		return 0;
	out_explain(&set->v[set->worst], err);
	return -err->code;
}

void tr_outs_free(struct tr_outs *set)
{
	if (set == NULL)
		return;
	(void)tr_outs_close(set, NULL);
	for (int i = 0; i < set->count; i++)
		free(set->v[i].path);
	free(set->v);
	free(set->inodes);
	free(set->if_key);
	free(set->if_val);
	(void)pthread_mutex_destroy(&set->lock);
	free(set);
}
