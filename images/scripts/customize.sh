#!/bin/sh
# mmdebstrap calls this with the new root as $1, all packages installed. Beside it lies what the lab prepared:
# files/ (to lay over the root) and setup.sh (to execute in it). DEBS is the shared package cache.
set -eu
root=$1
stage=${STAGE:?}

# Later builds need not download these again. rename(2) is atomic, so parallel builds cannot harm each other.
for deb in "$root"/var/cache/apt/archives/*.deb; do
    kept=${DEBS:?}/${deb##*/}
    if [ -e "$deb" ] && [ ! -e "$kept" ]; then
        cp "$deb" "$kept.$$" && mv "$kept.$$" "$kept"
    fi
done
rm -f "$root"/var/cache/apt/archives/*.deb

# Only the build was to be fast and small; the host shall keep manual pages and sync its disk like any other.
rm -f "$root"/etc/dpkg/dpkg.cfg.d/99mmdebstrap

cp -a "$stage/files/." "$root/"
cp "$stage/setup.sh" "$root/.lab-setup.sh"
chroot "$root" /bin/sh /.lab-setup.sh
rm -f "$root/.lab-setup.sh"
rm -rf "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/var/log/*.log "$root"/var/log/apt/*
