/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a replay: one pass over the traces.
 */
#include "exo/hosted/replay.h"

#include "exo/abi/ring.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/signals.h"
#include "verifier/verifier.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void remember(struct replay *rp, char *text)
{
	size_t room = rp->errors_room == 0 ? 8 : rp->errors_room * 2;
	char **more;

	if (rp->nerrors == rp->errors_room) {
		more = realloc(rp->errors, room * sizeof(*more));
		if (more == NULL) {
			free(text);
			return;
		}
		rp->errors = more;
		rp->errors_room = room;
	}
	rp->errors[rp->nerrors++] = text;
}

void replay_error(struct replay *rp, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	cmd_progress_clear(&rp->progress);
	rp->failed = true;
	if (n < 0) {
		cmd_say("out of memory");
		return;
	}
	cmd_say("%s", text);
	remember(rp, text);
}

void replay_warn(struct replay *rp, const char *fmt, ...)
{
	va_list ap;

	cmd_progress_clear(&rp->progress);
	va_start(ap, fmt);
	cmd_vsay(NULL, fmt, ap);
	va_end(ap);
}

/*
 * Note n more packets of a kind, those of the batch that some binding took or
 * the others; times are in the order of arrival. The last of them is most often
 * among the last of the batch, and the first is looked for once.
 */
static void note(const struct replay *rp, const struct exo_pkt *p, uint32_t n,
    bool taken, struct replay_span *s)
{
	uint32_t last = rp->nbatch - 1, first = 0;

	if (n == 0)
		return;
	while ((p[last].matched != 0) != taken)
		last--;
	while (s->packets == 0 && (p[first].matched != 0) != taken)
		first++;
	if (s->packets == 0)
		s->first_ns = p[first].time_ns;
	s->packets += n;
	s->last_ns = p[last].time_ns;
}

/* Spans of time: of all packets, of those that some binding took, of others. */
static void account(struct replay *rp, const struct exo_pkt *p)
{
	uint64_t origin = rp->all.packets == 0 ? UINT64_MAX : rp->origin_ns;
	uint32_t n = rp->nbatch, taken = 0, i;

	for (i = 0; i < n; i++) {
		origin = p[i].time_ns < origin ? p[i].time_ns : origin;
		taken += p[i].matched != 0;
	}
	rp->origin_ns = origin;
	if (rp->all.packets == 0)
		rp->all.first_ns = p[0].time_ns;
	rp->all.packets += n;
	rp->all.last_ns = p[n - 1].time_ns;
	note(rp, p, taken, true, &rp->any);
	note(rp, p, n - taken, false, &rp->none);
}

/* Read the next batch. Returns the number of packets, 0 at the end. */
static uint32_t next_batch(struct replay *rp)
{
	struct tr_error err;
	int n;

	for (;;) {
		if (cmd_signal_stop != 0) {
			rp->interrupted = (int)cmd_signal_stop;
			return 0;
		}
		n = tr_run_batch(rp->run, rp->batch, REPLAY_BATCH, &err);
		if (n >= 0)
			return (uint32_t)n;
		if (n != -TR_ESTOP)
			replay_error(rp, "%s", err.msg);
	}
}

static void write_rest(struct replay *rp, const struct exo_pkt *pkts)
{
	uint32_t i;

	for (i = 0; i < rp->nbatch; i++) {
		if (pkts[i].matched == 0)
			replay_out_rest(rp, i);
	}
}

/*
 * How many of n packets may be given to the core at once: in the worst case all
 * owners get all of them, and their rings grow by as much before one is polled.
 */
static uint32_t slice(
    const struct replay *rp, const struct exo_pkt *p, uint32_t n)
{
	uint64_t room = rp->out_of == NULL ? UINT64_MAX : replay_ring_share(rp);
	uint32_t k;

	if (room == UINT64_MAX)
		return n;
	for (k = 0; k < n; k++) {
		uint64_t record = sizeof(struct exo_rec) + p[k].caplen;

		if (record > room)
			break;
		room -= record;
	}
	return k == 0 ? 1 : k;
}

static void ingest(struct replay *rp)
{
	struct exo_pkt *pkts = rp->pkts;
	uint32_t i, n;

	for (i = 0; i < rp->nbatch; i++) {
		const struct tr_pkt *p = &rp->batch[i];

		pkts[i] = (struct exo_pkt){
			.data = p->data,
			.caplen = p->caplen,
			.wirelen = p->wirelen,
			.time_ns = p->ts_ns,
			.linktype = tr_pkt_link(p),
			.ifindex = p->ifid,
		};
	}
	for (i = 0; i < rp->nbatch; i += n) {
		n = slice(rp, pkts + i, rp->nbatch - i);
		exo_ingest(rp->core, pkts + i, n);
	}
	account(rp, pkts);
	if (rp->rest >= 0)
		write_rest(rp, pkts);
	rp->base += rp->nbatch;
}

/* SIGUSR1 was noticed: between batches, or by a read that waits. */
static void on_report(void *user)
{
	struct replay *rp = user;

	if (cmd_signal_report == 0)
		return;
	cmd_signal_report = 0;
	cmd_progress_clear(&rp->progress);
	if (rp->outs != NULL)
		tr_outs_flush(rp->outs);
	replay_table(rp, stderr);
}

/* The pass itself. Returns 0, or how to exit when it had to be given up. */
static int pass(struct replay *rp)
{
	uint64_t done, total;
	int ret;

	while (rp->nbatch != 0 && !rp->unread) {
		ret = replay_bind_batch(rp);
		if (ret != 0)
			return ret;
		if (rp->outs == NULL && rp->wants_outs)
			ret = replay_out_open(rp);
		if (ret != 0)
			return ret;
		if (rp->outs != NULL)
			replay_out_ifaces(rp);
		ingest(rp);
		replay_out_errors(rp);
		tr_run_progress(rp->run, &done, &total);
		cmd_progress_draw(&rp->progress, done, total, rp->base);
		on_report(rp);
		rp->nbatch = next_batch(rp);
	}
	return 0;
}

/* Whether an input began like a capture, whatever came then. */
static bool any_header(const struct replay *rp)
{
	const struct replay_opts *o = rp->opts;
	size_t i;

	if (tr_run_failed(rp->run) < o->nfiles ||
	    tr_run_iface_count(rp->run) != 0)
		return true;
	for (i = 0; i < o->nfiles; i++) {
		if (tr_peek(o->files[i], NULL) != TR_PEEK_NOTHING)
			return true;
	}
	return false;
}

/* A trace without packets: the filters are judged, the outputs made. */
static int pass_empty(struct replay *rp)
{
	const struct tr_iface *iface = tr_run_iface(rp->run, 0);
	int ret = 0;

	if (rp->interrupted == 0)
		ret = replay_bind_link(
		    rp, iface != NULL ? tr_link(iface->linktype, iface->swapped)
		                      : CMD_LINKTYPE_DEFAULT);
	if (ret == 0 && rp->wants_outs && any_header(rp))
		ret = replay_out_open(rp);
	return ret;
}

static int make_core(struct replay *rp)
{
	const struct exo_core_config cfg = {
		.verify_insns = VF_EXPLORED_DEFAULT,
		.verify_mem = VF_MEM_DEFAULT,
		.compile_mem = (uint64_t)1 << 30,
		.without = rp->opts->jit.without,
		.harden = rp->opts->jit.harden,
		.judge = rp->opts->judge,
		.region_steps = CMD_REGION_STEPS,
	};
	int ret = exo_core_new(&cfg, &rp->core);

	if (ret != 0) {
		replay_error(rp, "no core: %s", cmd_diag_error(ret));
		return CMD_FAULT;
	}
	ret = rp->opts->perf_map ? cmd_perf_map_open(&rp->perf_map) : 0;
	if (ret == 0)
		return 0;
	replay_error(rp, "--perf-map: cannot make %s: %s", rp->perf_map.path,
	    strerror(ret));
	return CMD_FAULT;
}

static int setup(struct replay *rp)
{
	const struct tr_how how = {
		.stop = &cmd_signal_stop, .awake = on_report, .user = rp
	};
	struct tr_error err;
	int ret = make_core(rp);
	uint32_t i;

	if (ret != 0)
		return ret;
	rp->order = calloc(rp->set.n, sizeof(*rp->order));
	rp->link_of = calloc(TR_LINK_COUNT, sizeof(*rp->link_of));
	if (rp->opts->out != NULL)
		rp->out_of = calloc(rp->set.n, sizeof(*rp->out_of));
	if (rp->order == NULL || rp->link_of == NULL ||
	    (rp->opts->out != NULL && rp->out_of == NULL)) {
		replay_error(rp, "out of memory");
		return CMD_FAULT;
	}
	for (i = 0; rp->out_of != NULL && i < rp->set.n; i++)
		rp->out_of[i] = -1;
	rp->wants_outs = rp->opts->out != NULL || rp->opts->rest != NULL;
	cmd_bindings_order(&rp->set, rp->order);
	ret = replay_owners_open(rp);
	if (ret != 0)
		return ret;
	rp->run = tr_run_open(rp->opts->files, rp->opts->nfiles,
	    rp->opts->merge ? TR_MERGE : TR_IN_TURN, &how, &err);
	if (rp->run == NULL)
		replay_error(rp, "%s", err.msg);
	return rp->run == NULL ? CMD_FAULT : 0;
}

static void show(struct replay *rp)
{
	FILE *f = replay_out_stdout(rp) ? stderr : stdout;

	if (rp->opts->json) {
		replay_json(rp, stdout);
		return;
	}
	if (!rp->opts->only_maps && (rp->base != 0 || !rp->failed))
		replay_table(rp, f);
	if (rp->opts->maps)
		replay_maps(rp, f);
}

static int verdict(const struct replay *rp)
{
	if (rp->disagree)
		return CMD_DISAGREE;
	if (rp->failed)
		return CMD_FAULT;
	return rp->interrupted != 0 ? 128 + rp->interrupted : CMD_YES;
}

/* Nothing was counted: there is no table, but an object with --json. */
static int give_up(struct replay *rp, int ret)
{
	if (rp->opts->json)
		replay_json(rp, stdout);
	return cmd_finish(ret);
}

int replay_run(struct replay *rp)
{
	int ret;

	rp->rest = -1;
	cmd_keep(false); /* replay_error() keeps what it says itself */
	cmd_signals_catch();
	cmd_progress_init(&rp->progress, !rp->opts->quiet);
	rp->start_clock = plat_clock_ns();
	ret = setup(rp);
	if (ret != 0)
		return give_up(rp, ret);
	rp->nbatch = next_batch(rp);
	ret = rp->nbatch != 0 ? pass(rp) : pass_empty(rp);
	cmd_progress_clear(&rp->progress);
	replay_out_close(rp);
	if (ret != 0 && rp->base == 0)
		return give_up(rp, ret);
	replay_bind_check(rp);
	replay_check(rp);
	show(rp);
	if (ret == 0)
		ret = verdict(rp);
	return cmd_finish(ret);
}

void replay_free(struct replay *rp)
{
	size_t i;

	tr_outs_free(rp->outs);
	tr_run_close(rp->run);
	exo_core_free(rp->core);
	cmd_perf_map_close(&rp->perf_map);
	replay_owners_close(rp);
	replay_bind_free(rp);
	replay_denied_free(rp);
	for (i = 0; i < rp->nerrors; i++)
		free(rp->errors[i]);
	free(rp->errors);
	free(rp->order);
	free(rp->link_of);
	free(rp->out_of);
	cmd_bindings_free(&rp->set);
}
