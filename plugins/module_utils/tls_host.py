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
import grp
import os
import pwd
import re
import shutil
import stat

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, tls
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, UnsafePath

# What shall stand at a path: bytes, owner, mode, and a line about it that holds no secret.
Wanted = collections.namedtuple("Wanted", "path content owner mode about")
X509 = ["x509", "-noout", "-subject", "-issuer", "-startdate", "-enddate", "-fingerprint", "-sha256", "-pubkey", "-nameopt", "RFC2253",
        "-ext", "subjectAltName"]
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
NEW_KEY = {"EC": CURVE, "RSA": ["-newkey", "rsa:3072"]}
LONGEST_NAME = 64
NAME = re.compile(r"(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\Z")
# A configuration of our own: to that of the host, openssl 1.1.1 would add a second basicConstraints, and peers refuse such a certificate.
REQUEST = """[req]
distinguished_name = subject
prompt = no
x509_extensions = extensions
[subject]
CN = %s
[extensions]
subjectAltName = @names
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth,clientAuth
[names]
%s
"""
# Names of a directory in which OpenSSL finds an authority.
HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+\Z")


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
        if len(tls.crl_blocks(text)) > 1:
            raise InvalidValue("%s: there are %d revocation lists in it, and sendmail reads the first one only: whom the others revoke, it would let in. Give "
                               "one list; those of further authorities go as a hashed directory (sendmail_options, confCRL_PATH)." % (
                                   place, len(tls.crl_blocks(text))), path=place)
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
        """Return each :class:`tls.Certificate` of the authorities in a text."""
        found = [self.certificate(one, place) for one in tls.blocks(text)]
        if not found:
            raise InvalidValue("%s: there is no certificate in it (no -----BEGIN CERTIFICATE-----)." % place, path=place)
        return found

    def between(self, text, place):
        """Return those certificates of a text, in PEM, that lead from its first one to an authority; one that signs itself is none of these."""
        rest = [(block, self.certificate(block, place)) for block in tls.blocks(text)[1:]]
        return [block for block, found in rest if found.subject != found.issuer]

    def verification(self, certificate, ca, ca_path):
        """Say why a certificate does not lead to a trusted authority, or return None.

        :param str certificate: it, and after it what leads to its authority.
        :param str ca: trusted authorities besides those of the host; may be empty.
        """
        with disk.temporary_directory() as place:
            for name, text in (("leaf", tls.blocks(certificate)[0]), ("chain", "".join(tls.blocks(certificate)[1:])), ("ca", ca)):
                disk.write(os.path.join(place, name), text.encode("utf-8"), os.geteuid(), os.getegid())
            words = ["-CAfile", os.path.join(place, "ca")] if ca else []
            words += ["-CApath", ca_path] if ca_path else []
            words += ["-untrusted", os.path.join(place, "chain")] if tls.blocks(certificate)[1:] else []
            result = self.runner.run([self.program, "verify"] + words + [os.path.join(place, "leaf")])
        said = [line for line in (result.stderr + result.stdout).splitlines() if line.startswith("error")]
        return None if not result.rc else said[0].partition(": ")[0] + " " + said[0].rpartition(":")[2].strip() if said else "openssl verify fails"

    def self_signed(self, names, kind, days, directory):
        """Return the text of a new key and of its certificate, made in a directory that root alone can enter."""
        with disk.temporary_directory(directory) as place:
            paths = [os.path.join(place, name) for name in ("key", "certificate", "request")]
            disk.write(paths[2], request(names).encode("ascii"), os.geteuid(), os.getegid())
            result = self.runner.run([self.program, "req", "-x509", "-nodes", "-config", paths[2]] + NEW_KEY[kind] + [
                "-sha256", "-days", str(days), "-keyout", paths[0], "-out", paths[1]])
            if result.rc:
                raise InvalidValue("openssl could not make a certificate for %s: %s" % (", ".join(names), result.stderr.strip()))
            return tuple((disk.read(path) or b"").decode("ascii") for path in paths[:2])


def request(names):
    """Return openssl's configuration for a self-signed certificate; :raises InvalidValue: a name is none."""
    wrong = [name for name in names if not NAME.match(name)]
    if wrong:
        raise InvalidValue("'%s' is no name of a host; expected one such as mx.example.com." % wrong[0], name=wrong[0])
    # A common name has an end at 64 characters; the names that count stand in the extension.
    return REQUEST % (names[0] if len(names[0]) <= LONGEST_NAME else "sendmail",
                      "\n".join("DNS.%d = %s" % (number, name) for number, name in enumerate(names, 1)))


def is_hashed(directory):
    """Tell whether OpenSSL finds authorities in a directory: that takes names such as 9d04f354.0, which Red Hat's has not."""
    return any(HASHED.match(name) for name in os.listdir(directory)) if os.path.isdir(directory) else False


# ---- paths -------------------------------------------------------------------------------------------------------------------------------

class Reader:
    """As whom the daemon reads a file. Its right as root to pass over modes is not counted on: the sandbox takes it away.

    :param str name: a user; in check mode one that is yet to be made, about whom nothing can be said.
    :raises InvalidValue: there is no such user, and this is no check mode.
    """

    def __init__(self, name, check_mode=False):
        self.name, self.known = name, disk.has_user(name) or not check_mode
        self.uid = disk.user_id(name) if self.known else -1
        try:
            person = pwd.getpwuid(self.uid) if self.known else None
            self.groups = set(os.getgrouplist(person.pw_name, person.pw_gid)) if person else set()
        except KeyError:
            self.groups = set()

    def may(self, found, bit):
        """Tell whether the modes of a file grant a right (1 enter, 4 read); the first class that fits counts."""
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid in self.groups else 0
        return not self.known or bool(found.st_mode >> shift & bit)


def file_faults(path, reader, secret):
    """Say why sendmail will not take a file that somebody else put on the host, or return an empty list.

    :param str path: a key or certificate, absolute.
    :param reader: a :class:`Reader`.
    :param bool secret: it is a key, which nobody else may read.
    """
    try:
        real = os.path.realpath(path)
        found = os.stat(real)
    except OSError as exc:
        return ["%s could not be read: %s. Put the %s there%s, or name the path where it is." % (
            path, exc.strerror, "key" if secret else "certificate", " (owner %s, mode 0600)" % reader.name if secret else "")]
    if not stat.S_ISREG(found.st_mode):
        return ["%s is no plain file; expected a %s." % (path, "key" if secret else "certificate")]
    faults = (_key_faults if secret else _certificate_faults)(path, real, found, reader)
    # A link is as safe as the directories that it stands in.
    faults += [fault for fault in directory_faults(path, reader) if path != real]
    return tls.distinct(faults + directory_faults(real, reader))


def _key_faults(path, real, found, reader):
    faults = []
    if found.st_mode & 0o077:
        faults.append("%s has mode %04o: others than its owner may read it, so sendmail would not, and STARTTLS would be gone without an error. Expected 0600; "
                      "do: chmod 0600 %s" % (path, stat.S_IMODE(found.st_mode), real))
    if reader.known and found.st_uid != reader.uid:
        faults.append("%s belongs to uid %d; expected %s, as whom the daemon reads it. Do: chown %s %s" % (path, found.st_uid, reader.name, reader.name, real))
    return faults


def _certificate_faults(path, real, found, reader):
    faults = []
    if found.st_mode & 0o022:
        faults.append("%s has mode %04o: others may write to it, so sendmail would not read it, and STARTTLS would be gone without an error. Do: "
                      "chmod go-w %s" % (path, stat.S_IMODE(found.st_mode), real))
    if reader.known and found.st_uid not in (0, reader.uid):
        faults.append("%s belongs to uid %d, who may replace it. Expected root. Do: chown root %s" % (path, found.st_uid, real))
    if not reader.may(found, 4):
        faults.append("%s has mode %04o, and %s, as whom the daemon reads it, may not. Do: chmod a+r %s" % (
            path, stat.S_IMODE(found.st_mode), reader.name, real))
    return faults


def directory_faults(path, reader):
    """Say which directory on the way to a path others may write to (whoever can, replaces what lies in it), and which the daemon can not enter."""
    faults, place = [], os.path.dirname(path)
    while True:
        found = os.stat(place)
        if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
            faults.append("%s, on the way to %s, has mode %04o: others may replace what lies there, so sendmail would not read it, and STARTTLS would be gone "
                          "without an error. Do: chmod go-w %s" % (place, path, stat.S_IMODE(found.st_mode), place))
        if found.st_uid not in (0, reader.uid):
            faults.append("%s, on the way to %s, belongs to uid %d, who may replace what lies there. Expected root. Do: chown root %s" % (
                place, path, found.st_uid, place))
        if not reader.may(found, 1):
            faults.append("%s, on the way to %s, is %s %04o, and %s, as whom the daemon reads it, can not enter. Let it in, "
                          "or have the files copied to a directory where it may." % (
                              place, path, _owners(found), stat.S_IMODE(found.st_mode), reader.name))
        if place == "/":
            return faults
        place = os.path.dirname(place)


def _owners(found):
    try:
        return "%s:%s" % (pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid).gr_name)
    except KeyError:
        return "%d:%d" % (found.st_uid, found.st_gid)


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
