# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users of a SASL database: exactly the named ones, their passwords through standard input, the file replaced whole.

The database holds passwords as they are and its programs do not tell them, so whether one changed is known by a keyed digest of each, kept beside the other
states of the host with the digest of the database itself. If somebody else wrote to the database, it is built anew.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import hashlib
import hmac
import json
import os
import shutil
import tempfile

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, CommitError, InvalidValue

LIST, SET = "sasldblistusers2", "saslpasswd2"
PROPERTY = ": userPassword"
STAGE = ".mailjail-users-"


def wanted_users(users, realm):
    """Return the users as a dict of ``name@realm`` to password.

    :param list users: dicts of ``name`` and ``password``.
    :param str realm: the realm of names without one.
    :raises InvalidValue: a name twice or with a leading dash, an empty password, one that no program can be handed.
    """
    found = {}
    for user in users:
        name = user["name"] if "@" in user["name"] else "%s@%s" % (user["name"], realm)
        if name in found:
            raise InvalidValue("user '%s' stands twice; keep one." % name, user=name)
        if name.startswith(("-", "@")) or name != "".join(name.split()):
            raise InvalidValue("user '%s' is no name; expected letters, digits and _ . + = -." % name, user=name)
        if not user["password"] or set("\0\n\r") & set(user["password"]):
            raise InvalidValue("the password of '%s' is empty, or holds a line end or NUL." % name, user=name)
        found[name] = user["password"]
    return found


def parse_listing(text):
    """Return the users out of what sasldblistusers2 prints, lines ``name@realm: userPassword``."""
    return sorted(set(line[:-len(PROPERTY)] for line in text.splitlines() if line.endswith(PROPERTY)))


def fingerprint(key, name, password):
    """Return the keyed digest by which a password is known again."""
    return hmac.new(binascii.unhexlify(key), ("%s\0%s" % (name, password)).encode("utf-8"), hashlib.sha256).hexdigest()


def differences(wanted, present, remembered, digest):
    """Say what has to change.

    :param dict wanted: name to password.
    :param list present: names in the database.
    :param dict remembered: ``key``, ``database`` (digest of the database as it was left) and ``users`` (name to fingerprint); empty where nothing is.
    :param str digest: digest of the database as it is, empty where there is none.
    :returns: list of ``(name, what)`` with what in ``added``, ``removed``, ``password``, ``unknown`` (somebody else may have changed it).
    """
    rows = [(name, "added") for name in sorted(set(wanted) - set(present))] + [(name, "removed") for name in sorted(set(present) - set(wanted))]
    for name in sorted(set(wanted) & set(present)):
        if not remembered or remembered.get("database") != digest:
            rows.append((name, "unknown"))
        elif remembered["users"].get(name) != fingerprint(remembered["key"], name, wanted[name]):
            rows.append((name, "password"))
    return rows


class Database:
    """One database file.

    :param runner: the one that starts programs.
    :param dict params: the module's options.
    """

    def __init__(self, runner, params):
        self.runner, self.params, self.path, self.state = runner, params, params["path"], params["state"]
        self.wanted = wanted_users(params["users"], params["realm"])
        self.data = disk.read(self.path)
        self.missing = [name for name in (LIST, SET) if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]
        present = self.listing(self.path) if self.data is not None and not self.missing else []
        self.rows = differences(self.wanted, present, self.remembered(), hashlib.sha256(self.data).hexdigest() if self.data is not None else "")
        self.faults = disk.attribute_changes(self.path, params["owner"], params["group"], params["mode"]) if self.data is not None else []

    def remembered(self):
        """Return what was remembered, empty where it is not readable: then the database is built anew."""
        try:
            found = json.loads((disk.read(self.state) or b"{}").decode("utf-8"))
            return found if {"key", "database", "users"} <= set(found) else {}
        except ValueError:
            return {}

    def listing(self, path):
        """Return the names in a database."""
        result = self.runner.run([LIST, "-f", path])
        if result.rc:
            raise CommandFailed("%s can not be read as a SASL database: %s. Move it away and run again; it is built anew from the variables." % (
                path, (result.stderr or result.stdout).strip() or "exit status %d" % result.rc), path=path)
        return parse_listing(result.stdout)

    def require(self):
        """Refuse a host without the programs; :raises CommandFailed: naming them."""
        if self.missing:
            raise CommandFailed("this host has no %s, which belong to the SASL library (Debian: sasl2-bin, others: cyrus-sasl). Install it and run again." %
                                " and no ".join(self.missing))

    def build(self):
        """Make the database anew beside the live one, look at it, put it in place."""
        directory = os.path.dirname(self.path)
        if not os.path.isdir(directory):
            os.makedirs(directory, mode=0o755)
        for name in os.listdir(directory):
            if name.startswith(STAGE):
                # A run that was killed left it, with passwords in it.
                shutil.rmtree(os.path.join(directory, name))
        place = tempfile.mkdtemp(prefix=STAGE, dir=directory)
        try:
            made = os.path.join(place, "users")
            for name in sorted(self.wanted):
                self._set(made, name)
            if self.listing(made) != sorted(self.wanted):
                raise CommitError("the new database holds other users than those asked for. The old one still stands.", path=self.path)
            with open(made, "rb") as source:
                digest = hashlib.sha256(source.read()).hexdigest()
            self._remember(digest)
            disk.place(made, self.path, self.params["owner"], self.params["group"], self.params["mode"])
        finally:
            shutil.rmtree(place)

    def _set(self, path, name):
        user, _at, realm = name.partition("@")
        result = self.runner.run([SET, "-c", "-p", "-f", path, "-u", realm, user], stdin=self.wanted[name])
        if result.rc:
            said = (result.stderr or result.stdout).strip() or "exit status %d" % result.rc
            raise CommandFailed("%s could not set the password of '%s': %s" % (SET, name, said), user=name)

    def _remember(self, digest):
        key = binascii.hexlify(os.urandom(32)).decode("ascii")
        kept = {"key": key, "database": digest, "users": dict((name, fingerprint(key, name, word)) for name, word in self.wanted.items())}
        if not os.path.isdir(os.path.dirname(self.state)):
            os.makedirs(os.path.dirname(self.state), mode=0o700)
        disk.write(self.state, json.dumps(kept, indent=1, sort_keys=True).encode("utf-8"))

    def apply(self):
        """Carry out what differs; :raises CommitError: a disk that is full or can not be written, with path and reason."""
        try:
            if self.rows or self.data is None:
                self.build()
            elif self.faults:
                disk.set_attributes(self.path, self.params["owner"], self.params["group"], self.params["mode"])
        except OSError as exc:
            raise CommitError("the users could not be put in place: %s: %s. The old database still stands." % (exc.filename or self.path, exc.strerror or exc),
                              path=exc.filename or self.path)
