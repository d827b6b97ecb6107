# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which process unit tests run."""

from __future__ import annotations

import pytest

#: The plugin with which ``ansible-test units`` runs each test in a process of its own.
_FORKING = "ansible_forked"

#: Of ansible-core: the oldest that the collection supports.
_OLDEST = "2.16."


def pytest_configure(config: pytest.Config) -> None:
    """With ansible-test each test is alone on the oldest ansible-core, and in a process with all others on newer ones.

    A test must pass both ways, and a process for each of thousands of tests computes for longer than the tests do.
    """
    if not config.pluginmanager.has_plugin(_FORKING):
        return
    from ansible.module_utils.ansible_release import __version__

    if not __version__.startswith(_OLDEST):
        config.pluginmanager.unregister(name=_FORKING)
