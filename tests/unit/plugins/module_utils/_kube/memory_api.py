# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API server in memory, for tests without a cluster.

``ApiContract`` holds it to what a real one does. It knows no schemas, admission, garbage collection or managedFields,
and of the kinds of patches: merge patches, lists of operations, and of the two others what is the same as a merge.
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube import memory_reviews, memory_watch
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import (
    Answer,
    Refused,
    Request,
    Target,
    forbidden,
    no_such_path,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_client import SERVER, memory_client
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key, MemoryObjects
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import (
    REVIEWS,
    TYPES,
    ApiType,
    Object,
    discover,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_verbs import MemoryVerbs

_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class MemoryApi:
    """Objects by plural, namespace and name in ``objects``; ``client`` is the project's own, with this as its server.

    ``refuse`` is asked before each request (verb, path, whether it is a dry run; the verb of a watch is ``WATCH``),
    ``lose`` after one that had its effect (verb, path): the client raises what they return. ``script`` may give an HTTP
    answer in the place of ours.
    ``logs``: what a request for a container's log gives, in pieces; it may raise what the client is to raise.
    ``denied``: what nobody has a right to: ``pods``, ``pods/exec``, ``("delete", "pods")``.
    ``granted``: what an impersonated user has a right to, by name: ``("get", "pods")``.
    """

    server = SERVER

    def __init__(self, types: t.Sequence[ApiType] = TYPES) -> None:
        self.types = [*types, *REVIEWS]
        self.kept = MemoryObjects()
        self.seen: list[Request] = []
        self.refuse: t.Callable[[str, str, bool], KubeError | None] = lambda _verb, _path, _dry_run: None
        self.lose: t.Callable[[str, str], KubeError | None] = lambda _verb, _path: None
        self.script: t.Callable[[Request], Answer | None] = lambda _request: None
        #: What schemas and webhooks make of an object that is written, in place; returns what is warned of.
        self.admit: t.Callable[[Object], list[str]] = lambda _obj: []
        self.logs: t.Callable[[Request], t.Iterable[bytes]] = lambda _request: ()
        self.denied: set[str | tuple[str, str]] = set()
        self.granted: dict[str, set[tuple[str, str]]] = {}
        #: Whether it can list all rights at once; not every authorizer can.
        self.lists_rights = True
        #: Of this machine's clock.
        self.clock_ahead = dt.timedelta()
        self._verbs = MemoryVerbs(self.kept, self._admit)

    @functools.cached_property
    def client(self) -> KubeClient:
        return memory_client(self)

    @property
    def objects(self) -> dict[Key, Object]:
        return self.kept.objects

    @property
    def requests(self) -> list[str]:
        """``POST /api/v1/namespaces/x/configmaps``, in their order; dry runs and reviews are not among them."""
        return [each.line for each in self.seen if not (each.dry_run or "/authorization.k8s.io/" in each.path)]

    def _admit(self, obj: Object) -> list[str]:
        """What ``admit`` says now: a test may change it later."""
        return self.admit(obj)

    def add(self, plural: str, name: str, namespace: str = "", **more: t.Any) -> Object:
        """Put an object there as it is, with its status."""
        kind = next(each for each in self.types if each.plural == plural)
        metadata = {"name": name, **more.pop("metadata", {})}
        body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **more}
        return self.kept.put((plural, namespace, name), body)

    def names(self, plural: str, namespace: str = "") -> list[str]:
        return sorted(key[2] for key in list(self.objects) if key[:2] == (plural, namespace))

    def allows(self, user: str, verb: str, resource: str, _namespace: str) -> bool:
        """Whether somebody may do something; nobody is named where no user is impersonated."""
        if user:
            return (verb, resource) in self.granted.get(user, ())
        return (
            not self.denied if resource == "*" else resource not in self.denied and (verb, resource) not in self.denied
        )

    def answer(self, request: Request) -> Answer:
        """Answer anything but a watch; raises what ``refuse`` and ``lose`` say."""
        self.begin(request)
        scripted = self.script(request)
        if scripted is not None:
            return scripted
        try:
            answer = self._answer(request)
        except Refused as refused:
            return refused.answer
        lost = self.lose(request.verb, request.path) if request.verb != "GET" and not request.dry_run else None
        if lost is not None:
            raise lost
        return answer

    def watch(self, request: Request, seconds: float) -> t.Iterator[Object | None]:
        """Events as they come; None whenever nothing came for a moment. Raises ``Refused``."""
        self.begin(request, "WATCH")
        scripted = self.script(request)
        if scripted is not None:
            raise Refused(scripted.status, "", "")
        target = self._authorized(request)
        return memory_watch.follow(self.kept, target, request.query, seconds)

    def log(self, request: Request) -> t.Iterator[bytes]:
        """The log of a container; no Kubernetes is behind it, only ``logs``."""
        self.begin(request, "LOG")
        yield from self.logs(request)

    def begin(self, request: Request, verb: str = "") -> None:
        self.seen.append(request)
        refusal = self.refuse(verb or request.verb, request.path, request.dry_run)
        if refusal is not None:
            raise refusal

    def now(self) -> dt.datetime:
        return utc_now() + self.clock_ahead

    def _answer(self, request: Request) -> Answer:
        if request.path == "/version":
            return Answer(200, {"major": "1", "minor": "34", "gitVersion": "v1.34.1"})
        found = discover(self.types, request.path, request.headers.get("accept", ""))
        if found is not None:
            return Answer(200, found)
        target = self._authorized(request)
        review = memory_reviews.answer(self, target, request)
        if review is not None:
            return review
        with self.kept.changed:
            status, document = self._verbs.do(request, target)
            texts = [*([target.kind.deprecated] if target.kind.deprecated else []), *self._verbs.warnings]
        said = ", ".join("299 - {}".format('"{}"'.format(text.replace('"', '\\"'))) for text in texts)
        return Answer(status, copy.deepcopy(document), {"Warning": said} if said else {})

    def _authorized(self, request: Request) -> Target:
        target = self._target(request.path)
        verb = _VERBS[request.verb]
        if not target.name:
            listing = "watch" if request.query.get("watch") in ("1", "true") else "list"
            verb = {"get": listing, "delete": "deletecollection"}.get(verb, verb)
        user = request.headers.get("impersonate-user", "")
        resource = "/".join(filter(None, (target.kind.plural, target.subresource)))
        if verb not in target.kind.verbs:
            raise Refused(
                405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}
            )
        if target.kind.verbs != ("create",) and not self.allows(user, verb, resource, target.namespace):
            raise forbidden(target, user or "admin", verb)
        return target

    def _target(self, path: str) -> Target:
        words = [urllib.parse.unquote(word) for word in path.strip("/").split("/")]
        group, version, rest = ("", *words[1:2], words[2:]) if words[0] == "api" else (*words[1:3], words[3:])
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] != "status":
            namespace, rest = rest[1], rest[2:]
        for each in self.types:
            if (each.group, each.version, each.plural) == (group, version, rest[0] if rest else ""):
                name, subresource = [*rest[1:], "", ""][:2]
                if bool(namespace) > each.namespaced or subresource not in ("", "status"):
                    break
                return Target(each, namespace, name, subresource)
        raise no_such_path()


__all__ = ("MemoryApi",)
