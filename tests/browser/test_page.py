"""The page, in a real browser and by plain requests, as the login that may do no more."""

import base64
import csv
import http.client
import json
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from itertools import count
from typing import Any
from urllib.parse import quote

import notifications as n
import psycopg
import pytest
import yaml
from cluster import Cluster, name_of
from pages import ROOT, PageProcess, open_browser
from playwright.sync_api import Browser, Page, expect
from psycopg import sql

import board

Connection = psycopg.Connection[Any]

LOGIN, PASSWORD = "login_of_the_page", "page's password"
NUMBERS = count(1)
BAMBOO, HOSE, LAMP = "B0TEST0001", "B0TEST0002", "B0TEST0003"
# The longest ASIN that is stored; no browser needs the closing bracket.
HOSTILE = "<img src onerror=x()"
WIDTHS = (360, 1280)


def tell(db: Connection, asin: str, own: str | None, *rivals: str, **members: Any) -> None:
    """Ingests an ANY_OFFER_CHANGED of now: landed prices, the own one first; the least wins."""
    prices = {n.RIVALS[i % 3] + str(i): Decimal(price) for i, price in enumerate(rivals)}
    if own is not None:
        prices[n.SELLER] = Decimal(own)
    cheapest = min(prices.values())
    offers = tuple(n.Offer(s, p, winner=p == cheapest, fba=True) for s, p in prices.items())
    change = n.OfferChange(
        asin=asin, offers=offers, **({"event_time": datetime.now(UTC)} | members)
    )
    assert n.ingest(db, f"page-{next(NUMBERS)}", n.text(n.pascal(change)))["acknowledge"]


@pytest.fixture
def page(db: Connection, database_url: str) -> Iterator[PageProcess]:
    """The page, by a login that has its role and no other."""
    if db.execute("select to_regrole(%s)", (LOGIN,)).fetchone() == (None,):
        create = sql.SQL("create role {} login password {} in role buybox_page")
        db.execute(create.format(sql.Identifier(LOGIN), sql.Literal(PASSWORD)))
    place = database_url.partition("@")[2]
    url = f"postgresql://{LOGIN}:{quote(PASSWORD)}@{place}"
    with PageProcess(DATABASE_URL=url) as page:
        yield page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture
def tab(browser: Browser, page: PageProcess) -> Iterator[Page]:
    """A tab on the page's origin. Nothing it does may be a request elsewhere or an error."""
    with browser.new_context(base_url=page.url, locale="en-GB") as context:
        tab = context.new_page()
        requests: list[str] = []
        errors: list[str] = []
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("pageerror", lambda error: errors.append(str(error)))
        problems = ("error", "warning")
        tab.on("console", lambda m: errors.extend([m.text] * (m.type in problems)))
        yield tab
    assert [url for url in requests if not url.startswith(f"{page.url}/")] == []
    assert errors == []


def expect_items(tab: Page, *asins: str) -> None:
    expect(tab.locator("#page_items tbody .asin .asin")).to_have_text(list(asins))


# Items


def test_items_stand_worst_first_and_the_address_says_which_and_how(
    db: Connection, page: PageProcess, tab: Page
) -> None:
    tell(db, LAMP, "10", "11")
    tell(db, BAMBOO, "20", *["10"] * 10)
    tell(db, HOSE, "11.50", *["10", "10.50", "11"])
    tell(db, "B0TEST0004", "12.50", *["10", "10.50", "11"], marketplace=n.US, currency="USD")
    tab.goto("/")
    expect_items(tab, BAMBOO, "B0TEST0004", HOSE, LAMP)
    expect(tab.locator("tbody tr").first).to_contain_text("critical")
    expect(tab.locator("tbody tr").nth(1)).to_contain_text("$12.50")
    expect(tab.locator("tbody tr").nth(3)).to_contain_text("yours")

    tab.get_by_role("link", name="warning 2").click()
    expect(tab).to_have_url(re.compile(r"/\?severity=warning$"))
    expect_items(tab, "B0TEST0004", HOSE)
    tab.get_by_role("link", name="UK 1").click()
    expect_items(tab, HOSE)
    tab.get_by_role("link", name="Any severity").click()
    tab.get_by_role("link", name="Your price").click()
    expect(tab.locator("th.your_price")).to_have_attribute("aria-sort", "ascending")
    expect_items(tab, LAMP, HOSE, BAMBOO)
    tab.get_by_role("link", name="Your price").click()
    expect_items(tab, BAMBOO, HOSE, LAMP)
    for column in tab.locator(
        "#page_items th a"
    ).all():  # every head that is a link leads somewhere
        assert page.ask("/" + str(column.get_attribute("href"))).status == 200
    db.execute("insert into items values (%s, %s, null, 'Küchenbrett')", (BAMBOO, n.UK))
    for search, found in (("test0002", HOSE), ("KÜCHEN", BAMBOO)):
        tab.get_by_label("Search").fill(search)
        tab.get_by_label("Search").press("Enter")
        expect(tab).to_have_url(re.compile("sort=-your_price"))
        expect_items(tab, found)
    tab.go_back()
    tab.go_back()
    expect_items(tab, BAMBOO, HOSE, LAMP)


def test_a_hundred_items_a_page(db: Connection, tab: Page) -> None:
    db.execute(
        "insert into current_state (asin, severity, your_position, event_time)"
        " select 'B0TEST' || to_char(i, 'FM0000'), 'info', i, now() from generate_series(1, 201) i"
    )
    tab.goto("/?sort=asin")
    expect(tab.locator("#page_items tbody .asin .asin")).to_have_count(100)
    expect(tab.locator(".pages")).to_have_text(re.compile("^\\s*1 to 100 of 201\\s*Next\\s*$"))
    tab.get_by_role("link", name="Next").click()
    tab.get_by_role("link", name="Next").click()
    expect_items(tab, "B0TEST0201")
    expect(tab.get_by_role("link", name="Next")).to_have_count(0)
    tab.get_by_role("link", name="Previous").click()
    expect(tab).to_have_url(re.compile(r"/\?sort=asin&page=2$"))


def test_a_change_comes_into_its_row_and_a_new_item_into_its_place(
    db: Connection, tab: Page
) -> None:
    tell(db, BAMBOO, "10", "11")
    tell(db, HOSE, "10", "11")
    tab.goto("/")
    expect(tab.locator("#live")).to_have_text("live")
    rows = "[...document.querySelectorAll('#page_items tbody tr')]"
    tab.evaluate(f"window.before = {rows}")
    tab.locator(f"a:has-text('{HOSE}')").focus()

    tell(db, BAMBOO, "10", "9")
    tell(db, LAMP, "20", *["10"] * 10)
    first = tab.locator("#page_items tbody tr").first
    expect(first).to_contain_text(LAMP)
    expect(tab.locator("tr", has_text=BAMBOO)).to_contain_text("£9.00")
    expect(tab.locator("tr", has_text=BAMBOO)).to_have_class("changed")
    assert tab.locator(f"a:has-text('{HOSE}')").evaluate("a => a === document.activeElement")
    expect(tab.locator("#announce")).not_to_be_empty()
    expect(tab.get_by_role("link", name="critical 1")).to_be_visible()
    # The page was not loaded again, and the row that did not change is the one that was there.
    assert tab.evaluate(
        f"{rows}.filter((row) => window.before.includes(row))"
        ".map((row) => row.querySelector('.asin .asin').textContent)"
    ) == [HOSE]

    db.execute("delete from current_state where asin = %s", (BAMBOO,))
    expect(tab.locator("tr", has_text=BAMBOO)).to_have_count(0)


def test_a_change_comes_while_others_never_end(
    db: Connection,
    connect: Callable[[], Connection],
    in_background: Callable[..., Future[Any]],
    tab: Page,
) -> None:
    end = threading.Event()

    def go_on() -> int:
        told, other = 0, connect()
        while not end.wait(0.02):
            tell(other, HOSE, "100", str(50 + told % 50))
            told += 1
        return told

    tell(db, BAMBOO, "10", "11")
    tab.goto("/")
    others = in_background(go_on)
    try:
        for price in range(9, 0, -1):
            tell(db, BAMBOO, "10", str(price))
            expect(tab.locator("tr", has_text=BAMBOO)).to_contain_text(f"£{price}.00")
        expect(tab.locator("#live")).to_have_text("live")
        assert not others.done()
    finally:
        end.set()
    shown = f"£{50 + (others.result() - 1) % 50}.00"
    expect(tab.locator("tr", has_text=HOSE)).to_contain_text(shown)


def test_changes_come_again_after_the_database_was_away(
    db: Connection, cluster: Cluster, tab: Page
) -> None:
    tell(db, BAMBOO, "10", "11")
    tab.goto("/")
    expect(tab.locator("#live")).to_have_text("live")
    cluster.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{LOGIN}'")
    tell(db, BAMBOO, "10", "9")
    expect(tab.locator("tr", has_text=BAMBOO)).to_contain_text("£9.00")
    expect(tab.locator("#live")).to_have_text("live")


def test_a_page_after_the_database_was_away_meets_no_connection_of_before(
    db: Connection, cluster: Cluster, page: PageProcess, wait_until: Callable[..., None]
) -> None:
    def sessions() -> set[str]:
        query = f"select pid from pg_stat_activity where usename = '{LOGIN}'"
        return set(cluster.sql(query).split())

    tell(db, BAMBOO, "10", "11")
    assert page.ask(f"/item?asin={BAMBOO}").status == 200  # its panels at once, each by its own
    before = sessions()
    cluster.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{LOGIN}'")
    wait_until(lambda: len(sessions() - before) >= len(before), what="new ones")
    assert page.ask("/operations").status == 200


def test_a_tab_that_nobody_sees_has_no_stream(db: Connection, tab: Page) -> None:
    tell(db, BAMBOO, "10", "11")
    with tab.expect_request("**/events") as streaming:
        tab.goto("/")
    with tab.expect_event("requestfailed", lambda r: r == streaming.value):  # it is ended
        tab.evaluate(
            "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
    tell(db, BAMBOO, "10", "9")
    with tab.expect_request("**/events"):
        tab.evaluate(
            "Object.defineProperty(document, 'hidden', { value: false });"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
    expect(tab.locator("tr", has_text=BAMBOO)).to_contain_text("£9.00")


# One item

COLOURED = """
(canvas, name) => {
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = `var(${name})`;
  const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  probe.remove();
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let i = 0; i < data.length; i += 4) {
    found += wanted.every((part, j) => Math.abs(data[i + j] - part) < 3) && data[i + 3] > 200;
  }
  return found;
}
"""


def test_an_item_opens_with_its_chart_and_its_offers(db: Connection, tab: Page) -> None:
    now = datetime.now(UTC)
    for hours, rival in ((5, "11"), (4, "10.50"), (3, "9"), (1, "8")):
        tell(db, BAMBOO, "10", rival, event_time=now - timedelta(hours=hours))
    issue = n.PricingHealth(
        asin=BAMBOO,
        event_time=now,
        merchant=n.Price(landed=Decimal(10)),
        threshold=Decimal(8),
    )
    n.ingest(db, "issue", n.text(n.pascal(issue)))
    tab.goto("/")
    tab.get_by_role("link", name=BAMBOO).focus()
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile(f"/item.asin={BAMBOO}&marketplace={n.UK}"))
    expect(tab.get_by_role("heading", level=1)).to_have_text(BAMBOO)
    expect(tab.locator("#page_item_figures")).to_contain_text("position 2 of 2")
    assert tab.locator("#page_item_offers tbody tr").count() == 2
    expect(tab.locator("#page_item_offers .own")).to_contain_text(n.SELLER)

    canvas = tab.locator("#page_item_chart canvas")
    expect(canvas).to_be_visible()
    expect(tab.locator(".u-legend")).to_contain_text("Your price")
    for colour in ("--yours", "--low", "--box", "--high"):
        assert canvas.evaluate(COLOURED, colour) > 50, colour
    tab.locator(".plot").focus()
    tab.keyboard.press("ArrowLeft")
    expect(tab.locator(".readout")).to_contain_text("BuyBoxDisqualification")
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    expect(tab.locator(".u-legend")).to_contain_text("9")

    tell(db, BAMBOO, "10", "7.25")
    expect(tab.locator("#page_item_offers")).to_contain_text("£7.25")
    expect(tab.locator("#page_item_figures")).to_contain_text("£7.25")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_its_window(db: Connection, tab: Page, width: int, scheme: Any) -> None:
    tell(db, BAMBOO, "20", *["10"] * 19)
    tell(db, HOSTILE, "10", "11")
    n.ingest(db, "bad", '{"NotificationType": "' + "x" * 200 + '", "EventTime": "yesterday"}')
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    backs = set()
    for path in ("/", f"/item?asin={BAMBOO}", "/competitors", "/days", "/operations"):
        tab.goto(path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, path
        backs.add(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
        for control in tab.locator("main input:not([type=hidden]), main button").all():
            box = control.bounding_box()
            assert box
            assert 0 <= box["x"] <= box["x"] + box["width"] <= width
    dark = {sum(map(int, re.findall(r"\d+", back))) < 200 for back in backs}
    assert dark == {scheme == "dark"}


# What is refused, and what is not believed


def test_what_comes_from_outside_is_text(db: Connection, page: PageProcess, tab: Page) -> None:
    seller = "<script>x()</script>"
    offers = (n.Offer(seller, Decimal(9), winner=True), n.Offer(n.SELLER))
    change = n.OfferChange(asin=HOSTILE, offers=offers, event_time=datetime.now(UTC))
    assert n.ingest(db, "hostile", n.text(n.pascal(change)))["acknowledge"]
    n.ingest(db, "<b>bad</b>", '{"NotificationType": "X", "EventTime": "<img src=y>"}')
    tab.goto("/")
    tab.get_by_role("link", name=HOSTILE).click()
    expect(tab.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(tab.locator("#page_item_offers")).to_contain_text(seller)
    expect(tab.locator("canvas")).to_be_visible()
    tab.goto("/operations")
    expect(tab.locator("#page_operations_failures")).to_contain_text('"<img src=y>"')
    tab.goto("/?search=%3Cimg%20src%3E")
    assert tab.locator("main img, main script:not([type='application/json'])").count() == 0
    refused = page.ask("/?severity=%3Cimg%20src%3E")
    assert refused.status == 400
    assert "&lt;img src&gt;" in refused.text
    assert "<img src>" not in refused.text


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/nothing", 404, "Not Found"),
        ("/items", 404, "Not Found"),
        ("/panel/page_nothing.json", 404, "Not Found"),
        ("/panel/page_items.xml", 404, "Not Found"),
        ("/static/nothing.css", 404, "Not Found"),
        ("/?severity=terrible", 400, "There is no severity"),
        ("/?sort=colour", 400, "have by: asin"),
        ("/?page=0", 400, "There is no page 0"),
        ("/?page=x", 400, "Invalid input syntax for type integer"),
        ("/?page=99999999999", 400, "out of range"),
        ("/?search=%00", 400, "NUL"),
        ("/?colour=red", 400, "There is no colour here"),
        ("/item", 400, "asin is missing"),
        ("/item?asin=", 400, "asin is missing"),
        ("/item?asin=B0NOTHERE1", 404, "no row of"),
        ("/panel/page_items.csv?page=x", 400, "Invalid input syntax"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    page: PageProcess, path: str, status: int, says: str
) -> None:
    answer = page.ask(path)
    assert answer.status == status
    assert says in answer.text
    assert "Traceback" not in answer.text


def test_every_answer_is_guarded(page: PageProcess) -> None:
    paths = (
        "/",
        "/nothing",
        "/static/board.js",
        "/lib/uplot.iife.min.js",
        "/panel/page_items.json",
    )
    for path in paths:
        for method in ("GET", "HEAD"):
            answer = page.ask(path, method)
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'self'; "), path
            assert "script-src" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert bool(answer.text) == (method == "GET"), path
    stream = page.ask("/events", "HEAD")
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    assert page.ask("/", "POST").status == 405


def test_without_a_password_only_this_machine_is_let_in(page: PageProcess) -> None:
    assert page.ask("/", Host=f"localhost:{page.port}").status == 200
    assert page.ask("/", Host="rebound.example").status == 421
    for host in ("0.0.0.0", "::", "192.0.2.1", "page.example"):
        with PageProcess(DATABASE_URL="postgresql://h/d", PAGE_HOST=host) as refused:
            assert refused.process.wait(10) == 2
            assert refused.process.stderr
            lines = refused.process.stderr.read().splitlines()
        assert len(lines) == 1
        assert "PAGE_HOST" in lines[0]
        assert "PAGE_PASSWORD" in lines[0]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "DATABASE_URL is missing"),
        ({"DATABASE_URL": "mysql://secret@h/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://h/d", "PAGE_PORT": "high"}, "PAGE_PORT"),
        ({"DATABASE_URL": "postgresql://h/d", "PAGE_PORT": "65536"}, "PAGE_PORT"),
        ({"DATABASE_URL": "postgresql://h/d", "PAGE_PASSWORD": "  "}, "PAGE_PASSWORD"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], named: str) -> None:
    with PageProcess(**settings) as page:
        assert page.process.wait(10) == 2
        assert page.process.stderr
        error = page.process.stderr.read()
    assert named in error
    assert len(error.splitlines()) == 1
    assert "secret" not in error


def test_with_a_password_everything_asks_for_it(db: Connection, database_url: str) -> None:
    def basic(text: str) -> dict[str, str]:
        return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}

    settings = {"DATABASE_URL": database_url, "PAGE_PASSWORD": "käse:1", "PAGE_HOST": "0.0.0.0"}
    with PageProcess(**settings) as page:
        for path in ("/", "/nothing", "/events", "/static/board.css", "/panel/page_items.json"):
            assert page.ask(path).status == 401, path
        assert page.ask("/").headers["WWW-Authenticate"].startswith("Basic realm=")
        for wrong in ("käse:1", "me:", "me:käse", "me:käse:12", "käse:1:me"):
            assert page.ask("/", **basic(wrong)).status == 401, wrong
        assert page.ask("/", Authorization="Basic ???").status == 401
        assert page.ask("/", Authorization="Bearer käse:1".encode().decode("latin-1")).status == 401
        for user in ("", "me"):
            answer = page.ask("/", **basic(f"{user}:käse:1"), Host="page.example")
            assert answer.status == 200
        assert "käse" not in answer.text


# Panels


def test_a_new_panel_is_one_function(db: Connection, page: PageProcess, tab: Page) -> None:
    tell(db, BAMBOO, "10", "11")
    db.execute(
        """
        create function page_stock(at_least integer default 2)
        returns table (asin text, marketplace text, item_condition text, stock integer)
        language sql stable security definer set search_path = pg_catalog, public, pg_temp
        as $$
          select c.asin, c.marketplace, c.item_condition, at_least from current_state as c
        $$;
        comment on function page_stock is 'In stock. What is left of each item.'
        """
    )
    tab.goto("/")
    tab.get_by_role("link", name="Stock").click()
    expect(tab.get_by_role("heading", name="In stock")).to_be_visible()
    expect(tab.locator("#page_stock")).to_contain_text("What is left of each item.")
    expect(tab.locator("#page_stock td.stock")).to_have_text("2")
    expect(tab.get_by_role("link", name=BAMBOO)).to_be_visible()
    tab.get_by_label("At least").fill("7")
    tab.get_by_role("button", name="Show").click()
    expect(tab.locator("#page_stock td.stock")).to_have_text("7")
    tab.get_by_text("SQL", exact=True).click()
    expect(tab.locator("#page_stock pre")).to_contain_text(
        'select * from "page_stock"("at_least" => \'7\'::integer);'
    )
    expect(tab.locator("#page_stock pre")).to_contain_text("from current_state as c")
    row = {"asin": BAMBOO, "marketplace": n.UK, "item_condition": "new", "stock": 7}
    assert json.loads(page.ask("/panel/page_stock.json?at_least=7").text) == [row]
    lines = list(csv.DictReader(page.ask("/panel/page_stock.csv?at_least=7").text.splitlines()))
    assert lines == [{name: str(value) for name, value in row.items()}]

    db.execute("drop function page_stock")
    assert page.ask("/stock").status == 404


def test_every_panel_s_rows_are_where_its_links_lead(db: Connection, page: PageProcess) -> None:
    tell(db, BAMBOO, "10", "11")
    pages = ("/", f"/item?asin={BAMBOO}", "/competitors", "/days", "/operations")
    for path in (*pages, "/?severity=success&page=1", "/competitors?days=3"):
        links = re.findall(r'href="(/panel/[^"]+)"', page.ask(path).text)
        assert links, path
        for link in links:
            assert page.ask(unescape(link)).status == 200, link


def test_a_panel_may_change_its_columns_under_a_running_page(
    db: Connection, page: PageProcess
) -> None:
    for columns in ("1 as a", "1 as a, 2 as b", "3 as b"):
        names = ", ".join(f"{name} integer" for name in re.findall("as (.)", columns))
        db.execute(
            "drop function if exists page_changing;"
            f"create function page_changing() returns table ({names})"
            " language sql stable security definer set search_path = pg_catalog, public, pg_temp"
            f" as 'select {columns}'"
        )
        for _ in range(8):  # psycopg prepares what it has sent five times
            answer = page.ask("/panel/page_changing.json")
            assert answer.status == 200, answer.text


def test_a_panel_is_what_its_name_says(db: Connection, tab: Page) -> None:
    for name, columns, rows in (
        ("page_kinds_text", "say text", "values ('It is so.'), ('And so.')"),
        ("page_kinds_figures", "left_price numeric, currency text", "values (12.5, 'EUR')"),
        (
            "page_kinds_chart",
            "day date, stock integer, low integer",
            "select d::date, 9, 1 from generate_series('2026-01-01'::date, '2026-01-09', '1d') d",
        ),
        (
            "page_kinds",
            "at timestamptz, done boolean",
            "values ('2026-01-02 03:04Z'::timestamptz, true)",
        ),
    ):
        db.execute(
            f"create function {name}() returns table ({columns}) language sql stable"
            f" security definer set search_path = pg_catalog, public, pg_temp as $${rows}$$"
        )
    tab.goto("/kinds")
    expect(tab.locator("#page_kinds_text p").first).to_have_text("It is so.")
    expect(tab.locator("#page_kinds_figures dt")).to_have_text("Left price")
    expect(tab.locator("#page_kinds_figures dd")).to_have_text("€12.50")
    expect(tab.locator("#page_kinds_chart .u-legend")).to_contain_text("Stock")
    expect(tab.locator("#page_kinds time")).to_have_attribute(
        "datetime", "2026-01-02T03:04:00+00:00"
    )
    expect(tab.locator("#page_kinds td.done")).to_have_text("yes")


def test_a_panel_turns_until_a_page_is_not_full(db: Connection, page: PageProcess) -> None:
    db.execute(
        "create function page_turns(page integer default 1) returns table (a integer)"
        " language sql stable security definer set search_path = pg_catalog, public, pg_temp as"
        " 'select i from generate_series(page * 100 - 99, 230) as i limit 100'"
    )
    for number, span, on in ((1, "1 to 100", True), (2, "101 to 200", True), (3, "to 230", False)):
        answer = page.ask(f"/turns?page={number}").text
        assert span in answer
        assert ('rel="next"' in answer) == on


def test_functions_that_are_no_panels_are_not_shown(db: Connection, page: PageProcess) -> None:
    for name, kind in (
        ("page_volatile", "volatile security definer"),
        ("page_invoker", "stable"),
        ("page_closed", "stable security definer"),
    ):
        db.execute(
            f"create function {name}() returns table (a integer) language sql {kind}"
            " set search_path = pg_catalog, public, pg_temp as 'select 1'"
        )
    db.execute("revoke all on function page_closed from public")
    db.execute(
        "create function page_single() returns integer language sql stable security definer"
        " set search_path = pg_catalog, public, pg_temp as 'select 1'"
    )
    for name in ("volatile", "invoker", "closed", "single"):
        assert page.ask(f"/{name}").status == 404, name
        assert page.ask(f"/panel/page_{name}.json").status == 404, name


@pytest.fixture
def front_url(cluster: Cluster, database_url: str) -> Iterator[str]:
    """A database with nothing but views of the test's database, which it calls shard_1."""
    url = cluster.create_database()
    cluster.sql(
        f"""
        create extension postgres_fdw;
        create server shard_1 foreign data wrapper postgres_fdw
        options (host '127.0.0.1', port '{cluster.port}', dbname '{name_of(database_url)}');
        create user mapping for current_user server shard_1
        options (user 'seller', password '{cluster.password}');
        create schema shard_1;
        import foreign schema public limit to (current_state, alerts)
        from server shard_1 into shard_1;
        create view current_state as select * from shard_1.current_state;
        create view alerts as select * from shard_1.alerts;
        grant select on current_state, alerts to seller
        """,
        url,
    )
    yield url
    cluster.drop_database(url)


def test_a_front_shows_its_views_and_leads_to_the_shards(
    db: Connection, cluster: Cluster, front_url: str, browser: Browser
) -> None:
    tell(db, LAMP, "10", "11")
    tell(db, BAMBOO, "20", *["10"] * 10)
    with (
        PageProcess(DATABASE_URL=front_url) as page,
        browser.new_context(base_url=page.url) as context,
    ):
        tab = context.new_page()
        tab.goto("/")
        asins = tab.locator("#current_state tbody .asin .asin")
        expect(asins).to_have_text([BAMBOO, LAMP])
        expect(tab.get_by_role("link", name=BAMBOO)).to_have_count(0)  # it is nowhere that we know
        cluster.sql(
            "create function shard_page(asin text) returns text language sql immutable"
            " return 'https://shard-1.example'",
            front_url,
        )
        tell(db, LAMP, "30", *["10"] * 19)  # of which nobody tells a front: the page looks
        lamp = tab.locator("tr", has_text=LAMP)
        expect(lamp).to_contain_text("critical", timeout=30_000)
        there = f"https://shard-1.example/item?asin={LAMP}&marketplace={n.UK}&item_condition=new"
        expect(lamp.get_by_role("link")).to_have_attribute("href", there)
        tab.get_by_label("ASIN").fill(LAMP)
        tab.get_by_role("button", name="Show").click()
        expect(asins).to_have_text([LAMP])
        tab.get_by_role("link", name="Alerts").click()
        expect(tab.locator("#alerts tbody tr").first).to_contain_text(BAMBOO)
        (row,) = json.loads(
            page.ask("/panel/current_state.json?severity=critical&asin=" + LAMP).text
        )
        assert row["your_price"] == 30

        cluster.sql("alter server shard_1 options (set port '1')", front_url)
        assert "Could not connect to server &#34;shard_1&#34;" in page.ask("/").text


def test_a_panel_that_fails_or_takes_too_long_says_so_in_its_place(
    db: Connection, page: PageProcess
) -> None:
    db.execute(
        "create function writes() returns integer language sql as"
        " 'insert into own_sellers values (''X'') returning 1'"
    )
    for name, body in (
        ("page_bad", "select 1 from pg_sleep(20)"),
        ("page_bad_write", "select writes()"),
        ("page_bad_not", "select 42"),
    ):
        db.execute(
            f"create function {name}() returns table (a integer) language sql stable"
            f" security definer set search_path = pg_catalog, public, pg_temp as '{body}'"
        )
    answer = page.ask("/bad")
    assert answer.status == 200
    assert "more than five seconds" in answer.text
    assert "Cannot execute INSERT in a read-only transaction" in answer.text
    assert "42" in answer.text
    assert page.ask("/panel/page_bad.json").status == 504
    assert db.execute("select count(*) from own_sellers where seller_id = 'X'").fetchone() == (0,)


def test_csv_has_no_formulas(db: Connection, page: PageProcess) -> None:
    tell(db, "=1+1", "10", "11")
    tell(db, BAMBOO, "10", "11")
    rows = csv.DictReader(page.ask("/panel/page_items.csv?sort=asin").text.splitlines())
    assert [row["asin"] for row in rows] == ["'=1+1", BAMBOO]
    assert json.loads(page.ask("/panel/page_items.json?sort=asin").text)[0]["asin"] == "=1+1"


# The process


def open_stream(page: PageProcess) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=30)
    connection.request("GET", "/events")
    response = connection.getresponse()
    assert response.readline().startswith(b"data: ")
    return response


def test_a_stream_tells_of_many_changes_at_once(db: Connection, page: PageProcess) -> None:
    stream = open_stream(page)
    for price in range(100):
        tell(db, BAMBOO, str(100 + price), "50")
    while not stream.readline().startswith(b"data: "):
        pass
    page.process.send_signal(signal.SIGTERM)  # which ends the stream
    events = 1 + sum(line.startswith(b"data: ") for line in stream)
    assert events < 50


def test_sigterm_ends_it_with_streams_open(db: Connection, page: PageProcess) -> None:
    streams = [open_stream(page) for _ in range(3)]
    assert page.end() == 0
    assert all(stream.read().count(b"error") == 0 for stream in streams)


def test_sigint_ends_it_too(page: PageProcess) -> None:
    page.process.send_signal(signal.SIGINT)
    assert page.process.wait(5) == 0


def test_without_a_database_it_says_so(cluster: Cluster) -> None:
    url = f"postgresql://seller:secret@127.0.0.1:{cluster.port}/not_there"
    with PageProcess(DATABASE_URL=url) as page:
        answer = page.ask("/")
        assert answer.status == 503
        assert "database does not answer" in answer.text
        assert "not_there" not in answer.text
        assert page.end() == 0


def test_a_port_in_use_is_an_error(page: PageProcess) -> None:
    with PageProcess(DATABASE_URL="postgresql://h/d", PAGE_PORT=page.port) as second:
        assert second.process.wait(10) == 3
        assert second.process.stderr
        (line,) = second.process.stderr.read().splitlines()
    assert "PAGE_PORT" in line
    assert "in use" in line
    assert str(page.port) in line


# What the documents say

GUIDE = (ROOT / "docs" / "page.md").read_text()


def test_the_guides_panel_is_one(db: Connection, page: PageProcess) -> None:
    (function,) = re.findall("^```sql\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    db.execute(function)
    db.execute("grant execute on function page_operations_sellers to buybox_page")
    answer = page.ask("/operations?since_days=3")
    assert "Your sellers" in answer.text
    assert n.OWN_SELLER in answer.text


def test_the_guide_and_render_name_every_setting() -> None:
    names = {name.upper() for name in board.PageSettings.model_fields}
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", GUIDE, re.MULTILINE)) == names
    blueprint = (ROOT / "render.yaml").read_text()
    service = yaml.safe_load(re.sub("^  # (- type: web|  )", r"  \1", blueprint, flags=re.M))
    worker, *_, web = service["services"]
    given = {entry["key"] for entry in web["envVars"]}
    assert given == names | {"PYTHON_VERSION"}
    for name in ("runtime", "region", "plan"):
        assert web[name] == worker[name]
    assert web["envVars"][0] == worker["envVars"][0]
