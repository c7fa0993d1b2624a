/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing packet traces: the contract.
 *
 * Overview
 *	An output set holds any number of capture files being written.  Each
 *	is pcap or pcapng by its extension.  Packets are gathered in a buffer
 *	per output, of 256 KiB at most, under one bound on memory for all: near
 *	the bound those are written out that hold much and fill slowly, where
 *	there are many outputs by a thread.  Only records longer than that, or
 *	than a quarter of the bound, have memory beside it, one at a time.  File
 *	descriptors are kept for the outputs used last, the others are closed and reopened for
 *	appending, so 20,000 outputs work under any sensible RLIMIT_NOFILE.
 *	What is no regular file (FIFO, device, standard output) stays open.
 *
 * What survives
 *	pcap: nanoseconds, link type and FCS length.  pcapng: interfaces (those
 *	used, once each, before their first packet, with all their options),
 *	raw time stamps, packet options, the options of the first section.
 *	Everything is written in this machine's byte order, and so is the address
 *	family that NULL and ENC packets begin with: a file says by its own
 *	order what order it is in.
 *
 * Failure
 *	An output that fails keeps every whole record already written (a
 *	partial one is cut off a regular file), counts what it loses, and is
 *	reported once by tr_outs_error().  The others go on.  The caller must
 *	ignore SIGPIPE and SIGXFSZ.
 */
#ifndef EXO_HOSTED_TRACE_OUT_H
#define EXO_HOSTED_TRACE_OUT_H

#include "exo/hosted/trace.h"

struct tr_outs;

/* Whether a thread may do the writing. */
enum tr_outs_thread {
	TR_OUTS_HELPED, /* where there are many outputs, and two processors */
	TR_OUTS_ALONE,
	TR_OUTS_THREAD, /* wherever there can be one: for tests */
};

struct tr_outs_how {
	bool nano;     /* pcap outputs in nanoseconds from the start */
	size_t memory; /* bound on all buffers, bytes; 0: 64 MiB */
	enum tr_outs_thread thread;
	unsigned files; /* descriptors to keep; 0: RLIMIT_NOFILE less 64 */
	const volatile sig_atomic_t *stop; /* ends a blocked write; or NULL */
};

struct tr_out_stat {
	const char *path;
	uint64_t
	    packets;   /* handed over and not lost: in the file once closed */
	uint64_t lost; /* handed over but not in the file */
	uint64_t rounded; /* lost digits of their time: pcap in microseconds */
	uint64_t cut;     /* shortened to what a pcap file may hold */
	bool failed;      /* has an error; tr_outs_error() tells it once */
};

/**
 * Raise the process's own limit on descriptors, as far as the system lets it,
 * so that a set that is made then can keep count outputs open.  Whatever comes
 * of it, outputs work: those that are too many are closed and reopened.
 */
void tr_outs_limit(size_t count);

/** An empty set; how may be NULL.  Returns NULL when out of memory. */
struct tr_outs *tr_outs_new(const struct tr_outs_how *how);

/**
 * Never write over this input (same device and inode).  "-" is standard input.
 * Call for every input before opening outputs.  A path that cannot be looked
 * at is passed over: whoever reads it will say so.  Returns 0 or -TR_EMEM.
 */
int tr_outs_guard(struct tr_outs *set, const char *path);

/**
 * Say which interface empty pcap outputs take their link type from (the first
 * that is known).  Without it: the first interface written, else Ethernet.
 */
void tr_outs_hint(struct tr_outs *set, const struct tr_iface *first);

/** pcap outputs whose header is not yet written will have nanoseconds. */
void tr_outs_nano(struct tr_outs *set);

/** What the beginning of an input tells. */
enum tr_peek {
	TR_PEEK_NOTHING, /* no regular file, not readable, or no capture */
	TR_PEEK_HEADER,  /* its file header is valid */
	TR_PEEK_NANO,    /* and it has times finer than microseconds */
};

/**
 * Look at an input that is a regular file, packed or not, before it is read:
 * at its file header and, in pcapng, at the interfaces that the first 64 KiB
 * describe before the first packet.  "-" is standard input, which stays where
 * it is.  stop ends it early; or NULL.
 */
enum tr_peek tr_peek(const char *path, const volatile sig_atomic_t *stop);

/**
 * True when the extension of path names a format; "-" does (it is pcap).
 * For checking arguments before anything is opened.
 */
bool tr_out_path_ok(const char *path);

/**
 * True when path means standard output: "-", or "-" and nothing but an
 * extension, which says the format ("-.pcapng").  "./-.pcap" is a file.
 */
bool tr_out_is_stdout(const char *path);

/**
 * What tr_out_open() would say about a file that is a guarded input, without
 * opening, making or emptying anything.  Returns 0, or -TR_EUSAGE with *err
 * filled in.
 */
int tr_out_check(
    const struct tr_outs *set, const char *path, struct tr_error *err);

/**
 * Create or empty a file; returns its id (0, 1, 2, ...).
 * .pcap and .cap are pcap, .pcapng and .ng pcapng, also on standard output (see
 * tr_out_is_stdout()).  Refuses any other extension, a file that is a guarded
 * input, and one that another output of the set already is: the same device and
 * inode, whatever links lead there.  Links are followed otherwise.
 * Returns -enum tr_code with *err filled in; an existing file is unharmed then.
 */
int tr_out_open(struct tr_outs *set, const char *path, struct tr_error *err);

/**
 * Have at hand what writing to these outputs, in this order, will need: there
 * may be so many that nothing of them is in a cache.  A hint, with no effect
 * but on time; n is best some tens.
 */
void tr_outs_soon(const struct tr_outs *set, const int *ids, size_t n);

/**
 * Append a packet; iface must be the one that p->ifid names.
 * ifaces of one set must come from one table (one run), for they are told
 * apart by iface->id.  A pcap output takes its link type from its first
 * packet and loses packets of any other.
 * Returns 0, or 1 when the packet is lost (counted, see tr_outs_error()).  One
 * that is still in a buffer may be lost later: it is counted then.
 */
int tr_out_write(struct tr_outs *set, int id, const struct tr_pkt *p,
    const struct tr_iface *iface);

/**
 * Write out what is buffered, e.g. on SIGUSR1; a file without packets becomes
 * a valid empty one, whose header is made anew when its first packet comes.
 * Every output can be read then, but for a pipe without packets.
 * Failures are queued.
 */
void tr_outs_flush(struct tr_outs *set);

/**
 * Take the next error that was not reported yet.
 * Returns false when there is none.  Cheap: call it after every batch.
 */
bool tr_outs_error(struct tr_outs *set, struct tr_error *err);

/** Numbers of one output; final after tr_outs_close(). */
void tr_out_stat(const struct tr_outs *set, int id, struct tr_out_stat *st);
int tr_outs_count(const struct tr_outs *set);

/**
 * Flush and close all; an output without packets becomes a valid empty file.
 * Returns 0, or the code of the first error that any output ever had, negated,
 * with *err (may be NULL) filled in.  Numbers and errors stay to be asked for.
 */
int tr_outs_close(struct tr_outs *set, struct tr_error *err);

/** Close if not yet closed, and free; NULL is fine. */
void tr_outs_free(struct tr_outs *set);

#endif
