; Memory of a ring buffer may still be held here
; options: --type socket --map 'ringbuf 0 0 4096'
r1 = map[id:0]
r2 = 8
r3 = 0
call ringbuf_reserve
if r0 == 0 goto out
*(u64 *)(r0 +0) = 1
out: r0 = 0
exit
