#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Make the captures of this folder: real clients and servers, in network
# namespaces of our own, written down by tcpdump and dumpcap.
#
#	client ---- 10.1.0.0/24, fd00:1::/64 ---- router
#	router ---- 10.2.0.0/24, fd00:2::/64 ---- server
#
# The namespaces have no way out, fixed MAC addresses and host names of their
# own. Everything that is started is stopped by the trap at the end, and every
# client has a time limit. A scene whose kernel module is missing says so and
# is left out; capture-vm.sh runs this script on a kernel that has them all.
#
# usage: capture.sh [--install | --install-only] [--into DIR] [SCENE...]

set -u

here=$(cd "$(dirname "$0")" && pwd)
packages="tcpdump tshark wireshark-common iproute2 ethtool nginx-light curl
    openssl dnsmasq-base bind9-dnsutils udhcpc isc-dhcp-client openssh-server
    openssh-client iperf3 iputils-ping iputils-arping nmap socat netcat-openbsd
    ppp pppoe hostapd iw wpasupplicant kmod python3 gzip zstd
    ngtcp2-client ngtcp2-server"
tools="tcpdump dumpcap editcap mergecap ip ethtool nginx curl openssl dnsmasq
    dig udhcpc dhclient sshd ssh scp ssh-keygen iperf3 ping arping nmap socat
    nc pppd pppoe pppoe-server hostapd iw wpa_supplicant modprobe python3 gzip
    zstd unshare timeout gtlsclient gtlsserver"
scenes="web dns dhcp ssh iperf tls quic segments fragments neighbours stp vlan
    tunnels overlays mpls pppoe ipsec multicast scan sctp errors extensions snap
    nano any raw wifi several squeezed"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C

say()
{
	echo "capture.sh: $*" >&2
}

# The scenes are functions in the files beside this one.
# shellcheck disable=SC1091 # checked on its own
. "$here/stage.sh"
# shellcheck disable=SC1091 # checked on its own
. "$here/scenes.sh"
# shellcheck disable=SC1091 # checked on its own
. "$here/forms.sh"

into=$here
while [ $# -gt 0 ]; do
	case $1 in
	--install | --install-only)
		# shellcheck disable=SC2086 # a list of packages
		apt-get install -y --no-install-recommends $packages >&2 || exit 2
		[ "$1" = --install ] || exit 0
		;;
	--into)
		into=$(cd "$2" && pwd) || exit 2
		shift
		;;
	-*)
		sed -n '/^# usage/s/^# //p' "$0" >&2
		exit 2
		;;
	*) break ;;
	esac
	shift
done

[ "$(id -u)" = 0 ] || {
	say "network namespaces need root"
	exit 2
}
missing=
for tool in $tools; do
	command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] || {
	# shellcheck disable=SC2086 # rejoin the lines of the list
	say "missing:$missing; the Debian packages are:" $packages
	say "capture.sh --install installs them"
	exit 2
}

umask 022
stage_up
# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $scenes
bad=0
for scene in "$@"; do
	why=
	before=$(date +%s)
	if "scene_$scene"; then
		mv "${shots:?}"/* "$into/"
		say "$scene: done in $(($(date +%s) - before)) s"
	elif [ -n "$why" ]; then
		say "$scene: left out, $why"
	else
		say "$scene: FAILED"
		bad=1
	fi
	rm -rf "${shots:?}"/*
	strike
done
exit $bad
