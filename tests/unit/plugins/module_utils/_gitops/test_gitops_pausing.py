# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owners that are paused and resumed while the API server loses answers, refuses, or has odd objects."""

from __future__ import annotations

import datetime as dt
import json
import random
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._gitops import comparing as comparing_file
from ansible_collections.arkive.k8s.plugins.module_utils._gitops import pause_keeper as keeper_file
from ansible_collections.arkive.k8s.plugins.module_utils._gitops import pausing as pausing_file
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.around import AroundChange
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.decision import Change, Decision
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.errors import GitOpsError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_book import OwnerBook
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Identity, OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pause_mark import PAUSED_ANNOTATION, PauseMark
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pausing import Pausing
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.task import GitOpsRequest, change_owners
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import GitOpsTerms
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.tracking import Tracking
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType

_NEVER = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
_PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_ARGO = {"group": "argoproj.io", "version": "v1alpha1", "custom": True}
_TYPES = (
    ApiType(plural="applications", kind="Application", **_ARGO),
    ApiType(plural="applicationsets", kind="ApplicationSet", **_ARGO),
    ApiType(group="kustomize.toolkit.fluxcd.io", plural="kustomizations", kind="Kustomization", custom=True),
    ApiType(group="helm.toolkit.fluxcd.io", version="v2", plural="helmreleases", kind="HelmRelease", custom=True),
    ApiType(plural="configmaps", kind="ConfigMap"),
)
_AUTOMATED = {"syncPolicy": {"automated": {"selfHeal": True, "prune": True}}}


class Lab:
    """Owners ``a`` and ``b`` in the namespace ``home``."""

    def __init__(self, plural: str = "kustomizations") -> None:
        self.api = MemoryApi(_TYPES)
        self.plural = plural
        self.issues = Issues()
        client = self.api.client
        self.run = ClusterRun(
            client=client, issues=self.issues, progress=no_progress, cancel=CancelToken(), run_id="repair"
        )
        self.book = OwnerBook(client, Discovery.read(client).find, Tracking())
        self.pausing = Pausing(self.run, limit=600)

    def add(self, name: str, spec: Object | None = None, **more: t.Any) -> Owner:
        self.api.add(self.plural, name, "home", spec=spec or {}, **more)
        return self.owner(name)

    def owner(self, name: str) -> Owner:
        self.book.forget()
        kind = next(each.kind for each in _TYPES if each.plural == self.plural)
        found = self.book.find(OwnerRef(kind, "home", name))
        assert found is not None
        return found

    def spec(self, name: str) -> Object:
        return t.cast("Object", self.api.objects[(self.plural, "home", name)]["spec"])

    def is_marked(self, name: str) -> bool:
        metadata = self.api.objects[(self.plural, "home", name)]["metadata"]
        return PAUSED_ANNOTATION in (metadata.get("annotations") or {})

    def request(self, state: t.Any, *names: str, **more: t.Any) -> GitOpsRequest:
        kind = next(each.kind for each in _TYPES if each.plural == self.plural)
        return GitOpsRequest(state=state, owners=tuple(OwnerRef(kind, "home", name) for name in names), **more)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pausing_file, "_SETTLE_SECONDS", 0.01)
    monkeypatch.setattr(comparing_file, "_SETTLE_SECONDS", 0.01)


def _lost_once(api: MemoryApi, name: str) -> None:
    """The next write to ``name`` has its effect, and its answer does not come."""
    told: list[str] = []

    def lose(verb: str, path: str) -> KubeError | None:
        if verb == "PATCH" and path.endswith(f"/{name}") and not told:
            told.append(path)
            return KubeError("The connection was closed.")
        return None

    api.lose = lose


def test_a_pause_whose_answer_is_lost_is_one() -> None:
    lab = Lab()
    owner = lab.add("a", {"suspend": False})
    _lost_once(lab.api, "a")
    assert [each.ref.name for each in lab.pausing.pause([owner], timeout=5)] == ["a"]
    assert lab.spec("a")["suspend"] is True
    assert [each.ref.name for each in lab.pausing.resume([owner]).resumed] == ["a"]
    assert lab.spec("a") == {"suspend": False}


def test_a_resumption_whose_answer_is_lost_is_one() -> None:
    lab = Lab()
    [paused] = lab.pausing.pause([lab.add("a")], timeout=5)
    _lost_once(lab.api, "a")
    done = lab.pausing.resume([paused])
    assert ([each.ref.name for each in done.resumed], done.failed) == (["a"], {})
    assert not lab.is_marked("a")


def test_a_pause_that_was_written_and_then_failed_is_taken_back() -> None:
    """The answer to the write is lost, and the look that follows is refused: nobody knows whether it is paused."""
    lab = Lab()
    first, second = lab.add("a"), lab.add("b", {"suspend": False})
    lost: list[str] = []

    def lose(verb: str, path: str) -> KubeError | None:
        if verb == "PATCH" and path.endswith("/b") and not lost:
            lost.append(path)
            return KubeError("The connection was closed.")
        return None

    def refuse(verb: str, path: str, _dry_run: bool) -> KubeError | None:
        if verb == "GET" and path.endswith("/b") and len(lost) == 1:
            lost.append(path)
            return KubeError("No.", status=403, reason="Forbidden")
        return None

    lab.api.lose, lab.api.refuse = lose, refuse
    with pytest.raises(KubeError, match=r"No\."):
        lab.pausing.pause([first, second], timeout=5)
    assert (lab.spec("a"), lab.spec("b")) == ({}, {"suspend": False})
    assert [name for name in "ab" if lab.is_marked(name)] == []


def test_what_cannot_be_taken_back_is_named() -> None:
    lab = Lab()
    first, second = lab.add("a"), lab.add("b")
    patched: list[str] = []

    def refuse(verb: str, path: str, _dry_run: bool) -> KubeError | None:
        if verb != "PATCH":
            return None
        patched.append(path)
        return KubeError("No.", status=403, reason="Forbidden") if len(patched) > 1 else None

    lab.api.refuse = refuse
    with pytest.raises(GitOpsError, match=r"No; and these stay paused.*Kustomization home/a\.$") as caught:
        lab.pausing.pause([first, second], timeout=5)
    assert "state: resumed and run: repair" in caught.value.sentence


def _written_back(lab: Lab, times: int) -> None:
    """The next ``times`` reads of ``b`` find that somebody has written its field back, and left its annotations."""
    left = [None] * times

    def write_back(verb: str, path: str) -> KubeError | None:
        if verb == "PATCH" and path.endswith("/b") and left:
            left.pop()
            lab.api.objects[(lab.plural, "home", "b")]["spec"] = json.loads(json.dumps(_AUTOMATED))
        return None

    lab.api.lose = write_back


@pytest.mark.parametrize("times", [1, 2])
def test_what_an_owner_above_has_written_back_is_paused_again(times: int) -> None:
    """Its sync began before it was paused itself: seen with argo-cd 3.2.0 (make soak SOAK=argocd)."""
    lab = Lab("applications")
    owners = [lab.add("a", _AUTOMATED), lab.add("b", _AUTOMATED)]
    _written_back(lab, times)
    paused = lab.pausing.pause(owners, timeout=5)
    assert [(each.ref.name, each.now.suspended, each.was) for each in paused] == [
        (name, True, _AUTOMATED["syncPolicy"]["automated"]) for name in "ab"
    ]
    assert len(lab.pausing.resume(paused).resumed) == 2
    assert lab.spec("a") == lab.spec("b") == _AUTOMATED


def test_one_that_is_written_back_for_ever_is_told_and_none_stays_paused() -> None:
    lab = Lab("applications")
    owners = [lab.add("a", _AUTOMATED), lab.add("b", _AUTOMATED)]
    _written_back(lab, 1000)
    with pytest.raises(GitOpsError, match=r"Application home/b was paused, and is not any more") as caught:
        lab.pausing.pause(owners, timeout=5)
    assert "Pause what owns it" in caught.value.sentence
    assert (lab.spec("a"), lab.is_marked("a"), lab.is_marked("b")) == (_AUTOMATED, False, False)


def test_one_that_cannot_be_resumed_leaves_the_others_resumed() -> None:
    lab = Lab()
    owners = [lab.add("a"), lab.add("b")]
    chain = {owner.ref: (owner,) for owner in owners}
    around = AroundChange(lab.run, GitOpsTerms(on_owned="pause"), Decision(to_pause=chain))
    around.begin(timeout=5)
    refused = KubeError("No.", status=403, reason="Forbidden")
    lab.api.refuse = lambda verb, path, _dry: refused if verb == "PATCH" and path.endswith("/a") else None
    around.end(succeeded=True)
    told = around.account.to_return()
    assert (told["resumed"], [each["owner"] for each in told["left_paused"]]) == (
        ["Kustomization home/b"],
        ["Kustomization home/a"],
    )
    assert told["left_paused"][0]["why"] == "it could not be resumed: No"


def _around(lab: Lab, *owners: Owner) -> AroundChange:
    """Of one restore. It renews all the time."""
    chain = {owner.ref: (owner,) for owner in owners}
    return AroundChange(lab.run, GitOpsTerms(on_owned="pause", resume="always"), Decision(to_pause=chain))


def test_a_restore_that_lasts_longer_than_the_limit_keeps_its_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run takes over what is past its limit (docs/docsite guide_gitops), and would resume it."""
    monkeypatch.setattr(keeper_file, "_RENEWALS", 1e9)
    lab, renewed = Lab(), threading.Event()
    owner = lab.add("a", {"suspend": False})
    around = _around(lab, owner)
    around.begin(timeout=5)
    first = lab.owner("a").mark
    assert first is not None
    assert first.until is not None

    def see(verb: str, _path: str) -> None:
        if verb == "PATCH":
            renewed.set()

    lab.api.lose = see
    lab.api.clock_ahead = dt.timedelta(hours=5)
    lab.run.client.get("/api")  # which tells the time
    for _look in range(2):  # the second renewal that is seen began after the clock was put forward
        renewed.clear()
        assert renewed.wait(30)
    lab.api.lose = lambda *_request: None
    later = lab.owner("a").mark
    assert later is not None
    assert later.until is not None
    assert (later.run, later.was) == (first.run, first.was)
    assert later.until - first.until > dt.timedelta(hours=4)
    around.end(succeeded=True)
    assert (lab.spec("a"), lab.is_marked("a")) == ({"suspend": False}, False)
    assert not lab.issues.warnings


@pytest.mark.parametrize(
    ("spec", "mark"),
    [
        # Whoever resumes it by hand, as the command says, takes the mark away as well.
        ({"suspend": False}, None),
        # Resumed, and the mark forgotten.
        ({"suspend": False}, PauseMark(run="repair", until=_NEVER, was=None)),
        # Another run has taken it over.
        ({"suspend": True}, PauseMark(run="other", until=_NEVER, was=None)),
        # It waits for a person now.
        ({"suspend": True}, PauseMark(run="repair", until=None, was=None)),
    ],
)
def test_what_is_not_paused_by_the_run_any_more_is_not_renewed(spec: Object, mark: PauseMark | None) -> None:
    lab = Lab()
    [paused] = lab.pausing.pause([lab.add("a")], timeout=5)
    live = lab.api.objects[("kustomizations", "home", "a")]
    live["spec"] = dict(spec)
    live["metadata"]["annotations"] = {} if mark is None else {PAUSED_ANNOTATION: mark.to_text()}
    before = json.dumps(live)
    assert lab.pausing.renew(lab.run.client, paused) is None
    assert json.dumps(lab.api.objects[("kustomizations", "home", "a")]) == before


_REFUSED = KubeError("No.", status=403, reason="Forbidden")


class Renewals:
    """All renewals of one restore; those of owner ``a`` meet ``fault``, which may raise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, lab: Lab, fault: t.Callable[[], object]) -> None:
        self._ends: list[str] = []
        self._changed = threading.Condition()
        self._fault = fault
        self._renew = Pausing(lab.run, limit=GitOpsTerms().pause_limit).renew
        monkeypatch.setattr(keeper_file, "_RENEWALS", 1e9)
        monkeypatch.setattr(pausing_file.Pausing, "renew", self)

    def __call__(self, client: t.Any, owner: Owner) -> PauseMark | None:
        try:
            if owner.ref.name == "a":
                self._fault()
            return self._renew(client, owner)
        finally:
            with self._changed:
                self._ends.append(owner.ref.name)
                self._changed.notify_all()

    def await_more(self, name: str) -> None:
        """Two ends of renewals of ``name`` from now on: the second began after now."""
        with self._changed:
            wanted = self._ends.count(name) + 2
            assert self._changed.wait_for(lambda: self._ends.count(name) >= wanted, timeout=60)


def _raise(exc: BaseException) -> t.Callable[[], t.NoReturn]:
    def fault() -> t.NoReturn:
        raise exc

    return fault


_LAPSED = "The pause of Kustomization home/a could not be renewed, so that another run may have taken it over since "


@pytest.mark.parametrize(
    ("error", "ahead", "said"),
    [
        pytest.param(_REFUSED, 5, _LAPSED, id="it has run out"),
        pytest.param(_REFUSED, 0, "", id="it has not run out"),
        pytest.param(ValueError("odd\x1b"), 5, _LAPSED, id="an error that nobody foresaw, and it has run out"),
        pytest.param(
            ValueError("odd\x1b"),
            0,
            "The pause of Kustomization home/a could not be renewed at last: ValueError: odd",
            id="an error that nobody foresaw",
        ),
    ],
)
def test_a_pause_that_may_have_ended_is_told(
    monkeypatch: pytest.MonkeyPatch, error: Exception, ahead: int, said: str
) -> None:
    """Others are renewed all the same, and an error that has passed is none."""
    lab = Lab()
    renewals = Renewals(monkeypatch, lab, _raise(error))
    around = _around(lab, lab.add("a"), lab.add("b"))
    around.begin(timeout=5)
    first = lab.owner("b").mark
    lab.api.clock_ahead = dt.timedelta(hours=ahead)
    lab.run.client.get("/api")  # which tells the time
    renewals.await_more("a")
    renewals.await_more("b")
    later = lab.owner("b").mark
    around.end(succeeded=True)
    assert first is not None
    assert later is not None
    assert later.until is not None
    assert first.until is not None
    assert later.until - first.until >= dt.timedelta(hours=ahead)
    warnings = [issue.message for issue in lab.issues.warnings]
    assert [message.startswith(said) for message in warnings] == ([True] if said else [])
    assert not any("\x1b" in message for message in warnings)


def test_an_error_that_passes_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab()
    errors = [_REFUSED, ValueError("odd")]
    renewals = Renewals(monkeypatch, lab, lambda: _raise(errors.pop())() if errors else None)
    around = _around(lab, lab.add("a"))
    around.begin(timeout=5)
    for _look in range(2):
        renewals.await_more("a")
    around.end(succeeded=True)
    assert not errors
    assert not lab.issues.warnings


@pytest.mark.parametrize("is_over", [False, True], ids=["at the end", "while it works"])
def test_a_renewal_that_hangs_holds_up_nothing(monkeypatch: pytest.MonkeyPatch, *, is_over: bool) -> None:
    """The end of a restore, or the renewal of other pauses. Nobody waits for the answer, which never comes."""
    monkeypatch.setattr(keeper_file, "_STOP_SECONDS", 0.2)
    monkeypatch.setattr(keeper_file, "_RENEWAL_SECONDS", 0.3 if is_over else 1e9)
    lab, hangs = Lab(), threading.Event()
    renewals = Renewals(monkeypatch, lab, hangs.wait)
    around = _around(lab, lab.add("a"), lab.add("b"))
    around.begin(timeout=5)
    if is_over:
        renewals.await_more("b")
    around.end(succeeded=True)
    assert not hangs.is_set()
    assert (lab.is_marked("a"), lab.is_marked("b")) == (False, False)
    assert not lab.issues.warnings
    assert "pauses" not in {thread.name for thread in threading.enumerate()}
    hangs.set()


def test_a_pause_that_has_run_out_before_its_turn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The renewal of the one before it hangs, and nothing has failed yet."""
    monkeypatch.setattr(keeper_file, "_STOP_SECONDS", 0.2)
    lab, hangs, began = Lab(), threading.Event(), threading.Event()

    def hang() -> None:
        began.set()
        hangs.wait()

    Renewals(monkeypatch, lab, hang)
    around = _around(lab, lab.add("a"), lab.add("b"))
    around.begin(timeout=5)
    assert began.wait(60)
    lab.api.clock_ahead = dt.timedelta(hours=5)
    lab.run.client.get("/api")  # which tells the time
    around.end(succeeded=True)
    hangs.set()
    said = [issue.message for issue in lab.issues.warnings]
    assert [message.startswith(_LAPSED) for message in said] == [True, False]
    assert "home/b could not be renewed, so that another run may have taken it over since" in said[1]


def _marked(until: dt.datetime | None, was: t.Any, run: str = "dead") -> Object:
    return {"metadata": {"annotations": {PAUSED_ANNOTATION: PauseMark(run=run, until=until, was=was).to_text()}}}


@pytest.mark.parametrize("until", [_PAST, None], ids=["of a dead run", "waiting for a person"])
@pytest.mark.parametrize(
    ("plural", "old", "now"),
    [
        # What somebody has made of the field since the mark was written is what comes back (docs/docsite guide_gitops).
        ("applications", {"prune": True}, {"syncPolicy": {"automated": {"selfHeal": True}}}),
        ("kustomizations", None, {"suspend": False}),
    ],
)
def test_an_old_mark_does_not_say_what_it_was(plural: str, old: t.Any, now: Object, until: dt.datetime | None) -> None:
    lab = Lab(plural)
    owner = lab.add("a", now, **_marked(until, old))
    assert owner.unpaused == owner.now
    lab.pausing.pause([owner], timeout=5)
    assert lab.spec("a") != now
    lab.pausing.resume([owner])
    assert (lab.spec("a"), lab.is_marked("a")) == (now, False)


def test_resuming_goes_on_after_one_that_fails() -> None:
    lab = Lab()
    for name in "abc":
        lab.add(name, {"suspend": True}, **_marked(_NEVER, None, run="repair"))
    refused = KubeError("No.", status=403, reason="Forbidden")
    lab.api.refuse = lambda verb, path, _dry: refused if verb == "PATCH" and path.endswith("/b") else None
    done = change_owners(lab.request("resumed", run="repair"), lab.run, lab.book, check_mode=False)
    assert [ref.name for ref in done.resumed] == ["a", "c"]
    [error] = lab.issues.errors
    assert "Kustomization home/b stays paused" in error.message
    assert "kubectl -n home patch" in error.hint


def test_one_that_is_gone_keeps_no_other_paused() -> None:
    lab = Lab()
    lab.add("a", {"suspend": True}, **_marked(_NEVER, None))
    done = change_owners(lab.request("resumed", "gone", "a"), lab.run, lab.book, check_mode=False)
    assert [ref.name for ref in done.resumed] == ["a"]
    assert [each.message for each in lab.issues.errors] == [
        "Kustomization home/gone cannot be found: it is not in the cluster."
    ]
    with pytest.raises(GitOpsError, match="cannot be found"):
        change_owners(lab.request("listed", "gone"), lab.run, lab.book, check_mode=False)


def test_a_mark_that_was_spoilt_meanwhile_is_told() -> None:
    lab = Lab()
    [paused] = lab.pausing.pause([lab.add("a")], timeout=5)
    lab.api.objects[("kustomizations", "home", "a")]["metadata"]["annotations"][PAUSED_ANNOTATION] = "?"
    done = lab.pausing.resume([paused])
    assert not done.resumed
    assert "cannot be used" in done.failed[paused.ref].message


def _compared(*answers: Object, timeout: float = 60.0, **change: t.Any) -> tuple[Lab, AroundChange]:
    """After an Argo CD that gives these answers to refreshes, the last one ever again, was asked what it would undo."""
    lab, left = Lab("applications"), list(answers)
    owner = lab.add("a", _AUTOMATED)

    def admit(obj: Object) -> list[str]:
        annotations = obj["metadata"].get("annotations") or {}
        if annotations.pop("argocd.argoproj.io/refresh", None):
            obj["status"] = left.pop(0) if len(left) > 1 else left[0]
        return []

    lab.api.admit = admit
    changed = Change(Identity("", "ConfigMap", "shop", "web"), "configmaps", **change)
    around = AroundChange(
        lab.run,
        GitOpsTerms(on_owned="pause", compare_timeout=timeout),
        Decision(to_pause={owner.ref: (owner,)}, changes={owner.ref: (changed,)}),
    )
    around.begin(timeout=5)
    around.end(succeeded=True)
    return lab, around


def _status(sync: str, **entry: t.Any) -> Object:
    """With the object that was changed, unless nothing is said of it."""
    web = {"kind": "ConfigMap", "namespace": "shop", "name": "web", **entry}
    return {"sync": {"status": sync}, "resources": [web] if entry else []}


_UNLISTED, _SYNCED = _status("Synced"), _status("Synced", status="Synced")
_DIFFERS, _PRUNED = _status("OutOfSync", status="OutOfSync"), _status("OutOfSync", requiresPruning=True)


@pytest.mark.parametrize(
    ("answers", "fields", "why"),
    [
        # Seen with argo-cd 3.2.0 (make soak SOAK=argocd): its answer was of the cluster before the restore, and it
        # pruned what was restored once it was resumed.
        ([_UNLISTED, _PRUNED], None, "it would be pruned"),
        ([_UNLISTED, _UNLISTED, _UNLISTED, _PRUNED], None, "it would be pruned"),
        ([_SYNCED, _DIFFERS], ("data",), "it differs from git"),
        # The other way round, what it had to correct before the restore.
        ([_DIFFERS, _SYNCED], ("data",), None),
        ([_UNLISTED, _SYNCED], None, None),
        ([_DIFFERS, _SYNCED, _DIFFERS], ("data",), "it differs from git"),
    ],
)
def test_an_answer_of_an_earlier_time_does_not_count(
    answers: list[Object], fields: tuple[str, ...] | None, why: str | None
) -> None:
    lab, around = _compared(*answers, fields=fields)
    told = around.account.to_return()
    if why is None:
        assert (told["conflicts"], told["left_paused"], lab.spec("a")) == ([], [], _AUTOMATED)
    else:
        assert why in told["conflicts"][0]["why"]
        assert lab.is_marked("a")


def test_what_it_never_lists_is_none_of_its_own() -> None:
    """Such as what ``resource.exclusions`` of argocd-cm has (Argo CD docs/operator-manual/declarative-setup.md)."""
    lab, _around = _compared(_UNLISTED, timeout=0.1)
    assert lab.spec("a") == _AUTOMATED


def test_answers_that_never_agree_leave_it_paused() -> None:
    lab, around = _compared(*[_SYNCED, _DIFFERS] * 5000, timeout=0.1, fields=("data",))
    assert "still changed its answer" in around.account.to_return()["left_paused"][0]["why"]
    assert lab.is_marked("a")


@pytest.mark.parametrize(
    ("status", "left"),
    [
        ({"sync": {"status": "Synced"}, "resources": []}, None),
        # Application controller, docs/operator-manual: Unknown where the manifests could not be made.
        ({"sync": {"status": "Unknown"}, "resources": []}, "could not compare"),
        ({}, "could not compare"),
        ({"sync": "odd", "resources": 7}, "could not compare"),
        ({"sync": {"status": "OutOfSync"}, "resources": 7}, None),
        ({"sync": {"status": "OutOfSync"}, "resources": ["x", {"kind": 1, "name": 2}]}, None),
    ],
)
def test_only_what_argo_has_compared_is_resumed(status: Object, left: str | None) -> None:
    lab, around = _compared(status, fields=("data",))
    told = around.account.to_return()
    if left is None:
        assert (told["left_paused"], lab.spec("a")) == ([], _AUTOMATED)
    else:
        assert left in told["left_paused"][0]["why"]
        assert lab.is_marked("a")


_LYING = {
    "metadata": {
        "labels": {
            "kustomize.toolkit.fluxcd.io/name": "..",
            "kustomize.toolkit.fluxcd.io/namespace": "a/b",
            "helm.toolkit.fluxcd.io/name": "x%2f..",
            "helm.toolkit.fluxcd.io/namespace": "Home",
            "argocd.argoproj.io/instance": "My_App",
        },
        "annotations": {
            "argocd.argoproj.io/tracking-id": "../../secrets?x=_y:/ConfigMap:shop/web",
            "meta.helm.sh/release-name": "a,b!=c",
            "meta.helm.sh/release-namespace": "x\n../y",
        },
        "name": "web",
        "namespace": "shop",
    },
    "kind": "ConfigMap",
    "apiVersion": "v1",
}


def test_names_that_nothing_can_have_name_no_owner() -> None:
    assert Tracking().marks(_LYING) == ()


@pytest.mark.parametrize("odd", [7, "text", [7, None, "x", [], {}], {"a": 1}, None, True])
@pytest.mark.parametrize("plural", ["applications", "kustomizations", "helmreleases"])
def test_odd_shapes_are_read(plural: str, odd: t.Any) -> None:
    """A definition without a schema lets anything be there; one bad object must not end a task about others."""
    lab = Lab(plural)
    owner = lab.add("a", {}, status={"conditions": odd, "inventory": {"entries": odd}, "resources": odd})
    assert not list(owner.kind.inventory(owner.obj))
    assert not owner.is_running
    for member in ("inventory", "history", "operationState"):
        lab.api.objects[(plural, "home", "a")]["status"] = {member: odd}
        again = lab.owner("a")
        assert not list(again.kind.inventory(again.obj))
        assert not again.is_running
        assert again.last_applied is None
    lab.api.objects[(plural, "home", "a")]["spec"] = odd
    again = lab.owner("a")
    assert json.dumps(again.to_return())


@pytest.mark.parametrize("seed", range(60))
def test_what_is_told_is_true_whatever_fails(seed: int) -> None:
    """Requests are refused and answers lost at random; afterwards the server is well, and a person resumes the rest."""
    rng = random.Random(seed)
    lab = Lab()
    specs: dict[str, Object] = {name: rng.choice(({}, {"suspend": False}, {"prune": True})) for name in "abc"}
    owners = [lab.add(name, dict(spec)) for name, spec in specs.items()]
    odds = rng.choice((0.05, 0.2, 0.4))
    errors = (
        KubeError("The connection was closed."),
        KubeError("It is overloaded.", status=500, reason="InternalError"),
        KubeError("No.", status=403, reason="Forbidden"),
    )
    lab.api.refuse = lambda _verb, path, _dry: rng.choice(errors) if "/home/" in path and rng.random() < odds else None
    lab.api.lose = lambda _verb, _path: rng.choice(errors[:2]) if rng.random() < odds else None
    around = AroundChange(
        lab.run, GitOpsTerms(on_owned="pause"), Decision(to_pause={owner.ref: (owner,) for owner in owners})
    )
    told: set[str] = set()
    try:
        around.begin(timeout=5)
    except ArkiveError as exc:
        told = {name for name in "abc" if f"home/{name}" in exc.message.partition("stay paused")[2]}
    else:
        around.end(succeeded=True)
        told = {each.owner.name for each in around.account.left_paused}
        for ref in around.account.resumed:
            assert not lab.is_marked(ref.name)
    left = {name for name in "abc" if lab.is_marked(name)}
    # One whose last answer was lost is told of although it is resumed; none is paused without a word.
    assert left <= told, (left, told)
    lab.api.refuse, lab.api.lose = (lambda *_request: None), (lambda *_request: None)
    lab.book.forget()
    change_owners(lab.request("resumed", run="repair"), lab.run, lab.book, check_mode=False)
    assert {name: lab.spec(name) for name in "abc"} == specs
