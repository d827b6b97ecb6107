# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List what the plan names, in parallel, page by page, straight to where it goes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.list_plan import ListPlan, ListScope
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.garbage import rare_collections
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem, list_raw_pages

#: More lists at a time are hardly faster, and each holds a page.
_LISTS_AT_A_TIME = 3

#: Takes the items of one page. Called from several threads.
PageSink: t.TypeAlias = t.Callable[[ApiResource, list[RawItem]], t.Any]


class Collector:
    """Runs lists. A list that fails is an error of the log and of that type alone (Velero).

    ``lists``: for each list that was read, its type, namespace, resourceVersion and time, for our own record.
    """

    def __init__(self, run: ClusterRun, list_plan: ListPlan, *, workers: int) -> None:
        self._client = run.client
        self._list_plan = list_plan
        self._issues = run.issues
        self._cancel = run.cancel
        self._workers = min(workers, _LISTS_AT_A_TIME)
        self._lock = threading.Lock()
        self.lists: list[dict[str, str]] = []

    def run(self, resources: t.Iterable[ApiResource], sink: PageSink) -> None:
        """Read all ``resources``. Raises what ``sink`` raises, and ``Cancelled``."""
        scopes = [scope for resource in resources for scope in self._list_plan.scopes(resource)]
        with (
            rare_collections(),
            concurrent.futures.ThreadPoolExecutor(self._workers, thread_name_prefix="arkive-list") as pool,
        ):
            futures = [pool.submit(self._read, scope, sink) for scope in scopes]
            try:
                for future in concurrent.futures.as_completed(futures):
                    future.result()
            except BaseException:
                for future in futures:
                    future.cancel()
                raise

    def read(self, resource: ApiResource, namespace: str, sink: PageSink, *, selector: str = "") -> bool:
        """Read one list. False when it failed, which is then in the log; raises for a credential that has ended."""
        started = rfc3339(utc_now())
        version, count = "", 0
        fields = {"resource": str(resource.group_resource)} | ({"namespace": namespace} if namespace else {})
        try:
            for page in list_raw_pages(
                self._client, resource, namespace=namespace or None, label_selector=selector or None
            ):
                self._cancel.check()
                version = page.resource_version
                count += len(page.items)
                for item in page.bad:
                    self._report_bad(item, fields)
                sink(resource, page.items)
                del page  # or it is kept while the next one is asked for
        except KubeError as exc:
            if exc.unauthorized:
                raise  # nothing else can be read either, and a backup of next to nothing would be stored
            self._issues.error("Error listing items", error=exc.sentence, **fields)
            return False
        self._issues.info(f"Retrieved {count} items", **fields)
        entry = {
            "resource": str(resource.group_resource),
            "version": resource.api_version,
            "namespace": namespace,
            "resourceVersion": version,
            "listedAt": started,
        }
        with self._lock:
            self.lists.append(entry)
        return True

    def _report_bad(self, item: RawItem, fields: t.Mapping[str, str]) -> None:
        """An object of which nothing but its name is known."""
        metadata = item.obj["metadata"]
        where = {"namespace": metadata["namespace"]} if "namespace" in metadata else {}
        what = f"{item.obj['kind']} {readable('/'.join([*where.values(), metadata['name']]))}"
        self._issues.error(f"{what} is left out", error=item.problem, **{**fields, **where, "name": metadata["name"]})

    def _read(self, scope: ListScope, sink: PageSink) -> None:
        # One list for each selector: the sink drops what several of them match.
        for selector in [each.to_text() for each in self._list_plan.spec.selectors] or [""]:
            self.read(scope.resource, scope.namespace, sink, selector=selector)


__all__ = ("Collector", "PageSink")
