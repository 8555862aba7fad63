# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from sendmail_metrics."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import subprocess

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_metrics

PLATFORM = {"mta": {"queue": "/var/spool/mqueue", "statistics": "/var/lib/sendmail/sendmail.st"}, "client": {"queue": "/var/spool/mqueue-client"},
            "units": {"mta": "sendmail.service", "client": "sendmail-client.service"}}


def site(left=(), family="debian", **said):
    return {"metrics": said, "family": family, "platform": PLATFORM, "program": "print(1)\n",
            "info": {"host": {"interpreter": "/usr/bin/python3"}, "system_files": list(left)}}


def test_off_is_nothing_and_takes_away_what_was():
    assert plan_metrics.plan(site()) == {"companions": []}
    found = plan_metrics.plan(site(left=[plan_metrics.PROGRAM, plan_metrics.TIMER]))["companions"]
    assert [(one["unit"], one["state"], one["enabled"]) for one in found] == [("mailjail-metrics.timer", "stopped", False)]
    assert {item["path"] for item in found[0]["files"]} == {plan_metrics.PROGRAM, plan_metrics.TIMER, "/var/lib/prometheus/node-exporter/sendmail.prom"}
    assert {item["state"] for item in found[0]["files"]} == {"absent"}


@pytest.mark.parametrize("family, said, expected", [
    ("debian", {}, "/var/lib/prometheus/node-exporter"), ("redhat", {}, "/var/lib/node_exporter/textfile_collector"),
    ("suse", {"directory": "/srv/texts"}, "/srv/texts")])
def test_units(family, said, expected):
    entry = plan_metrics.plan(site(family=family, enabled=True, interval=30, **said))["companions"][0]
    texts = {item["path"]: item["content"] for item in entry["files"]}
    service, timer = texts[plan_metrics.SERVICE], texts[plan_metrics.TIMER]
    assert "--target=%s/sendmail.prom " % expected in service and "ReadWritePaths=-%s\n" % expected in service
    assert "--queue=mta=/var/spool/mqueue --queue=client=/var/spool/mqueue-client --unit=sendmail.service --unit=sendmail-client.service\n" in service
    assert "OnUnitInactiveSec=30s" in timer and "{" not in service + timer
    assert texts[plan_metrics.PROGRAM] == "print(1)\n"
    assert " -le 210 " in entry["proof"][2] and "%%" not in entry["proof"][2]


@pytest.mark.parametrize("said, words", [
    ({"directory": "/srv/a b"}, "directory"), ({"directory": "/srv/../etc"}, "directory"), ({"directory": "texts"}, "directory"),
    ({"directory": "/srv/%n"}, "directory"), ({"interval": 5}, "interval"), ({"interval": "1m"}, "interval")])
def test_refused_by_name(said, words):
    with pytest.raises(InvalidValue) as caught:
        plan_metrics.plan(site(enabled=True, **said))
    assert "sendmail_metrics (%s)" % words in caught.value.message


def test_figures_of_a_former_directory_go():
    old = "/srv/texts/sendmail.prom"
    files = plan_metrics.plan(site(left=[plan_metrics.TIMER, old]))["companions"][0]["files"]
    assert {"path": old, "state": "absent"} in files
    files = plan_metrics.plan(site(left=[plan_metrics.TIMER, old], enabled=True))["companions"][0]["files"]
    assert files[-1] == {"path": old, "state": "absent"}
    files = plan_metrics.plan(site(left=[plan_metrics.TIMER, old], enabled=True, directory="/srv/texts"))["companions"][0]["files"]
    assert old not in [item["path"] for item in files]


@pytest.mark.parametrize("age, expected", [(0, 0), (60, 1)])
def test_figures_that_are_older_than_the_timer_prove_nothing(tmp_path, age, expected):
    figures, program = tmp_path / "sendmail.prom", tmp_path / "systemctl"
    begun = int(figures.write_text("x") and figures.stat().st_mtime)
    os.utime(str(figures), (begun - age, begun - age))
    program.write_text("#!/bin/sh\necho ActiveEnterTimestamp=$(date -d @%d)\n" % begun)
    program.chmod(0o755)
    text = plan_metrics.plan(site(enabled=True))["companions"][0]["proof"][2].replace("/var/lib/prometheus/node-exporter/sendmail.prom", str(figures))
    done = subprocess.run(["sh", "-c", text.replace("sleep 0.5", ":")], env={"PATH": "%s:/usr/bin:/bin" % tmp_path}, check=False, stdout=subprocess.PIPE)
    assert done.returncode == expected
