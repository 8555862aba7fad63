#!/bin/bash -eu
# All RPMs of one host into /srv/packages, with the metadata that dnf and zypper read: FLAVOUR COMPILED.
flavour=$1 compiled=$2
mkdir -p /srv/packages
build=(rpmbuild -bb --quiet
    --define "_topdir /build/work" --define "_sourcedir /build/sources" --define "_rpmdir /srv/packages"
    --define "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" --define "_dbpath /build/work/db"
    --define "_buildshell /bin/bash" --define "_binary_payload w1.gzdio" --define "debug_package %{nil}"
    --define "__os_install_post %{nil}" --define "_unitdir /usr/lib/systemd/system" --define "_sbindir /usr/sbin"
    --define "_docdir /usr/share/doc" --define "_build_id_links none" --define "_buildhost lab" --define "flavour $flavour" --define "tag ${flavour//-/.}" --define "compiled $compiled")

# Debian's program as an RPM of the name that this family gives it: NAME DEB...
wrap() {
    local name=$1 version
    shift
    version=$(dpkg-deb -f "$(ls /srv/debs/"$1"_*.deb)" Version)
    version=${version#*:}
    "${build[@]}" --define "wrapped $name" --define "wrapped_version ${version%%[-+]*}" --define "debs $*" /build/wrapped.spec
}
. /build/list.sh
for spec in /build/*.spec; do
    [ "$spec" = /build/wrapped.spec ] || "${build[@]}" "$spec"
done
createrepo_c --quiet --general-compress-type=gz /srv/packages
rm -rf /build
