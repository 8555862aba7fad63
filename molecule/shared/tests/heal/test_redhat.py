"""What only hosts of Red Hat's family have: alternatives, packages that can be missing one by one, /etc/mail/make, and sendmail without Berkeley DB."""

import pytest
from state import answers, difference, state

pytestmark = pytest.mark.only("redhat")

MTA = "/etc/alternatives/mta"
INSTALL = "mailjail.sendmail.packages : Install sendmail, what compiles its configuration, and the documentation"


@pytest.fixture(name="before", autouse=True)
def before_(world):
    """A whole host before each test, and the same one after it."""
    found = world.everywhere(state)
    yield found
    after = world.everywhere(state)
    assert [difference(old, new) for old, new in zip(found, after, strict=True)] == [{}] * len(found)
    assert all(world.everywhere(answers))


def stamps(gateway):
    """Time and inode of every file under /etc/mail and of the aliases."""
    return gateway.out("stat -c '%n %i %y' /etc/mail/* /etc/aliases*")


def test_make_before_a_start_finds_nothing_to_do(world):
    """The vendor's units call it each time; what is newer than its text is left alone."""
    def call(gateway):
        gateway.out("/etc/mail/make; /etc/mail/make aliases")    # maps that no configuration of ours names are built at its first call
        found = stamps(gateway)
        gateway.out("/etc/mail/make; /etc/mail/make aliases")
        assert stamps(gateway) == found
        assert gateway.run("ls /etc/mail/*.bak").returncode != 0
        gateway.out("cd /etc/mail; rm -f domaintable{0} virtusertable{0}".format(gateway.family.suffix))
    world.everywhere(call)


def test_a_remark_that_changes_in_a_source_alone_leaves_nothing_to_make(world):
    def age(gateway):
        gateway.out(f"echo 'dnl somebody was here' >>{gateway.family.mc}")
    world.everywhere(age)
    world.converge()
    for gateway in world.gateways:
        assert gateway.run(f"test {gateway.family.mc} -nt {gateway.family.cf}").returncode != 0


def test_an_edit_of_the_compiled_file_is_shown_and_mended(world):
    """It is newer than its source, so the vendor's tools would keep it for ever."""
    world.everywhere(lambda gateway: gateway.out(f"sed -i 's/^O MaxHopCount=.*/O MaxHopCount=99/' {gateway.family.cf}"))
    predicted, done = world.converge("--check"), world.converge()
    for gateway in world.gateways:
        assert predicted.changes(gateway) == done.changes(gateway)
        assert any("MaxHopCount" in row and '"99"' in row and '"25"' in row for row in done.changes(gateway)), done.changes(gateway)


def test_a_missing_package_is_brought_back(world):
    """Another one on each host."""
    names = dict(zip(world.gateways, ("sendmail-cf", "m4"), strict=True))
    world.everywhere(lambda gateway: gateway.out(f"rpm -e --nodeps {names[gateway]}"))
    predicted = world.converge("--check")
    done = world.converge()
    for gateway, name in names.items():
        assert predicted.changed(gateway)
        assert INSTALL in done.changed(gateway)
        assert gateway.out(f"rpm -q {name}").startswith(name)


def test_a_package_that_no_repository_has_is_named(world):
    repository = "/etc/yum.repos.d/lab.repo"
    world.everywhere(lambda gateway: gateway.out(f"rpm -e --nodeps sendmail-cf; echo exclude=sendmail-cf >>{repository}"))
    try:
        run = world.play()
        assert run.status != 0 and len(run.messages) == len(world.gateways), run
        assert all("sendmail-cf" in message and "Nothing was touched" in message for message in run.messages), run
    finally:
        world.everywhere(lambda gateway: gateway.out(f"sed -i '/^exclude=/d' {repository}; dnf -q -y install sendmail-cf"))


def test_a_second_mail_system_is_refused_and_goes_when_that_is_said(world):
    def bring(gateway):
        gateway.out("dnf -q -y install postfix; alternatives --set mta /usr/sbin/sendmail.postfix")
        assert gateway.out(f"readlink {MTA}").strip() == "/usr/sbin/sendmail.postfix"
    world.everywhere(bring)
    run = world.play()
    assert run.status != 0 and len(run.messages) == len(world.gateways), run
    assert all("postfix" in message and "sendmail_replace_mta" in message for message in run.messages), run
    values = {"sendmail_replace_mta": True}
    assert world.converge("--check", values=values).status == 0
    world.converge(values=values)
    for gateway in world.gateways:
        assert gateway.run("rpm -q postfix").returncode != 0
        assert gateway.out("readlink -f /usr/sbin/sendmail").strip() == gateway.family.sendmail
        assert "status is manual" in gateway.out("alternatives --display mta")
        gateway.out("rm -rf /etc/postfix; alternatives --auto mta")


def test_the_sendmail_command_is_taken_back(world):
    world.everywhere(lambda gateway: gateway.out(f"ln -sfn /bin/true {MTA}"))
    predicted, done = world.converge("--check"), world.converge()
    for gateway in world.gateways:
        assert predicted.changed(gateway) and done.changed(gateway)
        assert gateway.out("readlink -f /usr/sbin/sendmail").strip() == gateway.family.sendmail
    assert "mta - status is" in done.output, "whose the command was is not shown"


WANT_BERKELEY_DB = {
    "a map type": ({"sendmail_map_type": "hash"}, ["sendmail_map_type", "hash", "cdb"]),
    "a user database": ({"sendmail_userdb": {"entries": [{"key": "bobo:maildrop", "value": "bob@corp.example"}]}}, ["userdb", "btree", "cdb"]),
}


def test_what_needs_berkeley_db_is_refused_before_anything_is_touched(world):
    without, = [gateway for gateway in world.gateways if not gateway.family.user_database]
    runs = world.cases(without, {name: values for name, (values, _words) in WANT_BERKELEY_DB.items()})
    for name, (_values, words) in WANT_BERKELEY_DB.items():
        said = " ".join(runs[name].messages)
        assert runs[name].status != 0 and [word for word in words if word not in said] == [], (name, said)
