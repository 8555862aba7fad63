"""Command line of the lab: python3 -m lab up|down|status|run|shell|reboot|mailbox|images."""

import argparse
import os
import sys

from . import build, lifecycle, mailbox, recipe, runtime
from .podman import environment
from .shell import LabError, say, warn


def main(argv=None):
    """Parse, do, and turn an expected failure into one line and exit code 1."""
    options = parser().parse_args(argv)
    try:
        runtime.prepare()
        return options.do(options) or 0
    except (LabError, ValueError) as error:
        warn(f"lab: {error}")
        return 1
    except KeyboardInterrupt:
        warn("lab: interrupted; `python3 -m lab down NAME` clears what has been started")
        return 130


def parser():
    """All commands and options."""
    top = argparse.ArgumentParser(prog="python3 -m lab", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name, do, text, *words):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(do=do)
        for word in words:
            sub.add_argument(word)
        return sub

    images = command("images", do_images, "build the images of these recipes (default: all) where missing")
    images.add_argument("names", nargs="*", metavar="RECIPE")
    images.add_argument("--rebuild", action="store_true", help="build even if the recipe is unchanged")
    images.add_argument("--remove", action="store_true", help="remove all images instead")
    up = command("up", do_up, "bring a lab up; what is there as planned is kept", "name")
    up.add_argument("--gateways", metavar="IMAGE[,IMAGE...]",
                    help="images of the gateways, in MX order, and hub:IMAGE, nullclient:IMAGE "
                         "(default: those that the lab has, or debian12)")
    up.add_argument("--slot", type=int, help="pair of networks, 0 to 15 (default: a free one)")
    up.add_argument("--fresh", action="store_true", help="make the gateways anew")
    command("down", do_down, "remove exactly what the lab of that name started", "name")
    command("status", do_status, "show what runs").add_argument("name", nargs="?")
    ran = command("run", do_run, "run a command on a host, as root", "name", "host")
    ran.add_argument("command", nargs="+", metavar="-- COMMAND")
    command("shell", do_shell, "a shell on a host, as root", "name", "host")
    command("reboot", do_reboot, "restart a host and wait until it has booted", "name", "host")
    box = command("mailbox", do_mailbox, "list the messages of a user on mail or client", "name", "host", "user")
    box.add_argument("--show", action="store_true", help="print the messages whole")
    box.add_argument("--clear", action="store_true", help="empty the mailbox after listing")
    box.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="wait for a first message")
    return top


def do_images(options):
    """lab images"""
    if options.remove:
        build.remove()
        return
    for reference in build.ensure(options.names or recipe.available(), options.rebuild).values():
        say(reference)


def do_up(options):
    """lab up"""
    gateways = tuple(options.gateways.split(",")) if options.gateways else lifecycle.former_gateways(options.name)
    lab = lifecycle.up(options.name, gateways, options.slot, options.fresh)
    say(f"        inventory: {lab.directory}/inventory.yml   ssh: ssh -F {lab.directory}/ssh_config "
        f"{lab.layout.gateway_hosts[0].key}")


def do_down(options):
    """lab down"""
    lifecycle.down(options.name)


def do_status(options):
    """lab status"""
    for line in lifecycle.status(options.name) or ["no lab is up"]:
        say(line)


def do_run(options):
    """lab run: the command's own exit code and streams"""
    lab = lifecycle.load(options.name)
    terminal = ["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    container = lab.layout.container(lab.host(options.host))
    os.execvpe("podman", ["podman", "exec", "--interactive", *terminal, container, *options.command], environment())


def do_shell(options):
    """lab shell"""
    options.command = ["bash", "--login"]
    do_run(options)


def do_reboot(options):
    """lab reboot"""
    lab = lifecycle.load(options.name)
    lifecycle.reboot(lab, lab.host(options.host))


def do_mailbox(options):
    """lab mailbox"""
    lab = lifecycle.load(options.name)
    found = mailbox.messages(lab, lab.host(options.host), options.user, options.clear, options.wait)
    for number, text in enumerate(found, 1):
        say(text if options.show else mailbox.summary(number, text))
    if not found:
        warn(f"no messages for {options.user} on {options.host}")
    return 0 if found or options.clear else 1


if __name__ == "__main__":
    sys.exit(main())
