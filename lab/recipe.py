"""Recipes of images: small TOML files under images/, merged with what they include, named by what they say.

Keys of a recipe, all optional but one of `suite` and `from`:
  include     other recipes, merged in first: lists are joined, tables united, single values overridden
  suite       Debian suite; its -updates and -security come along
  from        another recipe: this image is that one, and what is said here more (but no packages);
              or, with a slash in it, an image of a registry; or $NAME, an environment variable that says which
  take        further recipes, whose roots lie under /run/taken/NAME while `run` is executed
  components  archive components
  packages    to install (without Recommends)
  absent      packages that must not be in the finished image; the build fails if one is
  files       path = { content, mode }, written before `run`
  trees       directories under images/ copied over the image's root
  run         shell lines, executed in the image's root after the packages are in
  enable, disable, mask   systemd units
"""

import hashlib
import json
import os
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from . import mirror, paths
from .shell import LabError

LISTS = ("components", "packages", "absent", "trees", "take", "run", "enable", "disable", "mask")
KEYS = {*LISTS, "include", "suite", "from", "files"}
BUILDER_VERSION = 1     # raise when the builder makes other images from the same recipe


@dataclass(frozen=True)
class Recipe:
    """One image, as its recipe and the included ones say."""

    name: str
    suite: str
    components: tuple = ()
    packages: tuple = ()
    absent: tuple = ()
    trees: tuple = ()
    run: tuple = ()
    enable: tuple = ()
    disable: tuple = ()
    mask: tuple = ()
    files: tuple = ()   # of (path, content, mode)
    base: str = ""      # the recipe's `from`
    take: tuple = ()

    @property
    def needs(self):
        """Recipes whose images must be there before this one can be made."""
        return (*((self.base,) if self.base and not self.foreign else ()), *self.take)

    @property
    def foreign(self):
        """The image of a registry that this one is made from, if it is."""
        return self.base if "/" in self.base else ""

    @property
    def sources(self):
        """Lines for apt's sources.list."""
        words = " ".join(self.components)
        return (f"deb {mirror.base()}/debian {self.suite} {words}",
                f"deb {mirror.base()}/debian {self.suite}-updates {words}",
                f"deb {mirror.base()}/debian-security {self.suite}-security {words}")

    def setup_script(self):
        """What is executed in the image's root once the packages are in."""
        lines = ["set -eu", *self.run]
        for verb in ("disable", "enable", "mask"):
            units = getattr(self, verb)
            if units:
                lines.append(f"systemctl --quiet {verb} {' '.join(units)}")
        for package in self.absent:
            lines.append(f"if dpkg-query -W -f '${{Status}}' {package} 2>/dev/null | grep -q ' installed$'; "
                         f"then echo 'E: {package} is in the image, and the recipe says absent' >&2; exit 1; fi")
        return "\n".join(lines) + "\n"


def available():
    """Names of all recipes that make an image."""
    return sorted(path.stem for path in paths.IMAGES.glob("*.toml") if makes_image(read(path)))


def makes_image(table):
    """Does a recipe file make an image, or is it a part of others? One that waits for a variable makes none yet."""
    return "suite" in table or bool(environ(table.get("from", "")))


def environ(word):
    """The word, or the value of the environment variable that it names."""
    return os.environ.get(word[1:], "") if word.startswith("$") else word


def read(path):
    """One recipe file as it stands."""
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise LabError(f"no recipe {path}; there are: {', '.join(available())}") from None
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path}: not valid TOML: {error}") from None
    unknown = set(table) - KEYS
    if unknown:
        raise LabError(f"{path}: unknown key {', '.join(sorted(unknown))}; known are {', '.join(sorted(KEYS))}")
    return table


def merged(path):
    """A recipe file with everything that it includes."""
    table = read(path)
    result = {}
    for part in [*(merged(path.parent / name) for name in table.pop("include", [])), table]:
        for key, value in part.items():
            if key in LISTS:
                result[key] = result.get(key, []) + [item for item in value if item not in result.get(key, [])]
            elif key == "files":
                result[key] = {**result.get(key, {}), **value}
            else:
                result[key] = value
    return result


def load(name):
    """The Recipe of that name."""
    table = merged(paths.IMAGES / f"{name}.toml")
    if not table.keys() & {"suite", "from"}:
        raise LabError(f"images/{name}.toml is a part of other recipes (no suite, no from); there are: "
                       f"{', '.join(available())}")
    if "from" in table and table.keys() & {"suite", "packages", "components"}:
        raise LabError(f"images/{name}.toml: `from` takes another image as it is, so there can be no suite, components "
                       "or packages beside it; expected them in a recipe with a suite")
    base = environ(table.get("from", ""))
    if "from" in table and not base:
        raise LabError(f"images/{name}.toml: is made from the image that {table['from']} names, but that is not set; "
                       f"expected for example {table['from'][1:]}=docker.io/library/almalinux:9")
    files = tuple(sorted((path, file["content"].lstrip("\n"), file.get("mode", 0o644))
                         for path, file in table.pop("files", {}).items()))
    lists = {key: tuple(value) for key, value in table.items() if key in LISTS}
    return Recipe(name=name, suite=table.get("suite", ""), base=base, files=files, **lists)


def digest(recipe, above=()):
    """Twelve hex digits that change when, and only when, the image would."""
    if recipe.name in above:
        raise LabError(f"images/{recipe.name}.toml: is made from itself: {' -> '.join((*above, recipe.name))}")
    said = {key: value for key, value in asdict(recipe).items() if value or key not in ("base", "take")}
    if recipe.needs:
        said["needs"] = [digest(load(name), (*above, recipe.name)) for name in recipe.needs]
    said = json.dumps({"builder": BUILDER_VERSION, "mirror": mirror.base(), **said}, sort_keys=True)
    total = hashlib.sha256(said.encode())
    for tree in recipe.trees:
        for path in sorted((paths.IMAGES / tree).rglob("*")):
            total.update(f"{path.relative_to(paths.IMAGES)} {path.lstat().st_mode:o}\n".encode())
            total.update(path.readlink().as_posix().encode() if path.is_symlink() else contents(path))
    return total.hexdigest()[:12]


def contents(path: Path):
    """Bytes of a file, nothing for a directory."""
    return path.read_bytes() if path.is_file() else b""


def reference(recipe):
    """The name by which podman knows the image that this recipe makes."""
    return f"localhost/mailjail/{recipe.name}:{digest(recipe)}"
