# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of sendmail_config: bring map files to the host, but only those whose content it does not hold already."""

from __future__ import annotations

import hashlib
import os

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables, tables_access, tables_entries, tables_files
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

# The text of a map that is always kept secret travels in an option that no log shows.
SECRET_KINDS = [kind.name for kind in tables.KINDS.values() if kind.secret]
# Up to this size a file travels inside the module's arguments, which costs no extra round trip.
SMALL = 64 << 10
# What the option plan holds.
PLANNED = ("maps", "files", "directories", "route_tests", "context")


class ActionModule(ActionBase):
    """Run the module; where it asks for files, transfer these and run it again.

    TRANSFERS_FILES stays off: it would make and remove a directory on the host in every run, and a file is transferred in few of them.
    """

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        arguments = _planned(dict(self._task.args))
        context = tables.Context(**{key: value for key, value in (arguments.get("context") or {}).items() if value is not None})
        arguments["maps"] = [_without_secrets(_without_passwords(self._with_file(dict(row))), context) for row in arguments.get("maps") or []]
        result = self._run(arguments, task_vars)
        wanted = result.pop("wanted_files", None)
        if wanted:
            for row in arguments["maps"]:
                if row.get("name") in wanted:
                    row["upload"] = self._transfer(row["file"])
            result = self._run(arguments, task_vars)
        return result

    def _run(self, arguments, task_vars):
        return self._execute_module(module_name="mailjail.sendmail.sendmail_config", module_args=arguments, task_vars=task_vars)

    def _with_file(self, row):
        """Replace a small controller file by its text, a big one by its digest."""
        if not row.get("file"):
            return row
        try:
            row["file"] = self._find_needle("files", row["file"])
        except AnsibleError as exc:
            raise AnsibleActionFail(f"map {row.get('name')}: file '{row['file']}' is not on the controller: {exc}") from exc
        if os.path.getsize(row["file"]) <= SMALL:
            return _small(row)
        digest = hashlib.sha256()
        with open(row["file"], "rb") as source:
            for piece in iter(lambda: source.read(1 << 20), b""):
                digest.update(piece)
        row["digest"] = digest.hexdigest()
        return row

    def _transfer(self, path):
        if not self._connection._shell.tmpdir:
            self._make_tmp_path()
        remote = self._connection._shell.join_path(self._connection._shell.tmpdir, os.path.basename(path))
        return self._transfer_file(path, remote)


def _planned(arguments):
    """Take the option plan apart."""
    plan = arguments.pop("plan", None) or {}
    twice = [name for name in PLANNED if name in plan and name in arguments]
    if twice:
        raise AnsibleActionFail(f"{' and '.join(twice)}: given twice, by itself and in plan. Give it once.")
    return dict(arguments, **{name: plan[name] for name in PLANNED if name in plan})


def _small(row):
    """Take the text of a small file into the row, with a word about what had to be passed over."""
    with open(row.pop("file"), "rb") as source:
        try:
            row["content"], warnings = tables_files.decode(source.read(), f"map {row.get('name')}, file {source.name}")
        except SendmailError as exc:
            raise AnsibleActionFail(exc.message) from None
    row["warnings"] = (row.get("warnings") or []) + warnings
    row["whole"] = True
    return row


def _without_passwords(row):
    """Refuse passwords where they would be shown, before they are an argument of a module."""
    keys = [tables_entries.name(row.get("kind"), entry) for entry in row.get("entries") or [] if isinstance(entry, dict)]
    keys += tables_access.keys_of_passwords(row.get("content") or "")
    try:
        tables_access.refuse_passwords(row.get("kind"), keys, f"map {row.get('name')}")
    except SendmailError as exc:
        raise AnsibleActionFail(exc.message) from None
    return row


def _without_secrets(row, context):
    """Turn the entries or text of a secret map into the one option whose value no result and no log of either side shows."""
    if not row.get("secret") and row.get("kind") not in SECRET_KINDS:
        return row
    row["secret"] = True
    try:
        entries = row.pop("entries", None)
        text = row.pop("content", None)
        if text is None and entries is not None:
            text = tables.row_text(dict(row, entries=entries), context)
    except SendmailError as exc:
        raise AnsibleActionFail(exc.message) from None
    if text is not None:
        row["secret_content"] = text
    return row
