"""Passwords of a scenario: what its inventory says of a host, and where on a host they turn up, however they are written."""

import base64

import yaml
from world import ROOT


def said(scenario, name):
    """What the inventory of a scenario says of a host."""
    return yaml.safe_load((ROOT / "molecule" / scenario / "inventory/host_vars" / f"{name}.yml").read_text())


def spellings(*secrets):
    """What a secret looks like as it is, in base64, and in JSON."""
    return [text for secret in secrets for text in (secret, base64.b64encode(secret.encode()).decode(), secret.replace('"', '\\"'))]


def where(host, texts):
    """Every file of a host that holds one of the texts."""
    command = "grep -rlaF -f /dev/stdin / --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev"
    return sorted(host.run(command, stdin="\n".join(texts) + "\n").stdout.split())
