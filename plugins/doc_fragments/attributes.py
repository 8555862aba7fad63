# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of this collection promises of itself, said once; a module adds its own details."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment:
    """Texts of the attributes; the fragment C(mailjail.sendmail.attributes)."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and reports exactly what a real run would change, without changing anything.
    support: full
  diff_mode:
    description: Returns what changed, or in check mode what would change, when in diff mode.
    support: full
  idempotent:
    description: A second run with the same options, on a host that nobody touched in between, reports that nothing changed.
    support: full
"""

    # For modules that only look; named before the fragment above, whose words it overrides.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: This module never changes the host.
  diff_mode:
    support: N/A
    details: This module never changes the host.
  idempotent:
    support: full
    details: This module never changes the host.
"""
