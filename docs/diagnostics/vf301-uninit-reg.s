; The instruction reads a register that was not set
; options: --type socket
r6 = r1
r2 = 14
r0 = *(u8 *)skb[0]
r0 += r2
exit
