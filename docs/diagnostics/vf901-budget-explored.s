; The proof looks at more instructions than its budget allows
; options: --type socket --explored 500
r0 = 0
loop: r0 += 1
if r0 < 1000 goto loop
exit
