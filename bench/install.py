# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first run on a bare host, beside apt-get alone with the same packages on a host like it."""

import time
from statistics import median

import yaml

from tests.harness import places

from . import report
from .world import PROFILE, gateway

APT = "export DEBIAN_FRONTEND=noninteractive; apt-get -q update; apt-get -q -y --no-install-recommends install "


def measure(world, rounds):
    """Rows of the table. Both gateways have the same packages afterwards, one of them the vendor's configuration."""
    seconds = {first_run: [], apt_alone: []}
    for number in range(rounds):
        world.renew()
        # Who comes second finds the mirror's caches warm: ours first, then in turn.
        for one in (first_run, apt_alone) if number % 2 == 0 else (apt_alone, first_run):
            seconds[one].append(one(world))
    ours, apt = median(seconds[first_run]), median(seconds[apt_alone])
    return [report.Row("first run on a bare host", report.seconds(ours), f"{report.seconds(apt)} apt-get alone", ours / apt)]


def first_run(world):
    """Seconds of the profile on a bare host."""
    return world.play(PROFILE, world.ours, gateway(world)).seconds


def apt_alone(world):
    """Seconds of apt-get, which starts the vendor's daemon as well."""
    began = time.perf_counter()
    world.sh(world.vendors, APT + " ".join(packages()))
    return time.perf_counter() - began


def packages():
    """What the role installs, from its own table."""
    return yaml.safe_load((places.ROOT / "roles/platform/vars/debian.yml").read_text())["__sendmail_platform"]["packages"]
