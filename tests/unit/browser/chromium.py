# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chromium without a window, driven by its DevTools protocol: what a page says, asks for and complains of."""

from __future__ import annotations

import contextlib
import json
import pathlib
import shutil
import subprocess
import time
import typing as t
import urllib.request

import websocket

_PATIENCE = 120

_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
    "about:blank",
)


class Page:
    """The one page of a browser."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(address, timeout=_PATIENCE, suppress_origin=True)
        self._number = 0
        self._events: list[dict[str, t.Any]] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: t.Any) -> dict[str, t.Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") != self._number:
                self._events.append(message)
                continue
            if "error" in message:
                raise RuntimeError(f"{method}: {message['error']}")
            return dict(message["result"])

    def open(self, file: pathlib.Path, *, width: int = 1280, height: int = 800, dark: bool = False) -> None:
        """Load it afresh, and wait until its script has drawn it."""
        self._events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=file.as_uri())
        self.wait_for("document.documentElement?.dataset.ready === 'yes'")

    def wait_for(self, condition: str) -> None:
        until = time.monotonic() + _PATIENCE
        while not self.evaluate(condition):
            if time.monotonic() > until or self.complaints():
                raise AssertionError(f"{condition} did not come true: {self.complaints()}")
            time.sleep(0.05)

    def evaluate(self, expression: str) -> t.Any:
        """The value of an expression of JavaScript, awaited; it must be one of JSON."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def type(self, text: str) -> None:
        """Into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: int, text: str = "") -> None:
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def requests(self) -> list[str]:
        """The addresses that were asked for since the page was opened."""
        return [event["params"]["request"]["url"] for event in self._of("Network.requestWillBeSent")]

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, exceptions, and dialogs that were opened."""
        logged = [event["params"]["entry"] for event in self._of("Log.entryAdded")]
        found = [entry["text"] for entry in logged if entry["level"] in ("error", "warning")]
        found += [str(event["params"]["exceptionDetails"]) for event in self._of("Runtime.exceptionThrown")]
        found += [str(event["params"]["args"]) for event in self._of("Runtime.consoleAPICalled")]
        return found + [str(event["params"]) for event in self._of("Page.javascriptDialogOpening")]

    def _of(self, method: str) -> list[dict[str, t.Any]]:
        return [event for event in self._events if event.get("method") == method]

    def close(self) -> None:
        self._socket.close()


@contextlib.contextmanager
def browser(folder: pathlib.Path) -> t.Iterator[Page]:
    """Started anew with nothing of a person's in it. ``folder``: for its profile."""
    program = shutil.which("chromium")
    if program is None:
        raise RuntimeError("There is no Chromium. On Debian: apt-get install chromium")
    process = subprocess.Popen(
        [program, *_OPTIONS, f"--user-data-dir={folder}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        page = Page(_address(folder / "DevToolsActivePort", process))
        try:
            yield page
            with contextlib.suppress(Exception):
                page.call("Browser.close")
        finally:
            page.close()
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(file: pathlib.Path, process: subprocess.Popen[bytes]) -> str:
    """Of the page's socket: the browser writes its port into its profile."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"Chromium ended with {process.returncode}.")
        with contextlib.suppress(OSError, ValueError, StopIteration):
            port = int(file.read_text().split()[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                targets = json.load(answer)
            return str(next(each["webSocketDebuggerUrl"] for each in targets if each["type"] == "page"))
        time.sleep(0.1)
    raise RuntimeError("Chromium opened no port.")


__all__ = ("Page", "browser")
