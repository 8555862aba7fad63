"""Making images: mmdebstrap writes a root file system, podman imports it; or an image gets a layer more.

Several at once, each with its log.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
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
    names = list(dict.fromkeys(names))
    references = {name: recipe.reference(recipe.load(name)) for name in names}
    if missing(names, force):
        with locked(paths.LOCKS / "images.lock", "images  waiting for another build in this checkout"):
            build_all(missing(names, force))
    return references


def missing(names, force=False, exists=image_exists):
    """Recipes to build, each after those that it is made from. What is there does not need what it was made from."""
    found = {}

    def look(name, force):
        one = recipe.load(name)
        if name not in found and (force or not exists(recipe.reference(one))):
            for other in one.needs:
                look(other, False)
            found[name] = one

    for name in names:
        look(name, force)
    return list(found.values())


def build_all(recipes):
    """Build images, each as soon as what it is made from is there."""
    began = time.monotonic()
    for directory in (paths.LOGS, paths.DEBS, paths.TMP):
        directory.mkdir(parents=True, exist_ok=True)
    waiting, running, undone = list(recipes), {}, {one.name for one in recipes}
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        while undone:
            for one in ready(waiting, undone):
                waiting.remove(one)
                running[pool.submit(build, one)] = one
            for job in wait(running, return_when=FIRST_COMPLETED).done:
                undone.discard(running.pop(job).name)
                job.result()
    if recipes:
        say(f"images  {len(recipes)} built in {time.monotonic() - began:.0f} s")


def ready(waiting, undone):
    """What can be built now: first what most others wait for, then the largest."""
    needed = [name for one in waiting for name in one.needs]
    return sorted((one for one in waiting if not undone & set(one.needs)),
                  key=lambda one: (-needed.count(one.name), -len(one.packages)))


def build(one):
    """Build and import one image, saying what happens."""
    began = time.monotonic()
    reference = recipe.reference(one)
    log = paths.LOGS / f"image-{one.name}.log"
    say(f"image   {one.name}: building from images/{one.name}.toml (log: {log})")
    former = podman("images", "--quiet", "--no-trunc", reference).stdout.split()
    with tempfile.TemporaryDirectory(prefix=f"mailjail-{one.name}-", dir=workplace()) as scratch:
        stage(one, Path(scratch))
        (layer if one.base else imported)(one, Path(scratch), log, began)
    for image in former:    # nameless now; one that a container uses stays until that is gone
        podman("rmi", image, check=False)
    forget_old(one.name, reference)
    size = int(podman("image", "inspect", "--format", "{{.Size}}", reference).stdout)
    say(f"image   {one.name}: ready after {time.monotonic() - began:.0f} s, {size >> 20} MB, {reference}")


def imported(one, scratch, log, began):
    """An image of Debian packages."""
    tar = scratch / "root.tar"
    bootstrap(one, scratch, tar, log, began)
    podman("import", "--quiet", "--message", f"recipe images/{one.name}.toml", tar, recipe.reference(one), timeout=300,
           what=f"image {one.name}: podman import")


def layer(one, scratch, log, _began):
    """An image upon another one. No container runs for it, so it does not matter which runtime this machine likes."""
    base = one.foreign or recipe.reference(recipe.load(one.base))
    taken = [recipe.reference(recipe.load(name)) for name in one.take]
    name = f"mailjail-build-{one.name}-{os.getpid()}"
    podman("create", "--replace", "--name", name, "--network", "none", base, "/sbin/init", timeout=600)
    try:
        root = podman("mount", name).stdout.strip()
        roots = [podman("image", "mount", reference).stdout.strip() for reference in taken]
        script = [paths.IMAGES / "scripts" / "layer.sh", root, scratch,
                  *(f"{key}={place}" for key, place in zip(one.take, roots, strict=True))]
        with log.open("w") as book:
            done = subprocess.run(script, stdin=subprocess.DEVNULL, stdout=book, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise LabError(f"image {one.name}: {said_last(log)}; see {log}")
        podman("commit", "--quiet", name, recipe.reference(one),
               timeout=300, what=f"image {one.name}: podman commit")
    finally:
        podman("rm", "--force", "--time", "0", name, check=False)
        for reference in taken:
            podman("image", "unmount", reference, check=False)


def said_last(log):
    """The last lines of a log, on one line."""
    return " / ".join(line.strip() for line in log.read_text(errors="replace").splitlines()[-3:])


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
