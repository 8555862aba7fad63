# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the older systems that the article names, in their real forms: what is kept of them, and what is refused."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import subprocess

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import sysconf
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

NOTE = "# " + sysconf.COMMENT + "\n"
# As Red Hat 7 ships it.
RED_HAT = "DAEMON=yes\nQUEUE=1h\n"
RED_HAT_OFF = "DAEMON=no\nQUEUE=1h\n"
# As EL ships it: the SysV pair is gone, systemd reads this one.
RED_HAT_NEW = "SENDMAIL_OPTS=\"-q1h\"\n"
# Of SuSE 7's /etc/rc.config, the piece around the mail system. YaST writes a comment above each variable, and all values in double quotes.
RC_CONFIG = """#
# /etc/rc.config
#
# Copyright (c) 1996-2001 SuSE GmbH Nuernberg, Germany. All rights reserved.
#
# start portmap? ("yes" or "no")
#
START_PORTMAP="no"
#
# Start of sendmail (yes/no)
#
SMTP="no"
#
# Enter the FQHN (full qualified hostname) to use (e.g. "riemann.suse.de"):
#
FQHOSTNAME="gate.polkatistas.org"
NAMESERVER="192.168.1.1   192.168.1.2"
IFCONFIG_0='192.168.1.10 broadcast 192.168.1.255 netmask 255.255.255.0'
test -f /etc/rc.config.local && . /etc/rc.config.local
for i in /etc/rc.config.d/*.config ; do
    if test -r $i ; then . $i ; fi
done
"""
SENDMAIL_RC = """#
# Configuration of sendmail, read by SuSEconfig (sendmail)
#
# "yes" lets SuSEconfig write /etc/sendmail.cf from the variables below; with "no" it is left alone
#
SENDMAIL_TYPE="yes"

# Set "SENDMAIL_LOCALHOST" to the names for which mail is taken locally
SENDMAIL_LOCALHOST="localhost gate.polkatistas.org"
#SENDMAIL_SMARTHOST="uucp-dom:tcp"
SENDMAIL_RELAY=""
SENDMAIL_ARGS="-bd -q30m -om"
SENDMAIL_EXPENSIVE=no    # dial on demand
"""


@pytest.mark.parametrize("text, values, expected", [
    # Red Hat: bare words stay bare, the file keeps its two lines.
    (RED_HAT, {"DAEMON": "yes", "QUEUE": "1h"}, RED_HAT),
    (RED_HAT_OFF, {"DAEMON": "yes", "QUEUE": "1h"}, RED_HAT),
    (RED_HAT, {"DAEMON": "yes", "QUEUE": "10m"}, "DAEMON=yes\nQUEUE=10m\n"),
    (RED_HAT_OFF, {"DAEMON": "yes", "QUEUE": "1h", "SENDMAIL_OPTS": "-q1h"}, RED_HAT + NOTE + 'SENDMAIL_OPTS="-q1h"\n'),
    (RED_HAT_NEW, {"DAEMON": "yes", "QUEUE": "1h", "SENDMAIL_OPTS": "-q1h"}, RED_HAT_NEW + NOTE + 'DAEMON="yes"\nQUEUE="1h"\n'),
    ("# Mandrake\nDAEMON=no\t\nQUEUE=1h", {"DAEMON": "yes"}, "# Mandrake\nDAEMON=yes\t\nQUEUE=1h"),
    # SuSE: one word changes, everything around it stays, the loop at the end included.
    (RC_CONFIG, {"SMTP": "yes"}, RC_CONFIG.replace('SMTP="no"', 'SMTP="yes"')),
    (RC_CONFIG.replace('SMTP="no"', 'SMTP="yes"'), {"SMTP": "yes"}, RC_CONFIG.replace('SMTP="no"', 'SMTP="yes"')),
    (RC_CONFIG.replace('SMTP="no"', "SMTP=no"), {"SMTP": "yes"}, RC_CONFIG.replace('SMTP="no"', "SMTP=yes")),
    (RC_CONFIG, {"IFCONFIG_0": "192.168.1.11"}, RC_CONFIG.replace("'192.168.1.10 broadcast 192.168.1.255 netmask 255.255.255.0'", "'192.168.1.11'")),
    (SENDMAIL_RC, {"SENDMAIL_TYPE": "no"}, SENDMAIL_RC.replace('SENDMAIL_TYPE="yes"', 'SENDMAIL_TYPE="no"')),
    (SENDMAIL_RC, {"SENDMAIL_TYPE": "no", "SENDMAIL_ARGS": "-bd -q10m -om"},
     SENDMAIL_RC.replace('SENDMAIL_TYPE="yes"', 'SENDMAIL_TYPE="no"').replace("-q30m", "-q10m")),
    # What is commented out is no assignment: it stays, and the value goes to the end.
    (SENDMAIL_RC, {"SENDMAIL_SMARTHOST": "x"}, SENDMAIL_RC + NOTE + 'SENDMAIL_SMARTHOST="x"\n'),
])
def test_one_word_changes_and_everything_else_stays(text, values, expected):
    found, changes = sysconf.apply(text, values, "/etc/rc.config")
    assert found == expected
    assert bool(changes) == (text != expected)
    assert sysconf.apply(found, values, "/etc/rc.config") == (expected, [])


@pytest.mark.parametrize("text, key, wanted", [
    (RED_HAT_OFF, "DAEMON", "yes"), (SENDMAIL_RC, "SENDMAIL_TYPE", "no"), (SENDMAIL_RC, "SENDMAIL_ARGS", "-bd -q10m")])
def test_a_shell_reads_what_was_written(tmpdir, text, key, wanted):
    tmpdir.join("file").write(sysconf.apply(text, {key: wanted})[0])
    said = subprocess.check_output(["sh", "-c", '. "$1"; eval "printf %%s \\"\\$%s\\"" ' % key, "sh", str(tmpdir.join("file"))])
    assert said.decode("utf-8") == wanted


@pytest.mark.parametrize("text, key, line, reason", [
    ("export DAEMON=no\nQUEUE=1h\n", "DAEMON", 1, "export"),
    ("QUEUE=1h\nDAEMON=no # until the new disk is there\n", "DAEMON", 2, "comment follows"),
    ("QUEUE=1h\nDAEMON=n\\\no\n", "DAEMON", 2, "more than one line"),
    (SENDMAIL_RC, "SENDMAIL_EXPENSIVE", 13, "comment follows"),
    (RC_CONFIG.replace('SMTP="no"', 'export SMTP="no"'), "SMTP", 12, "export"),
    (RC_CONFIG.replace('SMTP="no"', 'SMTP="no" # no mail here'), "SMTP", 12, "comment follows"),
    (RC_CONFIG.replace('SMTP="no"', 'SMTP="no\n"'), "SMTP", 12, "more than one line"),
    (RC_CONFIG.replace('SMTP="no"', 'SMTP=`cat /etc/smtp`'), "SMTP", 12, "command"),
    (RC_CONFIG.replace("if test -r $i ; then . $i ; fi", 'if test -r $i ; then . $i ; fi\n    SMTP="no"'), "SMTP", 22, "inside a branch"),
])
def test_what_readers_understand_differently_is_refused_with_file_and_line(tmpdir, text, key, line, reason):
    target = tmpdir.join("rc.config")
    target.write(text)
    with pytest.raises(SendmailError) as caught:
        sysconf.plan(str(target), {key: "yes"})
    assert "%s, line %d: %s " % (target, line, key) in caught.value.message and reason in caught.value.message
    assert target.read() == text


def test_nothing_is_written_if_one_of_several_files_is_refused(tmpdir):
    """The module plans every file before it writes the first."""
    good, bad = tmpdir.join("rc.config"), tmpdir.join("sendmail.rc.config")
    good.write(RC_CONFIG)
    bad.write("export SENDMAIL_TYPE=yes\n")
    with pytest.raises(SendmailError) as caught:
        for path, values in ((good, {"SMTP": "yes"}), (bad, {"SENDMAIL_TYPE": "no"})):
            sysconf.plan(str(path), values)
    assert str(bad) in caught.value.message and good.read() == RC_CONFIG


@pytest.mark.parametrize("make, word", [
    (lambda path: path.mksymlinkto("elsewhere"), "link"),
    (lambda path: path.mkdir(), "no plain file"),
])
def test_a_file_that_can_not_be_read_is_named(tmpdir, make, word):
    target = tmpdir.join("sendmail")
    make(target)
    with pytest.raises(SendmailError) as caught:
        sysconf.plan(str(target), {"DAEMON": "yes"})
    assert str(target) in caught.value.message and word in caught.value.message.lower()


@pytest.mark.parametrize("missing, exists", [("skip", False), ("create", True)])
def test_files_of_old_suse_are_left_out_where_there_are_none(tmpdir, missing, exists):
    found = sysconf.plan(str(tmpdir.join("rc.config")), {"SMTP": "yes"}, missing=missing)
    assert (found.after is not None) == exists
