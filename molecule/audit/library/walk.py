# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests: break a host in one point, hold one control against it, mend it, hold the control against it again; for each of many points in one run."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import subprocess
import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import baseline, controls, controls_table, hostinfo
from ansible_collections.mailjail.sendmail.plugins.module_utils.hostview import View
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner


def sh(command):
    """Run a shell command; return what went wrong, empty if nothing."""
    done = subprocess.Popen(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.communicate()[0].decode("utf-8", "replace")
    return "exit %d: %s" % (done.returncode, said[-500:]) if done.returncode else ""


def fresh(site):
    """Return the site with what its host is now."""
    known = site.get("facts") or {}
    facts = hostinfo.gather(Runner(), classes=[], users=list(known.get("users") or []), groups=list(known.get("groups") or []),
                            units=list(known.get("units") or []), ports=[25, 465, 587], packages=[],
                            executables=list(known.get("executables") or []), prefix=None)
    return dict(site, facts=dict(known, **facts))


def look(control, site):
    """Return verdict and evidence of a control, of the host as it is now."""
    (unused, judgement), = controls.judge(View(Runner(), fresh(site)), [control])
    return [judgement.verdict, [list(row) for row in judgement.evidence]]


def mended(control, site, profile):
    """Return what sendmail_baseline says of a control that it has mended itself."""
    done = baseline.run({"apply": True, "profile": profile, "site": fresh(site), "only": [control.id], "without": [], "waivers": []}, False, Runner(),
                        datetime.date.today())
    return done["controls"][0]


def step(row, site, profile):
    """Return what came of one row: broken, mended by sendmail_baseline where it can, and put back."""
    control, began = controls_table.CONTROLS[row["control"]], time.time()
    found = {"control": control.id, "before": look(control, site), "broke": sh(row["breaks"])}
    found["broken"] = look(control, site)
    found["baseline"] = [mended(control, site, profile)["verdict"], look(control, site)] if control.mend and control.profiles[profile] != controls.NEVER else []
    found["mended"] = sh(row["mends"])
    return dict(found, after=look(control, site), seconds=round(time.time() - began, 1))


def main():
    """Walk."""
    module = AnsibleModule(argument_spec={"profile": {"type": "str"}, "site": {"type": "dict"}, "breaks": {"type": "list", "elements": "dict"}})
    rows = [step(row, module.params["site"], module.params["profile"]) for row in module.params["breaks"]
            if row["control"] in controls_table.CONTROLS and controls_table.CONTROLS[row["control"]].check]
    module.exit_json(changed=True, walked=rows)


if __name__ == "__main__":
    main()
