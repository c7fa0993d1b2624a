/* SPDX-License-Identifier: BSD-2-Clause */
/* The other end of a machine's wire: see boot_wire.h. */
#include "exo/hosted/boot_wire.h"

#include "exo/hosted/cmd.h"
#include "exo/hosted/signals.h"
#include "exo/hosted/trace_out.h"
#include "exo/lib/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD      4u
#define FRAME_MAX 65535u /* that we send */
#define WIRE_MAX  69632u /* that QEMU can send */
#define BATCH     64
#define ETHERNET  1u

enum {
	SENT,
	RECEIVED,
};

struct boot_wire {
	int fd, peer;
	unsigned faults; /* that were said: input or output failed */
	/* from the trace */
	struct tr_reader *trace;
	struct tr_pkt pkt[BATCH];
	int npkt, at;
	bool end;          /* of it */
	uint32_t out_n;    /* bytes of out, 0: none */
	uint32_t out_at;   /* of them sent */
	uint32_t in_n;     /* bytes of in */
	uint64_t count[2]; /* SENT, RECEIVED */
	uint64_t skipped;  /* of no length that a wire has */
	/* to the capture */
	struct tr_outs *outs;
	int capture;
	uint8_t out[HEAD + FRAME_MAX];
	uint8_t in[HEAD + WIRE_MAX];
};

/* As options of pcapng: if_name, and if_tsresol: nanoseconds. */
static const uint8_t opts[2][24] = {
	[SENT] = { 2, 0, 4, 0, 's', 'e', 'n', 't', 9, 0, 1, 0, 9, 0, 0, 0 },
	[RECEIVED] = { 2, 0, 8, 0, 'r', 'e', 'c', 'e', 'i', 'v', 'e', 'd', 9, 0,
	    1, 0, 9, 0, 0, 0 },
};

/* Ethernet in nanoseconds; nopts bytes of options. */
#define IFACE(way, nopts)                              \
	[way] = {                                      \
		.id = (way),                           \
		.linktype = ETHERNET,                  \
		.snaplen = 262144,                     \
		.snapmax = 262144,                     \
		.tsresol = 9,                          \
		.nano = true,                          \
		.ng = true,                            \
		.opts = { opts[way], (nopts), false }, \
		.file = "",                            \
	}

static const struct tr_iface ifaces[2] = {
	IFACE(SENT, 16),
	IFACE(RECEIVED, 20),
};

static void fault(struct boot_wire *w, const char *why)
{
	cmd_say("%s", why);
	w->faults++;
}

static void keep(struct boot_wire *w, int way, const uint8_t *frame, uint32_t n)
{
	struct timespec now;
	struct tr_error err;
	struct tr_pkt p = {
		.data = frame,
		.caplen = n,
		.wirelen = n,
		.ifid = (uint32_t)way,
		.linktype = ETHERNET,
	};

	w->count[way]++;
	if (w->outs == NULL)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	p.ts_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	p.ts_raw = p.ts_ns;
	(void)tr_out_write(w->outs, w->capture, &p, &ifaces[way]);
	while (tr_outs_error(w->outs, &err))
		fault(w, err.msg);
}

static bool open_capture(
    struct boot_wire *w, const char *replay, const char *capture)
{
	const struct tr_outs_how how = {
		.nano = true, .thread = TR_OUTS_ALONE, .stop = &cmd_signal_hurry
	};
	struct tr_error err;

	w->outs = tr_outs_new(&how);
	if (w->outs == NULL || tr_outs_guard(w->outs, replay) != 0) {
		cmd_say("out of memory");
		return false;
	}
	w->capture = tr_out_open(w->outs, capture, &err);
	if (w->capture < 0)
		cmd_say("%s", err.msg);
	return w->capture >= 0;
}

static void release(struct boot_wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	if (w->peer >= 0)
		close(w->peer);
	tr_close(w->trace);
	tr_outs_free(w->outs);
	free(w);
}

struct boot_wire *boot_wire_open(const char *replay, const char *capture)
{
	const struct tr_how how = { .stop = &cmd_signal_stop };
	struct boot_wire *w = calloc(1, sizeof(*w));
	struct tr_error err;
	int pair[2];

	if (w == NULL) {
		cmd_say("out of memory");
		return NULL;
	}
	w->fd = w->peer = -1;
	w->trace = tr_open(replay, &how, &err);
	if (w->trace == NULL) {
		cmd_say("%s", err.msg);
	} else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) !=
	           0) {
		cmd_say("a pair of sockets: %s", strerror(errno));
	} else {
		w->fd = pair[0];
		w->peer = pair[1];
		if (capture == NULL || open_capture(w, replay, capture))
			return w;
	}
	release(w);
	return NULL;
}

int boot_wire_fd(const struct boot_wire *w)
{
	return w->fd;
}

int boot_wire_take_peer(struct boot_wire *w)
{
	int fd = w->peer;

	w->peer = -1;
	return fd;
}

/* The machine is gone, and with it the wire. */
static void cut(struct boot_wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* Whether there is a packet at w->at. */
static bool fill(struct boot_wire *w)
{
	struct tr_error err;

	if (w->at < w->npkt)
		return true;
	if (w->end)
		return false;
	w->at = 0;
	w->npkt = tr_batch(w->trace, w->pkt, BATCH, &err);
	if (w->npkt > 0)
		return true;
	w->end = true;
	if (w->npkt < 0 && w->npkt != -TR_ESTOP)
		fault(w, err.msg);
	w->npkt = 0;
	return false;
}

/* The next frame that can go over a wire, to w->out. */
static bool next(struct boot_wire *w)
{
	const struct tr_pkt *p;

	while (fill(w)) {
		p = &w->pkt[w->at++];
		if (p->linktype != ETHERNET) {
			fault(w, "the trace has packets that are not of "
			         "Ethernet, which is all that a wire has");
			w->end = true;
			w->npkt = 0;
			return false;
		}
		if (p->caplen == 0 || p->caplen > FRAME_MAX) {
			w->skipped++;
			continue;
		}
		exo_put_be32(w->out, p->caplen);
		memcpy(w->out + HEAD, p->data, p->caplen);
		w->out_n = HEAD + p->caplen;
		w->out_at = 0;
		return true;
	}
	return false;
}

void boot_wire_send(struct boot_wire *w)
{
	while (w->fd >= 0 && (w->out_n > 0 || next(w))) {
		ssize_t n = send(w->fd, w->out + w->out_at,
		    w->out_n - w->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			cut(w);
			return;
		}
		w->out_at += (uint32_t)n;
		if (w->out_at == w->out_n) {
			keep(w, SENT, w->out + HEAD, w->out_n - HEAD);
			w->out_n = 0;
		}
	}
}

/* Take whole frames off the beginning of w->in. */
static void take(struct boot_wire *w)
{
	uint32_t at = 0, n;

	while (w->in_n - at >= HEAD) {
		n = exo_be32(w->in + at);
		if (n > WIRE_MAX) {
			fault(w, "QEMU: a frame on the wire has no length");
			cut(w);
			w->in_n = 0;
			return;
		}
		if (n > w->in_n - at - HEAD)
			break;
		keep(w, RECEIVED, w->in + at + HEAD, n);
		at += HEAD + n;
	}
	w->in_n -= at;
	memmove(w->in, w->in + at, w->in_n);
}

void boot_wire_receive(struct boot_wire *w)
{
	while (w->fd >= 0) {
		ssize_t n = recv(w->fd, w->in + w->in_n,
		    sizeof(w->in) - w->in_n, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			cut(w);
			return;
		}
		w->in_n += (uint32_t)n;
		take(w);
	}
}

bool boot_wire_over(const struct boot_wire *w)
{
	return w->fd < 0 || (w->end && w->out_n == 0);
}

uint64_t boot_wire_frames(const struct boot_wire *w)
{
	return w->count[SENT] + w->count[RECEIVED];
}

unsigned boot_wire_faults(const struct boot_wire *w)
{
	return w->faults;
}

int boot_wire_close(struct boot_wire *w, FILE *f)
{
	bool more = w->out_n > 0 || (w->faults == 0 && fill(w));
	struct tr_error err;
	int ret;

	fprintf(f, "%" PRIu64 " frames sent, %" PRIu64 " came back\n",
	    w->count[SENT], w->count[RECEIVED]);
	if (w->skipped > 0)
		cmd_say("%" PRIu64 " packets were not sent: they are empty, or "
		        "longer than %u bytes",
		    w->skipped, FRAME_MAX);
	if (more)
		cmd_say("the machine did not take all of the trace");
	if (w->outs != NULL && tr_outs_close(w->outs, &err) != 0) {
		while (tr_outs_error(w->outs, &err))
			cmd_say("%s", err.msg);
		w->faults++;
	}
	ret = w->faults > 0 ? CMD_FAULT : more ? CMD_NO : CMD_YES;
	release(w);
	return ret;
}
