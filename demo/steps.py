"""What the demo shows, one step after the other. Each step talks to the running lab and returns whether it saw what it promised."""

import re

from lab import address, containers, mailbox

# Whatever the compiled configuration runs for programs; it lies elsewhere on each family.
SMRSH = "$(sed -n '/^Mprog/s/.*P=\\([^,]*\\).*/\\1/p' /etc/mail/sendmail.cf /etc/sendmail.cf 2>/dev/null | head -n 1) -c /usr/bin/id"
DIALOGUE = re.compile(r"^(<-|<\*\*| ->|<~|<~\*| ~>|===) ?")


class Scene:
    """The lab and a way to talk about it.

    :param lab: a lab that is up.
    :param say: prints one line.
    """

    def __init__(self, lab, say):
        self.lab, self.say = lab, say
        self.gateway = lab.layout.gateway_hosts[0]
        self.mail, self.client = lab.host("mail"), lab.host("client")

    def address(self, host, side):
        """Address of a host on one side, ``inside`` or ``outside``."""
        return self.lab.layout.addr4(side, host.number)

    def run(self, host, *command):
        """Run a command on a host; return its standard output, whatever its exit status."""
        result = containers.execute(self.lab.layout, host, *command, check=False)
        return (result.stdout or "") + (result.stderr or "")

    def swaks(self, host, side, *options):
        """Speak SMTP to the gateway and print both sides of it; return all that was said."""
        output = self.run(host, "swaks", "--server", self.address(self.gateway, side), "--suppress-data", "--timeout", "20", *options)
        for line in output.splitlines():
            if DIALOGUE.match(line):
                self.say("    " + line)
        return output

    def arrived(self, host, user):
        """Wait for the first message in a mailbox and return it, or an empty string."""
        found = mailbox.messages(self.lab, host, user, clear=True, wait=20)
        return found[-1] if found else ""

    def show_headers(self, text, *names):
        """Print some headers of a message."""
        for line in text.splitlines():
            if line.split(":")[0] in names:
                self.say("    | " + line)


def mail_in(scene):
    """From outside to the organisation: the message arrives in a mailbox of the internal mail server."""
    mailbox.messages(scene.lab, scene.mail, "alice", clear=True)
    scene.swaks(scene.client, "outside", "--ehlo", scene.client.fqdn, "--from", "carol@stranger.example", "--to", "alice@corp.example",
                "--header", "Subject: from outside")
    text = scene.arrived(scene.mail, "alice")
    scene.say("  In alice's mailbox on mail.corp.example:")
    scene.show_headers(text, "Return-Path", "From", "To", "Subject")
    return "Subject: from outside" in text


def mail_out(scene):
    """From inside to outside: header and envelope show the organisation, not the host."""
    mailbox.messages(scene.lab, scene.client, "carol", clear=True)
    scene.swaks(scene.mail, "inside", "--ehlo", "host1.corp.example", "--from", "joe@host1.corp.example", "--to", "carol@stranger.example",
                "--header", "From: joe@host1.corp.example", "--header", "Subject: from inside")
    text = scene.arrived(scene.client, "carol")
    scene.say("  In carol's mailbox on client.stranger.example:")
    scene.show_headers(text, "Return-Path", "From", "To", "Subject")
    return "<joe@corp.example>" in text and "From: joe@corp.example" in text


def root_exposed(scene):
    """The same from root: alert mail must show which host sent it."""
    mailbox.messages(scene.lab, scene.client, "carol", clear=True)
    scene.swaks(scene.mail, "inside", "--ehlo", "host1.corp.example", "--from", "root@host1.corp.example", "--to", "carol@stranger.example",
                "--header", "From: root@host1.corp.example", "--header", "Subject: disk full on host1")
    text = scene.arrived(scene.client, "carol")
    scene.show_headers(text, "Return-Path", "From", "Subject")
    return "From: root@host1.corp.example" in text


def relay_refused(scene):
    """A stranger tries to send through us to another stranger, plainly and in disguise."""
    wanted = ("dave@third.example", "dave%third.example@corp.example", "third.example!dave", "@corp.example:dave@third.example",
              '"dave@third.example"@' + scene.gateway.fqdn)
    refused = 0
    for recipient in wanted:
        output = scene.run(scene.client, "swaks", "--server", scene.address(scene.gateway, "outside"), "--ehlo", scene.client.fqdn, "--timeout", "20",
                           "--from", "carol@stranger.example", "--to", recipient, "--quit-after", "RCPT")
        reply = [line for line in output.splitlines() if line.startswith(("<** 5", "<-  25"))][-1:]
        scene.say(f"    RCPT TO:<{recipient}>")
        scene.say("    " + (reply[0] if reply else "no reply"))
        refused += bool(reply) and reply[0].startswith("<** 5")
    return refused == len(wanted)


def listed_refused(scene):
    """A client that the DNS block list names is refused, whatever it wants to send."""
    listed = scene.lab.layout.addr4("outside", address.LISTED)
    output = scene.swaks(scene.client, "outside", "--local-interface", listed, "--ehlo", scene.client.fqdn,
                         "--from", "carol@stranger.example", "--to", "alice@corp.example", "--quit-after", "RCPT")
    return bool(re.search(r"^<\*\* 5\d\d", output, re.M))


def jailed_file(scene):
    """The alias archive is a file. sendmail changes its root into the mail jail before it writes."""
    size = "stat -c %s /var/mailjail/var/spool/mail/archive"
    before = scene.run(scene.gateway, "sh", "-c", size).strip()
    scene.swaks(scene.mail, "inside", "--ehlo", "mail.corp.example", "--from", "bob@corp.example", "--to", "archive@" + scene.gateway.fqdn,
                "--header", "Subject: for the archive")
    scene.run(scene.gateway, "sh", "-c", f"for i in $(seq 50); do [ $({size}) != {before} ] && break; sleep 0.2; done")
    listing = scene.run(scene.gateway, "sh", "-c", "ls -lR /var/mailjail; ls /var/spool/mail/archive 2>&1")
    for line in listing.splitlines():
        scene.say("    " + line)
    inside = scene.run(scene.gateway, "grep", "-c", "Subject: for the archive", "/var/mailjail/var/spool/mail/archive").strip()
    return inside not in ("", "0") and "cannot access" in listing


def smrsh_refused(scene):
    """Programs run through smrsh alone, and smrsh runs what its directory holds: nothing."""
    answer = scene.run(scene.gateway, "sh", "-c", SMRSH)
    scene.say("    $ smrsh -c /usr/bin/id")
    scene.say("    " + answer.strip())
    return "not available for sendmail programs" in answer


STEPS = [
    ("mail comes in", mail_in),
    ("mail goes out, masqueraded", mail_out),
    ("root stays visible", root_exposed),
    ("a stranger cannot relay", relay_refused),
    ("a block-listed client is refused", listed_refused),
    ("file delivery lands in the jail", jailed_file),
    ("an unlisted command is refused", smrsh_refused),
]
