# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of sendmail_source: judge the archive here, and bring it to a host that has to build."""

from __future__ import annotations

import os
import shutil
import tempfile

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.urls import open_url
from ansible.plugins.action import ActionBase

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, source
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

SCHEMES = ("https://", "http://", "ftp://", "file://")
# Seconds of silence after which a server counts as dead.
PATIENCE = 60


class ActionModule(ActionBase):
    """Run the module; where it asks for the archive, judge it, transfer it and run the module again.

    A file on the controller is judged before the host is asked, a URL is fetched for a host that needs it only. TRANSFERS_FILES stays off, as in
    sendmail_config.
    """

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        arguments, place = dict(self._task.args), None
        name = str(arguments.get("archive") or "")
        directory = tempfile.mkdtemp(prefix="sendmail-source-", dir=constants.DEFAULT_LOCAL_TMP)
        try:
            arguments["patches"] = [self._text(patch) for patch in arguments.get("patches") or []]
            if not name.startswith(SCHEMES):
                place = self._judged(self._found("sendmail_source_archive", name), name, arguments)
            result = self._run(arguments, task_vars)
            if not result.pop("wanted_archive", False):
                return result
            place = place or self._judged(_download(name, directory), name, arguments)
            if self._task.check_mode:
                return result
            arguments["upload"] = self._transfer(place)
            return self._run(arguments, task_vars)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _run(self, arguments, task_vars):
        return self._execute_module(module_name="mailjail.sendmail.sendmail_source", module_args=arguments, task_vars=task_vars)

    def _found(self, variable, name):
        try:
            return self._find_needle("files", name)
        except AnsibleError as exc:
            raise AnsibleActionFail(f"{variable}: there is no file '{name}' on the controller. Nothing was touched. Name it by its whole path, or put it into "
                                    "the directory files beside the playbook.") from exc

    def _text(self, patch):
        with open(self._found("sendmail_source_patches", patch), encoding="utf-8") as text:
            return text.read()

    @staticmethod
    def _judged(place, name, arguments):
        """Return the archive's place if it is what it should be."""
        try:
            source.check_digest(disk.digest(place), str(arguments.get("sha256") or ""), name)
            source.check_version(source.inspect(place, name).version, str(arguments.get("floor") or "8.11.0"), name)
        except SendmailError as exc:
            raise AnsibleActionFail(exc.message) from None
        return place

    def _transfer(self, place):
        if not self._connection._shell.tmpdir:
            self._make_tmp_path()
        return self._transfer_file(place, self._connection._shell.join_path(self._connection._shell.tmpdir, "sendmail-source"))


def _download(url, directory):
    place = os.path.join(directory, "archive")
    try:
        with open_url(url, timeout=PATIENCE) as answer, open(place, "wb") as target:
            shutil.copyfileobj(answer, target, 1 << 20)
    except Exception as exc:     # what a server, a proxy or TLS may say has no common name
        raise AnsibleActionFail(f"sendmail_source_archive: {url} could not be fetched by the controller: {exc}. Nothing was touched. Fetch it by hand and name "
                                "the file instead.") from exc
    return place
