#!/bin/sh
# Lays what the lab prepared over the root of another image and executes its script there: ROOT STAGE [NAME=ROOT...].
# The root is seen by this process alone as it is while being worked on: /dev, /proc, the machine's name server, and the
# roots of further images under /run/taken. Nothing of that stays.
set -eu
if [ "${LAYERED:-}" != 1 ]; then
    LAYERED=1 exec unshare --mount --propagation private "$0" "$@"
fi
root=$1 stage=$2
shift 2

cp -a "$stage/files/." "$root/"
cp "$stage/setup.sh" "$root/.lab-setup.sh"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/run"
[ -e "$root/etc/resolv.conf" ] || : >"$root/etc/resolv.conf"
mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
for taken in "$@"; do
    mkdir -p "$root/run/taken/${taken%%=*}"
    mount --bind "${taken#*=}" "$root/run/taken/${taken%%=*}"
done
env -i HOME=/root LC_ALL=C.UTF-8 SYSTEMD_OFFLINE=1 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    chroot "$root" /bin/sh /.lab-setup.sh
rm -f "$root/.lab-setup.sh"
