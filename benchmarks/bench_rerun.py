"""A rerun that changes nothing, on a page whose answers are cached, against an empty Streamlit page.

Two real servers, one visitor each, speaking Streamlit's own protocol without a browser. The time is from asking for a
rerun to its end; the garbage collection after the rerun before counts, since the next one has to wait for it.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from benchmarks.side_by_side import side_by_side
from tests.browser.conftest import Server


class Visitor:
    """One websocket to a Streamlit server."""

    def __init__(self, port: int, page: str) -> None:
        self.page = page
        self.socket = connect(
            f"ws://127.0.0.1:{port}/_stcore/stream",
            subprotocols=["streamlit"],
            origin=f"http://127.0.0.1:{port}",
            max_size=None,
            legacy=True,
        )
        self.rerun()

    def rerun(self, address: str = "") -> int:
        """Ask for a rerun, of what the address's query says, and wait for its end; the bytes that came."""
        ask = BackMsg()
        ask.rerun_script.query_string = address
        ask.rerun_script.page_name = self.page
        self.socket.send(ask.SerializeToString())
        size = 0
        while True:
            data = self.socket.recv(timeout=60)
            size += len(data)
            told = ForwardMsg.FromString(data)
            if told.WhichOneof("type") == "script_finished":
                return size


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    (folder / "empty.py").write_text("import streamlit as st\nst.title('empty')\n")
    ours = Server(folder)
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "empty.py"), "--server.headless", "true"]
    port = ours.port + 1
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    empty = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    try:
        time.sleep(8)
        cached, bare = Visitor(ours.port, "classify"), Visitor(port, "")
        time.sleep(15)  # what loads in the background is loaded and frozen
        for visitor in (cached, bare):
            visitor.rerun()
        print(f"a rerun of the classify page sends {cached.rerun() / 1000:.0f} kB, the empty page {bare.rerun()} bytes")
        side_by_side("rerun of the cached classify page against an empty page", cached.rerun, bare.rerun, rounds=40)
    finally:
        ours.end()
        empty.terminate()
        empty.wait(20)


if __name__ == "__main__":
    main()
