# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What S3 servers and botocore say, as a sentence about the storage location.

Works on the exceptions' names and response dicts, so that it needs no import of botocore.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._aws.errors import (
    CREDENTIALS,
    UNREACHABLE,
    credentials_fault,
    error_code,
    error_part,
    exception_text,
    metadata_part,
    no_connection,
    printable,
    status_code,
    tls_fault,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError, StoreFailure

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location

_WRONG_REGION = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
_DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "UnauthorizedAccess", "403"})
_NOT_FOUND = frozenset({"NoSuchKey", "NotFound", "404"})
#: How servers say that they do not know a kind of request or a header of it; some say no more than the status.
_UNSUPPORTED = frozenset({"NotImplemented", "MethodNotAllowed", "ParamValidationError"})
_UNSUPPORTED_STATUS = frozenset({400, 405, 501})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def is_unsupported(exc: Exception) -> bool:
    """The server refuses this kind of request, whoever asks for whatever: there may be another way."""
    code = error_code(exc)
    if code in CREDENTIALS or code in _WRONG_REGION:
        return False
    return code in _UNSUPPORTED or status_code(exc) in _UNSUPPORTED_STATUS


def is_hopeless(exc: Exception) -> bool:
    """The next request will meet the same: nobody answers, or nobody like these credentials is let in."""
    return status_code(exc) is None or error_code(exc) in CREDENTIALS


def store_error(location: S3Location, exc: Exception, *, verb: str, key: str = "") -> StoreError:
    """``exc`` as a ``StoreError``. ``verb`` and ``key`` say what was tried: ``write``, ``backups/x/x.tar.gz``."""
    code = error_code(exc)
    place = f"the storage location '{location.name}' ({location.describe})"
    tried = f"Cannot {verb} {key} in {place}" if key else f"Cannot {verb} {place}"
    failure, why, hint = _explain(location, exc, code)
    return StoreError(f"{tried}: {why}.", failure=failure, hint=hint, details={"code": code})


def _explain(location: S3Location, exc: Exception, code: str) -> tuple[StoreFailure, str, str | None]:
    if code == "NoSuchBucket":
        where = f" at {location.endpoint_text}" if location.endpoint_url else ""
        return "no_location", f"the bucket '{location.bucket}' does not exist{where}", "Create it or check 'bucket'."
    if code in _NOT_FOUND:
        return "not_found", "it does not exist", None
    if code in CREDENTIALS:
        why, hint = credentials_fault(exc)
        return "credentials", why, hint
    if code in _DENIED:
        return "denied", "the server denies it to these credentials", "Grant list, get, put and delete on the bucket."
    if code in _WRONG_REGION or status_code(exc) in _REDIRECTS:
        return _redirected(location, exc)
    if code == "SSLError":
        return "unreachable", *tls_fault(exc, location)
    if code in UNREACHABLE:
        target = location.endpoint_text or "the S3 endpoint"
        return (
            "unreachable",
            f"{target} cannot be reached: {no_connection(exc)}",
            "Check 'endpoint_url' and network.",
        )
    return "other", exception_text(exc, location), _remedy(exc)


def _redirected(location: S3Location, exc: Exception) -> tuple[StoreFailure, str, str | None]:
    headers = metadata_part(exc).get("HTTPHeaders")
    headers = headers if isinstance(headers, dict) else {}
    region = error_part(exc).get("Region") or headers.get("x-amz-bucket-region")
    asked = f", not in '{location.region}'" if location.region else ""
    if region:
        return "no_location", f"the bucket is in the region '{region}'{asked}", "Set 'region' to the bucket's."
    # Only the host: a page to log in at may have anything in its address.
    host = _host(headers.get("location")) or _host(error_part(exc).get("Endpoint"))
    if host:
        return "no_location", f"the server sends us to {host}", "Check 'endpoint_url' and 'region'."
    return "no_location", f"the bucket is in another region{asked}", "Set 'region' to the bucket's."


def _host(address: object) -> str:
    try:
        parts = urllib.parse.urlsplit(str(address or ""))
        return printable(parts.hostname or parts.path.partition("/")[0])
    except ValueError:
        return ""


def _remedy(exc: Exception) -> str:
    status = status_code(exc)
    if type(exc).__name__ == "BadAnswer":
        return "Check that 'endpoint_url' is that of an S3 server, and what stands between."
    if status is not None and status >= 500:
        return "Try again later; if it stays, see the server's log."
    return "See the server's log for the reason."


__all__ = ("is_hopeless", "is_unsupported", "store_error")
