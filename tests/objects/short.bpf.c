/* SPDX-License-Identifier: BSD-2-Clause */
/* Packet loads in functions, on frames that are too short for some of them:
 * what a caller gets then is Linux's to say. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

unsigned long long load_byte(void *skb, unsigned long long off) asm(
    "llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long off) asm(
    "llvm.bpf.load.half");

/* Byte 60 is in a part of all frames. */
static __noinline int odd(struct __sk_buff *skb)
{
	return load_byte(skb, 60) % 2 == 1 ? 3 : 1;
}

/* It goes on where odd() ended early, and may end early itself. */
static __noinline int twice(struct __sk_buff *skb)
{
	int n = odd(skb);

	return n + 4 + (int)(load_half(skb, skb->len / 2 + 40) & 1);
}

SEC("tc") int in_function(struct __sk_buff *skb)
{
	return odd(skb) + 10;
}

SEC("tc") int in_functions(struct __sk_buff *skb)
{
	int n = twice(skb);

	return n + 20;
}

SEC("tc") int then_itself(struct __sk_buff *skb)
{
	int n = odd(skb);

	return n + 30 + (int)(load_byte(skb, 80) & 1);
}

char _license[] SEC("license") = "BSD";
