import json

import pytest

from orchestrator.api.after_app import AfterApp, serve_after_app
from orchestrator.api.errors import ApiError


class Stage:
    """An app that asks for a stream, and what happened in which order."""

    def __init__(self, error=None):
        self.error = error
        self.happened, self.sent = [], []

    async def stream(self):
        self.happened.append("stream")
        if self.error:
            raise self.error

    async def app(self, scope, receive, send):
        await serve_after_app(self.stream, dict(scope), receive, send)
        self.happened.append("app returned")

    async def send(self, message):
        self.sent.append(message)

    async def run(self, app):
        await app({"type": "http", "method": "GET", "path": "/", "fastapi_inner_astack": 1}, None, self.send)


async def test_a_stream_is_served_when_the_app_has_returned():
    stage = Stage()
    await stage.run(AfterApp(stage.app))
    assert stage.happened == ["app returned", "stream"]


async def test_without_the_middleware_it_is_served_at_once():
    stage = Stage()
    await stage.run(stage.app)
    assert stage.happened == ["stream", "app returned"]


async def test_what_belongs_to_the_app_is_let_go_before():
    scopes = []

    async def app(scope, receive, send):
        async def stream():
            scopes.append(sorted(scope))

        await serve_after_app(stream, scope, receive, send)

    await Stage().run(AfterApp(app))
    assert scopes == [["method", "orchestrator.after_app", "path", "type"]]


async def test_an_error_before_it_has_begun_is_answered():
    stage = Stage(ApiError(503, "too_many_streams", "No more."))
    await stage.run(AfterApp(stage.app))
    assert stage.sent[0]["status"] == 503
    assert json.loads(stage.sent[1]["body"])["code"] == "too_many_streams"


async def test_an_error_that_nobody_foresaw_is_logged_and_no_more(caplog):
    stage = Stage(ZeroDivisionError())
    await stage.run(AfterApp(stage.app))
    assert stage.sent == []
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_an_app_that_asks_for_none_is_left_alone(kind):
    seen = []

    async def app(scope, receive, send):
        seen.append((scope["type"], receive, send))

    await AfterApp(app)({"type": kind}, "receive", "send")
    assert seen == [(kind, "receive", "send")]
