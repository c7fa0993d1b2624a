; The access is not proven to lie inside the ring buffer's record
; options: --type socket --map 'ringbuf 0 0 4096'
r1 = map[id:0]
r2 = 8
r3 = 0
call ringbuf_reserve
if r0 == 0 goto out
*(u64 *)(r0 +4) = 1
r1 = r0
r2 = 0
call ringbuf_submit
out: r0 = 0
exit
