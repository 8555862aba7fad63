"""The lab: test hosts, their networks, names and mail, in podman containers on this machine."""
