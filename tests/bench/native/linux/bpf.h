/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <linux/bpf.h> for filters in C that are compiled for this machine: with one
 * context for all of them, whose pointers are as wide as they are here.
 */
#ifndef TESTS_BENCH_NATIVE_LINUX_BPF_H
#define TESTS_BENCH_NATIVE_LINUX_BPF_H

#define __sk_buff linux_sk_buff
#define xdp_md    linux_xdp_md
#include_next <linux/bpf.h>
#undef __sk_buff
#undef xdp_md

#include "tests/bench/maps_native.h"

#define __sk_buff mn_ctx
#define xdp_md    mn_ctx

#endif
