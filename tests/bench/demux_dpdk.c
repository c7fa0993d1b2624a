/* SPDX-License-Identifier: BSD-2-Clause */
/* DPDK's rte_hash and rte_acl in bench_demux, where the shared object is. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/demux_dpdk_so.h"

#define FILE_NAME "bench_demux_dpdk.so"

/* The shared object lies beside this program. */
static const struct dd_api *load(void)
{
	const struct dd_api *api;
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 64);
	void *so;

	if (len <= 0)
		return NULL;
	path[len] = '\0';
	strcpy(strrchr(path, '/') + 1, FILE_NAME);
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	api = so != NULL ? dlsym(so, DD_SYMBOL) : NULL;
	return api != NULL && api->init() == 0 ? api : NULL;
}

static const struct dd_api *api(void)
{
	static const struct dd_api *found;
	static bool looked;

	if (!looked)
		found = load();
	looked = true;
	return found;
}

static void *hash_open(const struct dx_flow *f, uint32_t n, char why[DX_WHY])
{
	void *h = api() != NULL ? api()->hash_new(f, n) : NULL;

	if (h == NULL)
		snprintf(why, DX_WHY, "%s",
		    api() != NULL
		        ? "it takes not so many flows"
		        : "it was not there at build, or does not start");
	return h;
}

static void hash_find(
    void *state, const struct sp_packet *p, uint32_t n, uint32_t *id)
{
	api()->hash_find(state, p, n, id);
}

static void hash_close(void *state)
{
	api()->hash_free(state);
}

const struct dx_engine dx_hash = {
	.name = "DPDK rte_hash",
	.open = hash_open,
	.find = hash_find,
	.close = hash_close,
};

static void *acl_open(const struct dx_flow *f, uint32_t n, char why[DX_WHY])
{
	void *a = api() != NULL ? api()->acl_new(f, n) : NULL;

	if (a == NULL)
		snprintf(why, DX_WHY, "%s",
		    api() != NULL
		        ? "it builds no table of so many"
		        : "it was not there at build, or does not start");
	return a;
}

static void acl_find(
    void *state, const struct sp_packet *p, uint32_t n, uint32_t *id)
{
	api()->acl_find(state, p, n, id);
}

static void acl_close(void *state)
{
	api()->acl_free(state);
}

const struct dx_engine dx_acl = {
	.name = "DPDK rte_acl",
	.most = 10000, /* 100,000 take it ten seconds to build */
	.open = acl_open,
	.find = acl_find,
	.close = acl_close,
};
