"""What a page receives over the wire, and a slow network in its place."""

import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Page

LATENCY = 80  # milliseconds, where the network is slowed down


@dataclass
class Transfer:
    """Bytes of a visit, by what was asked for."""

    files: dict[str, int] = field(default_factory=dict)
    last: float = field(default_factory=time.monotonic)

    @property
    def total(self) -> int:
        return sum(self.files.values())

    def add(self, name: str, size: int) -> None:
        self.files[name] = self.files.get(name, 0) + size
        self.last = time.monotonic()


def watch(page: Page, kilobits: int | None = None) -> Transfer:
    """Count what this page receives from now on, through Chromium's network events; throttle it if asked to."""
    transfer, names = Transfer(), {}
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    if kilobits:
        speed = kilobits * 1000 / 8
        limits = {"offline": False, "latency": LATENCY, "downloadThroughput": speed, "uploadThroughput": speed}
        network.send("Network.emulateNetworkConditions", limits)
    network.on("Network.requestWillBeSent", lambda e: names.update({e["requestId"]: e["request"]["url"]}))
    network.on(
        "Network.loadingFinished",
        lambda e: transfer.add(urlsplit(names[e["requestId"]]).path, int(e["encodedDataLength"])),
    )
    network.on(
        "Network.webSocketFrameReceived",
        lambda e: transfer.add("websocket", _frame_bytes(e["response"])),
    )
    return transfer


def _frame_bytes(frame: dict) -> int:
    """A binary frame's payload is given as base64."""
    text = frame["payloadData"]
    return len(text) if frame["opcode"] == 1 else len(text) * 3 // 4
