; The header has options: its length was not compared
; options: --type xdp
	r0 = 0
	r2 = *(u32 *)(r1 +0)
	r3 = *(u32 *)(r1 +4)
	r4 = r2
	r4 += 34                     ; Ethernet and IPv4
	if r4 > r3 goto out
	r5 = *(u16 *)(r2 +12)
	if r5 != 8 goto out          ; 0x0800 in network order
	r5 = *(u8 *)(r2 +23)
	if r5 != 6 goto out          ; TCP
	r5 = *(u8 *)(r2 +14)
	r5 &= 15                     ; header length, in words
	if r5 < 5 goto out
	r5 <<= 2
	r2 += r5
	r0 = *(u16 *)(r2 +16)        ; destination port
out:	exit
