"""What the demo shows of each profile: which hosts, which playbooks with which variables, which steps."""

import dataclasses
import time

from lab import mailbox

from . import steps


@dataclasses.dataclass(frozen=True)
class Profile:
    """One kind of demo."""

    scene: str
    kinds: tuple        # before the image: "" for a gateway, "hub:", "nullclient:"
    playbooks: dict     # name of the profile -> file of its variables
    steps: tuple


def hub(scene):
    """The host with the mailboxes."""
    return next(host for host in scene.lab.layout.gateway_hosts if host.group == "hubs")


def soon(scene, host, *command):
    """Run a command until it prints something; return that."""
    for _try in range(60):
        said = scene.run(host, *command).strip()
        if said:
            return said
        time.sleep(0.5)
    return ""


def to_alice(scene, subject):
    """From outside, by the gateway."""
    scene.swaks(scene.client, "outside", "--ehlo", scene.client.fqdn, "--from", "carol@stranger.example", "--to", "alice@corp.example",
                "--header", f"Subject: {subject}")


def mailbox_on_hub(scene):
    """From outside through the gateway into a mailbox of the hub."""
    scene.run(hub(scene), "useradd", "-m", "alice")
    to_alice(scene, "for the mailbox")
    found = soon(scene, hub(scene), "sh", "-c", "grep -h 'for the mailbox' /var/mail/alice 2>/dev/null; true")
    scene.say("    " + scene.run(hub(scene), "ls", "-l", "/var/mail").strip().replace("\n", "\n    "))
    return "for the mailbox" in found


def forward_program(scene):
    """alice's .forward starts a program: smrsh lets it, as it is listed, and it runs as alice."""
    scene.run(hub(scene), "sh", "-c", "echo '\"|/usr/bin/logger -t alice-forward\"' > ~alice/.forward; chown alice: ~alice/.forward")
    to_alice(scene, "for the program")
    found = soon(scene, hub(scene), "sh", "-c", "journalctl -q -t alice-forward | grep 'for the program'")
    found += "\n" + scene.run(hub(scene), "sh", "-c", "journalctl -q -t alice-forward -o verbose | grep -m 1 _UID=").strip()
    scene.say("    " + found.replace("\n", "\n    "))
    return "for the program" in found and "_UID=0" not in found


def forward_refused(scene):
    """The same with a program that is not listed: it does not run, and the sender is told."""
    mailbox.messages(scene.lab, scene.client, "carol", clear=True)
    scene.run(hub(scene), "sh", "-c", "echo '\"|/usr/bin/touch /tmp/evil\"' > ~alice/.forward")
    to_alice(scene, "for nobody")
    found = soon(scene, hub(scene), "sh", "-c", "journalctl -q -u sendmail.service | grep 'touch' | tail -n 1")
    scene.say("    " + found)
    scene.run(hub(scene), "rm", "-f", "/home/alice/.forward")
    scene.say("  In carol's mailbox on client.stranger.example:")
    scene.show_headers(scene.arrived(scene.client, "carol"), "From", "Subject")
    return bool(found) and "Sent" not in found and not scene.run(hub(scene), "sh", "-c", "ls /tmp/evil /home/alice/evil 2>/dev/null").strip()


def out_by_the_gateway(scene):
    """alice answers: from the hub through the gateway to the outside, under the domain."""
    mailbox.messages(scene.lab, scene.client, "carol", clear=True)
    scene.run(hub(scene), "su", "alice", "-c", "printf 'Subject: the answer\\n\\nyes\\n' | /usr/sbin/sendmail carol@stranger.example")
    text = scene.arrived(scene.client, "carol")
    scene.show_headers(text, "Return-Path", "From", "Subject", "Received")
    return "<alice@corp.example>" in text and "Subject: the answer" in text


def no_port(scene):
    """Nothing listens for mail on this host, and no daemon runs."""
    said = scene.run(scene.gateway, "ss", "-Hltn")
    scene.say("    " + said.strip().replace("\n", "\n    "))
    refused = scene.run(scene.client, "swaks", "--server", scene.address(scene.gateway, "outside"), "--quit-after", "CONNECT")
    scene.say("    " + refused.strip().splitlines()[-1])
    return ":25 " not in said and ":587 " not in said and "refused" in refused


def root_mail(scene):
    """Mail that cron writes to root reaches the administrators, under the domain."""
    mailbox.messages(scene.lab, scene.mail, "root-alerts", clear=True)
    scene.run(scene.gateway, "sh", "-c", "printf 'Subject: Cron backup failed\\n\\ndisk full\\n' | /usr/sbin/sendmail root")
    text = scene.arrived(scene.mail, "root-alerts")
    scene.show_headers(text, "Return-Path", "From", "Subject")
    return "<root@corp.example>" in text and "Cron backup failed" in text


def hub_away(scene):
    """The hub goes away: mail waits on this host, and leaves when the hub is back."""
    mailbox.messages(scene.lab, scene.mail, "alice", clear=True)
    scene.run(scene.mail, "systemctl", "stop", "postfix")
    scene.run(scene.gateway, "sh", "-c", "printf 'Subject: late\\n\\nx\\n' | /usr/sbin/sendmail alice@corp.example")
    queue = scene.run(scene.gateway, "mailq", "-Ac")
    scene.say("    " + queue.strip().replace("\n", "\n    "))
    scene.run(scene.mail, "systemctl", "start", "postfix")
    scene.run(scene.gateway, "sh", "-c", "systemctl restart sendmail-client.service sm-client.service 2>/dev/null; true")
    text = scene.arrived(scene.mail, "alice")
    scene.show_headers(text, "Return-Path", "Subject")
    return "alice@corp.example" in queue and "Subject: late" in text


PROFILES = {
    "gateway": Profile("a gateway without sendmail", ("",), {"gateway": "vars.yml"}, tuple(steps.STEPS)),
    "hub": Profile("a gateway and a hub without sendmail", ("", "hub:"), {"gateway": "vars-hub-gateway.yml", "hub": "vars-hub.yml"}, (
        ("mail reaches a mailbox", mailbox_on_hub), ("a .forward file starts a listed program", forward_program),
        ("and no other", forward_refused), ("mail goes out by the gateway", out_by_the_gateway))),
    "nullclient": Profile("a host without sendmail that shall only send", ("nullclient:",), {"nullclient": "vars-nullclient.yml"}, (
        ("no port is open", no_port), ("root's mail reaches the hub", root_mail), ("mail waits for the hub", hub_away))),
}
