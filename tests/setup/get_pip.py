# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-test runs to get pip into an environment: the pip that came with Python, then the one that is asked for.

It takes the place of the script of that name, which ansible-test would fetch from a server that not everyone reaches.
It is called as ``get-pip.py [--no-setuptools] [--no-wheel] [pip options] pip==VERSION``.
"""

from __future__ import annotations

import ensurepip
import os
import subprocess
import sys

_ONLY_GET_PIP_KNOWS = ("--no-setuptools", "--no-wheel", "--disable-pip-version-check")


def main() -> int:
    """Return the exit code of pip."""
    variables = dict(os.environ)  # ensurepip takes pip's settings, such as the package index, out of os.environ
    ensurepip.bootstrap(default_pip=True)
    wanted = [word for word in sys.argv[1:] if word not in _ONLY_GET_PIP_KNOWS]
    return subprocess.call([sys.executable, "-m", "pip", "install", "--quiet", *wanted], env=variables)


if __name__ == "__main__":
    sys.exit(main())
