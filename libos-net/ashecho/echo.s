; SPDX-License-Identifier: BSD-2-Clause
; A handler of the kernel's: pings and datagrams to port 7 go back to where they came
; from, with the addresses changed over; all else goes to the ring. What they hold is
; not looked at, so what came garbled goes back as garbled. Numbers of the
; packet are read as they lie there, least byte first.
	r7 = *(u32 *)(r1 + 0)
	r8 = *(u32 *)(r1 + 4)
	r2 = r7
	r2 += 42
	if r2 > r8 goto pass
	r2 = *(u16 *)(r7 + 12)
	if r2 != 0x0008 goto pass	; IPv4
	r2 = *(u8 *)(r7 + 14)
	if r2 != 0x45 goto pass		; without options
	r2 = *(u16 *)(r7 + 20)
	r2 &= 0xff3f
	if r2 != 0 goto pass		; a fragment
	r3 = *(u16 *)(r7 + 16)		; as long as it says
	r3 = be16 r3
	if r3 > 1500 goto pass
	r3 += 14
	r2 = r7
	r2 += r3
	if r2 > r8 goto pass
	r2 = *(u16 *)(r7 + 14)		; the sum of the header
	r3 = *(u16 *)(r7 + 16)
	r2 += r3
	r3 = *(u16 *)(r7 + 18)
	r2 += r3
	r3 = *(u16 *)(r7 + 20)
	r2 += r3
	r3 = *(u16 *)(r7 + 22)
	r2 += r3
	r3 = *(u16 *)(r7 + 24)
	r2 += r3
	r3 = *(u16 *)(r7 + 26)
	r2 += r3
	r3 = *(u16 *)(r7 + 28)
	r2 += r3
	r3 = *(u16 *)(r7 + 30)
	r2 += r3
	r3 = *(u16 *)(r7 + 32)
	r2 += r3
	r3 = r2
	r3 >>= 16
	r2 &= 0xffff
	r2 += r3
	r3 = r2
	r3 >>= 16
	r2 += r3
	r2 &= 0xffff
	if r2 != 0xffff goto pass
	r2 = *(u8 *)(r7 + 23)
	if r2 == 1 goto icmp
	if r2 != 17 goto pass
	r2 = *(u16 *)(r7 + 34)
	r3 = *(u16 *)(r7 + 36)
	if r3 != 0x0700 goto pass	; port 7
	*(u16 *)(r7 + 34) = r3
	*(u16 *)(r7 + 36) = r2
	goto back
icmp:
	r2 = *(u8 *)(r7 + 34)
	if r2 != 8 goto pass		; a request becomes a reply,
	r2 = 0
	*(u8 *)(r7 + 34) = r2
	r2 = *(u16 *)(r7 + 36)		; and its sum grows by what it lost
	r2 = be16 r2
	r2 += 0x0800
	r3 = r2
	r3 >>= 16
	r2 += r3
	r2 = be16 r2
	*(u16 *)(r7 + 36) = r2
back:
	r2 = *(u32 *)(r7 + 26)
	r3 = *(u32 *)(r7 + 30)
	*(u32 *)(r7 + 26) = r3
	*(u32 *)(r7 + 30) = r2
	r2 = *(u32 *)(r7 + 0)
	r3 = *(u16 *)(r7 + 4)
	r4 = *(u32 *)(r7 + 6)
	r5 = *(u16 *)(r7 + 10)
	*(u32 *)(r7 + 0) = r4
	*(u16 *)(r7 + 4) = r5
	*(u32 *)(r7 + 6) = r2
	*(u16 *)(r7 + 10) = r3
	r0 = 3				; XDP_TX
	exit
pass:
	r0 = 2				; XDP_PASS
	exit
