# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore is up against: Flux writes back what is in git, and prunes what it knows and git no longer has."""

from __future__ import annotations

import typing as t

import pytest
from volume_lab import until

if t.TYPE_CHECKING:
    from web_application import WebApplication

#: The first test of all that need Flux may have to wait until it is built.
pytestmark = [pytest.mark.flux, pytest.mark.timeout(1500)]


def test_a_restore_that_flux_undoes(web: WebApplication) -> None:
    """An older backup over a newer commit: the objects change, and the controller says that it changed them back."""
    web.back_up()
    web.commit("two")
    settings = f"ConfigMap/{web.namespace}/settings"
    before = web.followed.corrections(settings)
    restored = web.restore()
    assert restored["changed"]
    until(lambda: web.followed.corrections(settings) > before, "Flux corrects the settings", seconds=60)
    web.followed.await_reconciliations(1)
    assert web.greetings() == ("two", "two")
