# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of sendmail_tls: where a value is the path of a file of the controller, its text goes to the host."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

PARTS = ("certificate", "key", "chain")
TOPS = ("ca", "crl", "dh")


class ActionModule(ActionBase):
    """Run the module with texts in place of paths. What is encrypted with Ansible's vault is decrypted on the way."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        arguments, material = dict(self._task.args), dict(self._task.args.get("material") or {})
        on_host = material.get("certificates") == "host"
        if not on_host:
            material["pairs"] = [self._texts(dict(pair), PARTS, pair.get("name")) for pair in material.get("pairs") or []]
        arguments["material"] = self._texts(material, TOPS, None, on_host)
        return self._execute_module(module_name="mailjail.sendmail.sendmail_tls", module_args=arguments, task_vars=task_vars)

    def _texts(self, row, names, pair, on_host=False):
        for name in names:
            value = row.get(name)
            if value and "-----BEGIN" not in value and not (on_host and value.startswith("/")):
                row[name] = self._read(value, f"sendmail_tls ({pair}) {name}" if pair else f"sendmail_tls.{name}")
        return row

    def _read(self, path, what):
        if "\n" in path or len(path) > 255:
            raise AnsibleActionFail(f"{what}: the text of {len(path)} characters is no PEM text (-----BEGIN ...-----). It is not shown: it may be secret.")
        try:
            path = self._find_needle("files", path)
            found = self._loader.get_real_file(path)
            with open(found, encoding="utf-8") as source:
                return source.read()
        except (AnsibleError, OSError, UnicodeDecodeError) as exc:
            raise AnsibleActionFail(f"{what}: '{path}' is neither PEM text (-----BEGIN ...-----) nor a file that the controller can read: {exc}") from exc
