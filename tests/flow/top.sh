#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What environments have and do: exopf boot --top.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

build=$(dirname "$exopf")

# Without a machine.
: >"$tmp/kernel"
: >"$tmp/one.elf"
echo 'env one one.elf' >"$tmp/one.conf"

# dry NAME PATTERN OPTIONS...
dry()
{
	name=$1 pattern=$2
	shift 2
	exits "$name" 0 "$exopf" boot --dry-run --kernel "$tmp/kernel" "$@" \
	    "$tmp/one.conf"
	like "$name: is said" "$(cat "$tmp/out")" "$pattern"
}
dry "by default" ' -append top=1000$' --top
dry "how often" ' -append top=250$' --top=250
dry "as JSON" ' -append top=1000$' --top --json
dry "with other words" " -append 'tap top=1000 ready'\$" --top --append tap \
    --replay x.pcap

# bad NAME PATTERN OPTIONS...
bad()
{
	name=$1 pattern=$2
	shift 2
	exits "$name" 2 "$exopf" boot --kernel "$tmp/kernel" "$@" "$tmp/one.conf"
	like "$name: is said" "$(cat "$tmp/err")" "$pattern"
}
bad "too often" '--top: 100 to' --top=99
bad "no number" '--top: 100 to' --top=1s
bad "JSON of nothing" 'goes with --top' --json

# With one.
command -v qemu-system-x86_64 >/dev/null || {
	skip "a machine" "there is no qemu-system-x86_64"
	finish
}
for file in exopf.elf ring3/attack.elf ring3/echo.elf ring3/hello.elf; do
	[ -e "$build/$file" ] || {
		skip "a machine" "$build/$file was not built"
		finish
	}
done

# Two libOSes, one of which gets packets, beside one that prints such lines itself.
cat >"$tmp/echo.conf" <<'EOF_C'
recv arp dst host 10.0.2.15 or dst host 10.0.2.15
send (type = 0x0806 and arp.spa = 10.0.2.15) or src host 10.0.2.15
env fifteen echo.elf arg=10.0.2.15
recv arp dst host 10.0.2.16 or dst host 10.0.2.16
send (type = 0x0806 and arp.spa = 10.0.2.16) or src host 10.0.2.16
env sixteen echo.elf arg=10.0.2.16
env mallory attack.elf arg=print_forged
EOF_C
python3 - "$exopf" "$tmp/echo.conf" <<'P'
import json, os, signal, socket, subprocess, sys, time

def say(good, name, what=""):
    print(("ok" if good else "not ok"), "-", name, flush=True)
    if not good:
        print("#", str(what)[:2000], flush=True)

free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
free.bind(("127.0.0.1", 0))
port = free.getsockname()[1]
free.close()
p = subprocess.Popen([sys.argv[1], "boot", "--top=200", "--json", "--timeout",
                      "40", "--forward", "udp:%d:10.0.2.16:7" % port,
                      sys.argv[2]],
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                     preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                      signal.SIG_DFL))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.05)
shots, good, answers = [], True, 0
while len(shots) < 200:
    line = p.stdout.readline()
    if not line:
        break
    try:
        shots.append(json.loads(line))
    except ValueError:
        good = False
        break
    now = {e["label"]: e for e in shots[-1]["environments"]}
    if now["sixteen"]["does"] == "waits" and answers < 50:
        for i in range(10):
            s.sendto(b"there and back", ("127.0.0.1", port))
            try:
                answers += s.recv(100) == b"there and back"
            except socket.timeout:
                pass
    if answers >= 50 and now["sixteen"]["delivered"] >= answers and \
            now["mallory"]["does"] == "ended":
        break
p.send_signal(signal.SIGINT)
rest, err = p.communicate(timeout=20)
say(good and all(json.loads(x) for x in rest.splitlines()),
    "each line is an object")
say(p.returncode == 130, "Ctrl-C ends it", p.returncode)
say(all(x["schema"] == "exopf.top/1" for x in shots), "of one form")
last = shots[-1]
env = {e["label"]: e for e in last["environments"]}
say(sorted(env) == ["fifteen", "mallory", "sixteen"],
    "environments are there, and none that somebody made up", last)
say(b"mallory: @env 1 env=1 state=2 label=forged" in err and
    b"mallory: @top now=1?@top now=2" in err,
    "what looks like such lines is text", err)
say(b"sixteen: up\n" in err and b"exopf: " in err, "as all the rest is", err)
one, two = env["fifteen"], env["sixteen"]
say(two["delivered"] >= 50 and two["delivered"] > one["delivered"] and
    two["dropped"] == 0, "packets are counted", (one, two))
say(max(e["per_s"]["delivered"] or 0 for x in shots
        for e in x["environments"] if e["label"] == "sixteen") > 0 and
    shots[0]["environments"][0]["per_s"]["delivered"] is None,
    "and rated, from the second time on")
say(all(e["frames"] > 0 and e["frames"] <= last["frames"] and e["tables"] > 0
        and e["kernel"] > 0 and e["ring_used"] <= e["ring_size"] == 65536 and
        e["turns"] > 0 and e["bindings"] == 1 for e in (one, two)),
    "numbers can be", (one, two))
say(0 < last["frames_free"] < last["frames"] and
    last["tables"] == one["tables"] + two["tables"], "of the machine, too", last)
say(env["mallory"]["place"] is None and env["mallory"]["state"] == 8,
    "who ended is remembered", env["mallory"])
bind = {b["owner"]: b for b in last["bindings"]}
say(sorted(bind) == ["fifteen", "sixteen"] and
    bind["sixteen"]["matched"] >= 50 and
    bind["sixteen"]["env"] == two["env"] and
    last["bindings"][0]["owner"] == "sixteen",
    "bindings are there, the busiest first", last["bindings"])
say(all(a["now"] < b["now"] for a, b in zip(shots, shots[1:])),
    "time goes on")
P

# To its end, as people read it.
echo 'env hello hello.elf' >"$tmp/hello.conf"
exits "plain" 0 timeout -k 5 60 "$exopf" boot --top --timeout 40 \
    "$tmp/hello.conf"
like "plain: text" "$(cat "$tmp/out")" '^hello: hello$'
like "plain: columns" "$(cat "$tmp/out")" \
    '^# +environment +does +packets/s +packets +dropped +ring '
like "plain: the last snapshot has who ended" "$(tail -n 1 "$tmp/out")" \
    '^- +hello +ended '
is "plain: no such line is left" "$(grep -c '^@' "$tmp/out")" 0

# A terminal of 60 columns and 12 lines, which Ctrl-C leaves as it was.
python3 - "$exopf" <<'P'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

def say(good, name, what=""):
    print(("ok" if good else "not ok"), "-", name, flush=True)
    if not good:
        print("#", repr(what)[:2000], flush=True)

os.environ.pop("COLUMNS", None)
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 60, 0, 0))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(sys.argv[1], [sys.argv[1], "boot", "--top=200", "--timeout", "40"])
before, out, end = termios.tcgetattr(fd), b"", time.time() + 40
while out.count(b"\nsixteen ") < 4 and time.time() < end:
    if select.select([fd], [], [], 1)[0]:
        out += os.read(fd, 65536)
after = termios.tcgetattr(fd)
os.write(fd, b"\x03")
try:
    while True:
        more = os.read(fd, 65536)
        if not more:
            break
        out += more
except OSError:
    pass
status = os.waitpid(pid, 0)[1]
say(os.WEXITSTATUS(status) == 130, "terminal: Ctrl-C ends it", status)
say(before == after, "terminal: it is as it was")
text = out.decode().replace("^C", "")
odd = re.sub(r"\x1b\[(\d+A|J|0m|1m)", "", text)
say("\x1b" not in odd, "terminal: it is asked for little", odd)
up = [int(x) for x in re.findall(r"\x1b\[(\d+)A\x1b\[J", text)]
say(up and max(up) < 12, "terminal: in its place", up)
lines = []
for part in re.split(r"(\x1b\[\d+A\x1b\[J)", re.sub(r"\x1b\[[01]m|\r", "", text)):
    if part.startswith("\x1b"):
        del lines[len(lines) - int(part[2:part.index("A")]):]
    else:
        lines += part.splitlines()
say(sorted(x for x in lines if x.endswith(": up")) ==
    ["fifteen: up", "sixteen: up"], "terminal: text is above", lines)
say(sum(x.startswith("up ") for x in lines) == 1,
    "terminal: one snapshot is below", lines)
say(all(len(x) <= 60 for x in lines if not x.startswith("exopf")),
    "terminal: no wider than it is", lines)
P
finish
