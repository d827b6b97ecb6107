# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small application in git that Argo CD keeps the cluster like, and the Applications above its own."""

from __future__ import annotations

import dataclasses
import functools
import random
import typing as t

from campaigns.argocd_lab import NAMESPACE, Application, ArgoLab, Object, Repository, wait_for
from campaigns.wrong import Wrong

#: What a backup of the application takes.
KINDS = ("configmaps", "deployments.apps", "secrets", "services")
#: The directory of the application in the repository; those of the Applications above it are named by their level.
_DIRECTORY = "web"
_FINALIZER = "resources-finalizer.argocd.argoproj.io"
_COUNTED = "COUNTER"
_SERVER = "https://kubernetes.default.svc"
_PATHS = {
    "ConfigMap": "/api/v1/namespaces/{}/configmaps/{}",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments/{}",
    "Secret": "/api/v1/namespaces/{}/secrets/{}",
    "Service": "/api/v1/namespaces/{}/services/{}",
}


@dataclasses.dataclass(frozen=True)
class Setup:
    """``parents``: how many Applications are above that of the application. ``own``: it is in its own namespace."""

    tracking: str
    automated: tuple[tuple[str, bool], ...]
    options: tuple[str, ...]
    settings: int
    kinds: tuple[str, ...]
    parents: int = 0
    own: bool = False

    @classmethod
    def of(cls, chance: random.Random, *, parents: int) -> Setup:
        automated = {"prune": True, "selfHeal": True}
        if chance.random() < 0.3:
            automated["enabled"] = True
        if chance.random() < 0.3:
            automated["allowEmpty"] = False
        options = ("ServerSideApply=true", "CreateNamespace=false", "ApplyOutOfSyncOnly=true", "PruneLast=true")
        return cls(
            tracking=chance.choice(("annotation", "annotation", "label", "annotation+label")),
            automated=tuple(automated.items()),
            options=tuple(option for option in options if chance.random() < 0.35),
            settings=chance.randint(1, 4),
            kinds=tuple(kind for kind in ("Deployment", "Secret", "Service") if chance.random() < 0.5),
            parents=parents,
            own=chance.random() < 0.3,
        )

    def __str__(self) -> str:
        words = [self.tracking, f"{self.settings} ConfigMaps", *self.kinds, *self.options]
        words += [f"{key}={value}" for key, value in self.automated]
        return ", ".join([*words, f"{self.parents} above it", *(["in its own namespace"] if self.own else [])])


class App:
    """In a namespace of its own. Its greeting is what a commit changes, its counter what it writes itself."""

    def __init__(self, lab: ArgoLab, setup: Setup, namespace: str) -> None:
        self._lab = lab
        self._setup = setup
        self.namespace = namespace
        self._repository: Repository = lab.repository(namespace)
        home = namespace if setup.own else NAMESPACE
        self.application = Application(lab, home, namespace)
        #: From the root down, the application's own last.
        self.chain = [Application(lab, NAMESPACE, f"{namespace}-{level}") for level in range(setup.parents)]
        self.chain.append(self.application)

    def create(self, greeting: str, *, extra: bool) -> None:
        """As git has it at first, applied by Argo CD."""
        self._lab.track_by(self._setup.tracking)
        self._lab.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
        self._repository.commit(_DIRECTORY, self._tree(greeting, extra=extra))
        documents = [self._document(number) for number in range(len(self.chain))]
        for number, document in enumerate(documents[1:]):
            self._repository.commit(f"level-{number}", [document])
        self._lab.create(documents[0])
        self.await_synced()

    def commit(self, greeting: str, *, extra: bool = False) -> None:
        self._repository.commit(_DIRECTORY, self._tree(greeting, extra=extra))

    def await_synced(self) -> None:
        """The root first: it makes what is below it."""
        for number, application in enumerate(self.chain):
            if number and not wait_for(functools.partial(self._exists, application)):
                raise Wrong(f"{application} was not made by what is above it")
            application.await_synced(self._repository.head)

    def await_compared(self, status: str) -> None:
        """All of them at the newest commit; the application itself with this outcome, those above it as they are."""
        self.application.await_compared(self._repository.head, status)

    def _exists(self, application: Application) -> bool:
        path = f"/apis/argoproj.io/v1alpha1/namespaces/{application.namespace}/applications/{application.name}"
        return self._lab.get(path) is not None

    def automated(self) -> Object:
        """What each Application has, as long as it is not paused."""
        return dict(self._setup.automated)

    def _document(self, number: int) -> Object:
        application = self.chain[number]
        last = number == len(self.chain) - 1
        where = self.namespace if last else self.chain[number + 1].namespace
        metadata: Object = {"name": application.name, "namespace": application.namespace}
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": metadata | {"finalizers": [_FINALIZER]},
            "spec": {
                "project": "default",
                "destination": {"server": _SERVER, "namespace": where},
                "source": {
                    "repoURL": self._repository.url,
                    "path": _DIRECTORY if last else f"level-{number}",
                    "targetRevision": "main",
                },
                "syncPolicy": {"automated": self.automated(), "syncOptions": list(self._setup.options)},
            },
        }

    def _tree(self, greeting: str, *, extra: bool) -> list[Object]:
        data = {"GREETING": greeting}
        found = [self._object("v1", "ConfigMap", f"settings-{n}", data=data) for n in range(self._setup.settings)]
        if "Deployment" in self._setup.kinds:
            labels = {"app": "web"}
            container = {"name": "web", "image": "busybox:1", "env": [{"name": "GREETING", "value": greeting}]}
            template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
            spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
            found.append(self._object("apps/v1", "Deployment", "web", spec=spec))
        if "Secret" in self._setup.kinds:
            found.append(self._object("v1", "Secret", "keys", type="Opaque", stringData=data))
        if "Service" in self._setup.kinds:
            spec = {"selector": {"app": greeting}, "ports": [{"port": 80}]}
            found.append(self._object("v1", "Service", "web", spec=spec))
        return [*found, self._object("v1", "ConfigMap", "extra", data={"only": "then"})] if extra else found

    def _object(self, version: str, kind: str, name: str, **more: t.Any) -> Object:
        metadata = {"name": name, "namespace": self.namespace, "labels": {"app": "web"}}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}

    def names(self) -> set[str]:
        """Of what a commit of another greeting changes, each as ``Kind/name``."""
        return {f"{obj['kind']}/{obj['metadata']['name']}" for obj in self._tree("", extra=False)}

    def greetings(self) -> dict[str, str]:
        """As the cluster has them, by ``Kind/name``; empty for one that is not there."""
        found = {}
        for name in sorted(self.names()):
            kind, _slash, own = name.partition("/")
            found[name] = _greeting(kind, self._lab.get(_PATHS[kind].format(self.namespace, own)) or {})
        return found

    def has_greeting(self, greeting: str) -> bool:
        """Everywhere."""
        return set(self.greetings().values()) == {greeting}

    def has_extra(self) -> bool:
        return self._lab.get(_PATHS["ConfigMap"].format(self.namespace, "extra")) is not None

    def count(self, number: int) -> None:
        """As the application does it: a key that git does not have."""
        patch = f'{{"data":{{"{_COUNTED}":"{number}"}}}}'
        self._lab.kubectl("-n", self.namespace, "patch", "configmap", "settings-0", "--type=merge", "-p", patch)

    def counted(self) -> str:
        found = self._lab.get(_PATHS["ConfigMap"].format(self.namespace, "settings-0")) or {}
        return str((found.get("data") or {}).get(_COUNTED, ""))

    def remove(self) -> None:
        """All of it, by the finalizers of the Applications that are not paused, and without those of the others."""
        kinds = "applications.argoproj.io"
        for application in self.chain:
            where = ("-n", application.namespace)
            patch = '{"metadata":{"finalizers":null}}'
            self._lab.kubectl(*where, "delete", kinds, application.name, "--wait=false", check=False)
            self._lab.kubectl(*where, "patch", kinds, application.name, "--type=merge", "-p", patch, check=False)
        self._lab.kubectl("delete", "namespace", self.namespace, "--wait=false", check=False)


def _greeting(kind: str, obj: Object) -> str:
    if kind == "ConfigMap":
        return str((obj.get("data") or {}).get("GREETING", ""))
    if kind == "Secret":
        return {"b25l": "one", "dHdv": "two"}.get(str((obj.get("data") or {}).get("GREETING", "")), "")
    spec = obj.get("spec") or {}
    if kind == "Service":
        return str((spec.get("selector") or {}).get("app", ""))
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or [{}]
    return str((containers[0].get("env") or [{}])[0].get("value", ""))


__all__ = ("KINDS", "App", "Setup")
