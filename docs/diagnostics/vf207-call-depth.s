; Calls are nested too deeply
; options: --type socket
call f
exit
f: call f
exit
