#!/bin/sh
# What `make setup` does: the machine's packages, then a virtual environment with the pinned tools.
set -eu
cd "$(dirname "$0")/.."

# command:package. Whatever is missing comes from Debian; nothing that is there is touched.
need="podman:podman conmon:conmon crun:crun runc:runc mmdebstrap:mmdebstrap ip:iproute2 iptables:iptables openssl:openssl ssh:openssh-client
/usr/lib/podman/netavark:netavark /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring
python3:python3 make:make m4:m4"

missing=
for pair in $need; do
    thing=${pair%%:*}
    if [ ! -e "$thing" ] && ! command -v "$thing" >/dev/null 2>&1 && [ ! -e "/usr/sbin/$thing" ]; then
        missing="$missing ${pair##*:}"
    fi
done
# Debian's own python3 cannot make a virtual environment without this package.
if [ -x /usr/bin/python3 ] && ! /usr/bin/python3 -c 'import ensurepip' 2>/dev/null; then
    missing="$missing python3-venv"
fi
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "setup   installing from Debian:$missing"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
    else
        echo "setup: these packages are missing on this machine; install them as root and run make setup again:$missing" >&2
        exit 1
    fi
fi

# The newest Python that can: those on PATH, and pyenv's if there is pyenv.
candidates() {
    for minor in 14 13 12 11; do command -v "python3.$minor" || true; done
    command -v python3 || true
    [ -x /usr/bin/python3 ] && echo /usr/bin/python3
    if command -v pyenv >/dev/null 2>&1; then
        for version in $(pyenv versions --bare); do echo "$(pyenv prefix "$version")/bin/python3"; done
    fi
}
best= best_version=0
for python in $(candidates); do
    version=$("$python" -c 'import sys, ensurepip, venv; print(sys.version_info[0] * 1000 + sys.version_info[1])' 2>/dev/null) || continue
    if [ "$version" -ge 3011 ] && [ "$version" -gt "$best_version" ]; then
        best=$python best_version=$version
    fi
done
if [ -z "$best" ]; then
    echo "setup: no Python 3.11 or newer with the venv module on PATH or in pyenv; on Debian 12: apt-get install python3-venv" >&2
    exit 1
fi

stamp=".venv/.stamp"
wanted="$best $best_version $(sha256sum <requirements.txt)"
if [ -x .venv/bin/ansible ] && [ "$(cat $stamp 2>/dev/null)" = "$wanted" ]; then
    touch $stamp
    exit 0
fi
echo "setup   .venv with $("$best" --version) ($best) from requirements.txt"
rm -rf .venv
"$best" -m venv .venv
.venv/bin/python -m pip install -qq --disable-pip-version-check -r requirements.txt
echo "$wanted" >$stamp
# Not `head`: whoever writes on when it has gone away prints a traceback.
echo "setup   $(.venv/bin/ansible --version | sed -n 1p)"
