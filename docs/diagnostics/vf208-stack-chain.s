; The functions of one chain of calls use too much stack together
; options: --type socket
*(u8 *)(r10 -256) = 1
call f
exit
f: *(u8 *)(r10 -288) = 1
r0 = 0
exit
