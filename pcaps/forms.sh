# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# The scenes of capture.sh that are about the form of the capture file.
#
# Precision, snapshot length, link types, several interfaces, compression.
# shellcheck disable=SC2154,SC2034 # work, into, tag, why: of capture.sh
# shellcheck disable=SC2015 # all of a chain, else the one way out

# A little of everything between client and server.
mixture()
{
	on client dig @10.1.0.1 +tries=1 www.example.test A
	on client dig @fd00:1::1 +tries=1 www.example.test AAAA
	on client ping -c 2 -i 0.2 10.2.0.20
	on client ping -c 2 -i 0.2 fd00:2::20
	on client curl -s -4 -o /dev/null http://www.example.test/
	on client curl -s -6 -o /dev/null http://www.example.test/
	on client curl -s -k -o /dev/null https://www.example.test/
	on client ping -c 1 -s 3000 10.2.0.20
	on client sh -c 'echo closed | socat - UDP:10.2.0.20:7'
	true
}

# A wire between tun devices of client and router: tuns NAME NETWORK
tuns()
{
	rm -f "$work/wire.client" "$work/wire.router"
	serve client socat \
	    "UNIX-SENDTO:$work/wire.router,bind=$work/wire.client" \
	    "TUN,tun-name=$1,iff-no-pi"
	serve router socat \
	    "UNIX-SENDTO:$work/wire.client,bind=$work/wire.router" \
	    "TUN,tun-name=$1,iff-no-pi"
	sleep 1
	on client ip link set "$1" up && on router ip link set "$1" up &&
	    address client "$1" "$2" 10 && address router "$1" "$2" 1
}

scene_snap()
{
	names && website && film snap68.pcap client eth0 -s 68 &&
	    film snap40.pcap client eth0 -s 40 && mixture && wrap
}

scene_nano()
{
	names && website &&
	    film nano.pcap client eth0 --time-stamp-precision=nano &&
	    mixture && wrap
}

# Cooked captures of every interface of the router at once.
scene_any()
{
	names && website && film any-sll.pcap router any -y LINUX_SLL &&
	    film any-sll2.pcap router any -y LINUX_SLL2 && mixture && wrap
}

# A device without a link layer, and the loopback.
scene_raw()
{
	on client ip tuntap add dev tun0 mode tun || {
		why="this kernel makes no tun device"
		return 1
	}
	on client ip tuntap del dev tun0 mode tun
	tuns tun0 41 || return 1
	serve router iperf3 -s
	ready router 5201 && film raw.pcap client tun0 &&
	    film loopback.pcap client lo || return 1
	on client ping -c 3 -i 0.4 10.41.0.1 &&
	    on client ping -c 3 -i 0.4 fd00:41::1 &&
	    on client iperf3 -c 10.41.0.1 -n 16K -l 4K
	on client ping -c 2 -i 0.2 127.0.0.1
	on client ping -c 2 -i 0.2 ::1
	serve client nc -l 127.0.0.1 7000
	ready client 7000 &&
	    on client sh -c 'seq 1 2000 | nc -N 127.0.0.1 7000'
	on client sh -c 'echo nobody | nc -u -w 1 ::1 7'
	wrap
}

# 802.11 with radiotap: an access point and a station of simulated radios.
scene_wifi()
{
	[ ! -d /sys/module/mac80211_hwsim ] || {
		why="simulated radios are in use already"
		return 1
	}
	modprobe -q mac80211_hwsim radios=2 || {
		why="this kernel has no simulated radios"
		return 1
	}
	sleep 1
	set -- client router
	for scene_phy in /sys/class/ieee80211/*; do
		case $(readlink -f "$scene_phy/device") in
		*mac80211_hwsim*) ;;
		*) continue ;; # a radio of the machine
		esac
		scene_d=$(ls "$scene_phy/device/net")
		iw phy "${scene_phy##*/}" set netns name "$tag-$1" &&
		    on "$1" ip link set "$scene_d" name "radio-$1" || return 1
		shift
	done
	on client ip link set radio-client address 02:00:00:00:05:10
	on router ip link set radio-router address 02:00:00:00:05:01
	printf '%s\n' interface=radio-router driver=nl80211 ssid=example hw_mode=g \
	    channel=1 auth_algs=1 wpa=2 wpa_key_mgmt=WPA-PSK \
	    wpa_passphrase=not-a-secret rsn_pairwise=CCMP >"$work/ap"
	printf '%s\n' 'network={' 'ssid="example"' 'psk="not-a-secret"' '}' \
	    >"$work/sta"
	on client iw dev radio-client interface add mon0 type monitor &&
	    on client ip link set mon0 up || return 1
	film wifi.pcap client mon0 || return 1
	serve router hostapd "$work/ap"
	sleep 1
	serve client wpa_supplicant -i radio-client -c "$work/sta" -D nl80211
	address client radio-client 51 10 && address router radio-router 51 1 || return 1
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		on client ping -c 1 -W 1 10.51.0.1 && break
	done
	on client ping -c 3 -i 0.2 10.51.0.1 &&
	    on client ping -c 3 -i 0.2 fd00:51::1 && wrap
	scene_is=$?
	modprobe -q -r mac80211_hwsim
	return $scene_is
}

# pcapng: two cables of the router, then an Ethernet and a raw device, each
# with comments.
scene_several()
{
	names && website || return 1
	film_ng several.pcapng router -i eth0 -i eth1 && mixture && wrap &&
	    editcap -a '1:the first packet' -a '5:the fifth packet' \
	        "$work/ng" "$shots/several.pcapng" &&
	    forget "$shots/several.pcapng" || return 1
	rm -f "$work/ng"
	tuns tun1 42 || return 1
	film_ng mixed.pcapng router -i tun1 -i eth0 -i any &&
	    on client ping -c 3 -i 0.2 10.42.0.1 && mixture && wrap &&
	    editcap -a '2:a packet without a link layer' \
	        "$work/ng" "$shots/mixed.pcapng" &&
	    forget "$shots/mixed.pcapng" || return 1
	# Captures of different kinds in one file, as mergecap writes them.
	set -- "$into/snap68.pcap" "$into/nano.pcap" "$into/raw.pcap"
	[ ! -f "$1" ] || [ ! -f "$2" ] || [ ! -f "$3" ] || {
		mergecap -w "$shots/merged.pcapng" "$@" &&
		    forget "$shots/merged.pcapng"
	}
}

# Compressed as tools leave them.
scene_squeezed()
{
	names && website && film squeezed.pcap client eth0 &&
	    film_ng squeezed.pcapng client -i eth0 &&
	    mixture && wrap || return 1
	forget "$work/ng" && gzip -9 -n -f "$shots/squeezed.pcap" &&
	    zstd -q -19 -f "$work/ng" -o "$shots/squeezed.pcapng.zst"
}
