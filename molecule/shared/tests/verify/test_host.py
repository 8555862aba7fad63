"""What the host itself says: packages, names, units, listeners, files, maps."""

import re

import pytest

MAIL_SYSTEMS = ("exim4-base", "postfix", "nullmailer", "opensmtpd", "courier-mta", "msmtp-mta", "ssmtp")


def test_packages_are_installed(gateway):
    assert [name for name in gateway.family.packages if not gateway.infra.package(name).is_installed] == []


def test_nothing_that_recommends_would_drag_in(gateway):
    listed = set(gateway.out(gateway.family.list_packages).split())
    assert gateway.family.main_package in listed
    assert not listed & {"postfix-mta-sts-resolver", *MAIL_SYSTEMS}


def test_sendmail_owns_the_command(gateway):
    for command in ("sendmail", "mailq", "newaliases"):
        assert "/sendmail" in gateway.out(f"readlink -f $(command -v {command})")
    assert gateway.out("readlink -f /usr/sbin/sendmail").strip() == gateway.family.sendmail


def test_the_name_is_fully_qualified(gateway):
    assert gateway.out("hostname -f").strip() == gateway.name
    assert f"$j = {gateway.name}" in gateway.out("/usr/sbin/sendmail -bt -d0.4 </dev/null")


def test_listeners_are_exactly_those_declared(gateway):
    found = set()
    for line in gateway.out("ss -Hltnp").splitlines():
        if "sendmail" in line:
            found.add(line.split()[3])
    assert found == {"0.0.0.0:25", "127.0.0.1:587"}


def test_backlog_of_the_public_port(gateway):
    line = gateway.out("ss -Hltn sport = :25").split()
    assert int(line[2]) == 200


def test_unit_is_native_enabled_and_watches_the_daemon_itself(gateway):
    shown = gateway.show(gateway.family.mta_unit, "FragmentPath", "SourcePath", "Type", "RemainAfterExit", "UnitFileState", "ActiveState", "Restart", "MainPID")
    assert shown["FragmentPath"].startswith("/etc/systemd/system/")
    assert shown["SourcePath"] == ""
    assert shown["Type"] != "forking" and shown["RemainAfterExit"] == "no"
    assert shown["UnitFileState"] == "enabled" and shown["ActiveState"] == "active"
    assert shown["Restart"] != "no"
    # A process for a session holds the socket for a moment, too.
    assert shown["MainPID"] in re.findall(r"pid=(\d+)", gateway.out("ss -Hltnp sport = :25"))


def test_client_queue_runner_runs(gateway):
    shown = gateway.show(gateway.family.client_unit, "ActiveState", "UnitFileState", "User")
    assert shown == {"ActiveState": "active", "UnitFileState": "enabled", "User": gateway.family.client_user}


def test_no_failed_units(gateway):
    assert gateway.out("systemctl --failed --plain --no-legend | grep -E 'mail|mta|sm-' || true") == ""


def test_no_unit_of_the_vendor_starts_a_second_daemon(gateway):
    assert gateway.out("pgrep -f '^sendmail: accepting connections'").split() == [str(gateway.pid)]


def test_etc_mail_belongs_to_root_and_nobody_else_writes_there(gateway, world):
    odd = gateway.out(r"find /etc/mail /etc/aliases* \( ! -user root -o -perm /022 \) ! -type l -printf '%p\n'").split()
    # sendmail reads its key as the one to whom it belongs.
    key = {"/etc/mail/tls/mailjail/server.pem"} if world.kind == "unprivileged" else set()
    assert set(odd) <= gateway.family.odd_paths | key


def test_maps_are_not_for_everybody(gateway, world):
    reader = "mailgw" if world.kind == "unprivileged" else "root"
    for name in ("/etc/mail/access", "/etc/mail/mailertable"):
        assert gateway.out(f"stat -c '%a %U:%G' {name} {gateway.family.database(name)}").splitlines() == ["640 root:root", f"640 root:{reader}"]


def test_configuration_is_readable_and_root_s(gateway):
    family = gateway.family
    files = f"{family.mc} {family.cf} {family.submit_mc} {family.submit_cf} /etc/mail/local-host-names /etc/mail/relay-domains"
    assert set(gateway.out(f"stat -c '%a %U:%G' {files}").splitlines()) == {"644 root:root"}


def test_queues_are_private(gateway, world):
    family = gateway.family
    expected = "700 mailgw:mailgw" if world.kind == "unprivileged" else family.queue_rights
    assert gateway.out(f"stat -c '%a %U:%G' {family.queue} {family.client_queue}").splitlines() == [expected, family.client_queue_rights]


def test_nothing_stale_lies_about(gateway):
    assert gateway.out("find /etc /var/mailjail /run /root -xdev -name '.mailjail*' 2>/dev/null || true") == ""
    assert gateway.out("find /etc/mail -name '*.old' -o -name '*.bak' -o -name '*.dpkg-*' -o -name '*.rpm*' -o -name '*.errors'") == ""


def test_configuration_is_what_m4_makes_of_its_source_to_the_byte(gateway):
    family = gateway.family
    for source, compiled in ((family.mc, family.cf), (family.submit_mc, family.submit_cf)):
        assert gateway.run(f"m4 {source} | cmp - {compiled}").returncode == 0
        assert gateway.run(f"m4 {source} 2>&1 >/dev/null").stdout == ""


def test_nothing_is_newer_than_what_is_made_of_it(gateway):
    """Otherwise a vendor's tool that goes by time would make it anew."""
    family = gateway.family
    texts = ("/etc/mail/access", "/etc/mail/mailertable", "/etc/aliases")
    pairs = [(family.mc, family.cf), (family.submit_mc, family.submit_cf), *((text, family.database(text)) for text in texts)]
    assert [pair for pair in pairs if gateway.run(f"test {pair[0]} -nt {pair[1]}").returncode == 0] == []


def test_every_check_of_files_is_on(gateway):
    for compiled in (gateway.family.cf, gateway.family.submit_cf):
        blame = [line for line in gateway.out(f"cat {compiled}").splitlines() if line.startswith("O DontBlameSendmail")]
        assert [line.split("=")[1].strip() for line in blame] in ([], ["safe"])


def test_boot_flags_keep_the_vendor_s_hands_off(gateway):
    for path, flags in gateway.family.boot_flags.items():
        found = gateway.out(f". {path}; " + "; ".join(f'echo "${name}"' for name in flags)).splitlines()
        assert found == list(flags.values()), path


def test_local_names(gateway):
    """Class w: this host's own names; never the organisation's, whose mail is handed on."""
    names = set(gateway.out("echo '$=w' | /usr/sbin/sendmail -bt | sed -n 's/^> //p; /^[^A>E]/p'").split())
    assert gateway.name in names
    assert not names & {"corp.example", "mail.corp.example"}


MAPS = {
    "mailertable": {"corp.example": "relay:[mail.corp.example]"},
    "aliases": {"postmaster": "postmaster@corp.example", "root": "postmaster", "abuse": "postmaster", "mailer-daemon": "postmaster"},
}


def dump(gateway, path):
    """Entries of a built map, by makemap and not by us."""
    text = gateway.out(f"makemap -u btree {path} 2>/dev/null || makemap -u hash {path} 2>/dev/null || makemap -u cdb {path}")
    return dict(re.split(r"[\t ]+", line, maxsplit=1) for line in text.splitlines() if not line.startswith("@"))


@pytest.mark.parametrize("name", MAPS)
def test_map_says_what_was_declared(gateway, world, name):
    expected = dict(MAPS[name])
    if name == "aliases" and world.kind == "jailed":
        expected |= {"archive": "/var/mailjail/var/spool/mail/archive", "note": '"|/usr/bin/logger -t lab-note"'}
    found = dump(gateway, gateway.family.database("/etc/aliases" if name == "aliases" else f"/etc/mail/{name}"))
    assert {key: value for key, value in found.items() if key in expected} == expected
    assert name == "aliases" or found == expected


def test_access_map_says_what_was_declared(gateway, world):
    found = dump(gateway, gateway.family.database("/etc/mail/access"))
    relays = {key for key, value in found.items() if value == "RELAY"}
    base = world.facts["lab_inside_net"].split("/")[0].rsplit(".", 1)
    assert {key.lower() for key in relays} == {f"connect:{base[0]}.{int(base[1]) + n}" for n in range(32)}


def test_maps_have_the_best_type_that_there_is(gateway):
    family = gateway.family
    configuration = gateway.out(f"cat {family.cf}")
    assert re.search(rf"^Kaccess {family.map_type} ", configuration, re.M)
    assert re.search(rf"^O AliasFile={family.alias_type}:/etc/aliases$", configuration, re.M)
    other = ".db" if family.suffix == ".cdb" else ".cdb"
    assert gateway.out(f"find /etc/mail /etc/aliases* -name '*{other}'") == ""


def test_access_map_is_mandatory(gateway):
    """With -o a missing map would be no map, and no map no rule."""
    line = next(line for line in gateway.out(f"cat {gateway.family.cf}").splitlines() if line.startswith("Kaccess"))
    assert " -o" not in line and "-T<TMPF>" in line
