#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The samples in Linux itself: its verifier takes them as they are, and its
# engine gives each packet the verdict that exopf gives it.
#
# Programs are pinned in a file system of this script's own, which goes with its
# mount namespace. Those that ask for the time are loaded only, for Linux's is
# not the trace's, and so are those of sockets, which Linux runs for tests on
# packets without their link layer.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

for tool in bpftool python3 unshare; do
	command -v "$tool" >/dev/null || {
		skip "samples in Linux" "$tool is not installed"
		finish
	}
done
[ "$(id -u)" = 0 ] || {
	skip "samples in Linux" "only root may load programs"
	finish
}
[ -n "${SAMPLES_MOUNTED:-}" ] || {
	unshare -m true 2>/dev/null || {
		skip "samples in Linux" "no mount namespace may be made here"
		finish
	}
	mkdir -p "$tmp/bpf"
	SAMPLES_MOUNTED=1 TEST_TMP=$tmp unshare -m sh "$0"
	exit
}
mount -t bpf none "$tmp/bpf" 2>/dev/null || {
	skip "samples in Linux" "bpffs cannot be mounted here"
	finish
}

for object in filters/samples/*.bpf.o; do
	name=$(basename "$object" .bpf.o)
	if bpftool prog load "$object" "$tmp/bpf/$name" >"$tmp/out" 2>&1; then
		ok "Linux takes $name"
	elif grep -qE 'Operation not permitted' "$tmp/out" &&
	    ! grep -q 'processed [0-9]* insns' "$tmp/out"; then
		skip "samples in Linux" "this kernel loads no programs for us"
		finish
	else
		not_ok "Linux takes $name"
		grep -v '^Warning' "$tmp/out" | tail -n 6 | sed 's/^/#   /'
	fi
done

# same SAMPLE CAPTURE VERDICT: packets for which Linux's result is VERDICT.
same()
{
	exits "$1 over $2" 0 "$exopf" replay -q -r "$pcaps/$2" \
	    -o "$tmp/took.pcap" x="filters/samples/$1.bpf.o"
	python3 - "$pcaps/$2" "$tmp/took.pcap" "$tmp/bpf/$1" "$3" \
	    "$tmp/packet" <<'P' || bad=1
import re, struct, subprocess, sys
def records(path):
    blob, at = open(path, "rb").read(), 24
    while at < len(blob):
        size = struct.unpack_from("<8xI", blob, at)[0]
        yield blob[at:at + 16 + size]
        at += 16 + size
trace, took, pin, verdict, packet = sys.argv[1:]
took, passed, differ = set(records(took)), 0, []
for i, record in enumerate(records(trace), 1):
    if len(record) > 3000:
        continue  # a test's packet has to fit a page
    with open(packet, "wb") as f:
        f.write(record[16:])
    said = subprocess.run(["bpftool", "prog", "run", "pinned", pin, "data_in",
                           packet], capture_output=True, text=True).stdout
    result = re.search(r"Return value: (\d+)", said)
    passes = result is not None and result[1] == verdict
    passed += passes
    if result is None or passes != (record in took):
        differ.append(i)
name = "%s: Linux lets %d packets of %s pass, and the same" % (
    pin.split("/")[-1], passed, trace.split("/")[-1])
print(("not ok - " if differ else "ok - ") + name)
if differ:
    print("#   packets that differ:", differ[:20])
sys.exit(1 if differ else 0)
P
}

same addresses errors.pcap 2
same ext6 extensions.pcap 2
same quic quic.pcap 2
same vxlan overlays.pcap 2
same sni tls.pcap 0
same checksum loopback.pcap 0
same checksum multicast.pcap 0
finish
