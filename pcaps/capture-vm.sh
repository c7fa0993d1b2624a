#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Run capture.sh on Debian's own kernel in QEMU, where the running one lacks
# modules.
#
# VLAN, QinQ, GRE, IPIP, SCTP and dummy devices are kernel modules, and a
# container or a cut-down virtual machine often has none of them. This script
# fetches Debian's kernel package, unpacks it into a scratch directory, boots
# it with this machine's root file system read-only below an overlay in memory,
# and runs capture.sh there. The guest has no network device at all. Only the
# captures come back.
#
# usage: capture-vm.sh [--install] [capture.sh's own arguments]

set -eu

here=$(cd "$(dirname "$0")" && pwd)
needs="qemu-system-x86 busybox-static cpio kmod"
limit=1800 # seconds that the guest may live

say()
{
	echo "capture-vm.sh: $*" >&2
}

if [ "${1:-}" = --install ]; then
	shift
	# shellcheck disable=SC2086 # a list of packages
	apt-get install -y --no-install-recommends $needs >&2
	sh "$here/capture.sh" --install-only
fi
for tool in qemu-system-x86_64 busybox cpio depmod; do
	command -v "$tool" >/dev/null || {
		say "$tool is missing; it needs: $needs (or use --install)"
		exit 2
	}
done

work=$(mktemp -d)
guest=
trap '[ -z "$guest" ] || kill "$guest" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 2' INT TERM HUP
mkdir "$work/k" "$work/ram" "$work/out"

# The kernel, unpacked and not installed.
package=$(apt-cache depends linux-image-amd64 | awk '/Depends:/ {print $2}')
say "fetching $package"
(cd "$work" && apt-get -qq download "$package" 2>/dev/null)
dpkg-deb -x "$work/$package"_*.deb "$work/k"
rm -f "$work/$package"_*.deb
release=$(ls "$work/k/lib/modules")
depmod -b "$work/k" "$release"

# A first root: busybox, and the modules that the file systems need.
mkdir -p "$work/ram/bin" "$work/ram/mod"
cp "$(command -v busybox)" "$work/ram/bin/busybox"
i=100
for module in virtio_pci 9pnet_virtio 9p overlay; do
	modprobe -d "$work/k" -S "$release" --show-depends "$module" |
	    awk '/^insmod/ {print $2}'
done | awk '!seen[$0]++' >"$work/modules"
while read -r file; do
	i=$((i + 1))
	cp "$file" "$work/ram/mod/$i.ko"
done <"$work/modules"

cat >"$work/ram/init" <<'INIT'
#!/bin/busybox sh
# First process of the guest: find the roots, then hand over.
/bin/busybox --install -s /bin
mkdir -p /proc /sys /low /mem
mount -t proc proc /proc
for m in /mod/*.ko; do insmod "$m"; done
opt=trans=virtio,version=9p2000.L,msize=262144
mount -t 9p -o ro,cache=loose,$opt root /low
mount -t tmpfs -o mode=755 mem /mem
mkdir -p /mem/up /mem/work /mem/new
mount -t overlay -o lowerdir=/low,upperdir=/mem/up,workdir=/mem/work \
    over /mem/new
cd /mem/new || poweroff -f
for d in dev proc sys run tmp lib/modules mnt/out mnt/src; do mkdir -p $d; done
mount -t devtmpfs dev dev
mkdir -p dev/pts dev/shm
mount -t devpts pts dev/pts
for d in run tmp dev/shm; do mount -t tmpfs -o mode=1777 mem $d; done
mount -t proc proc proc
mount -t sysfs sys sys
mount -t 9p -o ro,cache=loose,$opt modules lib/modules
mount -t 9p -o $opt out mnt/out
mount -t 9p -o ro,$opt src mnt/src
echo capture >/proc/sys/kernel/hostname
exec switch_root /mem/new /bin/sh /mnt/out/second
INIT
chmod +x "$work/ram/init"
cat >"$work/out/second" <<SECOND
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
${TRACE:+env KEEP_LOG=/mnt/out/log} sh /mnt/src/capture.sh --into /mnt/out $* </dev/null
echo \$? >/mnt/out/status
sync
echo o >/proc/sysrq-trigger
while :; do :; done
SECOND
(cd "$work/ram" && find . | cpio -o -H newc --quiet) >"$work/initrd"

share()
{
	echo "local,path=$1,mount_tag=$2,security_model=none,$3"
}
# TCG, not KVM: it is fast enough here, and works where nesting does not.
say "booting $release"
timeout "$limit" qemu-system-x86_64 -machine q35,accel=tcg -cpu max \
    -smp 2 -m 1024 -nodefaults -no-reboot -nographic -serial stdio \
    -kernel "$work/k/boot/vmlinuz-$release" -initrd "$work/initrd" \
    -append "console=ttyS0 quiet panic=-1 random.trust_cpu=on" \
    -virtfs "$(share / root readonly=on,multidevs=remap)" \
    -virtfs "$(share "$work/k/lib/modules" modules readonly=on)" \
    -virtfs "$(share "$here" src readonly=on)" \
    -virtfs "$(share "$work/out" out readonly=off)" \
    </dev/null >&2 &
guest=$!
wait "$guest" || say "the guest ended badly or ran out of $limit s"
guest=
status=$(cat "$work/out/status" 2>/dev/null || echo 2)
rm -f "$work/out/second" "$work/out/status"
for file in "$work/out"/*; do
	[ ! -f "$file" ] || cp "$file" "$here/"
done
[ "$status" = 0 ] || say "capture.sh said $status in the guest"
exit "$status"
