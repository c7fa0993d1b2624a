/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's side: programs loaded by libbpf into the kernel, and run there by
 * BPF_PROG_TEST_RUN.
 *
 * Everything happens in a network namespace without devices but its loopback,
 * and on one processor. An XDP program that is attached nowhere is put into a
 * dispatcher and taken out again for each run, which takes milliseconds; so it is attached to
 * that loopback, which is down and shows it no packet.
 */
#include "tests/objects/objects.h"
#include "tests/support/bpf_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOPBACK  1
#define LOG_STATS 4u /* BPF_LOG_STATS: the time, and what is wrong */
#define TRIES     3
#define OUT_MAX   4096u
#define HEADER    14u

static char log_text[1 << 16];
static char said[OB_WHY]; /* the first that libbpf says */

__attribute__((format(printf, 2, 0))) static int say(
    enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level != LIBBPF_WARN || said[0] != '\0')
		return 0;
	vsnprintf(said, sizeof(said), fmt, ap);
	said[strcspn(said, "\n")] = '\0';
	return 0;
}

static uint32_t type_of(const struct bpf_program *p)
{
	switch (bpf_program__type(p)) {
	case BPF_PROG_TYPE_XDP:
		return EXO_PROG_XDP;
	case BPF_PROG_TYPE_SOCKET_FILTER:
		return EXO_PROG_SOCKET;
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
		return EXO_PROG_TC;
	default:
		return 0;
	}
}

const char *ob_linux_probe(void)
{
	(void)libbpf_set_print(say);
	return bpf_probe();
}

/* Opened, with nothing pinned anywhere. */
static struct bpf_object *open_object(const char *path)
{
	struct bpf_object *o;
	struct bpf_map *m;

	said[0] = '\0';
	o = bpf_object__open_file(path, NULL);
	if (o == NULL)
		return NULL;
	bpf_object__for_each_map(m, o)(void) bpf_map__set_pin_path(m, NULL);
	return o;
}

bool ob_linux_list(
    const char *path, ob_linux_fn *fn, void *arg, char why[OB_WHY])
{
	struct bpf_object *o = open_object(path);
	struct bpf_program *p;

	if (o == NULL) {
		snprintf(why, OB_WHY, "%s",
		    said[0] == '\0' ? strerror(errno) : said);
		return false;
	}
	bpf_object__for_each_program(p, o)
	{
		if (type_of(p) != 0)
			fn(arg, bpf_program__name(p),
			    bpf_program__section_name(p), type_of(p));
	}
	bpf_object__close(o);
	return true;
}

/* What the kernel's verifier says last before its figures. */
static void why_refused(char why[OB_WHY])
{
	char *line = log_text, *last = NULL, *next;

	for (; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (strncmp(line, "verification time", 17) == 0 ||
		    strncmp(line, "processed ", 10) == 0)
			break;
		if (line[0] != '\0')
			last = line;
	}
	snprintf(why, OB_WHY, "%s",
	    last != NULL      ? last
	    : said[0] != '\0' ? said
	                      : strerror(errno));
}

static double time_of_log(void)
{
	const char *t = strstr(log_text, "verification time ");
	double usec;

	if (t == NULL || sscanf(t, "verification time %lf", &usec) != 1)
		return -1;
	return usec * 1000;
}

static void load_once(struct ob_linux *l, const char *path, const char *name)
{
	struct bpf_program *p;

	l->verdict = OB_UNREAD;
	l->ns = -1;
	l->fd = -1;
	l->object = open_object(path);
	if (l->object == NULL) {
		snprintf(l->why, OB_WHY, "%s", said);
		return;
	}
	bpf_object__for_each_program(p, l->object)(void)
	    bpf_program__set_autoload(p, false);
	p = bpf_object__find_program_by_name(l->object, name);
	if (p == NULL)
		return;
	log_text[0] = '\0';
	(void)bpf_program__set_autoload(p, true);
	(void)bpf_program__set_log_level(p, LOG_STATS);
	(void)bpf_program__set_log_buf(p, log_text, sizeof(log_text));
	l->prog = p;
	l->type = type_of(p);
	if (bpf_object__load(l->object) == 0) {
		l->verdict = OB_ACCEPTED;
		l->fd = bpf_program__fd(p);
		l->ns = time_of_log();
		return;
	}
	/* without a word of the verifier, it was never asked */
	l->verdict = log_text[0] == '\0' ? OB_UNREAD : OB_REFUSED;
	why_refused(l->why);
}

void ob_linux_load(struct ob_linux *l, const char *path, const char *name)
{
	double best = -1;

	for (int i = 0; i < TRIES; i++) {
		memset(l, 0, sizeof(*l));
		load_once(l, path, name);
		if (best < 0 || (l->ns >= 0 && l->ns < best))
			best = l->ns;
		if (l->verdict != OB_ACCEPTED || i == TRIES - 1)
			break;
		ob_linux_free(l);
	}
	l->ns = best;
}

bool ob_linux_load_parts(
    struct ob_linux *l, const char *path, const struct ob_ours *o)
{
	struct bpf_program *p;

	ob_linux_free(l);
	l->object = open_object(path);
	if (l->object == NULL)
		return false;
	bpf_object__for_each_program(p, l->object)(void)
	    bpf_program__set_autoload(p, false);
	for (uint32_t i = 0; i < o->nparts; i++) {
		p = bpf_object__find_program_by_name(
		    l->object, o->parts[i].p->name);
		if (p == NULL)
			return false;
		(void)bpf_program__set_autoload(p, true);
		if (i == o->self)
			l->prog = p;
	}
	if (bpf_object__load(l->object) != 0)
		return false;
	l->type = type_of(l->prog);
	l->fd = bpf_program__fd(l->prog);
	l->verdict = OB_ACCEPTED;
	return true;
}

static uint32_t kind_of_fd(const void *arg, int32_t fd)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, (const struct bpf_object *)arg)
	{
		if (bpf_map__fd(m) == fd)
			return bpf_map__type(m);
	}
	return 0;
}

void ob_linux_code(const struct ob_linux *l, struct ob_code *out)
{
	*out = (struct ob_code){
		.insns = (const void *)bpf_program__insns(l->prog),
		.n = (uint32_t)bpf_program__insn_cnt(l->prog),
		.type = l->type,
		.section = bpf_program__section_name(l->prog),
		.kind = kind_of_fd,
		.arg = l->object,
	};
}

struct bpf_map *ob_linux_map(const struct ob_linux *l, uint32_t i)
{
	struct bpf_map *m = NULL;

	do
		m = bpf_object__next_map(l->object, m);
	while (m != NULL && i-- > 0);
	if (m == NULL)
		ob_die("a map is missing in Linux's object");
	return m;
}

void ob_linux_ready(struct ob_linux *l)
{
	if (l->type != EXO_PROG_XDP)
		return;
	l->attached =
	    bpf_xdp_attach(LOOPBACK, l->fd, XDP_FLAGS_SKB_MODE, NULL) == 0;
	l->slow = !l->attached;
}

bool ob_linux_run(const struct ob_linux *l, const struct ob_frame *frame,
    struct ob_result *out)
{
	static uint8_t in[HEADER + OB_FRAME_MAX], back[OUT_MAX];
	const struct __sk_buff ctx = { .ifindex = LOOPBACK,
		.ingress_ifindex = LOOPBACK };
	uint32_t skip = l->type == EXO_PROG_SOCKET ? HEADER : 0;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in,
	    .data_size_in = skip + frame->n, .data_out = back,
	    .data_size_out = sizeof(back), .repeat = 1);

	/* socket programs see what is behind the first header */
	memcpy(in, frame->data, skip);
	memcpy(in + skip, frame->data, frame->n);
	if (l->type != EXO_PROG_XDP) {
		opts.ctx_in = &ctx;
		opts.ctx_size_in = sizeof(ctx);
	}
	if (bpf_prog_test_run_opts(l->fd, &opts) != 0)
		return false;
	out->ret = opts.retval;
	out->data = back + skip;
	out->n = opts.data_size_out - skip;
	out->trapped = false;
	return true;
}

void ob_linux_free(struct ob_linux *l)
{
	if (l->attached)
		(void)bpf_xdp_detach(LOOPBACK, XDP_FLAGS_SKB_MODE, NULL);
	bpf_object__close(l->object);
	memset(l, 0, sizeof(*l));
	l->fd = -1;
}
