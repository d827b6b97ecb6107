# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores over applications that Argo CD's own controllers reconcile each second, with them paused and without.

What came of it is read from the Applications and from the objects, by a client of the cluster's own.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import tempfile
import time
import typing as t
from pathlib import Path

from campaigns.argocd_app import KINDS, App, Setup
from campaigns.argocd_lab import Application, ArgoLab, Object, wait_for
from campaigns.store_runs import Ended, ModuleRuns, Result
from campaigns.wrong import Wrong

#: So many of the controller's reconciliations does a restored state outlive.
_ENOUGH = 5
#: What may be between the pause and the resumption of a restore, in seconds.
_LONGEST_PAUSE = 4.0
_UNDONE_WITHIN = 90.0
#: Of the resources that a result names.
_KINDS = {"configmaps": "ConfigMap", "deployments.apps": "Deployment", "secrets": "Secret", "services": "Service"}
_LEFT_ALONE = ("ignore", "report")


class ArgoCampaign:
    """Needs the local cluster."""

    def __enter__(self) -> t.Self:
        with contextlib.ExitStack() as made:
            self._folder = Path(made.enter_context(tempfile.TemporaryDirectory(prefix="arkive-soak-")))
            self._runs = ModuleRuns(self._folder)
            self._lab = made.enter_context(ArgoLab())
            self._made = made.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._made.close()

    def run_case(self, chance: random.Random) -> str:
        way = chance.choice(tuple(_WAYS))
        parents = chance.choice((1, 1, 2)) if way.startswith("below") else 0
        setup = Setup.of(chance, parents=parents)
        app = App(self._lab, setup, f"arkive-test-{secrets.token_hex(6)}")
        try:
            _WAYS[way](_Case(app, self._runs, self._folder / app.namespace, chance))
        except Wrong as exc:
            return f"{way} ({setup}): {exc}"
        finally:
            app.remove()
        return ""


class _Case:
    """One application that was changed since its backup."""

    def __init__(self, app: App, runs: ModuleRuns, store: Path, chance: random.Random) -> None:
        self.app = app
        self.chance = chance
        self._runs = runs
        self._store = store
        store.mkdir()

    @property
    def owners(self) -> list[str]:
        """From the root down."""
        return list(map(str, self.app.chain))

    def prepare(self, *, git_differs: bool, extra: bool = False) -> None:
        """Back up; then what git has changes and is applied, or what the application itself has written."""
        self.app.create("one", extra=extra)
        self.app.count(41)
        options = {"name": "before", "included_namespaces": [self.app.namespace], "included_resources": list(KINDS)}
        self._ok("k8s_backup", **options, label_selector={"match_labels": {"app": "web"}}, snapshot_volumes=False)
        self.app.count(57)
        if git_differs or extra:
            self.app.commit("two" if git_differs else "one")
            self.app.await_synced()
        if not self.app.has_greeting("two" if git_differs else "one") or self.app.counted() != "57":
            raise Wrong(f"Argo CD has not applied what git has, or more: {self.app.greetings()}")
        if self.app.has_extra():
            raise Wrong("Argo CD has not pruned what git has no more")

    def restoring(self, **options: t.Any) -> Result:
        return {
            "backup": "before",
            "existing_resource_policy": "update",
            "kubeconfig": os.environ["ARKIVE_TEST_KUBECONFIG"],
            "storage_location": {"path": str(self._store)},
            **options,
        }

    def restore(self, **options: t.Any) -> Result:
        return self._good(self._runs.run("k8s_restore", **self.restoring(**options)), "k8s_restore")

    def refused(self, **options: t.Any) -> str:
        """What the restore says, which must not have been begun."""
        before = self._looks()
        ended = self._runs.run("k8s_restore", **self.restoring(**options))
        if not ended.failed:
            raise Wrong(f"it is not refused: {ended.trouble or ended.words}")
        if self._looks() != before:
            raise Wrong(f"it is refused, and something was changed: {before}, {self._looks()}")
        return ended.words

    def _looks(self) -> t.Any:
        marks = [(each.automated(), each.mark()) for each in self.app.chain]
        return self.app.greetings(), self.app.counted(), self.app.has_extra(), marks

    def kill_restore(self, **options: t.Any) -> bool:
        """Start it, and kill it at some moment after it has paused the application; whether it was killed."""
        running = self._runs.start("k8s_restore", self.restoring(**options))
        wait_for(lambda: bool(self.app.application.mark()), seconds=60)
        time.sleep(self.chance.uniform(0, _LONGEST_PAUSE))
        running.kill()
        ended = running.wait()
        return ended.result is None

    def gitops(self, **options: t.Any) -> Result:
        return self._ok("k8s_gitops", **options)

    def resume(self) -> None:
        """As somebody does who has put into git what was restored."""
        names = [{"kind": "Application", "namespace": a.namespace, "name": a.name} for a in self.app.chain]
        self.gitops(state="resumed", owners=names)

    def _ok(self, module: str, **options: t.Any) -> Result:
        given = {"kubeconfig": os.environ["ARKIVE_TEST_KUBECONFIG"], **options}
        if module == "k8s_backup":
            given["storage_location"] = {"path": str(self._store)}
        return self._good(self._runs.run(module, **given), module)

    @staticmethod
    def _good(ended: Ended, module: str) -> Result:
        if ended.failed or ended.result is None:
            raise Wrong(f"{module} failed: {ended.trouble or ended.words}")
        return ended.result

    def expect(self, gitops: Result, **wanted: t.Any) -> None:
        """Fields of the result, and the conflicts by ``Kind/name`` without the plural."""
        found = {name: gitops[name] for name in wanted}
        if found != wanted:
            raise Wrong(f"it says {found}, and {wanted} was expected; {gitops['left_paused']}, {gitops['conflicts']}")

    def expect_conflicts(self, gitops: Result, names: set[str]) -> None:
        found = {f"{_KINDS[each['resource']]}/{each['name']}" for each in gitops["conflicts"]}
        if found != names:
            raise Wrong(f"it names {sorted(found)} as undone, and {sorted(names)} would be")

    def expect_paused(self) -> None:
        """All Applications of the chain."""
        for each in self.app.chain:
            if each.automated() is not None or not each.mark():
                raise Wrong(f"{each} is not paused: {each.automated()}, mark {each.mark()!r}")

    def expect_resumed(self) -> None:
        """Exactly as they were."""
        for each in self.app.chain:
            if each.automated() != self.app.automated() or each.mark():
                raise Wrong(f"{each} is not as it was: {each.automated()}, mark {each.mark()!r}")

    def expect_holds(self, greeting: str, counted: str, *, resumed: bool, extra: bool = False) -> None:
        """Over some reconciliations of the application's own Application, and one of each above it."""
        wanted = (greeting, counted, extra)

        def wrong(_found: Object) -> str:
            now = self.app.greetings()
            if set(now.values()) != {greeting} or (self.app.counted(), self.app.has_extra()) != wanted[1:]:
                return f"it is undone: {now}, {self.app.counted()!r}, extra {self.app.has_extra()}"
            return ""

        self.app.application.await_reconciliations(_ENOUGH, wrong)
        for parent in self.app.chain[:-1]:
            parent.await_reconciliations(1, wrong)
        if resumed:
            self.app.await_compared("Synced")
            self.expect_resumed()
        else:
            self.expect_paused()

    def expect_undone(self, condition: t.Callable[[], bool], last: str) -> None:
        """By a sync that Argo CD began itself."""
        if not wait_for(condition, _UNDONE_WITHIN):
            raise Wrong(f"Argo CD does not undo it: {self.app.greetings()}")
        application: Application = self.app.application
        if not wait_for(lambda: application.last_sync() not in ("", last)):
            raise Wrong("it is undone, and the Application says of no sync that did it")


def _clean(case: _Case) -> None:
    """What the restore changes is none of git's: resumed at once, and it holds."""
    case.prepare(git_differs=False)
    gitops = case.restore(on_gitops_owned="pause")["gitops"]
    case.expect(gitops, paused=case.owners, left_paused=[], conflicts=[])
    case.expect({**gitops, "resumed": sorted(gitops["resumed"])}, resumed=sorted(case.owners))
    case.expect_resumed()
    case.expect_holds("one", "41", resumed=True)


def _differs(case: _Case) -> None:
    """Git has something else: it stays paused and holds, and holds still when git agrees and it is resumed."""
    case.prepare(git_differs=True)
    gitops = case.restore(on_gitops_owned="pause")["gitops"]
    _stays_paused(case, gitops)
    case.expect_holds("one", "41", resumed=False)
    _agree(case)


def _stays_paused(case: _Case, gitops: Result) -> None:
    case.expect(gitops, paused=case.owners, resumed=[])
    left = sorted(each["owner"] for each in gitops["left_paused"])
    if left != sorted(case.owners):
        raise Wrong(f"left paused are {left}")
    case.expect_conflicts(gitops, case.app.names())
    case.expect_paused()


def _agree(case: _Case) -> None:
    """Git gets what was restored, and the Applications are resumed."""
    case.app.commit("one")
    case.app.await_compared("Synced")
    case.resume()
    case.expect_resumed()
    case.expect_holds("one", "41", resumed=True)


def _ignored(case: _Case) -> None:
    """Without a pause it is undone."""
    case.prepare(git_differs=True)
    last = case.app.application.last_sync()
    how = case.chance.choice(_LEFT_ALONE)
    done = case.restore(on_gitops_owned=how)
    if not done["state_counts"].get("updated"):
        raise Wrong(f"nothing was restored: {done['state_counts']}")
    if how == "report" and case.owners[-1] not in str(done["warnings_list"]):
        raise Wrong(f"it does not warn of {case.owners[-1]}: {done['warnings_list']}")
    case.expect_undone(lambda: case.app.has_greeting("two"), last)
    case.expect_holds("two", case.app.counted(), resumed=True)


def _pruned(case: _Case) -> None:
    """An object that git does not have stays as long as it is paused, and is named; it goes when it is resumed."""
    case.prepare(git_differs=False, extra=True)
    gitops = case.restore(on_gitops_owned="pause")["gitops"]
    case.expect(gitops, paused=case.owners, resumed=[])
    case.expect_conflicts(gitops, {"ConfigMap/extra"})
    case.expect_holds("one", "41", resumed=False, extra=True)
    last = case.app.application.last_sync()
    case.resume()
    case.expect_undone(lambda: not case.app.has_extra(), last)
    case.expect_holds("one", "41", resumed=True)


def _always(case: _Case) -> None:
    """Resumed although it is told what will be undone, which is so."""
    case.prepare(git_differs=True)
    last = case.app.application.last_sync()
    gitops = case.restore(on_gitops_owned="pause", gitops_resume="always")["gitops"]
    case.expect(gitops, paused=case.owners, resumed=case.owners[::-1], left_paused=[])
    case.expect_conflicts(gitops, case.app.names())
    case.expect_undone(lambda: case.app.has_greeting("two"), last)


def _never(case: _Case) -> None:
    """Left paused although git has the same."""
    case.prepare(git_differs=False)
    gitops = case.restore(on_gitops_owned="pause", gitops_resume="never")["gitops"]
    case.expect(gitops, paused=case.owners, resumed=[])
    case.expect_paused()
    case.expect_holds("one", "41", resumed=False)
    case.resume()
    case.expect_holds("one", "41", resumed=True)


def _refused(case: _Case) -> None:
    """In check mode as well, and nothing is changed; nor by a pause in check mode, which says what it would do."""
    case.prepare(git_differs=case.chance.random() < 0.5)
    for check in (True, False):
        said = case.refused(_ansible_check_mode=check)
        if case.owners[-1] not in said:
            raise Wrong(f"the refusal does not name {case.owners[-1]}: {said}")
    gitops = case.restore(on_gitops_owned="pause", _ansible_check_mode=True)["gitops"]
    actions = {f"{each['kind']} {each['namespace']}/{each['name']}": each["action"] for each in gitops["owners"]}
    if actions != dict.fromkeys(case.owners, "pause"):
        raise Wrong(f"the plan says {actions}")
    case.expect_resumed()


def _killed(case: _Case) -> None:
    """The next run by its name goes on to the end, another one names it, and a list does."""
    differs = case.chance.random() < 0.5
    case.prepare(git_differs=differs)
    was_killed = case.kill_restore(name="night", on_gitops_owned="pause")
    if was_killed and case.app.application.mark():
        case.expect_paused()
        listed = case.gitops(state="listed")["owners"]
        names = {f"{each['kind']} {each['namespace']}/{each['name']}": each["paused_by"] for each in listed}
        if any(not names.get(owner) for owner in case.owners):
            raise Wrong(f"the list of what is paused does not have all of {case.owners}: {names}")
        said = case.refused(name="morning", on_gitops_owned="pause")
        if "is paused by run" not in said and "holds" not in said:
            raise Wrong(f"another run does not say what is in its way: {said}")
        gitops = case.restore(name="night", on_gitops_owned="pause")["gitops"]
        if not differs:
            case.expect(gitops, left_paused=[], conflicts=[])
    if case.app.application.mark():
        if not differs:
            raise Wrong("it is paused after a run that went on to the end, and git has the same")
        case.expect_holds("one", "41", resumed=False)
        _agree(case)
    else:
        # Killed before the application was paused, or when all was done.
        case.expect_resumed()
        if differs:
            case.expect_undone(lambda: case.app.has_greeting("two"), "")
        elif not was_killed:
            case.expect_holds("one", "41", resumed=True)


_WAYS: dict[str, t.Callable[[_Case], None]] = {
    "git agrees": _clean,
    "git differs": _differs,
    "ignored": _ignored,
    "pruned": _pruned,
    "below another, git agrees": _clean,
    "below another, git differs": _differs,
    "killed": _killed,
    "below another, killed": _killed,
    "refused": _refused,
    "resumed always": _always,
    "never resumed": _never,
}

__all__ = ("ArgoCampaign",)
