# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an entry of another role gets into a map that the role config owns."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.mailjail.sendmail.plugins.module_utils import crosscheck, disk, generations, shared_entries, shared_spec, tables, transaction
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError


def apply(params, runner, check_mode):
    """Bring an owner's wish into a map.

    :param dict params: ``map``, ``owner``, ``entries``, ``today`` (a date), ``state_directory``.
    :returns: as :func:`transaction.run_maps`.
    :raises SendmailError: the wish can not be met; nothing was changed.
    """
    with generations.lock():
        row, whole = shared_spec.load(params["state_directory"], params["map"])
        kind, live = row["kind"], disk.read(row["path"])
        if live is None:
            raise CommitError("%s does not exist. Run the playbook of the role config." % row["path"], path=row["path"])
        context = tables.Context(**{key: value for key, value in whole["context"].items() if value is not None})
        base, _own, tail = shared_entries.split(live.decode("utf-8", "replace"))
        taken = dict(shared_entries.keys(kind, tail, shared_entries.DELEGATES), **shared_entries.keys(kind, base, shared_entries.TABLE % row["name"]))
        stored = shared_entries.read(disk.read(row["shared"]), row["shared"])
        wanted = shared_entries.change(kind, stored, params["owner"], params["entries"], taken, context, params["today"])
        text, warnings = shared_entries.joined(kind, base, wanted, params["owner"], context, params["today"], tail, row.get("expiry_notice") or 0)
        if text.encode("utf-8") == live and shared_entries.written(wanted) == shared_entries.written(stored):
            return {"changed": False, "changes": [], "diff": [], "warnings": warnings}
        result = _commit(row, whole, text, shared_entries.written(wanted), runner, check_mode)
        return dict(result, warnings=warnings + result["warnings"])


def _commit(row, whole, text, kept, runner, check_mode):
    """Put a map and the entries of others through the transaction; what was proven good before stays so, since sendmail answers with the new map."""
    main = whole["common"]["state_directory"]
    secret = {"secret_content": text, "content": None} if row["secret"] else {"content": text}
    spec = dict(row, entries=None, upload=None, digest=None, remarks=[], warnings=[], accepted=None, shared=None, **secret)
    files = [{"path": row["shared"], "kind": "plain", "content": kept.decode("utf-8"), "owner": "root", "group": "root", "mode": "0600", "secret": True}]
    others = {one["kind"]: one["host_file"] or one["path"] for one in whole["maps"] if one["name"] != row["name"] and one["kind"] in crosscheck.KINDS}
    params = dict(whole["common"], maps=[spec], files=files, directories=[], context=whole["context"], pid_file=None, neighbours=others,
                  state_directory=main if check_mode else row["shared"] + ".state")
    good = not check_mode and generations.is_good(main)
    result = transaction.run_maps(params, runner, check_mode)
    if result["changed"] and not check_mode:
        _manage(main, row["shared"])
        if good:
            generations.mark_good(main)
    return result


def _manage(main, path):
    """Count the file of entries among the managed ones, so that a way back takes it along."""
    state = generations.read_state(main)
    if state.get("paths") and path not in state["paths"]:
        generations.write_state(main, dict(state, paths=[path] + state["paths"]))
