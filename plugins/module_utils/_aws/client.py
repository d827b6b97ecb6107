# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""boto3's clients, and the keys that it finds. It is loaded when the first one is made."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import sys
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess
from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import BadAnswer, GuardedClient, Overdue
from ansible_collections.arkive.k8s.plugins.module_utils._aws.bounded_calls import BoundedCalls
from ansible_collections.arkive.k8s.plugins.module_utils._aws.environment import check_keys, forget_empty
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError

Errors: t.TypeAlias = "tuple[type[Exception], ...]"

_CONNECT_SECONDS = 10
_READ_SECONDS = 60
_ATTEMPTS = 6
_CREDENTIALS_SECONDS = 60.0
#: What servers other than Amazon's do not know, and newer versions of botocore send unasked.
_UNASKED = ("request_checksum_calculation", "response_checksum_validation")


def make_client(
    service: str,
    access: AwsAccess,
    *,
    what: str,
    error: type[ArkiveError],
    explain: t.Callable[[Exception], ArkiveError],
    max_connections: int,
    cancel: CancelToken,
    default_region: str | None = None,
    **config: t.Any,
) -> tuple[GuardedClient, Errors]:
    """A client that may be shared between threads, and the exceptions that it raises.

    ``what`` is the service for people. Raises ``error`` for what can be seen at once, and what ``explain`` makes of
    botocore's own complaints. Once ``cancel`` is set, answers are waited for no longer than a moment. ``config``: more
    of ``botocore.config.Config``.
    """
    errors = _load(access, what=what, error=error)
    import botocore.config

    if access.ca_bundle and not os.path.exists(access.ca_bundle):
        raise error(f"The CA bundle {access.ca_bundle} does not exist.", hint="Check 'ca_bundle'.")
    known = getattr(botocore.config.Config, "OPTION_DEFAULTS", {})
    options: dict[str, t.Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "read_timeout": _READ_SECONDS,
        "retries": {"mode": "standard", "total_max_attempts": _ATTEMPTS},
        "max_pool_connections": max_connections,
        "user_agent_extra": "arkive.k8s",
        **{name: "when_required" for name in _UNASKED if name in known},
        **config,
    }

    def make() -> t.Any:
        session = _session(access)
        return session.client(
            service,
            region_name=session.region_name or default_region,
            endpoint_url=access.endpoint_url,
            verify=(access.ca_bundle or None) if access.validate_certs else False,
            config=botocore.config.Config(**options),
        )

    calls = BoundedCalls(cancel)
    try:
        # Finds the credentials, for which the user's own programs and servers may be asked.
        client = calls.wait_for(make, _CREDENTIALS_SECONDS)
    except Overdue as exc:
        raise _late(what, error) from exc
    except errors as exc:
        raise explain(exc) from exc
    except ValueError as exc:  # botocore's answer to an endpoint that is no URL
        raise error(
            f"The endpoint_url '{access.endpoint_text}' cannot be used: {access.masked(str(exc)).rstrip('.')}.",
            hint="Write it as http://host:port or https://host.",
        ) from exc
    return GuardedClient(client, errors, calls.wait_for), errors


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AwsKeys:
    """Keys that sign requests. ``expires`` is in UTC: None for those that last, or of which nobody knows."""

    access_key: str
    secret_key: str = dataclasses.field(repr=False)
    session_token: str = dataclasses.field(default="", repr=False)
    expires: dt.datetime | None = None


def find_keys(
    access: AwsAccess,
    *,
    what: str,
    error: type[ArkiveError],
    explain: t.Callable[[Exception], ArkiveError],
    cancel: CancelToken,
) -> AwsKeys:
    """The keys that a client for ``access`` would use; for the parameters see ``make_client``."""
    errors = _load(access, what=what, error=error)

    def find() -> AwsKeys | None:
        found = _session(access).get_credentials()
        frozen = found.get_frozen_credentials() if found is not None else None
        if not frozen or not frozen.access_key or not frozen.secret_key:
            return None
        expires = getattr(found, "_expiry_time", None)
        return AwsKeys(
            access_key=str(frozen.access_key),
            secret_key=str(frozen.secret_key),
            session_token=str(frozen.token or ""),
            expires=expires.astimezone(dt.UTC) if isinstance(expires, dt.datetime) else None,
        )

    try:
        keys: AwsKeys | None = BoundedCalls(cancel).wait_for(find, _CREDENTIALS_SECONDS)
    except Overdue as exc:
        raise _late(what, error) from exc
    except errors as exc:
        raise explain(exc) from exc
    if keys is None:
        raise error(f"There are no credentials for {what}.", hint="Give 'access_key' and 'secret_key', or 'profile'.")
    return keys


def _load(access: AwsAccess, *, what: str, error: type[ArkiveError]) -> Errors:
    """See that boto3 is there and what it finds is whole; the exceptions that it raises."""
    try:
        import boto3  # noqa: F401
        import botocore.exceptions
    except ImportError as exc:
        raise error(
            f"The Python library boto3 is missing for {sys.executable}, so {what} cannot be used.",
            hint=f"Install it: {sys.executable} -m pip install boto3",
        ) from exc
    forget_empty(os.environ)
    check_keys(os.environ, access, what=what, error=error)
    return (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, BadAnswer)


def _session(access: AwsAccess) -> t.Any:
    import boto3

    return boto3.session.Session(
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
        aws_session_token=access.session_token,
        profile_name=access.profile,
        region_name=access.region,
    )


def _late(what: str, error: type[ArkiveError]) -> ArkiveError:
    return error(
        f"The credentials for {what} were not there after {_CREDENTIALS_SECONDS:.0f} seconds.",
        hint="Look at 'credential_process' in the AWS configuration, or give 'access_key' and 'secret_key'.",
    )


__all__ = ("AwsKeys", "Errors", "find_keys", "make_client")
