/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects that others wrote: our verdicts beside Linux's, and what accepted
 * programs do with packets, by both engines and by Linux.
 *
 * usage: diff_objects [-a ENOUGH] [-n FRAMES] [-s SEED] [-o ROWS] -p CAPTURES
 *        -k KNOWN OBJECT...
 *
 * Each program for packets of each object is verified by us and, loaded by
 * libbpf, by the kernel that this runs on. What names something that exopf does
 * not mean to have is out of scope, by that name. What both accept and depends
 * on no clock and no chance is run on the whole Ethernet frames of the captures
 * below a folder (about FRAMES of them), with maps that were filled alike:
 * results, packets and, at the end, maps have to be the same. Differences that
 * have a reason are rows of KNOWN. ROWS gets a line for each program:
 * object,function,type,ours,linux,why.
 *
 * Exit: 0 all is well; 1 a difference without a reason, or less than ENOUGH
 * (95) per cent of what Linux accepts and is in scope is accepted; 2 it could not be
 * tried; 77 bpf(2) is not allowed.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "exo/hosted/cmd.h"
#include "tests/objects/objects.h"

#define PROGRAMS 4096u

static struct {
	uint32_t programs, in_scope, linux_accepts, both, ours_only, ran;
	uint32_t vary; /* programs whose result is not always the same */
	uint64_t packets;
	uint32_t differences, explained;
	double ratio[PROGRAMS]; /* Linux's time by ours */
	uint32_t nratios;
} total;

static struct ob_frames frames;
static struct spacegen gen = { .seed = 20261207 };
static FILE *rows;
static double enough = 95; /* per cent of what Linux accepts */

void ob_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("diff_objects: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

double ob_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* One object, and of it the program that is looked at. */
struct job {
	const char *path;
	char object[128]; /* its name */
	struct flt_elf elf;
	char unread[OB_WHY]; /* why the object is none for us; "" */
	const char *name, *section;
	uint32_t type;
	uint32_t prog; /* its number in elf */
	struct ob_ours ours;
	struct ob_linux on_linux;
	char outside[OB_WHY]; /* "": in scope */
};

/* --- runs ----------------------------------------------------------------------- */

#define SLOW_FRAMES 50u /* where Linux needs milliseconds for one */

/* What may differ, as KNOWN names it: results of both engines; packets; maps. */
enum what {
	INTERPRETER,
	COMPILED,
	BYTES,
	MAPS,
	WHATS
};
static const char *const whats[] = { "interpreter", "compiled", "bytes",
	"maps" };

/* On how many frames something differed, and how on the first. */
struct finding {
	uint32_t n;
	char how[OB_WHY];
};

static void report(
    const struct job *j, enum what what, const struct finding *f, uint32_t of)
{
	const char *reason;

	if (f->n == 0)
		return;
	reason = ob_known(j->object, j->name, whats[what]);
	if (reason != NULL)
		total.explained++;
	else
		total.differences++;
	printf("%s %s:%s, %s, on %u of %u: %s%s%s\n",
	    reason != NULL ? "known" : "DIFFERENT", j->object, j->name,
	    whats[what], f->n, of, f->how, reason != NULL ? "; " : "",
	    reason != NULL ? reason : "");
}

static void look_at_result(struct finding *f, const struct ob_frame *frame,
    const struct ob_result *ours, const struct ob_result *linux_)
{
	if (!ours->trapped && ours->ret == linux_->ret)
		return;
	if (f->n++ == 0)
		snprintf(f->how, OB_WHY, "%s %u: %#x%s, Linux %#x", frame->file,
		    frame->number, ours->ret, ours->trapped ? " by a trap" : "",
		    linux_->ret);
}

static bool look_at_bytes(struct finding *f, const struct ob_frame *frame,
    const struct ob_result *ours, const struct ob_result *linux_)
{
	uint32_t i = 0;

	while (i < ours->n && i < linux_->n && ours->data[i] == linux_->data[i])
		i++;
	if (i == ours->n && i == linux_->n)
		return true;
	if (f->n++ == 0)
		snprintf(f->how, OB_WHY,
		    "%s %u: %u bytes, Linux %u; byte %u is the first other",
		    frame->file, frame->number, ours->n, linux_->n, i);
	return false;
}

/* Returns the frames that Linux ran it on. */
static uint32_t run_all(struct job *j, struct finding f[WHATS])
{
	uint32_t most = j->on_linux.slow ? SLOW_FRAMES : frames.n, n = 0;
	struct ob_result ours, linux_;
	uint32_t first = 0;
	bool varies = false, same;

	for (uint32_t i = 0; i < frames.n && i < most; i++) {
		const struct ob_frame *frame = &frames.at[i];

		if (!ob_linux_run(&j->on_linux, frame, &linux_))
			continue;
		if (n++ == 0)
			first = linux_.ret;
		varies = varies || linux_.ret != first;
		ob_ours_run(&j->ours, OB_INTERPRETER, frame, &ours);
		look_at_result(&f[INTERPRETER], frame, &ours, &linux_);
		same = look_at_bytes(&f[BYTES], frame, &ours, &linux_);
		ob_ours_run(&j->ours, OB_COMPILED, frame, &ours);
		look_at_result(&f[COMPILED], frame, &ours, &linux_);
		if (same)
			(void)look_at_bytes(&f[BYTES], frame, &ours, &linux_);
	}
	total.vary += varies;
	return n;
}

static void run(struct job *j)
{
	struct finding f[WHATS] = { 0 };
	uint32_t n;

	if (!ob_ours_ready(&j->ours, &j->elf, j->prog)) {
		printf("DIFFERENT %s:%s cannot be run: %s\n", j->object,
		    j->name, j->ours.why);
		total.differences++;
		return;
	}
	if (j->ours.nparts > 1 &&
	    !ob_linux_load_parts(&j->on_linux, j->path, &j->ours)) {
		printf("# %s:%s is run with empty program arrays\n", j->object,
		    j->name);
		ob_linux_free(&j->on_linux);
		ob_linux_load(&j->on_linux, j->path, j->name);
	}
	ob_linux_ready(&j->on_linux);
	ob_fill_tails(&j->ours, &j->on_linux);
	ob_fill(&gen, &j->elf, &j->ours, &j->on_linux, &frames);
	n = run_all(j, f);
	f[MAPS].n = !ob_same_maps(&j->elf, &j->ours, &j->on_linux, f[MAPS].how);
	for (unsigned i = 0; i < WHATS; i++)
		report(j, (enum what)i, &f[i], n);
	total.packets += n;
	total.ran += n > 0;
	if (n == 0)
		printf(
		    "# %s:%s: Linux runs it on no frame\n", j->object, j->name);
}

/* --- verdicts --------------------------------------------------------------------- */

static uint32_t kind_of(const void *arg, int32_t imm)
{
	const struct flt_elf *e = arg;

	return (uint32_t)imm < e->nmaps ? e->maps[imm].def.kind : 0;
}

/* The program as whoever read it has it. False: nobody did. */
static bool code_of(const struct job *j, struct ob_code *out)
{
	for (uint32_t i = 0; i < j->elf.nprogs; i++) {
		const struct flt_elf_prog *p = &j->elf.progs[i];

		if (strcmp(p->name, j->name) != 0)
			continue;
		*out = (struct ob_code){ p->insns, p->n, j->type, j->section,
			kind_of, &j->elf };
		return true;
	}
	if (j->on_linux.verdict != OB_ACCEPTED)
		return false;
	ob_linux_code(&j->on_linux, out);
	return true;
}

static const char *text_of(enum ob_verdict v)
{
	static const char *const text[] = { [OB_UNKNOWN] = "-",
		[OB_ACCEPTED] = "accepted",
		[OB_REFUSED] = "refused",
		[OB_UNREAD] = "unread" };

	return text[v];
}

static void row(const struct job *j)
{
	const char *why = j->outside[0] != '\0' ? j->outside : j->ours.why;
	const char *theirs = j->on_linux.why;

	if (rows == NULL)
		return;
	fprintf(rows, "%s,%s,%s,%s,%s,\"", j->object, j->name,
	    cmd_prog_type_text(j->type),
	    j->outside[0] != '\0' ? "out of scope" : text_of(j->ours.verdict),
	    text_of(j->on_linux.verdict));
	for (const char *c = why; *c != '\0'; c++)
		fputc(*c == '"' ? '\'' : *c, rows);
	fputs(why[0] != '\0' && theirs[0] != '\0' ? "; Linux: " : "", rows);
	for (const char *c = theirs; *c != '\0'; c++)
		fputc(*c == '"' ? '\'' : *c, rows);
	fputs("\"\n", rows);
}

static void count(const struct job *j)
{
	bool theirs = j->on_linux.verdict == OB_ACCEPTED;
	bool ours = j->ours.verdict == OB_ACCEPTED;

	total.programs++;
	if (j->outside[0] != '\0')
		return;
	total.in_scope++;
	total.linux_accepts += theirs;
	total.both += theirs && ours;
	if (ours && j->on_linux.verdict == OB_REFUSED) {
		total.ours_only++;
		printf("by us alone %s:%s: Linux: %s\n", j->object, j->name,
		    j->on_linux.why);
	}
	if (theirs && !ours)
		printf("refused %s:%s: %s\n", j->object, j->name, j->ours.why);
	if (theirs && ours && j->on_linux.ns > 0 && total.nratios < PROGRAMS)
		total.ratio[total.nratios++] = j->on_linux.ns / j->ours.ns;
}

static void judge_ours(struct job *j)
{
	for (uint32_t i = 0; i < j->elf.nprogs; i++) {
		if (strcmp(j->elf.progs[i].name, j->name) == 0) {
			j->prog = i;
			ob_ours_judge(&j->ours, &j->elf, i);
			return;
		}
	}
	j->ours.verdict = OB_UNREAD;
	snprintf(j->ours.why, OB_WHY, "%s", j->unread);
}

static void one(void *arg, const char *name, const char *section, uint32_t type)
{
	struct job *j = arg;
	struct ob_code code;

	j->name = name;
	j->section = section;
	j->type = type;
	j->outside[0] = '\0';
	memset(&j->ours, 0, sizeof(j->ours));
	judge_ours(j);
	ob_linux_load(&j->on_linux, j->path, name);
	if (!code_of(j, &code))
		snprintf(
		    j->outside, OB_WHY, "nobody reads it: %.290s", j->ours.why);
	else if (!ob_outside(&code, j->outside))
		j->outside[0] = '\0';
	row(j);
	count(j);
	if (j->outside[0] == '\0' && j->ours.verdict == OB_ACCEPTED &&
	    j->on_linux.verdict == OB_ACCEPTED && !ob_varies(&code))
		run(j);
	ob_ours_free(&j->ours);
	ob_linux_free(&j->on_linux);
}

static void object(const char *path)
{
	const char *slash = strrchr(path, '/');
	static struct job j;
	struct flt_error err;
	char *bytes, why[OB_WHY];
	size_t size;

	memset(&j, 0, sizeof(j));
	j.path = path;
	snprintf(
	    j.object, sizeof(j.object), "%s", slash == NULL ? path : slash + 1);
	if (strlen(j.object) > 2)
		j.object[strlen(j.object) - 2] = '\0'; /* .o */
	if (cmd_read_file(path, FLT_ELF_MAX, &bytes, &size) != 0)
		ob_die("%s cannot be read", path);
	if (flt_elf_read(bytes, size, &j.elf, &err) != 0)
		snprintf(j.unread, sizeof(j.unread), "%s", err.text);
	if (!ob_linux_list(path, one, &j, why))
		printf("# %s: libbpf reads nothing: %s\n", j.object, why);
	if (j.unread[0] == '\0')
		flt_elf_free(&j.elf);
	free(bytes);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int summary(void)
{
	double percent = total.linux_accepts == 0
	                     ? 100
	                     : 100.0 * total.both / total.linux_accepts;

	if (total.nratios > 0) {
		qsort(total.ratio, total.nratios, sizeof(double), by_size);
		printf("time to verify, Linux's by ours: median %.2f, "
		       "from %.2f to %.2f, of %u programs\n",
		    total.ratio[total.nratios / 2], total.ratio[0],
		    total.ratio[total.nratios - 1], total.nratios);
	}
	printf("accepted by us alone %u, results vary in %u, differences with "
	       "a reason %u\n",
	    total.ours_only, total.vary, total.explained);
	printf("summary: programs=%u in_scope=%u linux_accepts=%u "
	       "ours_accept_of_those=%u (%.1f %%) run=%u packets=%" PRIu64
	       " differences=%u\n",
	    total.programs, total.in_scope, total.linux_accepts, total.both,
	    percent, total.ran, total.packets, total.differences);
	return total.differences != 0 || percent < enough;
}

int main(int argc, char **argv)
{
	const char *no_linux, *captures = NULL, *known = NULL;
	uint64_t most = UINT32_MAX;
	int c;

	while ((c = getopt(argc, argv, "a:n:s:o:p:k:")) != -1) {
		if (c == 'a')
			enough = strtod(optarg, NULL);
		else if (c == 'n')
			most = strtoull(optarg, NULL, 0);
		else if (c == 's')
			gen.seed = strtoull(optarg, NULL, 0) | 1;
		else if (c == 'o')
			rows = fopen(optarg, "w");
		else if (c == 'p')
			captures = optarg;
		else if (c == 'k')
			known = optarg;
		else
			return 2;
	}
	if (captures == NULL || known == NULL)
		ob_die("-p CAPTURES and -k KNOWN are missing");
	no_linux = ob_linux_probe();
	if (no_linux != NULL) {
		printf("nothing to compare with: %s\n", no_linux);
		return 77;
	}
	ob_frames_read(captures, (uint32_t)most, &frames);
	ob_known_read(known);
	if (rows != NULL)
		fputs("object,function,type,ours,linux,why\n", rows);
	for (int i = optind; i < argc; i++)
		object(argv[i]);
	if (rows != NULL && fclose(rows) != 0)
		ob_die("the rows cannot be written");
	ob_known_unused();
	return summary();
}
