/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DPDK's JIT on the classic programs.
 *
 * Each program runs in a child first, on all packets of its row: what crashes
 * there, or gives other verdicts than libpcap, is left out.
 */
#include <dlfcn.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/jit_dpdk_so.h"
#include "tests/bench/jit_engine.h"
#include "tests/bench/jit_load.h"

#define FILE_NAME "bench_jit_dpdk.so"
#define INSNS_MAX 4096u /* classic; it would print an error */

struct dpdk {
	jd_fn *volatile fn;
};

/* The shared object lies beside this program. NULL: it does not. */
static const struct jd_api *api(void)
{
	static const struct jd_api *found;
	static bool looked;
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 64);
	void *so;

	if (looked || len <= 0)
		return found;
	looked = true;
	path[len] = '\0';
	strcpy(strrchr(path, '/') + 1, FILE_NAME);
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (so != NULL)
		found = dlsym(so, JD_SYMBOL);
	return found;
}

static void *load(const struct flt_cbpf *classic, uint32_t n)
{
	void *param = api()->convert(classic, n), *prog;

	if (param == NULL)
		return NULL;
	prog = api()->load(param);
	api()->free_param(param);
	return prog;
}

static void give_mbufs(struct jb_row *row)
{
	uint32_t k, i;

	for (k = 0; k < row->nsets; k++) {
		for (i = 0; i < row->sets[k].n; i++) {
			struct jb_pkt *p = &row->sets[k].pkts[i];

			p->mbuf = api()->mbuf(p->data, (uint32_t)p->caplen);
		}
	}
}

/* How a child ends that runs it. */
enum {
	GOOD,
	REFUSED,
	WRONG,
};

static int try(const struct jb_row *row)
{
	void *prog = load(row->classic, row->nclassic);
	jd_fn *fn = prog != NULL ? api()->code(prog) : NULL;
	uint32_t k, i;

	if (fn == NULL)
		return REFUSED;
	for (k = 0; k < row->nsets; k++) {
		for (i = 0; i < row->sets[k].n; i++) {
			const struct jb_pkt *p = &row->sets[k].pkts[i];

			if (fn(p->mbuf) != jb_libpcap.one(row->classic, p))
				return WRONG;
		}
	}
	return GOOD;
}

static bool try_in_child(const struct jb_row *row, char why[JB_WHY])
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		jb_die("no child");
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		_exit(try(row));
	}
	if (waitpid(pid, &status, 0) != pid)
		jb_die("the child is lost");
	if (WIFSIGNALED(status))
		snprintf(why, JB_WHY, "crashes: signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == REFUSED)
		snprintf(why, JB_WHY, "refuses it");
	else if (WEXITSTATUS(status) == WRONG)
		snprintf(why, JB_WHY, "its verdicts are not libpcap's");
	else
		return true;
	return false;
}

static void *dpdk_open(struct jb_row *row, char why[JB_WHY])
{
	struct dpdk *d;

	if (api() == NULL) {
		snprintf(why, JB_WHY, "libdpdk-dev was not there at build");
		return NULL;
	}
	if (row->classic == NULL) {
		snprintf(why, JB_WHY, "has neither loops nor data_end");
		return NULL;
	}
	if (row->nclassic > INSNS_MAX) {
		snprintf(why, JB_WHY, "takes %u instructions", INSNS_MAX);
		return NULL;
	}
	give_mbufs(row);
	if (!try_in_child(row, why))
		return NULL;
	d = jb_get(sizeof(*d));
	d->fn = api()->code(load(row->classic, row->nclassic));
	return d;
}

static uint64_t dpdk_one(void *state, const struct jb_pkt *p)
{
	struct dpdk *d = state;

	return d->fn(p->mbuf);
}

static double dpdk_time(
    void *state, const struct jb_set *set, uint32_t start, uint32_t n)
{
	struct dpdk *d = state;
	double begin = jb_now_ns();
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += d->fn(
		    set->pkts[set->order[(start + i) & (JB_ORDER - 1)]].mbuf);
	jb_sum += sum;
	return jb_now_ns() - begin;
}

const struct jb_engine jb_dpdk = {
	.name = "DPDK JIT",
	.open = dpdk_open,
	.one = dpdk_one,
	.time = dpdk_time,
};

/* Time a step. */
#define TIMED(ns, step)                      \
	do {                                 \
		double begin_ = jb_now_ns(); \
		step;                        \
		(ns) = jb_now_ns() - begin_; \
	} while (0)

bool jl_dpdk(const struct flt_cbpf *classic, uint32_t n, struct jl_dpdk *t)
{
	void *param, *prog = NULL;
	int bad = 0;

	if (api() == NULL || n > INSNS_MAX)
		return false;
	TIMED(t->convert, param = api()->convert(classic, n));
	if (param == NULL)
		return false;
	TIMED(t->load, prog = api()->load(param));
	api()->free_param(param);
	if (prog == NULL)
		return false;
	api()->open_up(prog);
	TIMED(t->validate, bad |= api()->validate(prog) != 0);
	TIMED(t->jit, bad |= api()->jit(prog) != 0);
	api()->free_prog(prog);
	return bad == 0;
}
