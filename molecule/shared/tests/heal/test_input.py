"""Bad input: refused by name, before anything is touched; what could be run as a program is never run.

Every row is a run of the playbook against a converged host, which stands in the inventory once for each row; it is compared before and after.
"""

import os

import pytest
from state import answers, difference, state

PLANTED = "/var/tmp/mailjail-planted"
# In m4 this would run a program, wherever it stands. Every other hazard is tried against the real m4 by tests/integration_m4.
BOMB = f"x'syscmd(`touch {PLANTED}')`"
# What the scenario has of its own and would get in the way.
PLAIN = {"sendmail_jail_files": [], "sendmail_aliases": {}, "sendmail_local_delivery": {}, "sendmail_smrsh_commands": []}

# Map files that the rows name: on the host, and the last on the controller.
OWN = "/var/tmp/mailjail-maps"
OWN_FILES = "joe@v.example\\tjoe\\n' >virtusertable; printf 'corp.example\\tsmtp:[mail.corp.example]\\r\\n' >windows"

PASSWORD = "nobody-reads-this"

# What is wrong: (variables, words that the refusal must hold).
ROWS = {
    "no domain": ({"sendmail_domain": ""}, ["sendmail_domain"]),
    "no mail server": ({"sendmail_mail_server": ""}, ["sendmail_mail_server"]),
    "unknown key of a dictionary": ({"sendmail_limits": {"recipents": 5}}, ["recipents", "sendmail_limits"]),
    "unknown key of a row": ({"sendmail_listeners": [{"nmae": "MTA"}]}, ["nmae", "sendmail_listeners"]),
    "a word for a number": ({"sendmail_limits": {"recipients": "many"}}, ["recipients"]),
    "a dictionary for a list": ({"sendmail_relay_networks": {"net": 1}}, ["sendmail_relay_networks"]),
    "a word for a boolean": ({"sendmail_masquerade": {"envelope": "perhaps"}}, ["envelope"]),
    "a choice that there is not": ({"sendmail_privilege": "careful"}, ["sendmail_privilege", "careful"]),
    "a duration that is none": ({"sendmail_timeouts": {"command": "soon"}}, ["command", "soon"]),
    "an option that there is not": ({"sendmail_options": {"confMAX_MESAGE_SIZE": 1}}, ["confMAX_MESAGE_SIZE", "confMAX_MESSAGE_SIZE"]),
    "an integer option with a word": ({"sendmail_options": {"confMAX_MESSAGE_SIZE": "abc"}}, ["confMAX_MESSAGE_SIZE", "abc"]),
    "a boolean option with a word": ({"sendmail_options": {"confTRY_NULL_MX_LIST": "notabool"}}, ["confTRY_NULL_MX_LIST", "notabool"]),
    "a feature that there is not": ({"sendmail_features": [{"name": "nocanonfy"}]}, ["nocanonfy"]),
    "a feature that opens the relay": ({"sendmail_features": [{"name": "promiscuous_relay"}]}, ["promiscuous_relay"]),
    "both ways of privilege: a jail for nobody": ({"sendmail_privilege": "unprivileged", "sendmail_jail_files": [{"path": "x"}]},
                                                  ["sendmail_privilege", "sendmail_jail_files"]),
    "both ways of privilege: RunAsUser in a jail": ({"sendmail_privilege": "jailed", "sendmail_options": {"confRUN_AS_USER": "nobody"}},
                                                    ["sendmail_privilege", "confRUN_AS_USER"]),
    "a floor that lets 8.8 in": ({"sendmail_version_floor": "8.8.0"}, ["sendmail_version_floor", "8.8"]),
    "a release below the floor": ({"sendmail_version_floor": "8.99"}, ["8.99", "sendmail 8.1", "sendmail_source_archive"]),
    "a key twice": ({"sendmail_mailertable": {"entries": [{"key": "a.example", "value": "smtp:[b.test]"}, {"key": "A.example", "value": "smtp:[c.test]"}]}},
                    ["mailertable", "a.example"]),
    "a key with a blank": ({"sendmail_mailertable": {"entries": [{"key": "a b.example", "value": "smtp:[b.example]"}]}}, ["mailertable", "a b.example"]),
    "a mailer that is not declared": ({"sendmail_mailertable": {"entries": [{"key": "a.example", "value": "uucp:b"}]}}, ["mailertable", "a.example", "uucp"]),
    "an access tag that there is not": ({"sendmail_access": {"entries": [{"key": "Conect:192.0.2.1", "value": "REJECT"}]}}, ["access", "Conect"]),
    "a network that is none": ({"sendmail_relay_networks": ["192.0.2.0/33"]}, ["192.0.2.0/33"]),
    "a network with host bits": ({"sendmail_relay_networks": ["192.0.2.77/24"]}, ["192.0.2.77/24"]),
    "everybody may relay": ({"sendmail_relay_networks": ["0.0.0.0/0"]}, ["sendmail_relay_networks"]),
    "an alias to a program that is not listed": ({"sendmail_aliases": {"entries": [{"key": "steal", "value": "|/usr/bin/id"}]}}, ["aliases", "steal", "id"]),
    "a shell as a listed command": ({**PLAIN, "sendmail_smrsh_commands": [{"name": "sh", "target": "/bin/sh"}]}, ["/bin/sh", "smrsh"]),
    "a jail path that climbs": ({"sendmail_jail_files": [{"path": "../etc/x"}]}, ["../etc/x"]),
    "a route test that fails": ({"sendmail_route_tests": [{"name": "the world may relay", "recipient": "a@third.example", "expect": "accepted"}]},
                                ["the world may relay", "accepted", "Relaying denied"]),
    "a file that is not there": ({"sendmail_access": {"file": "/nonexistent/access"}}, ["access", "/nonexistent/access"]),
    "a map from two places": ({"sendmail_access": {"file": "/etc/hostname", "host_file": "/etc/hostname"}}, ["sendmail_access"]),
    "a map entry with a misspelt end": ({"sendmail_access_host": {"entries": [{"key": "To:a.example", "value": "OK", "expire": "2026-12-31"}]}},
                                        ["sendmail_access_host, entry 1", "expires"]),
    "a mailertable entry for a name of the host": ({"sendmail_local_host_names": ["b.example"], "sendmail_mailertable": {"entries": [
        {"key": "b.example", "value": "smtp:[c.example]"}]}}, ["mailertable", "b.example", "class w"]),
    "a virtual address of no virtual domain": ({"sendmail_virtusertable": {"entries": [{"key": "a@b.example", "value": "bob"}]}}, ["a@b.example", "VirtHost"]),
    "a loop through two maps": ({"sendmail_virtusertable": {"domains": ["v.example"], "entries": [{"key": "joe@v.example", "value": "joe"}]},
                                 "sendmail_aliases": {"entries": [{"key": "joe", "value": "joe@v.example"}]}}, ["virtusertable", "joe@v.example", "loop"]),
    "a loop through a map that is the host's own": ({"sendmail_virtusertable": {"domains": ["v.example"], "host_file": f"{OWN}/virtusertable"},
                                                     "sendmail_aliases": {"entries": [{"key": "joe", "value": "joe@v.example"}]}}, ["joe@v.example", "loop"]),
    "a map of the host's own with line ends of Windows": ({"sendmail_mailertable": {"host_file": f"{OWN}/windows"}}, ["mailertable", "line 1", "CR LF"]),
    "a password in the map that is shown": ({"sendmail_access": {"entries": [{"key": "AuthInfo:a.example", "value": f'"U:u" "P:{PASSWORD}"'}]}},
                                            ["sendmail_access", "AuthInfo:a.example", "sendmail_authinfo"]),
    "a file with a password for the map that is shown": ({"sendmail_access": {"file": f"{OWN}/secret"}}, ["access", "AuthInfo:a.example", "sendmail_authinfo"]),
    "a network as the client of a route test": ({"sendmail_route_tests": [{"recipient": "a@b.example", "client_address": "10.0.0.0/8", "expect": "refused"}]},
                                                ["sendmail_route_tests", "10.0.0.0/8", "one address"]),
    "a map file in Latin-1": ({"sendmail_access": {"file": f"{OWN}/latin1"}}, ["access", f"{OWN}/latin1, line 2", "Latin-1"]),
    "a template that is not there": ({"sendmail_mc_template": "/nonexistent/my.mc.j2"}, ["/nonexistent/my.mc.j2"]),
}
# Rows that the host judges, not the controller: asked in check mode as well.
ON_THE_HOST = ("a route test that fails", "a loop through a map that is the host's own", "a map of the host's own with line ends of Windows")
# Places where a value goes into the .mc, a map or a unit: {variable: value around a word}.
PLACES = {
    "sendmail_domain": lambda word: word,
    "sendmail_mail_server": lambda word: word,
    "sendmail_relay_domains": lambda word: [word],
    "sendmail_smart_host": lambda word: word,
    "sendmail_host_name": lambda word: word,
    "sendmail_local_host_names": lambda word: [word],
    "sendmail_postmaster": lambda word: word,
    "sendmail_trusted_users": lambda word: [word],
    "sendmail_privacy_options": lambda word: [word],
    "sendmail_mailers": lambda word: [word],
    "sendmail_masquerade": lambda word: {"as": word},
    "sendmail_dns_block_lists": lambda word: [{"zone": word}],
    "sendmail_listeners": lambda word: [{"name": word}],
    "sendmail_features": lambda word: [{"name": "enhdnsbl", "arguments": [word]}],
    "sendmail_options": lambda word: {"confDOUBLE_BOUNCE_ADDRESS": word},
    "sendmail_mailertable": lambda word: {"entries": [{"key": word, "value": "smtp:[b.example]"}]},
    "sendmail_access": lambda word: {"entries": [{"key": f"To:{word}", "value": "REJECT"}]},
    "sendmail_virtusertable": lambda word: {"domains": [word], "entries": [{"key": "@v.example", "value": "bob@corp.example"}]},
    "sendmail_run_user": lambda word: word,
    "sendmail_queue_interval": lambda word: word,
    "sendmail_jail_path": lambda word: f"/var/{word}",
}


def bombs():
    """Rows of a value that is dangerous in m4, for each place."""
    for place, around in PLACES.items():
        values = {place: around(BOMB), **({**PLAIN, "sendmail_privilege": "unprivileged"} if place == "sendmail_run_user" else {})}
        yield f"{place}: a program for m4", (values, [place.replace("sendmail_", "")])


ALL = {**ROWS, **dict(bombs())}
pytestmark = pytest.mark.only("jailed")    # the same specifications guard all scenarios
# Judged on the controller, by one and the same code for every host.
on_the_controller = pytest.mark.only("default")
# Judged on the host, by code that asks for no family.
same_everywhere = pytest.mark.only("default")
# Paths, programs and m4's library are each family's own.
each_family = pytest.mark.only("default", "redhat", "suse")


@pytest.fixture(scope="module", name="runs")
def runs_(world):
    """Every row's run, on the first gateway only; and the host before and after."""
    gateway = world.gateways[0]
    gateway.out(f"mkdir -p {OWN}; cd {OWN}; printf '{OWN_FILES}")
    os.makedirs(OWN, exist_ok=True)
    with open(f"{OWN}/latin1", "wb") as made:
        made.write(b"To:a.example\tOK\nTo:m\xfcller.example\tOK\n")
    with open(f"{OWN}/secret", "w") as made:
        made.write(f'To:a.example\tOK\nAuthInfo:a.example\t"U:u" "P:{PASSWORD}"\n')
    before = state(gateway)
    runs = world.cases(gateway, {name: values for name, (values, _words) in ALL.items()})
    predicted = world.cases(gateway, {name: ROWS[name][0] for name in ON_THE_HOST}, "--check")
    touched = difference(before, state(gateway))
    gateway.out(f"rm -r {OWN}")
    return {"runs": runs, "predicted": predicted, "touched": touched, "gateway": gateway}


def plain(text):
    """Text without what makes no difference to a reader."""
    return text.lower().replace("_", "-")


@on_the_controller
@pytest.mark.parametrize("name", ALL)
def test_refused_by_name(runs, name):
    is_refused(runs["runs"][name], ALL[name][1])


def is_refused(run, words):
    """The run failed, and said in words why."""
    assert run.status != 0, run
    said = " ".join(run.messages) or run.output
    missing = [word for word in words if plain(word) not in plain(said)]
    assert not missing, f"expected {missing} in: {said}"
    assert "Traceback" not in run.output and "MODULE FAILURE" not in run.output, run
    assert PASSWORD not in said and PASSWORD not in run.output, run


@on_the_controller
@pytest.mark.parametrize("name", ON_THE_HOST)
def test_check_mode_refuses_what_the_host_judges(runs, name):
    """The real sendmail is asked the route tests of what would be, and a failed one is a failed run."""
    is_refused(runs["predicted"][name], ROWS[name][1])


@on_the_controller
def test_nothing_was_touched(runs):
    assert runs["touched"] == {}
    assert answers(runs["gateway"])


@on_the_controller
def test_nothing_was_run(runs):
    """Neither on the host nor on the controller."""
    assert runs["gateway"].run(f"test -e {PLANTED}").returncode != 0
    assert not os.path.exists(PLANTED)


@pytest.fixture(name="one")
def one_(world):
    """A gateway whose circumstances are made bad; it must be whole again afterwards."""
    gateway = world.gateways[0]
    before = state(gateway)
    yield gateway
    assert difference(before, state(gateway)) == {}
    assert answers(gateway)


def refused(world, gateway, *words):
    """Run the playbook, which must fail with a message that holds the words."""
    run = world.play("--limit", gateway.name)
    assert run.status != 0, run
    said = " ".join(run.messages)
    assert [word for word in words if word not in said] == [], said
    return said


@same_everywhere
def test_a_name_that_is_not_fully_qualified(world, one):
    one.out("cp /etc/hosts /run/hosts; hostname shorty; sed 's/gw-[a-z0-9-]*\\.corp\\.example.*/shorty/' /run/hosts >/etc/hosts")
    try:
        refused(world, one, "shorty", "/etc/hosts", "hostname")
    finally:
        one.out(f"cat /run/hosts >/etc/hosts; hostname {one.name}")


@same_everywhere
def test_a_host_of_an_unknown_family(world, one):
    one.out("printf 'ID=plan9\\nPRETTY_NAME=\"Plan 9\"\\n' >/run/os-release; mount --bind /run/os-release /etc/os-release")
    try:
        refused(world, one, "Plan 9")
    finally:
        one.out("umount /etc/os-release")


# Another family than the host's own, in the words of os-release(5).
CLAIMS = {"debian": "ID=rhel\\nID_LIKE=fedora\\nVERSION_ID=9.5", "redhat": "ID=sles\\nID_LIKE=suse\\nVERSION_ID=15.6",
          "suse": "ID=rhel\\nID_LIKE=fedora\\nVERSION_ID=9.5"}


@each_family
def test_an_identity_without_what_belongs_to_it(world, one):
    one.out(f"printf '{CLAIMS[one.family.name]}\\nPRETTY_NAME=\"Another\"\\n' >/run/os-release; mount --bind /run/os-release /etc/os-release")
    try:
        refused(world, one, "calls itself Another", "/usr/bin/zypper" if one.family.name == "redhat" else "/usr/bin/dnf")
    finally:
        one.out("umount /etc/os-release")


# What a postmaster had before this collection came.
THEIRS = """include(`{library}/m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`confMAX_HOP', `30')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""


@each_family
def test_a_configuration_that_somebody_edited(world, one):
    """What is newer than its source and not made of it is nowhere else; a host of ours shows and mends it instead (test_damage.py)."""
    mc, cf = one.family.mc, one.family.cf
    library = one.out(f"sed -n \"s|^include(.\\(.*\\)/m4/cf.m4')dnl|\\1|p\" {mc}").strip()
    one.out(f"cp -a {mc} /run/theirs.mc; cp -a {cf} /run/theirs.cf; cat >{mc}; touch -d -1hour {mc}; m4 {mc} >{cf}", stdin=THEIRS.format(library=library))
    try:
        assert world.play("--check", "--limit", one.name).status == 0, "what only its source says is no edit"
        one.out(f"sed -i 's/^O MaxHopCount=30/O MaxHopCount=31/; s/^#O MaxMessageSize=.*/O MaxMessageSize=77/' {cf}")
        said = refused(world, one, cf, "option MaxHopCount, option MaxMessageSize.", "sendmail_replace_edited")
        assert "Nothing was touched" in said
        assert world.play("--check", "--limit", one.name, values={"sendmail_replace_edited": True}).status == 0
    finally:
        one.out(f"cp -a /run/theirs.mc {mc}; cp -a /run/theirs.cf {cf}")


@same_everywhere
def test_another_program_on_port_25(world, one):
    one.out("systemctl stop sendmail.service; systemd-run -q --unit lab-stranger python3 -c "
            "'import socket, time; s = socket.create_server((\"\", 25)); time.sleep(600)'; sleep 1")
    try:
        refused(world, one, "port 25", "python3")
    finally:
        one.out("systemctl stop lab-stranger; systemctl start sendmail.service; sleep 1")


@same_everywhere
def test_m4_is_missing(world, one):
    one.out("mount --bind /dev/null /usr/bin/m4; echo >>" + one.family.mc)
    try:
        refused(world, one, "m4")
    finally:
        one.out("umount /usr/bin/m4; sed -i '$ d' " + one.family.mc)


@same_everywhere
def test_a_link_in_the_jail_is_refused_unless_it_may_go(world, one):
    one.out("ln -s /etc/passwd /var/mailjail/var/link")
    try:
        run = world.play("--limit", one.name, values={"sendmail_jail_purge": "refuse"})
        assert run.status != 0 and "/var/mailjail/var/link" in " ".join(run.messages), run
    finally:
        one.out("rm /var/mailjail/var/link")
