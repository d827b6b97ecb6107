# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who we are to the API server. Options mean what they mean in ``kubernetes.core``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True, kw_only=True)
class KubeAuth:
    """The options of a task, as given; None where nothing was said.

    kubeconfig: a path (several joined by ``:`` are merged), or the kubeconfig itself as a dict or as text.
    ca_cert, client_cert, client_key: paths, or PEM text.
    proxy_headers: keys of ``urllib3.util.make_headers``: ``proxy_basic_auth``, ``basic_auth``, ``user_agent``.

    Where it comes from, in this order: host with api_key, with username and password, or with client_cert and
    client_key needs nothing else; else the kubeconfig or context that was named; else the service account of the pod
    that we run in; else ``$KUBECONFIG`` or ``~/.kube/config``. Each option given overrides what was found so.
    """

    kubeconfig: str | dict[str, t.Any] | None = dataclasses.field(default=None, repr=False)
    context: str | None = None
    host: str | None = None
    api_key: str | None = dataclasses.field(default=None, repr=False)
    username: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    validate_certs: bool | None = None
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = dataclasses.field(default=None, repr=False)
    proxy: str | None = dataclasses.field(default=None, repr=False)
    no_proxy: str | None = None
    proxy_headers: dict[str, t.Any] | None = dataclasses.field(default=None, repr=False)
    impersonate_user: str | None = None
    impersonate_groups: tuple[str, ...] = ()


__all__ = ("KubeAuth",)
