# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates on a host: asked of its openssl, judged, put in place.

A key and its certificate stand in one file, which sendmail reads as both. So they change in one rename, and no moment is there in which one of them is the old
one. The host's own openssl is asked, since what it can not read, sendmail can not read either; and it runs where Python is too old for any library.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import shutil
import stat
import tempfile

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, tls
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, UnsafePath

# What shall stand at a path: bytes, owner, mode, and a line about it that holds no secret.
Wanted = collections.namedtuple("Wanted", "path content owner mode about")
X509 = ["x509", "-noout", "-subject", "-issuer", "-startdate", "-enddate", "-fingerprint", "-sha256", "-pubkey", "-nameopt", "RFC2253",
        "-ext", "subjectAltName"]
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
NEW_KEY = {"EC": CURVE, "RSA": ["-newkey", "rsa:3072"]}
LONGEST_NAME = 64


class Openssl:
    """What is asked of openssl. Secrets go in by standard input; none stands in a process list."""

    def __init__(self, runner, program):
        self.runner, self.program = runner, program

    def _ask(self, arguments, text, place, what):
        result = self.runner.run([self.program] + arguments, stdin=text)
        if result.rc:
            raise InvalidValue("%s: openssl can not read %s: %s. Expected PEM text (-----BEGIN ...-----)." % (
                place, what, (result.stderr.strip().splitlines() or ["it gives no reason"])[0]), path=place)
        return result.stdout

    def certificate(self, text, place):
        """Return the first certificate of a text."""
        found = tls.blocks(text)
        if not found:
            raise InvalidValue("%s: there is no certificate in it (no -----BEGIN CERTIFICATE-----)." % place, path=place)
        return tls.parse_certificate(self._ask(X509, found[0], place, "the certificate"))

    def key(self, text, place):
        """Return ``(public key in PEM, its Key)`` of a private key."""
        found = tls.key_blocks(text)
        if not found:
            raise InvalidValue("%s: there is no private key in it (no -----BEGIN PRIVATE KEY-----)." % place, path=place)
        if tls.is_encrypted(found[0]):
            raise InvalidValue("%s: the key is protected by a passphrase, for which sendmail can not ask. Give it without: openssl pkey -in KEY." % place,
                               path=place)
        public = self._ask(["pkey", "-pubout", "-passin", "pass:"], found[0], place, "the key")
        return public, tls.parse_key(self._ask(["pkey", "-pubin", "-noout", "-text"], public, place, "the key"))

    def pair(self, certificate, key, place, now):
        """Return ``(Certificate, Key)`` of a pair that may be used; :raises InvalidValue: it may not."""
        found = self.certificate(certificate, place)
        public, size = self.key(key, place)
        faults = tls.pair_faults(place, found, public, size, now)
        if faults:
            raise InvalidValue(" ".join(faults), path=place, faults=faults)
        return found, size

    def crl(self, text, place, now):
        """Return a line about a revocation list that may be used."""
        issuer, last, following = tls.parse_crl(self._ask(["crl", "-noout", "-issuer", "-lastupdate", "-nextupdate"], text, place, "the revocation list"))
        faults = tls.crl_faults(place, last, following, now)
        if faults:
            raise InvalidValue(" ".join(faults), path=place, faults=faults)
        return "revocation list of %s, of %s, next %s" % (issuer, tls.day(last), tls.day(following) if following else "never")

    def dh(self, text, place):
        """Return a line about parameters for the key exchange that may be used."""
        bits = tls.parse_dh(self._ask(["dhparam", "-noout", "-text"], text, place, "the parameters"))
        if bits < tls.LEAST_DH:
            raise InvalidValue("%s: the parameters have %d bits; expected at least %d. Make new ones with 'openssl dhparam 2048', or leave them out: "
                               "sendmail has 2048 bits built in." % (place, bits, tls.LEAST_DH), path=place)
        return "%d bits" % bits

    def authorities(self, text, place):
        """Return a line about the certificates of authorities in a text."""
        found = [self.certificate(one, place) for one in tls.blocks(text)]
        if not found:
            raise InvalidValue("%s: there is no certificate in it (no -----BEGIN CERTIFICATE-----)." % place, path=place)
        return "; ".join("%s until %s sha256 %s" % (one.subject, tls.day(one.ends), one.fingerprint) for one in found)

    def verification(self, certificate, ca, ca_path):
        """Say why a certificate does not lead to a trusted authority, or return None.

        :param str certificate: it, and after it what leads to its authority.
        :param str ca: trusted authorities besides those of the host; may be empty.
        """
        place = tempfile.mkdtemp(prefix=disk.TEMPORARY_PREFIX)
        try:
            for name, text in (("leaf", tls.blocks(certificate)[0]), ("chain", "".join(tls.blocks(certificate)[1:])), ("ca", ca)):
                disk.write(os.path.join(place, name), text.encode("utf-8"), os.geteuid(), os.getegid())
            words = ["-CAfile", os.path.join(place, "ca")] if ca else []
            words += ["-CApath", ca_path] if ca_path else []
            words += ["-untrusted", os.path.join(place, "chain")] if tls.blocks(certificate)[1:] else []
            result = self.runner.run([self.program, "verify"] + words + [os.path.join(place, "leaf")])
        finally:
            shutil.rmtree(place)
        said = [line for line in (result.stderr + result.stdout).splitlines() if line.startswith("error")]
        return None if not result.rc else said[0].partition(": ")[0] + " " + said[0].rpartition(":")[2].strip() if said else "openssl verify fails"

    def self_signed(self, names, kind, days, directory):
        """Return the text of a new key and of its certificate, made in a directory that root alone can enter."""
        place = tempfile.mkdtemp(prefix=disk.TEMPORARY_PREFIX, dir=directory)
        try:
            paths = [os.path.join(place, name) for name in ("key", "certificate")]
            # A common name has an end at 64 characters; the names that count stand in the extension.
            subject = "/CN=" + (names[0] if len(names[0]) <= LONGEST_NAME else "sendmail")
            result = self.runner.run([self.program, "req", "-x509", "-nodes"] + NEW_KEY[kind] + [
                "-sha256", "-days", str(days), "-subj", subject, "-addext", "subjectAltName=" + ",".join("DNS:" + name for name in names),
                "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth,clientAuth",
                "-keyout", paths[0], "-out", paths[1]])
            if result.rc:
                raise InvalidValue("openssl could not make a certificate for %s: %s" % (", ".join(names), result.stderr.strip()))
            return tuple((disk.read(path) or b"").decode("ascii") for path in paths)
        finally:
            shutil.rmtree(place)


# ---- paths -------------------------------------------------------------------------------------------------------------------------------

def key_faults(path, reader):
    """Say why sendmail will not take a key that somebody else put on the host, or return an empty list.

    :param str path: the key, absolute.
    :param str reader: the user as whom the daemon reads it.
    """
    try:
        real = os.path.realpath(path)
        found = os.stat(real)
    except OSError as exc:
        return ["%s could not be read: %s. Put the key there (owner %s, mode 0600), or name the path where it is." % (path, exc.strerror, reader)]
    faults, mode, uid = [], stat.S_IMODE(found.st_mode), disk.user_id(reader)
    if not stat.S_ISREG(found.st_mode):
        return ["%s is no plain file; expected a key." % path]
    if mode & 0o077:
        faults.append("%s has mode %04o: others than its owner may read it, so sendmail would not, and STARTTLS would be gone without an error. Expected 0600; "
                      "do: chmod 0600 %s" % (path, mode, real))
    if found.st_uid != uid:
        faults.append("%s belongs to uid %d; expected %s, as whom the daemon reads it. Do: chown %s %s" % (path, found.st_uid, reader, reader, real))
    return faults + directory_faults(real, uid)


def directory_faults(path, uid=0):
    """Say which directory on the way to a path others may write to: whoever can, replaces what lies in it."""
    faults, place = [], os.path.dirname(path)
    while True:
        found = os.stat(place)
        if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
            faults.append("%s, on the way to %s, has mode %04o: others may replace what lies there, so sendmail would not read it, and STARTTLS would be gone "
                          "without an error. Do: chmod go-w %s" % (place, path, stat.S_IMODE(found.st_mode), place))
        if found.st_uid not in (0, uid):
            faults.append("%s, on the way to %s, belongs to uid %d, who may replace what lies there. Expected root. Do: chown root %s" % (
                place, path, found.st_uid, place))
        if place == "/":
            return faults
        place = os.path.dirname(place)


def read_text(path):
    """Return the text of a file that somebody else put on the host, links followed; :raises UnsafePath: it can not be read."""
    try:
        with open(path, "rb") as source:
            return source.read(1 << 20).decode("utf-8", "replace")
    except OSError as exc:
        raise UnsafePath("%s could not be read: %s. Put the file there, or name the path where it is." % (path, exc.strerror), path=path)


def changes(wanted):
    """Return ``(path, what is there, what shall be there)`` for each file that differs."""
    found = []
    for one in wanted:
        live = disk.read(one.path)
        if live is None:
            found.append((one.path, "", one.about))
            continue
        attributes = ["%s %s" % (what, before) for what, before, _after in disk.attribute_changes(one.path, one.owner, 0, one.mode)] \
            if disk.has_user(one.owner) else ["owner unknown"]
        if live != one.content or attributes:
            found.append((one.path, ", ".join(["other content"] * (live != one.content) + attributes), one.about))
    return found


def put(wanted, rows):
    """Write what :func:`changes` named."""
    named = set(row[0] for row in rows)
    for one in wanted:
        if one.path in named:
            disk.write(one.path, one.content, one.owner, 0, one.mode)


def remove_leftovers(directory):
    """Remove what an interrupted run left, a key that was being made above all."""
    disk.remove_leftovers(directory)
    for name in os.listdir(directory):
        if name.startswith(disk.TEMPORARY_PREFIX):
            shutil.rmtree(os.path.join(directory, name))
