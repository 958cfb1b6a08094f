"""The page: what the database's page_* functions return, as HTML, JSON and CSV, live.

    DATABASE_URL=postgresql://user:password@host/database python board.py

It knows no table and no rule: what there is to show is in the catalog (page/panels.py), how it
looks in page/templates and page/static. It only reads, and a statement has five seconds.

Exit status: 0 after SIGTERM or SIGINT; 2 for a wrong setting; 3 where the port cannot be had.
"""

import asyncio
import base64
import ipaddress
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import uvicorn
from jinja2 import Environment, FileSystemLoader
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from page.panels import Database, PageError, find_panels, label, number, plain, read_query
from settings import Settings, SettingsError, start_logging

HERE = Path(__file__).resolve().parent / "page"
LISTEN = "listen current_state; listen alerts"
SESSION = "set default_transaction_read_only = on; set statement_timeout = '5s'; set timezone = utc"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class PageSettings(Settings):
    """What the page reads from the environment."""

    page_password: SecretStr | None = Field(None, min_length=1)
    page_host: str = "127.0.0.1"
    page_port: int = Field(8000, ge=1, le=65535)

    @field_validator("page_host")
    @classmethod
    def check_host(cls, host: str, info: ValidationInfo) -> str:
        """Returns the host: with a password any, without one this machine alone."""
        if not info.data.get("page_password") and not is_loopback(host):
            raise ValueError("without PAGE_PASSWORD it can only be this machine, as 127.0.0.1")
        return host


def is_loopback(host: str | None) -> bool:
    """Whether a host name can only mean this machine."""
    with suppress(ValueError):
        return ipaddress.ip_address(host or "").is_loopback
    return host == "localhost"


async def show_page(request: Request) -> Response:
    """/ is the items, /<page> another page, with all its panels. One that fails says so in its
    place; a wrong request or an absent database is all that there is to say."""
    name = request.path_params.get("page", "items")
    database: Database = request.app.state.database
    every = await find_panels(database)
    panels = [panel for panel in every if panel.page == name]
    if not panels or (name == "items") != (request.url.path == "/"):
        raise HTTPException(404)
    given = read_query(request.query_params, panels)
    fills = [panel.fill(database, given) for panel in panels]
    outcomes = await asyncio.gather(*fills, return_exceptions=True)
    for panel, outcome in zip(panels, outcomes, strict=True):
        if isinstance(outcome, PageError) and outcome.status in (500, 504):
            panel.error = outcome
        elif outcome:
            raise outcome
    asking = {panel.page for panel in every for p in panel.parameters.values() if p["required"]}
    pages = sorted({panel.page for panel in every} - asking, key=lambda p: (p != "items", p))
    return render("page.html", page=name, pages=pages, panels=panels, given=given)


async def show_rows(request: Request) -> Response:
    """/panel/<name>.json and /panel/<name>.csv: every row of one panel."""
    name, _, form = request.path_params["file"].partition(".")
    panels = [p for p in await find_panels(request.app.state.database) if p.name == name]
    if not panels or form not in ("json", "csv"):
        raise HTTPException(404)
    await panels[0].fill(request.app.state.database, read_query(request.query_params, panels))
    if form == "csv":
        return Response(panels[0].to_csv(), media_type="text/csv")
    return Response(panels[0].to_json(), media_type="application/json")


async def show_error(request: Request, error: Exception) -> Response:
    """The page that says what is wrong; for a panel's rows a line."""
    if isinstance(error, HTTPException):
        error = PageError(error.status_code, f"{error.detail}.", "The items are at /.")
    elif not isinstance(error, PageError):
        error = PageError(500, "Something is wrong with the page.", "Its log says what.")
    if request.url.path.startswith("/panel/"):
        return PlainTextResponse(f"{error.message} {error.hint or ''}\n", error.status)
    return render("error.html", error.status, pages=["items"], error=error)


def query(given: Mapping[str, Any], **changes: Any) -> str:
    """A URL's query: given with changes, without what is none, and from the first page on."""
    parameters = {k: v for k, v in given.items() if k != "page"} | changes
    return "?" + urlencode({k: v for k, v in parameters.items() if v is not None})


def render(template: str, status: int = 200, **context: Any) -> Response:
    """A response of this template of page/templates."""
    return HTMLResponse(TEMPLATES.get_template(template).render(context), status)


TEMPLATES = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
TEMPLATES.trim_blocks = TEMPLATES.lstrip_blocks = True
TEMPLATES.policies["json.dumps_kwargs"] = {"default": plain}
TEMPLATES.globals["query"] = query
TEMPLATES.filters |= {"label": label, "number": number}


class Changes:
    """How often something changed, and whether that is heard. An event says no more, so that a tab
    that was slow misses nothing: when it looks, it reads what there is then."""

    def __init__(self) -> None:
        self.count, self.heard, self.more = 0, False, asyncio.Event()

    def note(self, heard: bool) -> None:
        """Wakes every stream."""
        self.count, self.heard = self.count + 1, heard
        self.more.set()
        self.more = asyncio.Event()

    async def listen(self, database_url: str, database: Database) -> None:
        """Notes what LISTEN brings, on one connection, made again where it is lost."""
        while True:
            with suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(
                    database_url, autocommit=True, application_name="page", keepalives_idle=30
                ) as connection:
                    await connection.execute(LISTEN)
                    await database.check()  # those that ended with the last one
                    self.note(True)  # what was sent meanwhile is gone
                    async for _ in connection.notifies():
                        self.note(True)
            self.note(False)
            await asyncio.sleep(2)


async def show_changes(request: Request) -> Response:
    """/events: an event at each change, two a second at most."""

    async def events() -> AsyncIterator[str]:
        changes, seen, quiet = request.app.state.changes, -1, 0
        while not request.app.state.server.should_exit:
            if changes.count != seen:
                seen, quiet = changes.count, 0
                yield f"data: {'heard' if changes.heard else 'unheard'}\n\n"
                await asyncio.sleep(0.5)
            elif quiet == 15:
                quiet = 0
                yield ":\n\n"  # or a proxy takes it for dead
            else:
                quiet += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(changes.more.wait(), 1)

    content = [""] if request.method == "HEAD" else events()
    return StreamingResponse(content, media_type="text/event-stream")


class Guard:
    """Lets in who may, and gives every response HEADERS.

    With a password that is HTTP Basic, by any user name. Without, it is who calls this machine by a
    name of its own: a foreign name that leads here (DNS rebinding) is another site's page.
    """

    def __init__(self, app: ASGIApp, password: SecretStr | None) -> None:
        self.app, self.password = app, password

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one connection, or has the app do it."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        app = self.app if scope["type"] != "http" else self.refusal(Request(scope)) or self.app
        await app(scope, receive, send_guarded)

    def refusal(self, request: Request) -> Response | None:
        """The response to who may not see the page."""
        if self.password is None:
            if is_loopback(request.url.hostname):
                return None
            return PlainTextResponse("This page is for its own machine: 127.0.0.1\n", 421)
        given = b""
        with suppress(ValueError):
            encoded = request.headers.get("authorization", "").partition(" ")[2]
            given = base64.b64decode(encoded).partition(b":")[2]
        if secrets.compare_digest(given, self.password.get_secret_value().encode()):
            return None
        ask = {"WWW-Authenticate": 'Basic realm="buybox", charset="UTF-8"'}
        return PlainTextResponse("The password of this page is needed.\n", 401, ask)


async def set_up(connection: psycopg.AsyncConnection[Any]) -> None:
    """Makes a session of the pool read only."""
    connection.prepare_threshold = None  # or it fails where a panel's columns have changed since
    await connection.execute(SESSION)


def make_app(settings: PageSettings) -> Starlette:
    """The page over the settings' database."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.changes = Changes()
        app.state.database = AsyncConnectionPool(
            settings.database_url,
            kwargs={"autocommit": True, "row_factory": dict_row, "application_name": "page"},
            configure=set_up,
            check=AsyncConnectionPool.check_connection,
            min_size=1,
            max_size=8,
            timeout=5,
            open=False,
        )
        await app.state.database.open()
        hearing = app.state.changes.listen(settings.database_url, app.state.database)
        listening = asyncio.create_task(hearing)
        yield
        listening.cancel()
        await app.state.database.close(timeout=1)

    routes = [
        Route("/", show_page),
        Route("/events", show_changes),
        Route("/panel/{file}", show_rows),
        Mount("/static", StaticFiles(directory=HERE / "static")),
        Mount("/lib", StaticFiles(packages=[("youplot", "vendor")])),
        Route("/{page}", show_page),
    ]
    errors = dict.fromkeys((HTTPException, PageError, Exception), show_error)
    gzip = [Middleware(GZipMiddleware, compresslevel=5)]
    return Starlette(routes=routes, middleware=gzip, exception_handlers=errors, lifespan=lifespan)


def main() -> int:
    """Serves the page until SIGTERM or SIGINT; returns the exit status."""
    try:
        settings = PageSettings.read()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    start_logging("info")
    app = make_app(settings)
    guarded = Guard(app, settings.page_password)
    config = uvicorn.Config(guarded, log_config=None, timeout_graceful_shutdown=2)
    app.state.server = uvicorn.Server(config)
    host, port, v6 = settings.page_host, settings.page_port, ":" in settings.page_host
    family = socket.AF_INET6 if v6 else socket.AF_INET
    try:  # who calls from now on is answered
        listening = socket.create_server((host, port), family=family, dualstack_ipv6=v6)
    except OSError as error:
        print(f"PAGE_HOST, PAGE_PORT: {error.strerror}", file=sys.stderr)
        return 3
    # Before uvicorn does it; and it raises them again in the end, which would be the exit status.
    for end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(end, app.state.server.handle_exit)
    print(f"The page is at http://{f'[{host}]' if v6 else host}:{port}/", flush=True)
    app.state.server.run([listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
