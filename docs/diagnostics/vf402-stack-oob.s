; The access leaves the stack
; options: --type socket
r6 = r1
r0 = *(u8 *)skb[14]
r0 &= 15
r0 <<= 2
r2 = r10
r2 -= r0
*(u64 *)(r2 -460) = 1
r0 = 1
exit
