; The jump leaves the program
; options: --type socket
r0 = 0
if r1 != 0 goto pc+7
exit
