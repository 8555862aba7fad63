# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program behind the figures for Prometheus: what it counts, and what it leaves alone."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import importlib.util
import json
import os
import re
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
SPEC = importlib.util.spec_from_file_location("metrics", os.path.join(ROOT, "roles", "metrics", "files", "metrics.py"))
metrics = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(metrics)


def refused(ruleset, reply):
    return "mailjail_refused_total", (("reply", reply), ("ruleset", ruleset))


def delivered(mailer, result):
    return "mailjail_deliveries_total", (("mailer", mailer), ("result", result))


@pytest.mark.parametrize("message, expected", [
    ("4AN8xyz012345: ruleset=check_rcpt, arg1=<a@b.example>, relay=x [192.0.2.1], reject=550 5.7.1 <a@b.example>... Relaying denied",
     refused("check_rcpt", "550")),
    ("ruleset=check_relay, arg1=x, arg2=192.0.2.1, relay=x [192.0.2.1], reject=421 4.3.2 Connection rate limit exceeded.", refused("check_relay", "421")),
    ("4AN8xyz012345: ruleset=Local_of_a_site, arg1=x, reject=550 5.7.1 no", refused("other", "550")),
    ("4AN8xyz012345: Milter: data, reject=451 4.3.2 Please try again later", refused("milter", "451")),
    ("4AN8xyz012345: milter=opendmarc, action=eom, reject=550 5.7.1 rejected by DMARC policy", refused("milter", "550")),
    ("4AN8xyz012345: <nobody@gw.example>... User unknown", refused("unknown_user", "550")),
    ("4AN8xyz012345: to=<a@b.example>, delay=00:00:01, xdelay=00:00:00, mailer=relay, pri=30, relay=mail [192.0.2.9], dsn=2.0.0, stat=Sent (ok)",
     delivered("relay", "sent")),
    ("4AN8xyz012345: to=a@b.example, ctladdr=<x@y> (0/0), delay=1+00:00:01, mailer=esmtp, pri=1, relay=c. [1.2.3.4], dsn=4.0.0, stat=Deferred: Timeout",
     delivered("esmtp", "deferred")),
    ("4AN8xyz012345: to=<a@b.example>, mailer=local, dsn=5.1.1, stat=User unknown", delivered("local", "failed")),
    # Recipients that look like the rest of the line.
    ('4AN8xyz012345: to=<"x, delay=00:00:01, mailer=evil, pri=1, dsn=2.0.0, stat="@b.example>, delay=00:00:01, mailer=relay, pri=30, dsn=4.0.0, stat=Deferred',
     delivered("relay", "deferred")),
    ("4AN8xyz012345: to=<x(, mailer=evil, dsn=2.0.0, stat=)@b.example>,<c@d.example>, ctladdr=<\"y, mailer=worse, dsn=2.0.0, stat=\"@e.example> (0/0), "
     "delay=00:00:01, xdelay=00:00:00, mailer=relay, pri=30, relay=mail [192.0.2.9], dsn=4.0.0, stat=Sent, mailer=evil, dsn=2.0.0, stat=Sent",
     delivered("relay", "deferred")),
    ('4AN8xyz012345: to="|/usr/bin/prog, mailer=evil, dsn=2.0.0, stat=", delay=00:00:01, mailer=prog, pri=30, dsn=2.0.0, stat=Sent', delivered("prog", "sent")),
    ("STARTTLS=client, relay=mail.corp.example., version=TLSv1.3, verify=FAIL, cipher=X, bits=256/256",
     ("mailjail_tls_failures_total", (("direction", "client"),))),
    ("STARTTLS=server, error: accept failed=-1, reason=unknown protocol", ("mailjail_tls_failures_total", (("direction", "server"),))),
    ("STARTTLS=server, relay=x [1.2.3.4], version=TLSv1.3, verify=NO, cipher=X, bits=256/256", None),
    ("4AN8xyz012345: AUTH failure (PLAIN): authentication failure (-13)", ("mailjail_authentication_failures_total", ())),
    ("rejecting connections on daemon MTA: load average: 12", ("mailjail_connections_turned_away_total", ())),
    ("4AN8xyz012345: from=<ruleset=check_rcpt, reject=550>, size=1, class=0", None),
    ("4AN8xyz012345: ruleset=check_mail, arg1=<x>, reject=250 fine", None),
    ("", None),
])
def test_a_line_of_the_log(message, expected):
    assert metrics.count(message) == expected


def test_no_line_takes_long():
    began = time.monotonic()
    for piece in ("<", "a,", '"', ", delay=1", "<a>", ', a="b"', ", mailer=x, a=b"):
        metrics.count("4AN8xyz012345: to=" + piece * (8000 // len(piece)))
    assert time.monotonic() - began < 5


def test_labels_do_not_grow_without_end():
    totals = {}
    for number in range(1000):
        metrics.add(totals, "mailjail_deliveries_total", (("mailer", "m%d" % number), ("result", "sent")))
    rows = totals["mailjail_deliveries_total"]
    assert len(rows) == metrics.MOST_LABELS + 1 and sum(rows.values()) == 1000


def fill(path, *names):
    for name in names:
        (path / name).write_text(u"x" * 10)


def test_a_queue_is_counted_by_names(tmp_path):
    for name in ("q1", "q2"):
        (tmp_path / name / "df").mkdir(parents=True)
        (tmp_path / name / "qf").mkdir()
    fill(tmp_path / "q1" / "qf", "qf4AN8xyz012345", "hf4AN8xyz012346", "Qf4AN8xyz012347", "tf4AN8xyz012348", "core", "qfshort")
    fill(tmp_path / "q1" / "df", "df4AN8xyz012345", "df4AN8xyz012346")
    fill(tmp_path / "q2" / "qf", "qf4AN8xyz012349")
    fill(tmp_path, "qf4AN8xyz012350")
    os.utime(str(tmp_path / "q1" / "df" / "df4AN8xyz012346"), (1000, 1000))
    counts, size, oldest = metrics.queue(str(tmp_path), 4600)
    assert counts == {"waiting": 3, "quarantined": 1, "lost": 1} and size == 70 and oldest == 3600


def test_a_link_into_a_queue_is_followed_only_where_root_laid_it(tmp_path, monkeypatch):
    (tmp_path / "queue").mkdir()
    (tmp_path / "disk").mkdir()
    fill(tmp_path / "disk", "qf4AN8xyz012345")
    (tmp_path / "queue" / "q1").symlink_to(tmp_path / "disk")
    (tmp_path / "queue" / "qf4AN8xyz012346").symlink_to(tmp_path / "disk" / "qf4AN8xyz012345")
    owner = os.lstat(str(tmp_path / "queue" / "q1")).st_uid
    assert metrics.queue(str(tmp_path / "queue"), 0)[0]["waiting"] == (1 if owner == 0 else 0)


def test_a_message_that_went_meanwhile_is_no_error(tmp_path, monkeypatch):
    fill(tmp_path, "qf4AN8xyz012345")
    listed = list(metrics.files(str(tmp_path)))
    (tmp_path / "qf4AN8xyz012345").unlink()
    monkeypatch.setattr(metrics, "files", lambda _directory: listed)
    assert metrics.queue(str(tmp_path), 0)[0]["waiting"] == 0


def test_statistics():
    text = "1700000000 1700000100\n 3   1     2   4     5    6   7   8  esmtp\n T   1     2   4     5    6  7  8\n"
    assert metrics.statistics(text) == [("esmtp", 1, 2048, 4, 5120, 6, 7, 8)]
    assert metrics.statistics("1700000000 1700000100\n") == []
    with pytest.raises(ValueError):
        metrics.statistics("mailstats: cannot open")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"totals": 3}', '{"totals": {"a": {"not json": 1}}}', '{"totals": {"a": {"[]": "1"}}}'])
def test_a_state_that_is_none_counts_for_nothing(tmp_path, text):
    (tmp_path / "state").write_text(u"%s" % text)
    assert metrics.load(str(tmp_path / "state")) == {}
    assert metrics.load(str(tmp_path / "none")) == {}


def look(tmp_path, monkeypatch, lines, **more):
    """One look with a journal of these lines; returns the text."""
    monkeypatch.setattr(metrics, "journal", lambda units, cursor: iter([("c%d" % number, line) for number, line in enumerate(lines)]))
    (tmp_path / "queue").mkdir(exist_ok=True)
    metrics.main(["--target", str(tmp_path / "out.prom"), "--state", str(tmp_path / "state"), "--queue", "mta=%s" % (more.get("queue") or tmp_path / "queue"),
                  "--unit", "sendmail.service"])
    return (tmp_path / "out.prom").read_text()


RELAY = "ruleset=check_rcpt, arg1=x, reject=550 5.7.1 no"


def test_the_first_look_begins_with_nothing_and_the_next_ones_add_up(tmp_path, monkeypatch):
    first = look(tmp_path, monkeypatch, [RELAY])
    assert "mailjail_refused_total" not in first and "mailjail_authentication_failures_total 0" in first
    look(tmp_path, monkeypatch, [RELAY, RELAY])
    assert 'mailjail_refused_total{reply="550",ruleset="check_rcpt"} 3\n' in look(tmp_path, monkeypatch, [RELAY])
    assert oct(os.stat(str(tmp_path / "out.prom")).st_mode)[-3:] == "644" and oct(os.stat(str(tmp_path / "state")).st_mode)[-3:] == "600"
    assert sorted(os.listdir(str(tmp_path))) == ["out.prom", "queue", "state"]
    assert json.loads((tmp_path / "state").read_text())["cursor"] == "c0"


def test_what_can_not_be_seen_costs_its_part_alone(tmp_path, monkeypatch, capsys):
    look(tmp_path, monkeypatch, [RELAY])
    text = look(tmp_path, monkeypatch, [RELAY], queue=tmp_path / "none")
    assert 'mailjail_look_ok{part="queue_mta"} 0' in text and 'mailjail_look_ok{part="log"} 1' in text and "mailjail_queue_messages" not in text
    assert "queue_mta could not be seen" in capsys.readouterr().err

    def broken(_units, _cursor):
        yield "c9", RELAY
        raise ValueError("Failed to seek to cursor")

    monkeypatch.setattr(metrics, "journal", broken)
    metrics.main(["--target", str(tmp_path / "out.prom"), "--state", str(tmp_path / "state"), "--unit", "sendmail.service"])
    text = (tmp_path / "out.prom").read_text()
    assert 'mailjail_look_ok{part="log"} 0' in text and 'mailjail_refused_total{reply="550",ruleset="check_rcpt"} 2' in text
    assert "cursor" not in json.loads((tmp_path / "state").read_text())


def test_each_metric_once_with_help_and_type(tmp_path, monkeypatch):
    text = look(tmp_path, monkeypatch, [RELAY])
    named = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)
    assert len(named) == len(set(named)) > 5 and dict(named) == {name: metrics.HELP[name][0] for name, _kind in named}
    assert all(name.endswith("_total") == (kind == "counter") for name, kind in named)


def test_a_label_can_not_break_the_text():
    text = metrics.render([("mailjail_look_ok", (("part", 'a"} 1\nx\\'),), 1)])
    assert text.splitlines()[-1] == 'mailjail_look_ok{part="a\\"} 1\\nx\\\\"} 1'


def test_a_file_in_the_way_is_not_followed(tmp_path):
    (tmp_path / "victim").write_text(u"keep")
    (tmp_path / (".out.%d" % os.getpid())).symlink_to(tmp_path / "victim")
    with pytest.raises(OSError):
        metrics.write(str(tmp_path / "out"), "x", 0o644)
    assert (tmp_path / "victim").read_text() == "keep"
