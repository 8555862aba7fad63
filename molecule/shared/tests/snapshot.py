"""Prints, as JSON, what a host's disk says: every file of some trees, every package. Runs on the host, fed to python3 on stdin.

Words after it name trees; without any it is everything under /etc and /var but what the system itself keeps writing.
"""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys

# Logs; clocks of timers, seeds and the like that systemd renews by itself; state that sudo and apt's own timers keep; the index that whoever only
# reads the database of RPM writes.
SELF_WRITING = ("/var/log", "/var/lib/systemd", "/var/lib/rpm/rpmdb.sqlite-shm")


def main():
    """Walk and print."""
    trees = sys.argv[1:] or ["/etc", "/var"]
    files = {}
    for tree in trees:
        for path in walk(tree):
            files[path] = describe(path)
    print(json.dumps({"files": files, "packages": sorted(packages())}))


def packages():
    """Every package, with its version."""
    ask = (["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\n"], ["rpm", "-qa"])
    argv = next(words for words in ask if shutil.which(words[0]))
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()


def walk(tree):
    """Every path of a tree, itself included."""
    yield tree
    for directory, names, files in os.walk(tree):
        names[:] = [name for name in names if os.path.join(directory, name) not in SELF_WRITING]
        for name in names + [name for name in files if os.path.join(directory, name) not in SELF_WRITING]:
            yield os.path.join(directory, name)


def describe(path):
    """Kind, owner, mode, and content of one path."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    if stat.S_ISLNK(found.st_mode):
        return "link %d:%d -> %s" % (found.st_uid, found.st_gid, os.readlink(path))
    kind = "file" if stat.S_ISREG(found.st_mode) else "directory" if stat.S_ISDIR(found.st_mode) else "special"
    content = " " + digest(path) if kind == "file" else ""
    return "%s %d:%d %04o%s" % (kind, found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode), content)


def digest(path):
    """SHA-256 of a file; of a map its entries, because each build of the same map has an identity of its own.

    makemap reads a sendmail.cf as well, which may be one that never ends.
    """
    with open(path, "rb") as handle:
        data = handle.read()
    if path.endswith((".db", ".cdb")) and path.startswith("/etc/"):
        for kind in ("btree", "hash", "cdb"):
            dump = subprocess.run(["makemap", "-C", "/dev/null", "-u", kind, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            if dump.returncode == 0:
                return kind + " " + hashlib.sha256(b"\n".join(sorted(dump.stdout.splitlines()))).hexdigest()
    return hashlib.sha256(data).hexdigest()


main()
