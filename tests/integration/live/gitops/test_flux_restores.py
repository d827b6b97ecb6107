# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores over an application that Flux's own controllers reconcile each second, with it paused and without."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from flux_lab import NAMESPACE
from play_runner import text_of
from processes import Started
from volume_lab import until

if t.TYPE_CHECKING:
    from flux_lab import FluxApplication
    from releases import Releases
    from web_application import WebApplication

    from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

#: The first test of all may have to wait until Flux is built.
pytestmark = [pytest.mark.flux, pytest.mark.timeout(1500)]

#: So many of the controller's reconciliations does a restored state outlive.
#: One each second: after so many, what was written before is older than the last of them by its whole seconds.
LATER = 4
ENOUGH = 5
PAUSED = "arkive.k8s/paused"


def mark_of(kustomization: Object) -> str:
    found: str = kustomization["metadata"].get("annotations", {}).get(PAUSED, "")
    return found


def resuming(web: WebApplication) -> Object:
    kustomization = {"kind": "Kustomization", "namespace": NAMESPACE, "name": web.namespace}
    return {"arkive.k8s.k8s_gitops": {"state": "resumed", "owners": [kustomization]}, "register": "resumed"}


def test_without_a_pause_flux_undoes_it(web: WebApplication) -> None:
    """Refused unless asked for; then objects change, and the controller says that it changed them back."""
    web.back_up()
    web.commit("two")
    refused = web.runner.run([web.restoring()])
    assert refused.returncode != 0
    assert f"would be undone by what owns it: Kustomization {NAMESPACE}/{web.namespace}" in text_of(refused)
    settings = f"ConfigMap/{web.namespace}/settings"
    before = web.followed.corrections(settings)
    restored = web.restore(on_gitops_owned="ignore")
    assert restored["state_counts"]["updated"] == 2
    until(lambda: web.followed.corrections(settings) > before, "Flux corrects the settings", seconds=60)
    web.followed.await_reconciliations(1)
    assert web.greetings() == ("two", "two")


def test_it_stays_paused_while_git_differs_and_holds_once_git_agrees(
    web: WebApplication, clock: FluxApplication, tmp_path: Path
) -> None:
    web.back_up()
    web.commit("two")
    gitops = web.restore(on_gitops_owned="pause")["gitops"]
    owner = f"Kustomization {NAMESPACE}/{web.namespace}"
    assert (gitops["paused"], gitops["resumed"]) == ([owner], [])
    assert [left["owner"] for left in gitops["left_paused"]] == [owner]
    assert {conflict["name"] for conflict in gitops["conflicts"]} == {"settings", "web"}
    assert mark_of(web.followed.kustomization())
    before = web.followed.reconciliations()
    clock.await_reconciliations(3)
    assert web.followed.reconciliations() == before
    assert web.greetings() == ("one", "one")
    web.export(tmp_path / "tree")
    web.followed.commit_tree(tmp_path / "tree")
    web.runner.results([resuming(web)], "resumed")
    assert not mark_of(web.followed.kustomization())
    web.followed.await_applied()
    web.followed.await_reconciliations(ENOUGH, lambda: holds(web, ("one", "one")))


def test_what_git_does_not_have_is_resumed_at_once_and_holds(web: WebApplication) -> None:
    """A key that the application itself wrote, and an object that git once had: neither is undone, nor pruned."""
    web.commit("one", extra=True)
    web.change_settings(COUNTER="41")
    web.followed.await_reconciliations(1)
    web.back_up()
    web.commit("one")
    assert web.config_map("extra") is None
    web.change_settings(COUNTER="57")
    web.followed.await_reconciliations(LATER)
    gitops = web.restore(on_gitops_owned="pause")["gitops"]
    assert gitops["resumed"] == gitops["paused"] == [f"Kustomization {NAMESPACE}/{web.namespace}"]
    assert (gitops["left_paused"], gitops["conflicts"]) == ([], [])

    def still() -> None:
        holds(web, ("one", "one"))
        assert (web.config_map() or {})["data"]["COUNTER"] == "41"
        assert web.config_map("extra") is not None

    web.followed.await_reconciliations(ENOUGH, still)


def test_a_field_that_somebody_has_taken_from_flux_is_git_s_all_the_same(web: WebApplication) -> None:
    """Its manager is another now, until the next reconciliation, which writes it back."""
    web.back_up()
    web.commit("two")
    web.followed.set_interval("1h")
    web.change_settings(GREETING="three")
    gitops = web.restore(on_gitops_owned="pause")["gitops"]
    assert gitops["resumed"] == []
    assert "settings" in {conflict["name"] for conflict in gitops["conflicts"]}


def test_a_run_that_is_killed_while_flux_is_paused(web: WebApplication, tmp_path: Path) -> None:
    """Another run names it, and changes nothing; the same again goes on, and resumes what git agrees with."""
    web.change_settings(COUNTER="41")
    web.back_up()
    web.change_settings(COUNTER="57")
    web.followed.await_reconciliations(LATER)
    argv, environment = web.runner.command([web.restoring(name="night", on_gitops_owned="pause")])
    running = Started(argv, tmp_path / "night", env=environment)
    try:
        until(lambda: mark_of(web.followed.kustomization()), "the restore pauses Flux", seconds=60, pause=0.02)
    finally:
        running.kill_all()
    assert web.followed.kustomization()["spec"]["suspend"] is True
    other = web.runner.run([web.restoring(name="morning", on_gitops_owned="pause")])
    assert other.returncode != 0
    assert f"Kustomization {NAMESPACE}/{web.namespace} is paused by run" in text_of(other)
    gitops = web.restore(name="night", on_gitops_owned="pause")["gitops"]
    assert gitops["resumed"] == [f"Kustomization {NAMESPACE}/{web.namespace}"], gitops["left_paused"]
    assert not mark_of(web.followed.kustomization())
    web.followed.await_reconciliations(ENOUGH, lambda: holds(web, ("one", "one")))
    assert (web.config_map() or {})["data"]["COUNTER"] == "41"


def test_a_release_waits_for_the_backup_of_its_commit(releases: Releases) -> None:
    """The example: one whose backup fails is not applied, and the next one is."""
    releases.commit("2026.6.1", "sleep 1")
    releases.await_release("2026.6.1")
    releases.commit("2026.6.2", "exit 1")
    releases.await_failure()
    assert releases.release == "2026.6.1"
    releases.commit("2026.6.3", "sleep 1")
    releases.await_release("2026.6.3")
    assert set(releases.jobs) == {"backup-before-2026.6.3"}


def holds(web: WebApplication, greetings: tuple[str, str]) -> None:
    assert web.greetings() == greetings
