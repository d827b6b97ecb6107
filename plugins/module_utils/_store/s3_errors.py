# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What S3 servers and botocore say, as a sentence about the storage location.

Works on the exceptions' names and response dicts, so that it needs no import of botocore.
"""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError, StoreFailure

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation

_WRONG_REGION = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
_DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "UnauthorizedAccess", "403"})
_NOT_FOUND = frozenset({"NoSuchKey", "NotFound", "404"})
#: What is wrong with credentials, and the remedy, by the code or the class of the exception.
CREDENTIALS: dict[str, tuple[str, str | None]] = {
    "InvalidAccessKeyId": ("the server does not know the access key", "Check 'access_key'."),
    "SignatureDoesNotMatch": ("the secret key does not belong to the access key", "Check 'secret_key'."),
    "ExpiredToken": ("the session token has expired", "Get new credentials."),
    "InvalidToken": ("the session token is not valid", "Check 'session_token'."),
    "RequestTimeTooSkewed": ("this machine's clock differs too much from the server's", "Set the clock."),
    "NoCredentialsError": ("there are no credentials", "Give 'access_key' and 'secret_key', or 'profile'."),
    "PartialCredentialsError": ("the credentials are incomplete", "Give 'access_key' and 'secret_key'."),
    "ProfileNotFound": ("the AWS profile does not exist", "Check 'profile'."),
    "CredentialRetrievalError": ("the credentials could not be got", None),
    "TokenRetrievalError": ("the SSO token could not be got", "Log in with 'aws sso login'."),
    "UnauthorizedSSOTokenError": ("the SSO token has expired", "Log in with 'aws sso login'."),
    "SSOTokenLoadError": ("there is no SSO token", "Log in with 'aws sso login'."),
}
#: Why there is no connection, by the class of the exception.
UNREACHABLE = {
    "EndpointConnectionError": "no connection",
    "ConnectTimeoutError": "no connection in time",
    "ReadTimeoutError": "no answer in time",
    "ConnectionClosedError": "the connection was closed",
    "ConnectionError": "no connection",
    "ProxyConnectionError": "no connection to the proxy",
    "HTTPClientError": "the HTTP request failed",
    "ResponseStreamingError": "the connection broke",
    "IncompleteReadError": "the connection broke",
}
_LONGEST = 300


def error_code(exc: Exception) -> str:
    """The server's code (``NoSuchKey``; ``404`` for a HEAD, which has no body), else the exception's class name."""
    response = getattr(exc, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return str(code) if code else type(exc).__name__


def status_code(exc: Exception) -> int | None:
    """The HTTP status, None when there was no answer."""
    response = getattr(exc, "response", None)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
    return status if isinstance(status, int) else None


def store_error(location: StorageLocation, exc: Exception, *, verb: str, key: str = "") -> StoreError:
    """``exc`` as a ``StoreError``. ``verb`` and ``key`` say what was tried: ``write``, ``backups/x/x.tar.gz``."""
    code = error_code(exc)
    place = f"the storage location '{location.name}' ({location.describe})"
    tried = f"Cannot {verb} {key} in {place}" if key else f"Cannot {verb} {place}"
    failure, why, hint = _explain(location, exc, code)
    return StoreError(f"{tried}: {why}.", failure=failure, hint=hint, details={"code": code})


def _explain(location: StorageLocation, exc: Exception, code: str) -> tuple[StoreFailure, str, str | None]:
    if code == "NoSuchBucket":
        where = f" at {location.endpoint_url}" if location.endpoint_url else ""
        return "no_location", f"the bucket '{location.bucket}' does not exist{where}", "Create it or check 'bucket'."
    if code in _NOT_FOUND:
        return "not_found", "it does not exist", None
    if code in CREDENTIALS:
        why, hint = CREDENTIALS[code]
        return "credentials", why, hint
    if code in _DENIED:
        return "denied", "the server denies it to these credentials", "Grant list, get, put and delete on the bucket."
    if code in _WRONG_REGION or status_code(exc) == 301:
        return "no_location", _wrong_region(location, exc), "Set 'region' to the bucket's."
    if code == "SSLError":
        return "unreachable", f"TLS failed: {exception_text(exc)}", "Give the server's CA as 'ca_bundle'."
    if code in UNREACHABLE:
        target = location.endpoint_url or "the S3 endpoint"
        return (
            "unreachable",
            f"{target} cannot be reached: {UNREACHABLE[code]}",
            "Check 'endpoint_url' and network.",
        )
    return "other", exception_text(exc), None


def _wrong_region(location: StorageLocation, exc: Exception) -> str:
    response: t.Any = getattr(exc, "response", {})
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = response.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region")
    asked = f", not in '{location.region}'" if location.region else ""
    return f"the bucket is in the region '{region}'{asked}" if region else f"the bucket is in another region{asked}"


def exception_text(exc: Exception) -> str:
    """The server's own words with its code, else the exception's, on one line."""
    response = getattr(exc, "response", None)
    said = response.get("Error", {}).get("Message") if isinstance(response, dict) else None
    words = " ".join(str(said or str(exc) or type(exc).__name__).split()).rstrip(".")
    if len(words) > _LONGEST:
        words = f"{words[:_LONGEST]}..."
    return f"{words} ({error_code(exc)})" if said else words


__all__ = ("CREDENTIALS", "UNREACHABLE", "error_code", "exception_text", "status_code", "store_error")
