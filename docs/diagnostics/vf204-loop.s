; The loop is not proven to end
; options: --type socket
r0 = 0
loop: r0 += 1
r0 &= 7
if r0 < 8 goto loop
exit
