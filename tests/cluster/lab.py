# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The local test cluster: ``python3 tests/cluster/lab.py --help``.

Standard library only, Python 3.11 or newer, root.
"""

from __future__ import annotations

import sys

from kubelab.cli import main

if __name__ == "__main__":
    sys.exit(main())
