; The context pointer is moved by an unknown number
; options: --type socket
r2 = *(u32 *)(r1 +48)
r2 &= 4
r1 += r2
r0 = *(u32 *)(r1 +48)
exit
