/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our trace reader against libpcap's, on every file it is pointed at.
 *
 * For each file: the same packets in the same order with the same bytes,
 * lengths, link type (and byte order of its header, where that is left as it
 * is) and nanoseconds, and the same verdict at the end.  Where
 * libpcap refuses a file, so must we, after the same packets, unless the
 * reason is one of those for which we read more on purpose.
 *
 *	diff_trace [-v] [FILE|DIRECTORY ...]
 *
 * Each file is read in every way that there is: copied, mapped in small
 * windows, and ahead by a thread.
 *
 * Without names: pcaps/ of the source tree, traces of the other byte order made
 * of one of them, and $EXOPF_TRACES where set.
 * Exit status 3 when there is a difference.
 */
#include "exo/hosted/trace.h"

#include "tests/support/swapped.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifndef EXOPF_SRCDIR
#define EXOPF_SRCDIR "."
#endif
#define BATCH 64

static bool verbose;
static bool again; /* in another way: nothing is told twice */
static uint64_t n_files, n_packets, n_diffs, n_both, n_ours;
static uint64_t n_before; /* packets of the files before this one */

/* What libpcap made of a file and where we stand in it. */
struct oracle {
	const char *path;
	pcap_t *p; /* NULL: refused at once */
	uint32_t linktype;
	uint64_t seen;
	char why[PCAP_ERRBUF_SIZE];
};

/* Our reader as one packet at a time. */
struct ours {
	struct tr_reader *r;
	struct tr_pkt pkt[BATCH];
	int n, at;
	struct tr_error err;
};

static void differ(const char *path, const char *what, uint64_t number,
    int64_t theirs, int64_t mine)
{
	n_diffs++;
	printf("DIFFERENT %s: packet %" PRIu64 ": %s: libpcap %" PRId64
	       ", ours %" PRId64 "\n",
	    path, number, what, theirs, mine);
}

/* libpcap keeps the LINKTYPE_ value to itself, but writes it. */
static uint32_t oracle_linktype(pcap_t *p)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	pcap_dumper_t *d = pcap_dump_fopen(p, f);
	uint32_t type = UINT32_MAX;

	if (d == NULL) {
		fclose(f);
	} else {
		pcap_dump_close(d);
		if (len >= 24)
			memcpy(&type, text + 20, 4);
	}
	free(text);
	return type;
}

static void oracle_open(struct oracle *o, const char *path)
{
	*o = (struct oracle){ .path = path };
	o->p = pcap_open_offline_with_tstamp_precision(
	    path, PCAP_TSTAMP_PRECISION_NANO, o->why);
	if (o->p != NULL)
		o->linktype = oracle_linktype(o->p);
}

/* The next packet: 1; 0 at a proper end; -1 with o->why set. */
static int oracle_next(
    struct oracle *o, struct pcap_pkthdr **h, const u_char **data)
{
	int rc;

	if (o->p == NULL)
		return -1;
	rc = pcap_next_ex(o->p, h, data);
	if (rc == 1) {
		o->seen++;
		return 1;
	}
	if (rc == PCAP_ERROR_BREAK)
		return 0;
	(void)snprintf(o->why, sizeof(o->why), "%s", pcap_geterr(o->p));
	return -1;
}

static int ours_next(struct ours *u, const struct tr_pkt **k)
{
	if (u->r == NULL)
		return -1;
	if (u->at == u->n) {
		u->n = tr_batch(u->r, u->pkt, BATCH, &u->err);
		u->at = 0;
		if (u->n <= 0)
			return u->n < 0 ? -1 : 0;
	}
	*k = &u->pkt[u->at++];
	return 1;
}

/*
 * Nanoseconds as libpcap has them.  In a pcap file both fields are 32 bits;
 * libpcap takes them for signed where the file is in our byte order and for
 * unsigned where it is not (2038 becomes 1901 in one of two files that say the
 * same), so we compare the bits of the fields, read as unsigned.
 */
static uint64_t oracle_time(
    const struct pcap_pkthdr *h, const struct tr_iface *f)
{
	int64_t scale = f->nano ? 1 : 1000;
	uint32_t frac = (uint32_t)(h->ts.tv_usec / scale);

	if (f->ng)
		return (uint64_t)h->ts.tv_sec * 1000000000U +
		       (uint64_t)h->ts.tv_usec;
	return (uint64_t)(uint32_t)h->ts.tv_sec * 1000000000U +
	       (uint64_t)frac * (uint64_t)scale;
}

static void compare_packet(const struct oracle *o, const struct ours *u,
    const struct pcap_pkthdr *h, const u_char *data, const struct tr_pkt *k)
{
	uint64_t t = oracle_time(h, tr_iface_at(u->r, k->ifid));

	n_packets++;
	if (h->caplen != k->caplen)
		differ(o->path, "caplen", o->seen, h->caplen, k->caplen);
	else if (memcmp(data, k->data, k->caplen) != 0)
		differ(o->path, "bytes", o->seen, 0, 1);
	if (h->len != k->wirelen)
		differ(o->path, "length", o->seen, h->len, k->wirelen);
	if (t != k->ts_ns)
		differ(o->path, "time", o->seen, (int64_t)t, (int64_t)k->ts_ns);
	/* Values with no LINKTYPE_ (12) are DLT_s in the file; libpcap too. */
	if ((o->linktype & 0xffff) != k->linktype &&
	    pcap_datalink(o->p) != k->linktype)
		differ(o->path, "link type", o->seen, o->linktype, k->linktype);
	if ((pcap_is_swapped(o->p) &&
	        (k->linktype == 0 || k->linktype == 109)) != k->swapped)
		differ(o->path, "swapped", o->seen, !k->swapped, k->swapped);
	if (o->seen != k->number)
		differ(o->path, "number", o->seen, (int64_t)o->seen,
		    (int64_t)k->number);
}

/* Why we read what libpcap refuses; NULL: we should not. */
static const char *licence(const struct oracle *o, const struct ours *u)
{
	static const char *const more[][2] = {
		{ "different from the type of the first", "mixed link types" },
		{ "different from the snapshot length", "mixed snaplens" },
		{ "no Interface Description Blocks", "an empty pcapng" },
		{ "different byte orders", "sections of either byte order" },
	};

	if (u->r != NULL && strstr(tr_kind(u->r), " in ") != NULL)
		return "packed";
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (strstr(o->why, more[i][0]) != NULL)
			return more[i][1];
	return NULL;
}

/* libpcap refused the rest: judge what we do with it. */
static void compare_refusal(const struct oracle *o, struct ours *u, int mine)
{
	const char *why = licence(o, u);
	const struct tr_pkt *k;
	uint64_t more = 0;

	if (mine < 0) {
		n_both++;
		if (verbose && !again)
			printf("refused by both: %s\n\tlibpcap: %s\n\tours: "
			       "%s\n",
			    o->path, o->why, u->err.msg);
		return;
	}
	for (; mine == 1; mine = ours_next(u, &k))
		more++;
	if (why == NULL) {
		n_diffs++;
		printf("DIFFERENT %s: libpcap refuses (%s), we read %" PRIu64
		       " more\n",
		    o->path, o->why, more);
		return;
	}
	n_ours++;
	if (again)
		return;
	printf("read by us only: %s: %s (%" PRIu64 " packets more%s%s)\n",
	    o->path, why, more, mine < 0 ? ", then " : "",
	    mine < 0 ? u->err.msg : "");
}

/* Read a file in one way; only the first one counts. */
static void compare_way(const char *path, enum tr_io io)
{
	const struct tr_how how = { .io = io,
		.window = io == TR_IO_MAP ? 3 * 4096 : 0 };
	const struct tr_pkt *k = NULL;
	struct pcap_pkthdr *h = NULL;
	const u_char *data = NULL;
	struct ours u = { 0 };
	struct oracle o;
	int theirs, mine;

	oracle_open(&o, path);
	u.r = tr_open(path, &how, &u.err);
	do {
		theirs = oracle_next(&o, &h, &data);
		mine = ours_next(&u, &k);
		if (theirs == 1 && mine == 1)
			compare_packet(&o, &u, h, data, k);
	} while (theirs == 1 && mine == 1);
	if (theirs < 0) {
		compare_refusal(&o, &u, mine);
	} else if (theirs != mine) {
		n_diffs++;
		printf("DIFFERENT %s: after %" PRIu64 " packets libpcap says "
		       "%d, we say %d (%s)\n",
		    path, o.seen, theirs, mine, u.err.msg);
	}
	if (o.p != NULL)
		pcap_close(o.p);
	tr_close(u.r);
}

static void compare_file(const char *path)
{
	uint64_t packets, both, ours;

	n_files++;
	compare_way(path, TR_IO_READ);
	packets = n_packets;
	both = n_both;
	ours = n_ours;
	again = true;
	compare_way(path, TR_IO_MAP);
	compare_way(path, TR_IO_AHEAD);
	compare_way(path, TR_IO_TURNS);
	again = false;
	if (n_packets - packets != 3 * (packets - n_before))
		differ(path, "packets in every way", packets, 0, 1);
	n_packets = packets;
	n_before = packets;
	n_both = both;
	n_ours = ours;
}

static int visit(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type == FTW_F && S_ISREG(st->st_mode))
		compare_file(path);
	return 0;
}

/* Returns false when there is nothing of that name. */
static bool compare_tree(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	if (nftw(path, visit, 16, FTW_PHYS) != 0) {
		printf("diff_trace: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	return true;
}

static void compare_swapped(void)
{
	char dir[64];

	if (!swapped_folder(EXOPF_SRCDIR "/pcaps/web4.pcap", dir)) {
		printf("diff_trace: no swapped traces: %s\n", strerror(errno));
		exit(2);
	}
	(void)compare_tree(dir);
	swapped_folder_gone(dir);
}

static void compare_defaults(void)
{
	const char *traces = getenv("EXOPF_TRACES");

	if (!compare_tree(EXOPF_SRCDIR "/pcaps"))
		printf("diff_trace: skipped pcaps/: it is not there\n");
	else
		compare_swapped();
	if (traces == NULL || *traces == '\0')
		printf("diff_trace: skipped more traces: EXOPF_TRACES is not "
		       "set\n");
	else if (!compare_tree(traces))
		printf("diff_trace: skipped %s: it is not there\n", traces);
}

int main(int argc, char **argv)
{
	int i = 1;

	if (argc > 1 && strcmp(argv[1], "-v") == 0) {
		verbose = true;
		i++;
	}
	if (i == argc)
		compare_defaults();
	for (; i < argc; i++)
		if (!compare_tree(argv[i])) {
			fprintf(
			    stderr, "diff_trace: no such file: %s\n", argv[i]);
			return 2;
		}
	printf("diff_trace: %" PRIu64 " files, %" PRIu64 " packets, %" PRIu64
	       " differences (%" PRIu64 " refused by both, %" PRIu64
	       " read by us only)\n",
	    n_files, n_packets, n_diffs, n_both, n_ours);
	return n_diffs == 0 ? 0 : 3;
}
