"""inventory.yml and ssh_config of a lab, from its layout. Pure."""

import json

from . import address

GROUPS = (*address.MANAGED, "mailserver", "client", "nameserver")


def inventory(layout, directory, control_path):
    """The inventory as a dictionary."""
    groups = {group: {"hosts": {host.fqdn: host_vars(layout, host) for host in layout.hosts if host.group == group}}
              for group in GROUPS}
    groups = {group: hosts for group, hosts in groups.items() if hosts["hosts"] or group == "gateways"}
    return {"all": {"vars": {**connection_vars(directory, control_path), **lab_vars(layout)}, "children": groups}}


def connection_vars(directory, control_path):
    """How Ansible reaches every host: as a fleet is reached, an ordinary user and sudo."""
    return {
        "ansible_user": "ansible",
        "ansible_ssh_private_key_file": f"{directory}/id_ed25519",
        "ansible_ssh_common_args": f"-F {directory}/ssh_config",
        "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=300s",
        "ansible_control_path": control_path.replace("%", "%%"),     # Ansible formats it once
        "ansible_ssh_pipelining": True,
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def lab_vars(layout):
    """Facts of the lab that plays and tests may use."""
    first = layout.gateway_hosts[0]
    facts = {
        "lab_name": layout.name,
        "lab_slot": layout.slot,
        "lab_domain": address.CORP,
        "lab_inside_net": str(layout.net4("inside")),
        "lab_outside_net": str(layout.net4("outside")),
        "lab_nameserver": layout.addr4("inside", address.NAMESERVER),
        "lab_mailserver": layout.addr4("inside", address.MAILSERVER),
        "lab_mailserver_name": f"mail.{address.CORP}",
        "lab_first_gateway_inside": layout.addr4("inside", first.number),
        "lab_first_gateway_outside": layout.addr4("outside", first.number),
        "lab_client": layout.addr4("outside", address.CLIENT),
        "lab_client_listed": layout.addr4("outside", address.LISTED),
        "lab_client_third": layout.addr4("outside", address.THIRD),
        "lab_client_nameless": layout.addr4("outside", address.NAMELESS),
        "lab_dnsbl": address.DNSBL,
        "lab_ipv6": layout.ipv6,
    }
    if layout.ipv6:
        facts |= {"lab_inside_net6": str(layout.net6("inside")), "lab_outside_net6": str(layout.net6("outside")),
                  "lab_mailserver6": layout.addr6("inside", address.MAILSERVER),
                  "lab_client6": layout.addr6("outside", address.CLIENT)}
    return facts


def host_vars(layout, host):
    """A host's address, names and further addresses."""
    facts = {"ansible_host": layout.ssh_address(host), "lab_fqdn": host.fqdn, "lab_image": host.image,
             "lab_container": layout.container(host)}
    for side in host.sides:
        facts[f"lab_{side}"] = layout.addr4(side, host.number)
        if layout.ipv6:
            facts[f"lab_{side}6"] = layout.addr6(side, host.number)
    return facts


def yaml(table, depth=0):
    """A dictionary of dictionaries and scalars as YAML; JSON's scalars are YAML's."""
    lines = []
    for key, value in table.items():
        if isinstance(value, dict):
            lines += ["  " * depth + f"{key}:" + ("" if value else " {}"), *yaml(value, depth + 1)]
        else:
            lines.append("  " * depth + f"{key}: {json.dumps(value)}")
    return lines


def inventory_text(layout, directory, control_path):
    """inventory.yml."""
    head = f"# Written by the lab {layout.name}; `python3 -m lab up {layout.name}` writes it anew."
    return "\n".join([head, "---", *yaml(inventory(layout, directory, control_path))]) + "\n"


def ssh_config(layout, directory, control_path):
    """ssh_config: `ssh -F FILE gw-debian12`."""
    blocks = [f"# Written by the lab {layout.name}."]
    for host in layout.hosts:
        names = f"{host.key} {host.fqdn} {layout.ssh_address(host)}"
        blocks.append(f"Host {names}\n    HostName {layout.ssh_address(host)}")
    blocks.append("\n    ".join([
        "Host *",
        "User ansible",
        f"IdentityFile {directory}/id_ed25519",
        "IdentitiesOnly yes",
        f"UserKnownHostsFile {directory}/known_hosts",
        "GlobalKnownHostsFile /dev/null",
        "StrictHostKeyChecking yes",
        "ConnectTimeout 10",
        "ServerAliveInterval 5",
        "ControlMaster auto",
        "ControlPersist 300s",
        f"ControlPath {control_path}",
    ]))
    return "\n".join(blocks) + "\n"
