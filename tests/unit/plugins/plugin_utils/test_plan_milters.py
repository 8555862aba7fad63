# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from sendmail_milters, and what is refused by name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import companions
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import milter_presets, plan_milters

DEBIAN13 = {"family": "debian", "id": "debian", "version_id": "13"}
FOREIGN = {"name": "scan", "socket": "local:/run/scan/socket"}
ALL = [{"preset": name} for name in ("greylist", "opendkim", "spf", "opendmarc", "clamav", "rspamd")]


def site(*entries, **more):
    return dict({"milters": list(entries), "domain": "example.org", "relay_networks": ["192.0.2.0/24"], "host_name": "mx.example.org", "privilege": "jailed",
                 "message_size": 26214400,
                 "run_user": "mailgw", "family": "debian", "distribution": DEBIAN13, "listeners": [{"name": "MTA"}, {"name": "MSA", "port": 587}]}, **more)


@pytest.mark.parametrize("entry, words", [
    ({"preset": "opendkin"}, ["opendkin", "opendkim"]),
    ({"preset": "opendkim", "selektor": "a"}, ["selektor", "selector"]),
    ({"preset": "opendkim", "infected": "reject"}, ["opendkim has no setting 'infected'"]),
    ({"preset": "opendkim", "socket": "inet:8891@localhost"}, ["has no setting 'socket'"]),
    ({"preset": "opendkim", "selector": "a.b'"}, ["selector", "label"]),
    ({"preset": "opendkim", "selector": "../x"}, ["selector"]),
    ({"preset": "opendkim", "domains": ["example.org; rm"]}, ["domains"]),
    ({"preset": "opendkim", "mode": "s"}, ["mode is 's'", "sign or verify or both"]),
    ({"preset": "opendkim", "failure": "tempfial"}, ["tempfial", "tempfail"]),
    ({"preset": "opendkim", "timeouts": {"conect": "3s"}}, ["conect", "connect"]),
    ({"preset": "opendkim", "timeouts": {"connect": "3 s"}}, ["3 s", "30s"]),
    ({"preset": "opendkim", "timeouts": {"connect": "3s, F=R"}}, ["3s, F=R"]),
    ({"preset": "opendkim", "macros": {"mail": ["i"]}}, ["no stage 'mail'"]),
    ({"preset": "opendkim", "macros": {"envfrom": ["i', F"]}}, ["no macro"]),
    ({"preset": "opendkim", "listeners": ["MTB"]}, ["no listener 'MTB'", "MTA"]),
    ({"preset": "greylist", "delay": "5m racl"}, ["delay"]),
    ({"preset": "rspamd", "reject_score": "1; x"}, ["reject_score"]),
    ({"name": "scan"}, ["scan", "needs a socket"]),
    ({"name": "dnl", "socket": "local:/run/x"}, ["word 'dnl'"]),
    ({"preset": "opendkim", "name": "MAILER-x"}, ["word 'MAILER'"]),
    ({"name": "scan", "socket": "local:/run/divert/s"}, ["scan", "socket", "word 'divert'"]),
    ({"name": "scan", "socket": "local:/run/FEATURE"}, ["word 'FEATURE'"]),
    ({"socket": "local:/run/x"}, ["a preset, or a name"]),
    ({"name": "a'b", "socket": "local:/run/x"}, ["a'b"]),
    ({"name": "scan", "socket": "8891"}, ["scan", "expected local:"]),
    ({"name": "scan", "socket": "local:/run/x`y'"}, ["scan", "/run/x`y'"]),
    ({"name": "scan", "socket": "local:/run/x, F="}, ["scan"]),
    ({"name": "scan", "socket": "local:/run/x", "selector": "a"}, ["without a preset has no setting 'selector'"]),
])
def test_refusals_name_the_milter_and_what_was_expected(entry, words):
    with pytest.raises(InvalidValue) as caught:
        plan_milters.milters(site(entry))
    assert "sendmail_milters (" in caught.value.message
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize("entries, words", [
    ([{"preset": "opendkim"}, {"preset": "opendkim"}], ["opendkim", "two milters have this name"]),
    ([FOREIGN, dict(FOREIGN, socket="inet:1@localhost")], ["scan", "two milters"]),
    ([FOREIGN, dict(FOREIGN, name="other")], ["socket local:/run/scan/socket"]),
    ([{"preset": "spf"}, {"preset": "spf", "name": "spf2"}], ["once on a host"]),
    ([{"preset": "spf"}, {"preset": "opendkim"}], ["spf", "before opendkim", "Put it after opendkim"]),
    ([{"preset": "opendkim"}, {"preset": "opendmarc"}, {"preset": "spf"}], ["opendmarc", "before spf"]),
    ([{"preset": "opendmarc"}, {"preset": "opendkim"}], ["opendmarc", "before opendkim"]),
    ([{"preset": "opendmarc"}], ["DMARC needs a milter that verifies"]),
    ([{"preset": "opendkim", "mode": "sign"}, {"preset": "opendmarc"}], ["DMARC needs a milter that verifies"]),
    ([{"preset": "opendkim"}, dict(FOREIGN, modifies=True)], ["opendkim", "it signs, and scan after it changes messages", "mode: verify"]),
])
def test_refusals_of_what_does_not_go_together(entries, words):
    with pytest.raises(InvalidValue) as caught:
        plan_milters.milters(site(*entries))
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize("entries", [
    ALL,
    [{"preset": "opendkim", "mode": "verify"}, dict(FOREIGN, modifies=True), {"preset": "opendkim", "name": "signer", "mode": "sign"}],
    [{"preset": "opendkim", "mode": "verify"}, {"preset": "opendmarc"}, {"preset": "opendkim", "name": "signer", "mode": "sign"}],
    # What is absent has no place in the order.
    [{"preset": "opendmarc", "state": "absent"}, {"preset": "spf"}],
    [dict(FOREIGN, modifies=True), {"preset": "opendkim"}],
])
def test_orders_that_hold(entries):
    assert [one["name"] for one in plan_milters.milters(site(*entries))] == [one.get("name") or one["preset"] for one in entries]


def test_lines_of_the_mc():
    told = plan_milters.lines(site({"preset": "greylist"}, dict(FOREIGN, failure="disconnect", timeouts={"eom": "10m"}, macros={"connect": ["{client_addr}"]}),
                                   {"preset": "clamav", "state": "absent"}))
    assert [one["arguments"] for one in told["filters"]] == [
        "`greylist', `S=local:/run/milter-greylist/milter.sock, F=, T=C:30s;S:10s;R:60s;E:5m'",
        "`scan', `S=local:/run/scan/socket, F=4, T=C:30s;S:10s;R:60s;E:10m'"]
    assert told["order"] == "`greylist,scan'"
    assert {one["name"]: one["value"] for one in told["macros"]} == {
        "confMILTER_MACROS_CONNECT": "``j, _, {daemon_name}, {if_name}, {if_addr}, {client_addr}''",
        "confMILTER_MACROS_HELO": "``{tls_version}, {cipher}, {cipher_bits}, {cert_subject}, {cert_issuer}, {verify}''"}


@pytest.mark.parametrize("failure, flag", [("accept", ""), ("tempfail", "T"), ("reject", "R"), ("disconnect", "4")])
def test_every_policy_is_stated(failure, flag):
    assert ", F=%s, " % flag in plan_milters.lines(site(dict(FOREIGN, failure=failure)))["filters"][0]["arguments"]


def test_nothing_follows_from_nothing():
    assert plan_milters.lines(site()) == {"filters": [], "order": "", "macros": []}
    assert plan_milters.listeners(site()) == site()["listeners"] and plan_milters.plan(site()) == {
        "companions": [], "retired": [], "packages": [], "handed": []}


@pytest.mark.parametrize("entries, expected", [
    ([FOREIGN], [None, None]),
    ([FOREIGN, {"preset": "spf", "listeners": ["MTA"]}], [None, ["scan"]]),
    ([dict(FOREIGN, listeners=["MSA"])], [[""], None]),
])
def test_listeners_name_their_milters_where_these_are_not_all(entries, expected):
    assert [one.get("milters") for one in plan_milters.listeners(site(*entries))] == expected


@pytest.mark.parametrize("distribution, preset, word", [
    ({"family": "debian", "id": "debian", "version_id": "12"}, "greylist", "Debian 12 has no package milter-greylist"),
    ({"family": "redhat", "id": "almalinux", "version_id": "9.5"}, "clamav", "no package of clamav for the family 'redhat'"),
    ({"family": "suse", "id": "sles", "version_id": "15.6"}, "spf", "no package of spf for the family 'suse'"),
])
def test_a_preset_that_the_distribution_lacks_is_refused(distribution, preset, word):
    with pytest.raises(InvalidValue) as caught:
        plan_milters.check_family(site({"preset": preset}, distribution=distribution))
    assert word in caught.value.message
    plan_milters.check_family(site({"preset": preset}))


@pytest.mark.parametrize("family", ["debian", "redhat", "suse"])
def test_every_preset_makes_companions_that_the_module_takes(family):
    entries = [entry for entry in ALL if family in milter_presets.PRESETS[entry["preset"]].packages]
    made = plan_milters.plan(site(*entries, family=family, distribution={"family": family}))
    for one in made["companions"]:
        one["directories"] = [dict({"mode": "0755"}, **item) for item in one.get("directories", [])]
        one["files"] = [dict({"mode": "0644"}, **item) for item in one.get("files", [])]
    companions.check(made["companions"])
    assert entries and made["packages"] and set(made["packages"]) <= set(plan_milters.all_packages(entries))


def companion(name, *entries, **more):
    return next(one for one in plan_milters.plan(site(*entries, **more))["companions"] if one["name"] == name)


@pytest.mark.parametrize("privilege, account", [("jailed", "root"), ("unprivileged", "mailgw")])
def test_the_mail_daemon_may_connect_and_nobody_else(privilege, account):
    one = companion("opendkim", {"preset": "opendkim"}, privilege=privilege)
    assert one["client"] == account and {"path": "/run/opendkim", "owner": "opendkim", "group": account, "mode": "2750"} in one["directories"]
    unit = next(item["content"] for item in one["files"] if item["path"].endswith(".service"))
    # pyspf-milter does not start beside a pid file that a killed one left.
    assert "rm -f /run/opendkim/milter.sock /run/opendkim/pid\n" in unit
    assert "-g %s -m 2750 /run/opendkim\n" % account in unit and "\nUMask=0007\n" in unit and "\nUser=opendkim\n" in unit


def test_keys_are_made_on_the_host_and_closed():
    one = companion("opendkim", {"preset": "opendkim", "selector": "s1", "domains": ["example.org", "example.net"]})
    key = next(item for item in one["files"] if item.get("command"))
    assert key["path"] == "/etc/mailjail/dkim/s1.private" and key["mode"] == "0600" and key["owner"] == "opendkim" and key["secret"] is True
    table = next(item["content"] for item in one["files"] if item["path"].endswith(".keys"))
    assert table == "example.org example.org:s1:/etc/mailjail/dkim/s1.private\nexample.net example.net:s1:/etc/mailjail/dkim/s1.private\n"


def test_two_instances_have_nothing_in_common_but_the_keys():
    made = plan_milters.plan(site({"preset": "opendkim", "mode": "verify"}, {"preset": "opendkim", "name": "signer", "mode": "sign"}))["companions"]
    assert [one["unit"] for one in made] == ["opendkim.service", "opendkim-signer.service"] and made[0]["socket"] != made[1]["socket"]
    paths = [{item["path"] for item in one["files"]} for one in made]
    assert not paths[0] & paths[1] and not [item for item in made[0]["files"] if item.get("command")]


ABSENT = {"preset": "clamav", "state": "absent"}
OVER = ["/etc/systemd/system/clamav-daemon.service.d/mailjail.conf", "/etc/systemd/system/clamav-daemon.socket.d/mailjail.conf"]


def told(running=("clamav-milter.service",), user="root", milters=("opendkim",), filters=()):
    """What sendmail_info says of a host."""
    return {"units": {name: {"active": "active", "enabled": "enabled"} for name in running}, "daemon": {"running": bool(user), "user": user},
            "configuration": {"milters": [{"name": name, "socket": "local:/run/%s/milter.sock" % name} for name in milters]}, "filters": list(filters)}


def test_a_foreign_one_is_only_asked():
    made = plan_milters.plan(site(FOREIGN, dict(FOREIGN, name="x", socket="inet:1@localhost", unit="x.service")))
    assert made["packages"] == made["retired"] == [] and [(one["name"], one.get("unit"), one.get("state")) for one in made["companions"]] == [
        ("scan", None, None), ("x", "x.service", None)]


@pytest.mark.parametrize("running, filters, expected", [
    ((), (), []),
    (("clamav-milter.service",), (), ["clamav-milter.service"]),
    # Somebody else's scanner is left alone; ours is known by what lies over its unit.
    (("clamav-daemon.service",), (), []),
    ((), OVER, ["clamav-daemon.socket", "clamav-daemon.service", "clamav-freshclam.service"]),
])
def test_an_absent_one_is_stopped_last_and_only_if_it_is_there(running, filters, expected):
    made = plan_milters.plan(site(ABSENT, info=told(running, filters=filters)))
    assert made["companions"] == [] and [one["unit"] for one in made["retired"]] == expected
    assert all((one["state"], one["enabled"]) == ("stopped", False) for one in made["retired"])
    assert sorted(item["path"] for one in made["retired"] for item in one.get("files", [])) == sorted(filters)
    assert len({one["name"] for one in made["retired"]}) == len(made["retired"])


def test_its_state_is_asked_for():
    entries = [ABSENT, {"preset": "spf"}, dict(FOREIGN, state="absent", unit="scan.service"), {"preset": "opendkim", "name": "signer", "state": "absent"}]
    assert plan_milters.absent_units(entries) == ["clamav-milter.service", "opendkim-signer.service", "scan.service"]


@pytest.mark.parametrize("info, now, later", [
    (told(user="root"), "root", "mailgw"),
    (told(user="mailgw"), "mailgw", None),
    # Nobody is served yet, so nobody has to wait.
    (told(user=""), "mailgw", None),
    (told(user="root", milters=()), "mailgw", None),
])
def test_sockets_are_handed_over_once_the_new_daemon_is_proven(info, now, later):
    made = plan_milters.plan(site({"preset": "opendkim"}, FOREIGN, privilege="unprivileged", info=info))
    groups = [{item["group"] for one in part for item in one.get("directories", []) if item["path"] == "/run/opendkim"} for part in (
        made["companions"], made["retired"])]
    assert groups == [{now}, {later} if later else set()]
    assert made["handed"] == (["/run/opendkim/milter.sock"] if later else [])
    # What somebody else looks after has to let the new daemon in from the start.
    assert [one["client"] for one in made["companions"]] == [now, "mailgw"]


def test_filters_of_a_configuration_that_came_back_are_found_by_their_sockets():
    info = told(milters=("opendkim", "opendkim-signer", "clamav-milter", "elsewhere"))
    info["configuration"]["milters"][1]["name"] = "signer"
    made = plan_milters.revived(site(dict(FOREIGN, name="elsewhere", unit="mine.service", state="absent")), info)
    assert [(one["name"], one["unit"]) for one in made] == [
        ("opendkim", "opendkim.service"), ("signer", "opendkim-signer.service"), ("clamd", "clamav-daemon.service"),
        ("clamav-milter", "clamav-milter.service"), ("elsewhere", "mine.service")]
    assert plan_milters.revived(site(), told(milters=("elsewhere",))) == []


@pytest.mark.parametrize("more, words", [
    ({"host_name": "mx.example.org\nx"}, "sendmail_host_name"),
    ({"domain": "example.org\nSocket"}, "sendmail_domain"),
    ({"relay_networks": ["192.0.2.0/24\nMode v"]}, "sendmail_relay_networks"),
    ({"relay_networks": ["fe80::1%x\n    y"]}, "sendmail_relay_networks"),
    ({"relay_networks": ["192.0.2.0/99"]}, "sendmail_relay_networks"),
])
def test_what_stands_in_files_of_filters_is_what_it_has_to_be(more, words):
    with pytest.raises(InvalidValue) as caught:
        plan_milters.plan(site({"preset": "opendkim"}, **more))
    assert words in caught.value.message


def test_the_scanner_looks_at_all_that_sendmail_takes():
    """An empty line is one byte to sendmail and two to a filter."""
    made = plan_milters.plan(site({"preset": "clamav"}, message_size=40 << 20))["companions"]
    found = {item["path"]: item["content"] for one in made for item in one.get("files", [])}
    lines = (found["/etc/mailjail/clamd.conf"] + found["/etc/mailjail/clamav-milter.conf"]).splitlines()
    sizes = [int(line.split()[1]) for line in lines if line.startswith(("MaxFileSize", "StreamMaxLength", "MaxScanSize"))]
    assert len(sizes) == 4 and min(sizes) > 80 << 20
    assert "BindReadOnlyPaths=/etc/mailjail/clamd.conf:/etc/clamav/clamd.conf\n" in found[OVER[0]]


@pytest.mark.parametrize("more", [{"message_size": 0}, {"message_size": 1 << 30}])
def test_mail_that_no_scanner_looks_at_is_refused(more):
    with pytest.raises(InvalidValue) as caught:
        plan_milters.plan(site({"preset": "clamav"}, **more))
    assert "sendmail_limits.message_size" in caught.value.message
    plan_milters.plan(site({"preset": "spf"}, **more))


def test_records_are_what_a_zone_takes():
    key = "-----BEGIN PUBLIC KEY-----\n" + "\n".join(["QUJD" * 16] * 6) + "\n-----END PUBLIC KEY-----\n"
    told = plan_milters.records(site({"preset": "opendkim", "selector": "s1"}), {"opendkim": key})
    assert told[0]["name"] == "s1._domainkey.example.org." and told[0]["text"] == "v=DKIM1; h=sha256; k=rsa; p=" + "QUJD" * 96
    pieces = told[0]["zone"].split('"')[1::2]
    assert "".join(pieces) == told[0]["text"] and max(map(len, pieces)) <= 255
    assert plan_milters.records(site({"preset": "opendkim"}), {}) == []
