#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The kernel on a machine of its own, from outside: exopf boot.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

build=$(dirname "$exopf")

# Without a machine: arguments, the command line, the archive.
: >"$tmp/kernel"
printf 'env one one.elf\nenv two sub/two.elf arg=x\nenv again one.elf\n' \
    >"$tmp/boot.conf"
printf one >"$tmp/one.elf"
mkdir "$tmp/sub"
printf two >"$tmp/sub/two.elf"

# dry NAME PATTERN OPTIONS...
dry()
{
	name=$1 pattern=$2
	shift 2
	exits "$name" 0 "$exopf" boot --dry-run --kernel "$tmp/kernel" "$@" \
	    "$tmp/boot.conf"
	like "$name: is said" "$(cat "$tmp/out")" "$pattern"
	is "$name: one line" "$(wc -l <"$tmp/out")" 1
}

dry "plain" '^qemu-system-x86_64 -M q35 .* -m 256 .*restrict=on.* -initrd /proc/self/fd/3$'
dry "microvm" '-M microvm .*force-legacy=false.*virtio-net-device' \
    --machine microvm
dry "memory" ' -m 64 ' --memory 64
dry "forward" ',hostfwd=udp:127\.0\.0\.1:5007-10\.0\.2\.15:7,hostfwd=tcp:127\.0\.0\.1:80-10\.0\.2\.16:8080 ' \
    --forward udp:5007:7 --forward tcp:80:10.0.2.16:8080
dry "a socket" "addr.type=unix,addr.path=/a,,b " --net unix:/a,b
dry "exact" ' -icount shift=0,sleep=off ' --exact
dry "gdb" ' -s -S ' --gdb
truncate -s 8192 "$tmp/a disk"
dry "a disk" "file.filename=$tmp/a disk' -device virtio-blk-pci,drive=d0 " \
    --disk "$tmp/a disk"
dry "a disk, microvm" ' -device virtio-blk-device,drive=d0 ' \
    --machine microvm --disk "$tmp/a disk"
dry "append" " -append 'tap it'\$" --append 'tap it'
dry "replay" 'addr.type=fd,addr.str=4.* -append ready$' --replay x.pcap
dry "another QEMU" "^'/a b/qemu' -M" --qemu '/a b/qemu'
dry "an archive" " -initrd $tmp/a.cpio\$" --archive "$tmp/a.cpio"
is "the archive has each file once" \
    "$(grep -ao '\(boot\.conf\|one\.elf\|sub/two\.elf\|TRAILER!!!\)' \
        "$tmp/a.cpio" | sed 1,4d | tr '\n' ' ')" \
    "one.elf sub/two.elf TRAILER!!! "
if command -v cpio >/dev/null; then
	is "cpio reads it" "$(cpio -t --quiet <"$tmp/a.cpio" | tr '\n' ' ')" \
	    "boot.conf one.elf sub/two.elf "
fi

# bad NAME PATTERN OPTIONS...
bad()
{
	name=$1 pattern=$2
	shift 2
	exits "$name" 2 timeout 10 "$exopf" boot --kernel "$tmp/kernel" "$@"
	like "$name: is said" "$(cat "$tmp/err")" "$pattern"
	is "$name: nothing on standard output" "$(cat "$tmp/out")" ""
}

conf=$tmp/boot.conf
bad "a machine that is none" 'q35 or microvm' --machine pc "$conf"
bad "too little memory" '8 to' --memory 7 "$conf"
bad "no port" '--forward: udp:5007:7' --forward udp:5007 "$conf"
bad "no socket" '--net: unix:PATH' --net tcp:1 "$conf"
bad "two networks" 'one network' --net unix:x --forward udp:1:2 "$conf"
bad "capture alone" 'goes with --replay' --capture x.pcapng "$conf"
bad "capture of no kind" 'ends in' --replay x --capture x.txt "$conf"
bad "capture to standard output" "the console's" --replay x --capture - "$conf"
bad "no seconds" '--timeout: seconds' --timeout 0 "$conf"
bad "two files" 'at most' "$conf" "$conf"
bad "no such file" 'No such file' "$tmp/none.conf"
bad "no such option" 'no such option' --frob
bad "no QEMU" 'there is no such program' --qemu "$tmp/none" "$conf"
bad "no kernel" 'No such file' --kernel "$tmp/none" "$conf"
bad "no trace" 'No such file' --replay "$tmp/none.pcap" "$conf"
bad "no disk" 'none: No such file' --disk "$tmp/none" "$conf"
bad "a folder as a disk" 'no regular file' --disk "$tmp" "$conf"
: >"$tmp/empty"
bad "an empty disk" 'empty: it is empty' --disk "$tmp/empty" "$conf"
truncate -s 4097 "$tmp/odd"
bad "a disk with part of a block" '4097 bytes are not' --disk "$tmp/odd" "$conf"
rm "$tmp/one.elf"
bad "no program" 'one.elf: there is no such program' "$conf"
echo '# nothing' >"$tmp/empty.conf"
bad "nothing to start" 'no line begins with env' "$tmp/empty.conf"
echo 'env a' >"$tmp/nameless.conf"
bad "no name of a file" 'names no file' "$tmp/nameless.conf"

# With one.
command -v qemu-system-x86_64 >/dev/null || {
	skip "a machine" "there is no qemu-system-x86_64"
	finish
}
for file in exopf.elf ring3/hello.elf ring3/echo.elf; do
	[ -e "$build/$file" ] || {
		skip "a machine" "$build/$file was not built"
		finish
	}
done

# boots NAME STATUS OPTIONS...
boots()
{
	name=$1 status=$2
	shift 2
	exits "$name" "$status" timeout -k 5 60 "$exopf" boot --timeout 40 "$@"
}

echo 'env hello hello.elf' >"$tmp/hello.conf"
boots "hello" 0 --append tap "$tmp/hello.conf"
is "hello: what it says" "$(grep -v '^exopf:' "$tmp/out" | tr '\n' '|')" \
    "hello: hello|ok 1 - hello|1..1|"
boots "hello, microvm" 0 --machine microvm --memory 8 "$tmp/hello.conf"
boots "a disk" 0 --disk "$tmp/a disk" --append test "$tmp/hello.conf"
like "a disk: it is there" "$(cat "$tmp/out")" 'ok [0-9]* - a disk starts'
like "a disk: its size" "$(cat "$tmp/out")" ' 2 blocks; '
echo 'env hello hello.elf end=fault' >"$tmp/wrong.conf"
boots "it ends otherwise" 1 "$tmp/wrong.conf"
like "it ends otherwise: is said" "$(cat "$tmp/err")" 'did not end as it should'
exits "too long" 1 "$exopf" boot --timeout 0.5
like "too long: is said" "$(cat "$tmp/err")" 'longer than 0\.500 s'
boots "no kernel for it" 1 --kernel "$build/ring3/hello.elf"
like "no kernel for it: is said" "$(cat "$tmp/err")" 'QEMU failed'

# A kernel whose first exception finds no handler, and none for that: the processor is
# reset, which ends QEMU.
cat >"$tmp/triple.S" <<'EOF_S'
	.section .note.pvh, "a", @note
	.long 4, 8, 18
	.asciz "Xen"
	.quad start
	.text
	.code32
start:	lidt none
	ud2
none:	.word 0, 0, 0
EOF_S
if gcc -c -o "$tmp/triple.o" "$tmp/triple.S" &&
    ld -n -Ttext=0x100000 -e start -o "$tmp/triple" "$tmp/triple.o"; then
	for machine in q35 microvm; do
		boots "a triple fault, $machine" 1 --machine "$machine" \
		    --kernel "$tmp/triple" "$tmp/hello.conf"
		like "a triple fault, $machine: is said" "$(cat "$tmp/err")" \
		    'the machine ended without a word of the kernel'
		is "a triple fault, $machine: nothing else" "$(cat "$tmp/out")" ""
	done
else
	skip "a triple fault" "no kernel for it can be built"
fi

# A trace for 10.0.2.15, and what comes back. QEMU's first card has this address.
python3 - "$tmp/in.pcap" <<'P'
import struct, sys

me, mac = bytes.fromhex("020000000001"), bytes.fromhex("525400123456")
src, dst = bytes([10, 0, 2, 1]), bytes([10, 0, 2, 15])

def checksum(b):
    s = sum(struct.unpack(">%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF

def ip(proto, data):
    h = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 7, 0, 64, proto,
                    0, src, dst)
    h = h[:10] + struct.pack(">H", checksum(h)) + h[12:]
    return mac + me + b"\x08\0" + h + data

arp = b"\xff" * 6 + me + b"\x08\x06" + struct.pack(
    ">HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, me, src, b"\0" * 6, dst) + b"\0" * 18
ping = struct.pack(">BBHHH", 8, 0, 0, 0x1234, 1) + bytes(range(56))
ping = ping[:2] + struct.pack(">H", checksum(ping)) + ping[4:]
udp = struct.pack(">HHHH", 4000, 7, 8 + 6, 0) + b"hello!"
other = mac + me + b"\x08\0" + b"\x45" + b"\0" * 50
with open(sys.argv[1], "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for i, b in enumerate([arp, ip(1, ping), ip(17, udp), other]):
        f.write(struct.pack("<IIII", i, 0, len(b), len(b)) + b)
P
replayed()
{
	boots "$1, replay" 0 --machine "$1" --replay "$tmp/in.pcap" \
	    --capture "$tmp/out.pcapng" --linger 0.5
	like "$1, replay: counted" "$(cat "$tmp/out")" \
	    '^4 frames sent, 3 came back$'
	is "$1, replay: all is there" "$(count "$tmp/out.pcapng")" 7
	is "$1, replay: an answer of ARP" "$(count "$tmp/out.pcapng" \
	    'arp[7] = 2 and arp[14:4] = 0x0a00020f and ether dst 2:0:0:0:0:1')" 1
	is "$1, replay: a ping" "$(count "$tmp/out.pcapng" \
	    'icmp[0] = 0 and icmp[4:4] = 0x12340001 and ip[2:2] = 84')" 1
	is "$1, replay: a datagram" "$(count "$tmp/out.pcapng" \
	    'src host 10.0.2.15 and udp src port 7 and dst port 4000')" 1
	if command -v tshark >/dev/null; then
		is "$1, replay: who said what" \
		    "$(tshark -r "$tmp/out.pcapng" -T fields \
		        -e frame.interface_name 2>/dev/null |
		        sort | uniq -c | tr -s ' \n' ' ')" \
		    " 3 received 4 sent "
	fi
}
replayed q35
replayed microvm
boots "a trace of another kind" 2 --replay "$pcaps/any-sll.pcap"
like "a trace of another kind: is said" "$(cat "$tmp/err")" 'Ethernet'

# A port of this machine that leads there, until we are told to stop.
python3 - "$exopf" <<'P'
import signal, socket, subprocess, sys, time

def say(good, name):
    print(("ok" if good else "not ok"), "-", name, flush=True)

free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
free.bind(("127.0.0.1", 0))
port = free.getsockname()[1]
free.close()
p = subprocess.Popen([sys.argv[1], "boot", "--timeout", "40", "--forward",
                      "udp:%d:10.0.2.16:7" % port], stdout=subprocess.PIPE,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
lines = b""
while lines.count(b": up\n") < 2:
    more = p.stdout.readline()
    if not more:
        break
    lines += more
say(lines.count(b": up\n") == 2, "two libOSes are up")
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
got = None
for i in range(10):  # datagrams may be lost
    s.sendto(b"there and back", ("127.0.0.1", port))
    try:
        got = s.recv(100)
        break
    except socket.timeout:
        pass
say(got == b"there and back", "a datagram goes there and back")
p.send_signal(signal.SIGINT)
say(p.wait(10) == 130, "Ctrl-C ends it")
P
finish
