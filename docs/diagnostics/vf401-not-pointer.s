; The address is a number, not a pointer
; options: --type socket
r2 = *(u32 *)(r1 +0)
r0 = *(u8 *)(r2 +0)
exit
