; One byte too many, behind several compares
; options: --type xdp
	r0 = 2
	r2 = *(u32 *)(r1 +0)
	r3 = *(u32 *)(r1 +4)
	r4 = r2
	r4 += 34
	if r4 > r3 goto out
	r5 = *(u8 *)(r2 +23)
	if r5 != 17 goto out
	r5 = *(u32 *)(r2 +30)
	r5 = be32 r5
	if r5 != 0x0a000001 goto out
	r0 = *(u16 *)(r2 +33)
out:	exit
