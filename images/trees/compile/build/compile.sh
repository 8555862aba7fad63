#!/bin/sh
# sendmail from the pristine archive, less one known hole, with /build/site.config.m4, into /out as the RPMs' specs want it.
set -eu
mkdir -p /build/src /out/program /out/include /out/doc
tar -C /build/src --strip-components=1 -xzf /srv/source/sendmail_*.orig.tar.gz
cd /build/src
cp /build/site.config.m4 devtools/Site/
# A second message hidden in the first (CVE-2023-51765): upstream mended it in 8.18, the distributions in what they ship of 8.17.
tar -C /build -xJf /srv/source/sendmail_*.debian.tar.xz debian/patches
patch -p1 --quiet </build/debian/patches/0024-CVE-2023-51765.patch

for part in libsm libsmutil libsmdb libmilter sendmail editmap mailstats makemap praliases rmail smrsh; do
    (cd $part && nice -n 15 sh ./Build)
done
for program in sendmail editmap mailstats makemap praliases rmail smrsh; do
    strip -o /out/program/$program obj.*/$program/$program
done

strip -g -o /out/libmilter.a obj.*/libmilter/libmilter.a
cp -r include/libmilter /out/include/
cp -r cf /out/cf
cp KNOWNBUGS LICENSE RELEASE_NOTES doc/op/op.me sendmail/README sendmail/SECURITY /out/doc/
cp sendmail/helpfile /out/
cd /
rm -rf /build
