# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tests against a host as it is, whoever configured it. Read only."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shutil
import tempfile

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, hostinfo, routes
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CheckFailed, InvalidValue

# A sendmail on a host without a fully qualified name waits a minute before it reads its configuration.
PATIENCE, LONG_PATIENCE = 60, 180


def ask(runner, route_tests, program=None, configuration=None):
    """Ask the host's sendmail.

    :param list route_tests: tests, see the fragment ``mailjail.sendmail.route_tests``.
    :param str program: the sendmail program, if not the one that the host has.
    :param str configuration: the compiled configuration, if not the one that the program reads.
    :returns: dict of ``program``, ``configuration``, ``route_tests`` (the report), ``warnings``.
    :raises CheckFailed: naming the host, the configuration and every failed test.
    :raises InvalidValue: there is nothing to ask, or nobody.
    """
    if not route_tests:
        raise InvalidValue("there are no route tests to ask: route_tests (variable sendmail_route_tests) is empty.")
    rows = routes.each(route_tests)
    host = hostinfo.Host(runner)
    host.programs = (program,) if program else host.programs
    identity = host.identity()
    found = host.sendmail(identity["qualified"], ())
    if not found["path"]:
        raise InvalidValue("%s %s Install sendmail, or name the program." % (identity["name"], host.reasons["sendmail"]))
    path = configuration or found["configuration"] or hostinfo.first_existing(hostinfo.CONFIGURATIONS)
    text = disk.read(os.path.realpath(path)) if path else None
    if text is None:
        raise InvalidValue("%s has no configuration of sendmail in %s. Name the compiled file (.cf)." % (
            identity["name"], path or " or ".join(hostinfo.CONFIGURATIONS)))
    report = _report(runner, found["path"], text, route_tests, PATIENCE if identity["qualified"] else LONG_PATIENCE)
    failed = routes.failures(report)
    if failed:
        raise CheckFailed("%d of %d route tests failed on %s (%s). %s" % (
            len(failed), len(rows), identity["fqdn"] or identity["name"], path, " ".join(line[0].upper() + line[1:] for line in failed)),
            route_tests=report, program=found["path"], configuration=path)
    return {"program": found["path"], "configuration": path, "route_tests": report, "warnings": [identity["advice"]] if identity["advice"] else []}


def _report(runner, program, text, tests, patience):
    directory = tempfile.mkdtemp(prefix="mailjail-routes-", dir=_parent())
    try:
        copy = os.path.join(directory, "routes.cf")
        disk.write(copy, routes.prepared(text), os.geteuid(), os.getegid())
        return routes.ask(runner, program, copy, tests, patience)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _parent():
    """Return where the copy may lie: sendmail distrusts a file below a directory that others may write."""
    for path in ("/run", "/root"):
        found = os.stat(path) if os.path.isdir(path) else None
        if found and found.st_uid == 0 and not found.st_mode & 0o022 and os.access(path, os.W_OK):
            return path
    return None
