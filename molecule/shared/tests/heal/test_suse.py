"""What only hosts of SUSE's family have: chkstat, the vendor's units and their flags, files of old SuSE, a package that excludes other mail systems."""

import pytest
from smtp import converse, envelope, session
from state import answers, difference, managed, state

pytestmark = pytest.mark.only("suse")

REINSTALL = "zypper --quiet --non-interactive install --force sendmail"
WITHOUT_ROOT = {"sendmail_privilege": "unprivileged", "sendmail_run_user": "mailother", "sendmail_jail_files": [], "sendmail_smrsh_commands": [],
                "sendmail_local_delivery": {}, "sendmail_aliases": {}}


def unchanged(world):
    """A run has nothing to do."""
    again = world.converge()
    return [again.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)


@pytest.fixture(name="whole")
def whole_(world):
    """Every gateway, which must be whole again afterwards."""
    world.converge()
    before = world.everywhere(state)
    yield
    world.converge()
    assert [difference(*pair) for pair in zip(before, world.everywhere(state), strict=True)] == [{}] * len(before)
    assert all(world.everywhere(answers))


@pytest.fixture(name="without_root")
def without_root_(world):
    """Every gateway without root; its user goes afterwards."""
    yield world.converge(values=WITHOUT_ROOT)
    world.converge()
    world.everywhere(lambda gateway: gateway.out("userdel mailother"))
    assert all(world.everywhere(answers))


@pytest.mark.usefixtures("without_root")
def test_owners_of_ours_outlast_chkstat_and_the_package(world):
    """A queue of a daemon without root is not as the vendor's table has it, so it stands in /etc/permissions.local."""
    before = world.everywhere(state)
    assert [found["queue"][0] for found in before] == ["700 mailother:mailother"] * len(before)
    world.everywhere(lambda gateway: gateway.out(f"chkstat --system --set; {REINSTALL}"))
    world.everywhere(lambda gateway: gateway.wait_for_daemon())
    after = world.everywhere(state)
    assert [managed(gateway, difference(*pair)) for gateway, *pair in zip(world.gateways, before, after, strict=True)] == [{}] * len(before)
    assert all(world.everywhere(answers))
    # Without the entry the same reinstallation takes the queue away from the daemon: what was just shown is due to it.
    world.everywhere(lambda gateway: gateway.out(f"cp -p /etc/permissions.local /run/; sed -i /mqueue/d /etc/permissions.local; {REINSTALL};"
                                                 " cp -p /run/permissions.local /etc/"))
    assert [found["queue"][0] for found in world.everywhere(state)] == ["700 root:root"] * len(before)
    world.converge(values=WITHOUT_ROOT)
    after = world.everywhere(state)
    assert [managed(gateway, difference(*pair)) for gateway, *pair in zip(world.gateways, before, after, strict=True)] == [{}] * len(before)


@pytest.mark.usefixtures("whole")
def test_the_vendor_s_own_units_would_take_mail_too(world):
    """The flags are those that the unit at hand needs: -bd in a unit that wants -bD reports success, and nobody listens."""
    def theirs(gateway):
        gateway.out("systemctl stop sendmail sendmail-client; mkdir -p /run/ours; mv /etc/systemd/system/sendmail*.service /run/ours;"
                    " systemctl unmask -q sendmail-client.path; systemctl daemon-reload")
        # Theirs does not run for an empty queue.
        gateway.out("sh /etc/mail/system/sm-client.pre")
        started = gateway.run("systemctl restart sendmail sendmail-client; sleep 5; systemctl is-active sendmail sendmail-client")
        return started.stdout.split(), gateway.show("sendmail.service", "FragmentPath")["FragmentPath"].startswith("/etc"), answers(gateway)
    assert world.everywhere(theirs) == [(["active", "active"], False, True)] * len(world.gateways)


@pytest.mark.usefixtures("whole")
def test_the_vendor_s_path_unit_starts_no_second_runner(world):
    world.everywhere(lambda gateway: gateway.out("systemctl unmask -q sendmail-client.path; systemctl enable -q --now sendmail-client.path"))
    predicted, done = world.converge("--check"), world.converge()
    for gateway in world.gateways:
        assert predicted.changed(gateway) == done.changed(gateway) != []
        assert gateway.run("systemctl is-enabled sendmail-client.path; systemctl is-active sendmail-client.path").stdout.split() == ["masked", "inactive"]
        assert len(gateway.out("pgrep -f '^sendmail: Queue'").split()) == 1


OLD = {"/etc/rc.config": "# Start the mail daemon at boot?\nSMTP='no'\n\n# Another one\nSTART_INETD=yes\n",
       "/etc/rc.config.d/sendmail.rc.config": '#\n# "yes" makes SuSEconfig write /etc/sendmail.cf\n#\nSENDMAIL_TYPE=yes\nFROM_HEADER="" \n'}
SUSECONFIG = r"""#!/bin/sh
# What SuSEconfig did: it wrote sendmail.cf out of these files, unless they say no.
. /etc/rc.config.d/sendmail.rc.config
echo "SENDMAIL_TYPE is $SENDMAIL_TYPE" >>/run/suseconfig.log
test ! -e /run/suseconfig.broken || { echo 'SuSEconfig: no room' >&2; exit 1; }
test "$SENDMAIL_TYPE" = no || echo '# written by SuSEconfig' >/etc/sendmail.cf
"""


@pytest.fixture(name="old")
def old_(world):
    """Every gateway with the files of SuSE 7."""
    world.converge()
    world.everywhere(lambda gateway: gateway.out("mkdir -p /etc/rc.config.d"))
    for path, text in {**OLD, "/sbin/SuSEconfig": SUSECONFIG}.items():
        world.everywhere(lambda gateway, path=path, text=text: gateway.out(f"cat >{path}", stdin=text))
    world.everywhere(lambda gateway: gateway.out("chmod 755 /sbin/SuSEconfig; rm -f /run/suseconfig.*"))
    yield
    world.everywhere(lambda gateway: gateway.out("rm -rf /etc/rc.config /etc/rc.config.d /sbin/SuSEconfig /run/suseconfig.*"))
    assert unchanged(world)


@pytest.mark.usefixtures("old")
def test_files_of_old_suse_are_set_and_kept(world):
    world.everywhere(lambda gateway: gateway.out("touch /run/suseconfig.broken"))
    failed = world.play()
    assert failed.status != 0 and all("/sbin/SuSEconfig" in said and "no room" in said for said in failed.messages), failed
    # A run that could not bring the flags into force leaves them to the next.
    assert world.everywhere(lambda gateway: gateway.out("cat " + " ".join(OLD))) == ["".join(OLD.values())] * len(world.gateways)

    world.everywhere(lambda gateway: gateway.out("rm /run/suseconfig.*"))
    world.converge()
    expected = "".join(OLD.values()).replace("SMTP='no'", "SMTP='yes'").replace("SENDMAIL_TYPE=yes", "SENDMAIL_TYPE=no")
    assert world.everywhere(lambda gateway: gateway.out("cat " + " ".join(OLD))) == [expected] * len(world.gateways)
    assert world.everywhere(lambda gateway: gateway.out("cat /run/suseconfig.log")) == ["SENDMAIL_TYPE is no\n"] * len(world.gateways)

    before = world.everywhere(state)
    world.everywhere(lambda gateway: gateway.out("/sbin/SuSEconfig"))
    assert [difference(*pair) for pair in zip(before, world.everywhere(state), strict=True)] == [{}] * len(before)
    assert unchanged(world)


SYSCONFIG = "/etc/sysconfig/mail"
# How the file is made, and words that the refusal holds.
ODD = {
    "export": ("echo 'export MAIL_CREATE_CONFIG=no' >{0}", ["line 1", "export"]),
    "continuation": (r"printf '# x\nMAIL_CREATE_CONFIG=\\\nno\n' >{0}", ["line 2", "more than one line"]),
    "trailing comment": ("echo 'MAIL_CREATE_CONFIG=\"no\" # by hand' >{0}", ["line 1", "comment"]),
    "a branch": (r"printf 'if true; then\nSMTPD_LISTEN_REMOTE=no\nfi\n' >{0}", ["line 2", "branch"]),
    "no text": ("head -c 300 /dev/zero >{0}", ["no text"]),
    "a directory": ("rm {0}; mkdir {0}", ["no plain file"]),
    "a link": ("rm {0}; ln -s /nowhere {0}", ["symbolic link"]),
}


@pytest.mark.parametrize("kinds", [tuple(ODD)[number:number + 2] for number in range(0, len(ODD), 2)], ids=", ".join)
def test_a_file_of_flags_that_readers_understand_differently_is_refused(world, kinds):
    """Another one on each host."""
    found = dict(zip(world.gateways, kinds * 2, strict=False))
    world.everywhere(lambda gateway: gateway.out(f"cp -a {SYSCONFIG} /run/flags; {ODD[found[gateway]][0].format(SYSCONFIG)}"))
    before = world.everywhere(state)
    run = world.play()
    try:
        for gateway, kind in found.items():
            said = " ".join(run.of(gateway.name).messages)
            assert run.of(gateway.name).status != 0 and [word for word in [SYSCONFIG, *ODD[kind][1]] if word not in said] == [], (kind, said)
        assert [difference(*pair) for pair in zip(before, world.everywhere(state), strict=True)] == [{}] * len(before)
    finally:
        world.everywhere(lambda gateway: gateway.out(f"rm -rf {SYSCONFIG}; cp -a /run/flags {SYSCONFIG}"))


class TestAnotherMailSystem:
    """Postfix instead of sendmail, as many SUSE hosts have it. Last in this file: what the package leaves behind is swept up."""

    @pytest.fixture(scope="class", name="world")
    @staticmethod
    def world_(world):
        """One host: whose units they are makes no difference."""
        return world.part(world.gateways[:1])

    @pytest.fixture(scope="class", name="postfix", autouse=True)
    @staticmethod
    def postfix_(world):
        """Every gateway with Postfix and without sendmail; sendmail is back afterwards."""
        world.converge()
        world.everywhere(lambda gateway: gateway.out("systemctl stop sendmail sendmail-client; zypper -qn rm sendmail && zypper -qn in postfix"))
        yield
        world.converge(values={"sendmail_replace_mta": True})
        world.everywhere(lambda gateway: gateway.out("find /etc -name '*.rpmsave' -delete"))

    @pytest.mark.parametrize(("values", "words"), [
        ({}, ["another mail system: postfix", "sendmail_replace_mta"]),
        ({"sendmail_replace_mta": True, "sendmail_version_floor": "9.0"}, ["sendmail 8.17.1.9", "below 9.0"]),
    ])
    def test_refused_and_nothing_touched(self, world, values, words):
        before = world.everywhere(state)
        run = world.play(values=values)
        assert len(run.messages) == len(world.gateways), run
        assert all(word in said for said in run.messages for word in [*words, "Nothing was touched"]), run
        assert [difference(*pair) for pair in zip(before, world.everywhere(state), strict=True)] == [{}] * len(before)
        assert world.everywhere(lambda gateway: gateway.run("rpm -q postfix").returncode) == [0] * len(before)

    def test_replaced_where_that_is_meant(self, world, client):
        predicted = world.converge("--check", values={"sendmail_replace_mta": True})
        assert all("mailjail.sendmail.packages : Say what would be installed" in predicted.changed(gateway) for gateway in world.gateways)
        world.converge(values={"sendmail_replace_mta": True})
        for gateway in world.gateways:
            assert gateway.run("rpm -q postfix").returncode != 0 and gateway.run("systemctl is-active postfix").returncode != 0
            replies = converse(client, [session(gateway.outside, *envelope("carol@stranger.example", "alice@corp.example"))])[0]
            assert replies[-1].code == 250, replies
        assert unchanged(world)
