"""Making images: mmdebstrap writes a root file system, podman imports it. Several at once, each with its log."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import paths, recipe
from .podman import image_exists, podman
from .shell import LabError, locked, say

PHASES = re.compile(r"^I: (downloading|extracting|installing|running --customize|creating tarball)")
SHM = Path("/dev/shm")
MEMORY_NEEDED = 6 << 30
KEEP_OLD = 1    # earlier versions of an image to keep, for those who switch between branches


def ensure(names, force=False):
    """Build what is missing of the named images; return {name: reference}."""
    recipes = {name: recipe.load(name) for name in dict.fromkeys(names)}
    references = {name: recipe.reference(one) for name, one in recipes.items()}
    if force or not all(map(image_exists, references.values())):
        with locked(paths.LOCKS / "images.lock", "images  waiting for another build in this checkout"):
            build_all([one for name, one in recipes.items() if force or not image_exists(references[name])])
    return references


def build_all(recipes):
    """Build images, the largest first, so that none of them is waited for alone at the end."""
    began = time.monotonic()
    for directory in (paths.LOGS, paths.DEBS, paths.TMP):
        directory.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        list(pool.map(build, sorted(recipes, key=lambda one: -len(one.packages))))
    if recipes:
        say(f"images  {len(recipes)} built in {time.monotonic() - began:.0f} s")


def build(one):
    """Build and import one image, saying what happens."""
    began = time.monotonic()
    reference = recipe.reference(one)
    log = paths.LOGS / f"image-{one.name}.log"
    say(f"image   {one.name}: building from images/{one.name}.toml (log: {log})")
    with tempfile.TemporaryDirectory(prefix=f"mailjail-{one.name}-", dir=workplace()) as scratch:
        stage(one, Path(scratch))
        tar = Path(scratch, "root.tar")
        bootstrap(one, Path(scratch), tar, log, began)
        former = podman("images", "--quiet", "--no-trunc", reference).stdout.split()
        podman("import", "--quiet", "--message", f"recipe images/{one.name}.toml", tar, reference, timeout=300,
               what=f"image {one.name}: podman import")
        size = tar.stat().st_size
    for image in former:    # nameless now; one that a container uses stays until that is gone
        podman("rmi", image, check=False)
    forget_old(one.name, reference)
    say(f"image   {one.name}: ready after {time.monotonic() - began:.0f} s, {size >> 20} MB, {reference}")


def workplace():
    """Where to unpack: memory where it is plenty and may hold devices (a third less time), else the checkout."""
    try:
        flags, room = os.statvfs(SHM).f_flag, shutil.disk_usage(SHM).free
        memory = next(int(line.split()[1]) << 10 for line in Path("/proc/meminfo").read_text().splitlines()
                      if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return paths.TMP
    fit = not flags & (os.ST_NODEV | os.ST_NOEXEC) and min(room, memory) > MEMORY_NEEDED
    return SHM if fit else paths.TMP


def stage(one, scratch):
    """Lay out what customize.sh copies into the new root."""
    files = scratch / "files"
    files.mkdir()
    for tree in one.trees:
        shutil.copytree(paths.IMAGES / tree, files, symlinks=True, dirs_exist_ok=True)
    for path, content, mode in one.files:
        target = files / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        target.chmod(mode)
    (scratch / "setup.sh").write_text(one.setup_script())


def mmdebstrap_argv(one, tar):
    """The command that writes the root file system."""
    return [
        "mmdebstrap", "--mode=root", "--variant=minbase", "--skip=download/empty",
        f"--include={','.join(one.packages)}",
        '--aptopt=APT::Install-Recommends "false"',
        "--dpkgopt=force-unsafe-io",
        "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
        '--setup-hook=mkdir -p "$1"/var/cache/apt/archives && '
        'find "$DEBS" -name "*.deb" -exec cp --link -t "$1"/var/cache/apt/archives/ {} + 2>/dev/null || '
        'find "$DEBS" -name "*.deb" -exec cp -t "$1"/var/cache/apt/archives/ {} +',
        f'--customize-hook={paths.IMAGES / "scripts" / "customize.sh"} "$1"',
        "--customize-hook=rm -f \"$1\"/etc/apt/apt.conf.d/99mmdebstrap",
        one.suite, str(tar), *one.sources,
    ]


def bootstrap(one, scratch, tar, log, began):
    """Run mmdebstrap, its words into the log, its phases to the terminal."""
    env = {**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": str(scratch), "STAGE": str(scratch), "DEBS": str(paths.DEBS)}
    try:
        process = subprocess.Popen(mmdebstrap_argv(one, tar), env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    except FileNotFoundError:
        raise LabError("mmdebstrap is not installed on this machine; run `make setup`") from None
    with process, log.open("w") as book:
        for line in process.stdout:
            book.write(line)
            if PHASES.match(line):
                say(f"image   {one.name}: {time.monotonic() - began:3.0f} s  {line[3:].strip()[:90]}")
    if process.returncode:
        complaints = [line for line in log.read_text().splitlines() if line.startswith(("E:", "W:"))]
        raise LabError(f"image {one.name}: mmdebstrap failed: {' / '.join(complaints[-3:])}; see {log}")


def remove():
    """Remove all images that recipes ever made here; one that a container uses stays."""
    kept = [tag for tag in tags("*") if podman("rmi", tag, check=False).returncode]
    say("images  removed" + (f", but for {', '.join(kept)}: in use" if kept else ""))


def tags(name):
    """References of the images of that name, newest first."""
    listed = podman("images", "--filter", f"reference=localhost/mailjail/{name}", "--sort", "created",
                    "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
    return [tag for tag in listed if not tag.endswith(":<none>")]


def forget_old(name, current):
    """Remove earlier versions of an image but the newest few; one that a container uses stays."""
    for tag in [tag for tag in tags(name) if tag != current][KEEP_OLD:]:
        podman("rmi", tag, check=False)
