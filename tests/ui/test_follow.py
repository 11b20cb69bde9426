"""The presenter's view goes to all who follow, over one stream each."""

import asyncio
import json

from starlette.applications import Starlette

from alexnet_viz.ui import follow
from alexnet_viz.ui.follow import Broadcast
from tests.ui.asgi import ask, run


def test_who_comes_later_hears_what_was_said_last_and_all_hear_what_comes():
    broadcast, heard = Broadcast(), {}

    async def listen(name, count):
        heard[name] = []
        async for text in broadcast.subscribe():
            heard[name].append(text)
            if len(heard[name]) == count:
                return

    async def room():
        broadcast.publish("first")
        listeners = [asyncio.create_task(listen(name, 2)) for name in "ab"]
        while broadcast.listeners < 2 or any(len(texts) < 1 for texts in heard.values()):
            await asyncio.sleep(0)
        await asyncio.to_thread(broadcast.publish, "second")  # from a page's thread
        await asyncio.gather(*listeners)

    run(room())
    assert heard == {"a": ["first", "second"], "b": ["first", "second"]}
    assert broadcast.listeners == 0  # who left is forgotten


def test_while_nothing_is_said_a_sign_of_life_comes(monkeypatch):
    monkeypatch.setattr(follow, "_STILL_HERE", 0.01)
    broadcast = Broadcast()

    async def first(count):
        stream = broadcast.subscribe()
        texts = [await anext(stream) for _ in range(count)]
        await stream.aclose()
        return texts

    assert run(first(3)) == ["null", None, None]


def test_the_same_view_is_said_once():
    broadcast = Broadcast()

    async def room():
        stream = broadcast.subscribe()
        broadcast.publish("a")
        heard = [await anext(stream)]
        broadcast.publish("a")
        broadcast.publish("b")
        heard.append(await anext(stream))
        await stream.aclose()
        return heard

    assert run(room()) == ["a", "b"]


def test_the_route_refuses_more_than_it_can_keep(monkeypatch):
    monkeypatch.setattr(follow, "FOLLOWERS", 0)
    assert ask(Starlette(routes=follow.routes()), "/follow")[0] == 503


def test_a_view_is_json_that_a_browser_reads(monkeypatch):
    monkeypatch.setattr(follow, "_views", Broadcast())
    follow._views.publish(json.dumps({"page": "filters", "parameters": {"layer": "conv2"}}))

    async def first():
        stream = follow._events()
        line = await anext(stream)
        await stream.aclose()
        return line

    assert run(first()) == 'data: {"page": "filters", "parameters": {"layer": "conv2"}}\n\n'
