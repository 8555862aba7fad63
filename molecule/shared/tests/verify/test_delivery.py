"""Files and programs: inside the jail and through smrsh where that is allowed, not at all where it is not."""

import re
import uuid

import pytest
from smtp import converse, envelope, raw, session

ARCHIVE = "/var/mailjail/var/spool/mail/archive"


def send(host, gateway, recipient, token):
    """Send a message with a word in its subject from inside; return the replies."""
    steps = (*envelope("bob@corp.example", recipient, "mail.corp.example"), "DATA", raw(f"Subject: {token}\r\n\r\nx\r\n.\r\n".encode()))
    return converse(host, [session(gateway.inside, *steps)])[0]


def logged(gateway, word, tag="", wait=60):
    """Lines of the journal with a word; waits for the first."""
    look = f"journalctl -q -o cat -t {tag or 'sm-mta'} --since -5min | grep -F '{word}'"
    return gateway.out(f"for i in $(seq {wait * 2}); do {look} && break; sleep 0.5; done; true").splitlines()


@pytest.mark.only("jailed")
class TestJailed:
    """sendmail_privilege: jailed"""

    def test_file_lands_in_the_jail_and_nowhere_else(self, gateway, mail):
        token = uuid.uuid4().hex
        assert send(mail, gateway, f"archive@{gateway.name}", token)[-1].code == 250
        found = gateway.out(f"for i in $(seq 40); do grep -l {token} -r /var/mailjail && break; sleep 0.5; done; true").split()
        assert found == [ARCHIVE]
        assert gateway.run("test -e /var/spool/mail/archive").returncode != 0
        assert gateway.out(f"grep -rl {token} /var/mail /var/spool/mail /tmp /home 2>/dev/null || true") == ""

    def test_owner_and_modes_in_the_jail(self, gateway):
        assert gateway.out(f"stat -c '%a %U:%G %h' {ARCHIVE}").strip() == "600 mail:mail 1"
        for directory in ("/var/mailjail", "/var/mailjail/var", "/var/mailjail/var/spool", "/var/mailjail/var/spool/mail"):
            mode, owner = gateway.out(f"stat -c '%a %U' {directory}").split()
            assert owner == "root" and not int(mode, 8) & 0o022, directory

    def test_nothing_dangerous_in_the_jail(self, gateway):
        assert gateway.out(r"find /var/mailjail \( -type l -o -type b -o -type c -o -type p -o -type s -o -type f -perm /7111 -o -type f -links +1 \)") == ""

    def test_a_file_that_was_not_made_beforehand_is_not_written(self, gateway):
        assert gateway.run("su -s /bin/sh mail -c 'touch /var/mailjail/var/spool/mail/new'").returncode != 0

    def test_listed_command_runs(self, gateway, mail):
        token = uuid.uuid4().hex
        assert send(mail, gateway, f"note@{gateway.name}", token)[-1].code == 250
        assert logged(gateway, token, "lab-note")

    @pytest.mark.parametrize("command", ["/usr/bin/id", "id", "logger && id", "../../../usr/bin/id", "/etc/../usr/bin/id"])
    def test_unlisted_command_is_refused(self, gateway, command):
        done = gateway.run(f"{gateway.family.smrsh} -c '{command}' </dev/null")
        assert "uid=" not in done.stdout + done.stderr
        assert done.returncode != 0 or "logger" in command

    def test_list_of_commands_is_exact(self, gateway):
        directory = gateway.family.smrsh_directory
        assert set(gateway.out(f"ls {directory}").split()) - gateway.family.smrsh_own == {"logger"}
        assert gateway.out(f"readlink -f {directory}/logger").strip() == "/usr/bin/logger"
        assert gateway.out(f"stat -c '%a %U:%G' {directory}").strip() == "755 root:root"

    def test_users_of_the_host_direct_nothing(self, gateway):
        """No .forward is looked at."""
        assert re.search(r"^O ForwardPath(=\s*)?$", gateway.out(f"cat {gateway.family.cf}"), re.M)


@pytest.mark.only("unprivileged")
class TestUnprivileged:
    """sendmail_privilege: unprivileged"""

    def test_the_local_mailer_knows_no_files_programs_or_lists(self, gateway):
        flags = re.search(r"^Mlocal,.*?F=([^,]+),", gateway.out(f"cat {gateway.family.cf}"), re.M).group(1)
        assert not set(flags) & set(":|/"), flags

    @pytest.mark.parametrize("target", ["/var/tmp/planted", '"|/usr/bin/id >/var/tmp/planted"', ":include:/etc/passwd"])
    def test_an_address_that_names_one_goes_nowhere(self, gateway, target):
        said = gateway.run(f"/usr/sbin/sendmail -Am -bv '{target}'").stdout
        assert "mailer *file*" not in said and "mailer prog" not in said, said
        assert gateway.run("test -e /var/tmp/planted").returncode != 0

    def test_no_jail_and_no_way_to_enter_one(self, gateway):
        assert not re.search(r"^O SafeFileEnvironment=\S", gateway.out(f"cat {gateway.family.cf}"), re.M)
        assert gateway.run("test -e /var/mailjail").returncode != 0

    def test_smrsh_knows_no_command(self, gateway):
        found = set(gateway.out(f"ls {gateway.family.smrsh_directory} 2>/dev/null || true").split())
        assert found <= gateway.family.smrsh_own
