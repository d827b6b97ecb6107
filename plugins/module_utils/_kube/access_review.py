# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the caller may not do, found out before it is tried (``authorization.k8s.io/v1``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

_RULES_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
#: A verb is asked for on all types at once when at least this many needs have it.
_WORTH_ONE_QUESTION = 3
#: A server without the API, or one that does not let the caller ask: nothing is known then.
_NO_REVIEWS = (403, 404, 405)

T = t.TypeVar("T")


class Need(t.NamedTuple):
    """One right: ``verb`` on ``resource`` (a plural) of ``group``; an empty ``namespace`` means the whole cluster."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""

    @property
    def resource_text(self) -> str:
        """``pods/exec``, ``deployments.apps``."""
        name = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{name}/{self.subresource}" if self.subresource else name


class _Rules(t.NamedTuple):
    """A SelfSubjectRulesReview: what is granted in one namespace; not all of it when ``complete`` is False."""

    rules: t.Sequence[t.Mapping[str, t.Any]]
    complete: bool

    def grant(self, need: Need) -> bool:
        return any(_grants(rule, need) for rule in self.rules)


def find_forbidden(client: KubeClient, needs: t.Iterable[Need], *, workers: int) -> list[Need]:
    """Those of ``needs`` that the API server would refuse, in their order; empty where it cannot be asked.

    One request answers for a cluster admin, two for who may do one thing to everything. Beyond that it is one for each
    cluster-wide need and one for each namespace (more only where an authorizer cannot list its rules).
    """
    wanted = list(dict.fromkeys(needs))
    if not wanted:
        return []
    reviewer = _Reviewer(client)
    if reviewer.allows(Need("*", "*", "*")):
        return []
    granted = {verb for verb in _frequent_verbs(wanted) if reviewer.allows(Need(verb, "*", "*"))}
    open_needs = [need for need in wanted if need.verb not in granted]
    cluster_wide = [need for need in open_needs if not need.namespace]
    namespaces = list(dict.fromkeys(need.namespace for need in open_needs if need.namespace))
    with concurrent.futures.ThreadPoolExecutor(workers, thread_name_prefix="arkive-access") as pool:
        rules = dict(zip(namespaces, _all(pool, reviewer.rules, namespaces), strict=True))
        refused = [need for need in open_needs if need.namespace and not rules[need.namespace].grant(need)]
        unsure = [*cluster_wide, *(need for need in refused if not rules[need.namespace].complete)]
        allowed = {need for need, answer in zip(unsure, _all(pool, reviewer.allows, unsure), strict=True) if answer}
    forbidden = {*cluster_wide, *refused} - allowed
    return [need for need in open_needs if need in forbidden]


class _Reviewer:
    """Asks the API server; what it does not answer counts as allowed. Thread-safe."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def allows(self, need: Need) -> bool:
        try:
            return self._client.can_i(
                need.verb,
                group=need.group,
                resource=need.resource,
                subresource=need.subresource,
                namespace=need.namespace,
            )
        except KubeError as exc:
            if exc.status in _NO_REVIEWS:
                return True
            raise

    def rules(self, namespace: str) -> _Rules:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        }
        try:
            status = self._client.post(_RULES_REVIEWS, review).get("status") or {}
        except KubeError as exc:
            if exc.status in _NO_REVIEWS:
                return _Rules((), complete=False)
            raise
        return _Rules(status.get("resourceRules") or (), complete=not status.get("incomplete"))


def _frequent_verbs(needs: t.Iterable[Need]) -> list[str]:
    counts = collections.Counter(need.verb for need in needs)
    return [verb for verb, count in counts.items() if count >= _WORTH_ONE_QUESTION]


def _all(
    pool: concurrent.futures.ThreadPoolExecutor, ask: t.Callable[[t.Any], T], questions: t.Sequence[t.Any]
) -> list[T]:
    """The answers in order; after a failure the questions that have not begun are not asked."""
    futures = [pool.submit(ask, question) for question in questions]
    try:
        return [future.result() for future in futures]
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _grants(rule: t.Mapping[str, t.Any], need: Need) -> bool:
    """As RBAC reads a rule; one that names single objects grants no list and no create."""
    if rule.get("resourceNames"):
        return False
    resources = rule.get("resources") or ()
    if need.subresource:
        named = f"{need.resource}/{need.subresource}" in resources or f"*/{need.subresource}" in resources
    else:
        named = need.resource in resources
    return (
        (named or "*" in resources)
        and _holds(rule.get("verbs") or (), need.verb)
        and _holds(rule.get("apiGroups") or (), need.group)
    )


def _holds(values: t.Collection[str], value: str) -> bool:
    return value in values or "*" in values


__all__ = ("Need", "find_forbidden")
