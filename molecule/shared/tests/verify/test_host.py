"""What the host itself says: packages, names, units, listeners, files, maps."""

import re

import pytest

MAIL_SYSTEMS = ("exim4-base", "postfix", "nullmailer", "opensmtpd", "courier-mta", "msmtp-mta", "ssmtp")
PACKAGES = ("sendmail", "sendmail-bin", "sendmail-base", "sendmail-cf", "sendmail-doc", "m4")


@pytest.mark.parametrize("name", PACKAGES)
def test_package_is_installed(gateway, name):
    assert gateway.infra.package(name).is_installed


def test_nothing_that_recommends_would_drag_in(gateway):
    listed = set(gateway.out("dpkg-query -W -f '${Package}\\n'").split())
    assert not listed & {"postfix-mta-sts-resolver", *MAIL_SYSTEMS}


def test_sendmail_owns_the_command(gateway):
    for command in ("sendmail", "mailq", "newaliases"):
        assert "/sendmail" in gateway.out(f"readlink -f $(command -v {command})")


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
    shown = gateway.show("sendmail.service", "FragmentPath", "SourcePath", "Type", "RemainAfterExit", "UnitFileState", "ActiveState", "Restart", "MainPID")
    assert shown["FragmentPath"].startswith("/etc/systemd/system/")
    assert shown["SourcePath"] == ""
    assert shown["Type"] != "forking" and shown["RemainAfterExit"] == "no"
    assert shown["UnitFileState"] == "enabled" and shown["ActiveState"] == "active"
    assert shown["Restart"] != "no"
    owner = re.search(r"pid=(\d+)", gateway.out("ss -Hltnp sport = :25"))
    assert owner.group(1) == shown["MainPID"]


def test_client_queue_runner_runs(gateway):
    shown = gateway.show("sendmail-client.service", "ActiveState", "UnitFileState", "User")
    assert shown == {"ActiveState": "active", "UnitFileState": "enabled", "User": "smmsp"}


def test_no_failed_units(gateway):
    assert gateway.out("systemctl --failed --plain --no-legend | grep -E 'mail|mta' || true") == ""


def test_no_unit_of_the_vendor_starts_a_second_daemon(gateway):
    assert gateway.out("pgrep -f '^sendmail: accepting connections'").split() == [str(gateway.pid)]


def test_etc_mail_belongs_to_root_and_nobody_else_writes_there(gateway):
    odd = gateway.out(r"find /etc/mail /etc/aliases* \( ! -user root -o -perm /022 \) ! -type l -printf '%p\n'").split()
    # The vendor's own certificates and its database of aliases, which no configuration of ours names.
    assert set(odd) <= {"/etc/mail/tls", "/etc/mail/aliases.db"}


def test_maps_are_not_for_everybody(gateway, world):
    reader = "mailgw" if world.scenario == "unprivileged" else "root"
    for name in ("access", "mailertable"):
        assert gateway.out(f"stat -c '%a %U:%G' /etc/mail/{name} /etc/mail/{name}.db").splitlines() == ["640 root:root", f"640 root:{reader}"]


def test_configuration_is_readable_and_root_s(gateway):
    files = "/etc/mail/sendmail.mc /etc/mail/sendmail.cf /etc/mail/submit.mc /etc/mail/submit.cf /etc/mail/local-host-names /etc/mail/relay-domains"
    assert set(gateway.out(f"stat -c '%a %U:%G' {files}").splitlines()) == {"644 root:root"}


def test_queues_are_private(gateway, world):
    expected = "700 mailgw:mailgw" if world.scenario == "unprivileged" else "750 root:smmsp"
    assert gateway.out("stat -c '%a %U:%G' /var/spool/mqueue").strip() == expected
    assert gateway.out("stat -c '%a %U:%G' /var/spool/mqueue-client").strip() == "2770 smmsp:smmsp"


def test_nothing_stale_lies_about(gateway):
    assert gateway.out("find /etc /var/mailjail /run /root -xdev -name '.mailjail*' 2>/dev/null || true") == ""
    assert gateway.out("find /etc/mail -name '*.old' -o -name '*.bak' -o -name '*.dpkg-*' -o -name '*.errors'") == ""


def test_configuration_is_what_m4_makes_of_its_source_to_the_byte(gateway):
    for name in ("sendmail", "submit"):
        assert gateway.run(f"m4 /etc/mail/{name}.mc | cmp - /etc/mail/{name}.cf").returncode == 0
        assert gateway.run(f"m4 /etc/mail/{name}.mc 2>&1 >/dev/null").stdout == ""


def test_every_check_of_files_is_on(gateway):
    for name in ("sendmail", "submit"):
        blame = [line for line in gateway.out(f"cat /etc/mail/{name}.cf").splitlines() if line.startswith("O DontBlameSendmail")]
        assert [line.split("=")[1].strip() for line in blame] in ([], ["safe"])


def test_boot_flags_keep_the_vendor_s_hands_off(gateway):
    assert gateway.out(". /etc/mail/sendmail.conf; echo $HANDS_OFF $DAEMON_MODE").split() == ["Yes", "Daemon"]


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
    text = gateway.out(f"makemap -u btree {path} 2>/dev/null || makemap -u hash {path}")
    return dict(re.split(r"[\t ]+", line, maxsplit=1) for line in text.splitlines() if not line.startswith("@"))


@pytest.mark.parametrize("name", MAPS)
def test_map_says_what_was_declared(gateway, world, name):
    expected = dict(MAPS[name])
    if name == "aliases" and world.scenario == "default":
        expected |= {"archive": "/var/mailjail/var/spool/mail/archive", "note": '"|/usr/bin/logger -t lab-note"'}
    found = dump(gateway, "/etc/aliases.db" if name == "aliases" else f"/etc/mail/{name}.db")
    assert {key: value for key, value in found.items() if key in expected} == expected
    assert name == "aliases" or found == expected


def test_access_map_says_what_was_declared(gateway, world):
    found = dump(gateway, "/etc/mail/access.db")
    relays = {key for key, value in found.items() if value == "RELAY"}
    base = world.facts["lab_inside_net"].split("/")[0].rsplit(".", 1)
    assert {key.lower() for key in relays} == {f"connect:{base[0]}.{int(base[1]) + n}" for n in range(32)}


def test_maps_have_the_best_type_that_there_is(gateway):
    assert re.search(r"^Kaccess btree ", gateway.out("cat /etc/mail/sendmail.cf"), re.M)


def test_access_map_is_mandatory(gateway):
    """With -o a missing map would be no map, and no map no rule."""
    line = next(line for line in gateway.out("cat /etc/mail/sendmail.cf").splitlines() if line.startswith("Kaccess"))
    assert " -o" not in line and "-T<TMPF>" in line
