"""Stands in for get-pip.py, which ansible-test would load from ci-files.testing.ansible.com: pip comes with Python, newer ones from PyPI."""

import subprocess
import sys

# In a process of its own: ensurepip makes the one that it runs in forget how this machine reaches PyPI.
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
words = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "--quiet"] + words))
