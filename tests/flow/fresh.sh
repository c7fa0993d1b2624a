#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A clean clone on a fresh Debian: do ./run and ./test do all their set-up?
#
# Makes a minimal Debian root in a temporary folder from the mirror that this
# machine's apt uses, clones the repository into it, and runs both commands
# in a chroot. Takes minutes, so `make check-fresh` runs it, not `make test`.
# FRESH_KEEP=1 keeps the root; FRESH_DIR is where it is made (/var/tmp).

set -u
cd "$(dirname "$0")/../.." || exit 2
src=$(pwd)
suite=bookworm

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

# The first archive in apt's own lists that carries the suite itself.
mirror() {
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(TARGET_OF) $(CREATED_BY) $(SUITE) $(CODENAME) $(REPO_URI)' \
	    2>/dev/null | awk -v suite="$suite" \
	    '$1 == "deb" && $2 == "Packages" && $4 == suite { print $5; exit }'
}

[ "$(id -u)" = 0 ] || skip "only root may chroot"
for tool in debootstrap chroot git unshare; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
git rev-parse --verify -q HEAD >/dev/null || skip "there is no commit to clone"
mirror=$(mirror)
[ -n "$mirror" ] || skip "apt here has no archive of $suite"
unshare -m true 2>/dev/null || skip "no mount namespace may be made here"

top=$(mktemp -d "${FRESH_DIR:-/var/tmp}/exopf-fresh.XXXXXX") || exit 2
root=$top/root
# Mounts are made in namespaces that end before, so nothing is below them.
[ "${FRESH_KEEP:-}" = 1 ] || trap 'rm -rf --one-file-system "$top"' EXIT
trap 'exit 2' INT TERM

echo "# debootstrap --variant=minbase $suite, from the mirror that apt has here"
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$top/log" 2>&1 || {
	tail -n 5 "$top/log" | sed 's/^/# /'
	skip "debootstrap cannot build a root here"
}
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null
cp /etc/hosts "$root/etc/hosts" 2>/dev/null
# The same archive also when this machine needs a proxy or a CA to reach it.
apt-config dump | grep -E '^Acquire::(http|https)::(Proxy|CaInfo|Verify-Peer) ' \
    >"$root/etc/apt/apt.conf.d/90-of-the-host"
[ ! -d /usr/local/share/ca-certificates ] || {
	mkdir -p "$root/usr/local/share"
	cp -r /usr/local/share/ca-certificates "$root/usr/local/share/"
}

git clone -q --no-hardlinks "$src" "$root/src" || exit 2
echo "ok 1 - a clean clone on a minimal $suite"

# in_root COMMAND: in a mount and process namespace of its own.
in_root() {
	# shellcheck disable=SC2016 # the inner shell's variables
	unshare -m -p -f sh -c '
		mount --make-rprivate / &&
		mount -t proc proc "$1/proc" &&
		mount --rbind /dev "$1/dev" || exit 125
		exec chroot "$1" /usr/bin/env -i HOME=/tmp TERM=dumb \
		    PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		    http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" \
		    sh -c "cd /src && $2"' sh "$root" "$1" >"$top/out" 2>&1
}

bad=0
count=1
for command in ./run ./test; do
	count=$((count + 1))
	began=$(date +%s)
	in_root "$command"
	status=$?
	tail -n 40 "$top/out" | sed "s,^,# $command: ,"
	if [ "$status" = 0 ]; then
		echo "ok $count - $command ($(($(date +%s) - began)) s)"
	else
		bad=1
		echo "not ok $count - $command: exit status $status"
	fi
done
echo "1..$count"
exit "$bad"
