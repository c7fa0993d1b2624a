/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of `exopf replay` share.
 *
 * Overview
 *	cmd_replay.c reads the arguments, replay.c runs: it reads batches from
 *	the trace and feeds them to the core. replay_owner.c are the libOSes,
 *	consumers of one ring each; replay_grant.c are the keys that they hold;
 *	replay_bind.c binds the filters when a link type appears, while a
 *	thread compiles the next ones (ahead.c); replay_denied.c tells what
 *	authority refuses; replay_name.c names the outputs, replay_out.c writes
 *	them; replay_total.c adds up, replay_table.c, replay_maps.c and replay_json.c show it.
 *
 * The path of a packet
 *	tr_run_batch -> exo_ingest -> ring -> plat_notify -> lnet_tap_poll ->
 *	replay_out_record -> tr_out_write. A record names its packet by number;
 *	bytes, interface and options are those of that packet in the current
 *	batch, so that a record has one byte of it.
 */
#ifndef EXO_HOSTED_REPLAY_H
#define EXO_HOSTED_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "exo/abi/call.h"
#include "exo/core/core.h"
#include "exo/hosted/ahead.h"
#include "exo/hosted/binding.h"
#include "exo/hosted/json.h"
#include "exo/hosted/passes.h"
#include "exo/hosted/perf_map.h"
#include "exo/hosted/plat_hosted.h"
#include "exo/hosted/progress.h"
#include "exo/hosted/trace.h"
#include "exo/hosted/trace_out.h"
#include "exo/hosted/witness.h"
#include "libos-net/tap.h"

#define REPLAY_BATCH 256u

/** Records that are gathered before they are written. */
#define REPLAY_GATHER 32u

/** Bytes that the path of an output may have, with the NUL. */
#define REPLAY_PATH 4096u

/** Who gets a packet that several bindings accept. */
enum replay_policy {
	REPLAY_ALL,       /* all of them */
	REPLAY_FIRST,     /* the first of all owners' */
	REPLAY_EXCLUSIVE, /* the first of the one owner that may claim it */
};

/** What the command line asks for. */
struct replay_opts {
	const char **files; /* traces */
	size_t nfiles;
	const char **lists; /* files of bindings */
	size_t nlists;
	const char *out;     /* pattern with {name}; NULL: no outputs */
	const char *rest;    /* NULL: none */
	const char **grants; /* as texts, in order after those of lists */
	size_t ngrants;
	const char
	    *emit; /* pattern for witnesses; NULL: they are not written */
	enum replay_policy policy;
	bool merge;
	bool no_optimize;
	bool json;
	bool maps;      /* show what is in maps at the end */
	bool only_maps; /* and nothing else */
	bool quiet;     /* no progress bar */
	bool judge;     /* interpret each packet, too */
	bool perf_map;
	struct cmd_jit jit;
};

struct replay;

/** A libOS: all bindings of one owner, one environment, one ring. */
struct replay_owner {
	const char *name; /* a binding's string */
	struct replay *rp;
	struct plat_env plat;
	struct lnet_tap tap;
	struct exo_ring *ring; /* NULL: it only counts */
	size_t ring_bytes;
	uint64_t env;
	struct exo_key *keys; /* those that the policy's bindings need, in the
	                         order in which they are tried */
	uint32_t nkeys;
	uint32_t grants;   /* that it has, whatever their rights */
	bool told;         /* that it has none */
	uint64_t records;  /* received */
	uint64_t released; /* tail of the ring when its pages went back */
	uint32_t bindings; /* that it owns */
	bool broken;       /* the ring held what is no record: our mistake */
};

/** What became of a binding, over all link types. */
struct replay_sum {
	uint64_t matched, bytes, delivered, dropped, differed;
	uint64_t first_ns,
	    last_ns; /* of arrival; valid when matched is not 0 */
};

/** Packets of a kind: how many, the first one's time, the last one's. */
struct replay_span {
	uint64_t packets, first_ns, last_ns;
};

/** A link type that appeared. */
struct replay_link {
	uint32_t linktype; /* as tr_link() tells them apart */
	uint64_t packets;
	uint64_t *bound; /* the core's name of each binding, or UNBOUND;
			    NULL: one link type too many, none is bound */
};

#define REPLAY_UNBOUND UINT64_MAX

/** Link types that filters are bound for; a hostile trace may have more. */
#define REPLAY_LINKS_MAX 256u

/** A binding that matches nothing in a link type, and why. */
struct replay_refusal {
	uint32_t binding;
	uint32_t linktype;
	char *why;
};

/** Why authority refuses a binding. */
enum replay_why {
	REPLAY_NO_GRANT, /* its owner has none */
	REPLAY_NO_RIGHT, /* none of them has the policy's right */
	REPLAY_OUTSIDE,  /* its claim is not inside them */
	REPLAY_CONFLICT, /* another owner's binding claims some of it */
	REPLAY_LENT,     /* some of it is lent */
	REPLAY_BUDGET,   /* what it claims cannot be compared within bounds */
};

#define REPLAY_NOBODY UINT32_MAX

/** A binding that authority refuses. */
struct replay_denial {
	enum replay_why why;
	uint32_t binding;
	uint32_t linktype;
	uint32_t other;       /* the binding in the way, or REPLAY_NOBODY */
	struct cmd_witness x; /* a packet that shows it; its bytes are ours */
};

/** One run. */
struct replay {
	const struct replay_opts *opts;
	struct cmd_bindings set;
	uint32_t *order; /* of asking: indices into set.v */
	struct exo_core *core;
	struct replay_owner *owners;
	uint32_t nowners;
	uint32_t *owner_of; /* each binding's */

	struct replay_link *links;
	uint32_t nlinks;
	uint32_t *link_of; /* by tr_link(): its index in links, plus 1; or 0 */
	struct replay_refusal *refusals;
	size_t nrefusals, refusals_room;
	struct replay_denial *denials;
	size_t ndenials, denials_room;
	uint32_t
	    *granted; /* indices into set.grants, by owner, then in order */
	_Alignas(8) uint8_t witness[EXO_WITNESS_BYTES]; /* of the last BIND */
	struct cmd_ahead *ahead; /* compiles while filters are bound; or NULL */

	struct tr_run *run;
	struct tr_pkt batch[REPLAY_BATCH];
	struct exo_pkt pkts[REPLAY_BATCH]; /* the same, for the core */
	uint32_t nbatch;
	uint64_t base; /* the core's number of batch[0] */

	struct tr_outs *outs;
	int *out_of; /* each binding's output, or -1; NULL: no outputs */
	int rest;    /* or -1 */
	uint32_t ngather;
	int gather_out[REPLAY_GATHER];  /* where each goes */
	uint32_t gather[REPLAY_GATHER]; /* places in the batch */
	uint32_t ifaces;                /* looked at so far */

	struct replay_span all, any, none; /* any: some binding took them */
	uint64_t origin_ns;                /* the earliest packet's time */
	uint64_t start_clock;
	int interrupted; /* signal that ended the run, or 0 */
	bool wants_outs; /* packets are to be written somewhere */
	bool to_stdout;  /* and some of them to standard output */
	bool unread;     /* nobody reads the only output any more */
	bool failed;     /* an error was reported */
	bool disagree;   /* our own counts contradict each other */
	char **errors;   /* what was said, for --json */
	size_t nerrors, errors_room;
	struct cmd_perf_map perf_map;
	struct cmd_progress progress;
};

/* replay.c */
/** Run. rp is zeroed but for opts and set; replay_free() at the end.
 * Returns how to exit; results have been printed. */
int replay_run(struct replay *rp);
void replay_free(struct replay *rp);
/** Say what is wrong, and keep it for --json. */
void replay_error(struct replay *rp, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/** Say what need not worry; not kept. */
void replay_warn(struct replay *rp, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* replay_owner.c */
/** Make the environments. Returns 0 or CMD_FAULT, having said why. */
int replay_owners_open(struct replay *rp);
void replay_owners_close(struct replay *rp);
/** Bytes that each owner's ring may hold until it is polled. */
uint64_t replay_ring_share(const struct replay *rp);

/** What the policy asks of a key, and how bindings take part. */
uint32_t replay_right(const struct replay *rp);
uint32_t replay_mode(const struct replay *rp);
const char *replay_policy_text(enum replay_policy policy);

/* replay_grant.c */
/** Sort the grants by their owners. Returns 0 or -EXO_ENOMEM. */
int replay_grants_sort(struct replay *rp);
/** True when owners have what is granted to them, and nothing else. */
bool replay_is_granted(const struct replay *rp);
/**
 * Make an owner's keys. *next is the first grant, in the sorted order, that was
 * not looked at; owners come in the order of their names.
 * Returns 0, or negative as exo_grant().
 */
int replay_keys_make(struct replay *rp, struct replay_owner *o, uint32_t *next);
/** Call BIND with the owner's keys, one after the other, until one will do. */
int replay_bind_call(struct replay *rp, const struct replay_owner *o,
    const struct cmd_binding *b, struct exo_call_bind *call);

/* replay_denied.c */
/** True when BIND's result, whose report has this code, is authority's. */
bool replay_is_denied(int err, uint32_t report_code);
/** Say why authority refuses, and keep it. Returns CMD_NO or CMD_FAULT. */
int replay_denied(
    struct replay *rp, const struct cmd_binding *b, uint32_t linktype, int err);
/** Write the witnesses to where --emit-witness says. Returns 0 or CMD_FAULT. */
int replay_witnesses(struct replay *rp);
const char *replay_why_text(enum replay_why why);
void replay_denied_free(struct replay *rp);

/* replay_bind.c */
/** Bind every filter for a link type that was not seen before.
 * Returns 0; CMD_NO when authority refused some; CMD_FAULT or CMD_DISAGREE:
 * then the run cannot go on. */
int replay_bind_link(struct replay *rp, uint32_t linktype);
/** Bind for each link type that is new in the current batch. */
int replay_bind_batch(struct replay *rp);
/** The name of a link type, as tr_link() tells them apart. */
const char *replay_link_text(uint32_t link, char buf[64]);
#define REPLAY_PLACE 420u
/** Where a binding was written, to stand before its name. */
const char *replay_place(const struct cmd_binding *b, char buf[REPLAY_PLACE]);
/** Say which bindings libpcap refused for every link type of the trace. */
void replay_bind_check(struct replay *rp);
void replay_bind_free(struct replay *rp);

/* replay_name.c */
/** Check the patterns, before anything is read. 0 or CMD_FAULT. */
int replay_out_check(struct replay *rp);
/** True when packets go to standard output, so that nothing else may: it was
 * named, or a file is the same one. Known after replay_out_check(). */
bool replay_out_stdout(const struct replay *rp);
/** The path of a binding's output; false when it is too long. */
bool replay_out_name(
    const char *pattern, const struct cmd_binding *b, char out[REPLAY_PATH]);
/** A set of outputs, empty, that will not write over any input; or NULL. */
struct tr_outs *replay_out_set(const struct replay *rp);

/* replay_out.c */
/** Open all outputs. Returns 0 or CMD_FAULT, having said why. */
int replay_out_open(struct replay *rp);
/** Look at interfaces that are new, before their packets are written. */
void replay_out_ifaces(struct replay *rp);
/** Write the packet of one record to its binding's output; the libOSes call it,
 * and replay_out_written(), which ends the records of a ring. */
void replay_out_record(struct replay *rp, const struct exo_rec *rec);
void replay_out_written(struct replay *rp);
/** Write packet i of the batch to the rest. */
void replay_out_rest(struct replay *rp, uint32_t i);
/** Report errors of outputs that were not reported yet. */
void replay_out_errors(struct replay *rp);
/** Close all; what they lost is known afterwards. */
void replay_out_close(struct replay *rp);
/** Numbers of a binding's output; false when it has none. */
bool replay_out_stat(
    const struct replay *rp, uint32_t binding, struct tr_out_stat *st);

/* replay_total.c */
/** Add up what became of a binding. */
void replay_sum(
    const struct replay *rp, uint32_t binding, struct replay_sum *sum);
/** Compare all counts that must agree; sets rp->disagree. */
void replay_check(struct replay *rp);

/* replay_table.c */
void replay_table(struct replay *rp, FILE *f);

/* replay_maps.c */

/** Print what is in bindings' maps. */
void replay_maps(struct replay *rp, FILE *f);

/** Write a binding's as member "maps": a list of link types with theirs. */
void replay_maps_json(struct replay *rp, struct cmd_json *j, uint32_t binding);

/* replay_json.c */
void replay_json(struct replay *rp, FILE *f);

#endif
