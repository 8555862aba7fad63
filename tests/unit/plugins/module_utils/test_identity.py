# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded identities (os-release, and the package manager that comes with them): each has its family, or is refused."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostinfo

APT, DNF, YUM, ZYPPER = (("/usr/bin/dpkg-query", "/usr/bin/apt-get"), ("/usr/bin/rpm", "/usr/bin/dnf"), ("/usr/bin/rpm", "/usr/bin/yum"),
                         ("/usr/bin/rpm", "/usr/bin/zypper"))
# Text of os-release as these systems have it (home pages and the like left out), files of its package manager, family, version.
HOSTS = {
    "Debian 12": ('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\n'
                  "VERSION_CODENAME=bookworm\nID=debian\n", APT, "debian", "12"),
    "Debian 13": ('PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\n',
                  APT, "debian", "13"),
    "Ubuntu 22.04": ('PRETTY_NAME="Ubuntu 22.04.5 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\n'
                     "UBUNTU_CODENAME=jammy\n", APT, "debian", "22.04"),
    "Ubuntu 24.04": ('PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n',
                     APT, "debian", "24.04"),
    "RHEL 8": ('NAME="Red Hat Enterprise Linux"\nVERSION="8.10 (Ootpa)"\nID="rhel"\nID_LIKE="fedora"\nVERSION_ID="8.10"\nPLATFORM_ID="platform:el8"\n',
               DNF, "redhat", "8.10"),
    "RHEL 9": ('NAME="Red Hat Enterprise Linux"\nVERSION="9.5 (Plow)"\nID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.5"\nPLATFORM_ID="platform:el9"\n',
               DNF, "redhat", "9.5"),
    "RHEL 10": ('NAME="Red Hat Enterprise Linux"\nVERSION="10.0 (Coughlan)"\nID="rhel"\nID_LIKE="centos fedora"\nVERSION_ID="10.0"\n', DNF, "redhat", "10.0"),
    "CentOS Stream 9": ('NAME="CentOS Stream"\nVERSION="9"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="9"\nPLATFORM_ID="platform:el9"\n',
                        DNF, "redhat", "9"),
    "CentOS Stream 10": ('NAME="CentOS Stream"\nVERSION="10 (Coughlan)"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="10"\n', DNF, "redhat", "10"),
    "Rocky Linux 9": ('NAME="Rocky Linux"\nVERSION="9.5 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.5"\n', DNF, "redhat", "9.5"),
    "AlmaLinux 8": ('NAME="AlmaLinux"\nVERSION="8.10 (Cerulean Leopard)"\nID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="8.10"\n',
                    DNF, "redhat", "8.10"),
    "AlmaLinux 10": ('NAME="AlmaLinux"\nVERSION="10.0 (Purple Lion)"\nID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="10.0"\n',
                     DNF, "redhat", "10.0"),
    "Oracle Linux 9": ('NAME="Oracle Linux Server"\nVERSION="9.5"\nID="ol"\nID_LIKE="fedora"\nVARIANT="Server"\nVERSION_ID="9.5"\n', DNF, "redhat", "9.5"),
    "Fedora 41": ('NAME="Fedora Linux"\nVERSION="41 (Server Edition)"\nID=fedora\nVERSION_ID=41\nPLATFORM_ID="platform:f41"\n', DNF, "redhat", "41"),
    "Amazon Linux 2023": ('NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPLATFORM_ID="platform:al2023"\n',
                          DNF, "redhat", "2023"),
    "OpenMandriva Lx 5": ('NAME="OpenMandriva Lx"\nVERSION="5.0 (Iodine) Rock"\nID="openmandriva"\nVERSION_ID="5.0"\n'
                          'PRETTY_NAME="OpenMandriva Lx 5.0 (Iodine) Rock"\n', DNF, "redhat", "5.0"),
    "openEuler 22.03": ('NAME="openEuler"\nVERSION="22.03 (LTS-SP4)"\nID="openEuler"\nVERSION_ID="22.03"\nPRETTY_NAME="openEuler 22.03 (LTS-SP4)"\n',
                        DNF, "redhat", "22.03"),
    "SLES 15 SP6": ('NAME="SLES"\nVERSION="15-SP6"\nVERSION_ID="15.6"\nPRETTY_NAME="SUSE Linux Enterprise Server 15 SP6"\nID="sles"\nID_LIKE="suse"\n',
                    ZYPPER, "suse", "15.6"),
    "SLES 15 for SAP": ('NAME="SLES_SAP"\nVERSION="15-SP6"\nVERSION_ID="15.6"\nID="sles_sap"\nID_LIKE="suse"\n', ZYPPER, "suse", "15.6"),
    "openSUSE Leap 15.6": ('NAME="openSUSE Leap"\nVERSION="15.6"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\n', ZYPPER, "suse", "15.6"),
    "openSUSE Leap 16.0": ('NAME="openSUSE Leap"\nVERSION="16.0"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="16.0"\n', ZYPPER, "suse", "16.0"),
    "openSUSE Tumbleweed": ('NAME="openSUSE Tumbleweed"\nID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\nVERSION_ID="20260901"\n',
                            ZYPPER, "suse", "20260901"),
}
STRANGERS = {
    "Alpine": 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\n',
    "Arch": 'NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n',
    "Gentoo": 'NAME=Gentoo\nID=gentoo\nVERSION_ID="2.15"\n',
    "FreeBSD": 'NAME=FreeBSD\nVERSION="14.1-RELEASE"\nID=freebsd\n',
    "Red Hat 7, SuSE 7, Mandrake, Debian 2.2: older than the file": "",
    "a name that only resembles one": 'NAME="Debianish"\nID=debianish\nID_LIKE="notdebian rhelish"\n',
}


@pytest.mark.parametrize("name", sorted(HOSTS))
def test_every_host_of_the_page_has_its_family(name):
    text, files, family, version = HOSTS[name]
    found = hostinfo.parse_os_release(text)
    assert (found["family"], found["version_id"]) == (family, version)
    assert hostinfo.family_lacks(family, files.__contains__) == []


@pytest.mark.parametrize("name", sorted(STRANGERS))
def test_a_stranger_has_no_family(name):
    assert hostinfo.parse_os_release(STRANGERS[name])["family"] == "unknown"


@pytest.mark.parametrize("name, files, lacks", [
    ("AlmaLinux 8", APT, ["/usr/bin/rpm", "/usr/bin/dnf"]),
    ("RHEL 9", (), ["/usr/bin/rpm", "/usr/bin/dnf"]),
    ("Amazon Linux 2023", YUM, ["/usr/bin/dnf"]),
    ("SLES 15 SP6", DNF, ["/usr/bin/zypper"]),
    ("Debian 12", DNF, ["/usr/bin/dpkg-query", "/usr/bin/apt-get"]),
])
def test_an_identity_without_what_belongs_to_it_is_named(name, files, lacks):
    assert hostinfo.family_lacks(hostinfo.parse_os_release(HOSTS[name][0])["family"], files.__contains__) == lacks
