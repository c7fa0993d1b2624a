; An index that went through the stack and a function
; options: --type socket
	r6 = r1
	r0 = *(u8 *)skb[3]
	*(u64 *)(r10 -8) = r0
	r1 = *(u64 *)(r10 -8)
	call f
	r2 = r10
	r2 += r0
	*(u8 *)(r2 -100) = 1
	exit
f:	r0 = r1
	r0 <<= 1
	exit
