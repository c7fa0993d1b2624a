/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of exo/space share among themselves.
 */
#ifndef EXO_SPACE_INT_H
#define EXO_SPACE_INT_H

#include "exo/space/space.h"

#define SP_TYPE_IP4  0x0800u
#define SP_TYPE_ARP  0x0806u
#define SP_TYPE_RARP 0x8035u
#define SP_TYPE_IP6  0x86ddu

#define SP_AF_INET  2u
#define SP_AF_INET6 30u /* macOS's; FreeBSD has 28, NetBSD and OpenBSD 24 */

#define SP_FRAG_WHOLE 0u
#define SP_FRAG_FIRST 1u
#define SP_FRAG_LATER 2u

/** Whether a protocol's header begins with two ports. */
bool sp_has_ports(uint64_t proto);

/** Whether a protocol is ICMP or ICMPv6. */
bool sp_is_icmp(uint64_t proto);

#endif
