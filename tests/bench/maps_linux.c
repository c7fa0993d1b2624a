/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's JIT: the same objects, loaded by libbpf, run by BPF_PROG_TEST_RUN.
 *
 * A call runs a program many times on one packet. What the call costs by itself,
 * and the loop around the program, is in the base's time, too. All happens on
 * one processor in a network namespace of its own; an XDP program is attached to
 * its loopback, or each call would wait for all processors.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/maps_parts.h"
#include "tests/support/bpf_probe.h"

#define LOOPBACK  1
#define HEADER    14u
#define FRAME_MAX 1514u
#define OBJECTS   32u

struct loaded {
	const struct mb_object *of;
	struct bpf_object *object; /* NULL: it is refused */
	struct ring_buffer *ring;  /* NULL: it has none */
};

struct linux_prog {
	const struct loaded *from;
	int fd;
	bool xdp;
	uint32_t skip; /* bytes that Linux takes off before it shows a packet */
};

static struct loaded loaded[OBJECTS];
static int attached = -1; /* the XDP program that is */

static int be_silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

const char *mb_linux_probe(void)
{
	(void)libbpf_set_print(be_silent);
	return bpf_probe();
}

static int forget(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return 0;
}

static const struct loaded *load(const struct mb_object *o)
{
	struct loaded *l = loaded;
	struct bpf_map *m;

	while (l->of != NULL && l->of != o)
		l++;
	if (l->of == o)
		return l;
	l->of = o;
	l->object = bpf_object__open_mem(o->bytes, o->size, NULL);
	if (l->object == NULL)
		return l;
	if (bpf_object__load(l->object) != 0) {
		l->object = NULL;
		return l;
	}
	bpf_object__for_each_map(m, l->object)
	{
		if (bpf_map__type(m) == BPF_MAP_TYPE_RINGBUF)
			l->ring = ring_buffer__new(
			    bpf_map__fd(m), forget, NULL, NULL);
	}
	return l;
}

static void *linux_open(const struct mb_prog *p, char why[MB_WHY])
{
	struct linux_prog *s = mb_get(sizeof(*s));
	const struct bpf_program *prog;

	s->from = load(p->object);
	if (s->from->object == NULL) {
		snprintf(why, MB_WHY, "not loaded: errno %d", errno);
		return NULL;
	}
	prog = bpf_object__find_program_by_name(s->from->object, p->func);
	if (prog == NULL) {
		snprintf(why, MB_WHY, "no such function");
		return NULL;
	}
	s->fd = bpf_program__fd(prog);
	s->xdp = bpf_program__type(prog) == BPF_PROG_TYPE_XDP;
	s->skip =
	    bpf_program__type(prog) == BPF_PROG_TYPE_SOCKET_FILTER ? HEADER : 0;
	return s;
}

static uint32_t run(
    const struct linux_prog *s, const struct mb_frame *f, uint32_t repeat)
{
	static uint8_t in[HEADER + FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in,
	    .data_size_in = s->skip + f->n, .repeat = (int)repeat);

	if (s->xdp && attached != s->fd) {
		if (bpf_xdp_attach(LOOPBACK, s->fd, XDP_FLAGS_SKB_MODE, NULL) !=
		    0)
			mb_die("the loopback takes no program");
		attached = s->fd;
	}
	memcpy(in, f->data, s->skip);
	memcpy(in + s->skip, f->data, f->n);
	if (bpf_prog_test_run_opts(s->fd, &opts) != 0)
		mb_die("Linux does not run it: errno %d", errno);
	return opts.retval;
}

static uint32_t linux_one(void *state, const struct mb_frame *f)
{
	return run(state, f, 1);
}

static void linux_runs(
    void *state, const struct mb_frame *at, uint32_t n, uint32_t repeat)
{
	for (uint32_t i = 0; i < n; i++)
		mb_sum += run(state, &at[i], repeat);
}

static void linux_drain(void *state)
{
	const struct linux_prog *s = state;

	if (s->from->ring != NULL)
		(void)ring_buffer__consume(s->from->ring);
}

const struct mb_engine mb_linux = {
	.name = "Linux",
	.every = 1,
	.open = linux_open,
	.one = linux_one,
	.runs = linux_runs,
	.drain = linux_drain,
};
