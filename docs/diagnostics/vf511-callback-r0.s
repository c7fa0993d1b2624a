; A function that a helper calls must return 0 or 1
; options: --type socket
r1 = 5
r2 = subprog[f]
r3 = 0
r4 = 0
call loop
r0 = 0
exit
f: r0 = r1
exit
