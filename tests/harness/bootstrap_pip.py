"""Stands in for get-pip.py, which ansible-test would load from ci-files.testing.ansible.com: pip comes with Python, newer ones from PyPI."""

import ensurepip
import subprocess
import sys

ensurepip.bootstrap(default_pip=True)
words = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "--quiet"] + words))
