"""A host with the configuration that its distribution ships, changed a little by hand as hosts are, is adopted: nothing on it changes, and nothing is lost."""

import json
import os
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.only("default")

PASSWORD = "correct-horse-battery"
OLDEST = os.environ.get("MAILJAIL_OLDEST")
# What a host in the hands of somebody else would like the controller to run.
CANARY = Path("/tmp/mailjail-adopted-canary")
TEMPLATE = f"{{{{ inventory_dir }}}} {{{{ lookup('pipe', 'touch {CANARY}') }}}}"
# The package's own files, with what a postmaster once wrote into them; the compiled one was then edited by hand, too.
STOCK = r"""set -e
cp /usr/share/sendmail/cf/debian/sendmail.mc /usr/share/sendmail/cf/debian/submit.mc /etc/mail/
mkdir -p /etc/mail/m4
printf 'dnl no dialup\n' > /etc/mail/m4/dialup.m4
printf 'define(`SMART_HOST'"'"', `[smtp.provider.example]'"'"')dnl\n' > /etc/mail/m4/provider.m4
sed -i 's/^MAILER_DEFINITIONS/dnl # Fran\xe7ois, 1999\nHACK(`cssubdomain'"'"')dnl\nFEATURE(mailertable)dnl\n&/' /etc/mail/sendmail.mc
printf 'LOCAL_CONFIG\nO AuthOptions=py\nLOCAL_RULESETS\nSLocal_check_mail\nR$* spam $*\t$#error $: 553 no\n' >> /etc/mail/sendmail.mc
printf 'Connect:localhost\tRELAY\n# The office\n192.168.1\tRELAY\n# TEMPLATE\nspam.example\tREJECT\n' > /etc/mail/access
printf 'old.example\tesmtp:[new.example]\n' > /etc/mail/mailertable
printf 'AuthInfo:smtp.provider.example\t"U:x" "P:PASSWORD"\n' > /etc/mail/authinfo
printf 'localhost\nmail.example\n' > /etc/mail/local-host-names
cd /etc/mail
for name in access mailertable; do rm -f $name.db; makemap hash $name < $name; done
for name in sendmail submit; do m4 -D_NO_MAKEINFO_ -DTEMPFILE=/dev/null $name.mc > $name.cf; done
sed -i 's/^O MaxHopCount=100/O MaxHopCount=17/' sendmail.cf
""".replace("PASSWORD", PASSWORD).replace("TEMPLATE", TEMPLATE.replace("'", "'\"'\"'"))


class AsAnsible(yaml.SafeLoader):
    """Reads a text that is marked as no template as a text."""


AsAnsible.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def written(place):
    """What lies below a directory, by its path."""
    return {str(path.relative_to(place)): path.read_text() for path in place.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def host(world):
    """A gateway that has, for this module, such a configuration."""
    gateway = world.gateways[0]
    gateway.out("tar -C / -cpf /root/before-adoption.tar etc/mail etc/aliases")
    try:
        gateway.out(STOCK)
        yield gateway
    finally:
        gateway.out("rm -rf /etc/mail/* && tar -C / -xpf /root/before-adoption.tar && rm /root/before-adoption.tar")


@pytest.fixture(scope="module")
def adoption(world, host, tmp_path_factory):
    """The adoption of that host: the run, the directory that it wrote, and the host before and after."""
    place = tmp_path_factory.mktemp("adopted")
    before = host.snapshot("/etc", "/var/lib/sendmail", "/usr/share/sendmail")
    run = world.play(playbook="mailjail.sendmail.adopt", values={"sendmail_hosts": host.name, "sendmail_adopt_directory": str(place)})
    return run, place, before, host.snapshot("/etc", "/var/lib/sendmail", "/usr/share/sendmail")


def test_nothing_on_the_host_changes(adoption, host):
    run, _place, before, after = adoption
    assert run.status == 0, run
    assert {path for path in set(before) | set(after) if before.get(path) != after.get(path)} == set()
    assert host.out("ls -A /root /run /tmp | grep -c mailjail-adopt || true").strip() == "0"


def test_the_files_say_what_the_host_says(adoption, host):
    _run, place, _before, _after = adoption
    said = yaml.load((place / "host_vars" / f"{host.name}.yml").read_text(), Loader=AsAnsible)
    assert said["sendmail_mc_template"] == "plain.mc.j2" and said["sendmail_options"]["SMART_HOST"] == "[smtp.provider.example]"
    assert "O AuthOptions=py" in said["sendmail_local_config"].splitlines()
    assert {"name": "mailertable"} in said["sendmail_features"] and said["sendmail_raw_statements"] == ["HACK(`cssubdomain')"]
    assert {entry["key"]: entry.get("comment") for entry in said["sendmail_access"]["entries"]} == {
        "Connect:localhost": None, "192.168.1": "The office", "spam.example": TEMPLATE}
    assert said["sendmail_local_host_names"] == ["localhost", "mail.example"]
    assert "SLocal_check_mail\nR$* spam $*\t$#error" in said["sendmail_local_rulesets"]


def test_the_report_names_what_no_variable_says(adoption, host):
    _run, place, _before, _after = adoption
    text = (place / "report" / f"{host.name}.md").read_text()
    line = 1 + host.out("cat /etc/mail/sendmail.mc | iconv -f latin1 -t utf8").split("HACK(")[0].count("\n")
    assert f"line {line}: `HACK('cssubdomain')`" in text and "Latin-1" in text
    assert "NOT what its source makes" in text and "option MaxHopCount: '100', then '17'" in text
    assert text.count("it is the same in meaning") == 2


def test_no_password_leaves_the_host(adoption):
    run, place, _before, _after = adoption
    assert PASSWORD not in run.output + "".join(written(place).values())


def test_the_oldest_ansible_writes_the_same_and_runs_nothing_of_the_hosts(world, adoption, host, tmp_path):
    """Before ansible-core 2.19 what a filter returns is a template, unless it is marked as none."""
    assert OLDEST, "no Python 3.10 to 3.12 on this machine, so ansible-core 2.16 can not be tried"
    run = world.play(playbook="mailjail.sendmail.adopt", ansible=OLDEST, values={"sendmail_hosts": host.name, "sendmail_adopt_directory": str(tmp_path)})
    assert run.status == 0, run
    assert not CANARY.exists() and written(tmp_path) == written(adoption[1])


def test_the_gateway_would_change_nothing_in_meaning(world, adoption, host):
    """The profile, with these variables alone, in check mode: the source is written anew, the result says the same but for the edit by hand."""
    _run, place, _before, after = adoption
    (place / "hosts.yml").write_text("all: {}\n")
    theirs, world.inventories = world.inventories, [world.directory / "inventory.yml", place / "hosts.yml"]
    try:
        run = world.play("--check", "--tags", "config", "--limit", host.name, values={"sendmail_replace_edited": True})
    finally:
        world.inventories = theirs
    assert run.status == 0, run
    assert "sendmail is not installed yet" not in run.output, "so the host's sendmail was not asked, and this proves nothing"
    changes = [json.loads(change) for change in run.changes(host)]
    rows = [(row["what"], row["name"]) for row in changes]
    # sendmail reads p alone of these letters: whoever writes them now is refused, who had them is told.
    assert "AuthOptions=py" in run.output
    assert ("option", "MaxHopCount") in rows and {"/etc/mail/sendmail.mc", "/etc/mail/access"} <= run.names(host), rows
    # Written anew are sources, by their text, and a database after its source; no entry, no name, and nothing else of the .cf changes.
    assert {what for what, _name in rows} - {"option", "database"} <= {"source", "mc", "submission", "owner", "group", "mode", "retired"}, rows
    assert {row["before"] for row in changes if row["what"] == "database"} <= {"the same, of the former source"}, changes
    assert [name for what, name in rows if what == "option"] == ["MaxHopCount"], rows
    assert host.snapshot("/etc", "/var/lib/sendmail", "/usr/share/sendmail") == after


@pytest.mark.parametrize("line, word", [("syscmd(`touch /tmp/canary')dnl", "syscmd"), ("FEATURE(`use_cw_file'", "closing parenthesis"),
                                        ("FEATURE(`no_such_feature')dnl", "does not compile")])
def test_a_source_that_runs_commands_or_does_not_compile_is_refused(world, host, tmp_path, line, word):
    before = host.out("cat /etc/mail/sendmail.mc | base64")
    host.out("cat >> /etc/mail/sendmail.mc", stdin=line + "\n")
    try:
        run = world.play(playbook="mailjail.sendmail.adopt", values={"sendmail_hosts": host.name, "sendmail_adopt_directory": str(tmp_path)})
    finally:
        host.out("base64 -d > /etc/mail/sendmail.mc", stdin=before)
    assert run.status != 0 and word in str(run.messages) + run.output and "/etc/mail/sendmail.mc" in run.output
    assert host.run("test -e /tmp/canary").returncode != 0 and not list(tmp_path.rglob("*.yml"))
