"""What README.md and docs/capacity.md show of the figures in results/<part>.json: each part's rows,
the head first."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

HERE = Path(__file__).resolve().parent
PAGES = (HERE / "README.md", HERE.parent / "docs" / "capacity.md")

Row = list[Any]


def ratio(one: list[float], other: list[float]) -> str:
    """The median of one/other by round: each compares what ran next to each other."""
    return f"{median(a / b for a, b in zip(one, other, strict=True)):.2f}"


def per_second(microseconds: list[float]) -> int:
    return round(1e6 / median(microseconds))


def added(one: list[float], other: list[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


def batch(figures: Any) -> Iterator[Row]:
    head = ["offers", "bare insert/s", "ingest/s", "of bare", "peer/s", "bare insert µs"]
    head += ["ingest µs", "peer µs", "to the peer", "with the clients'", "duplicates, times"]
    yield [*head, "by µs"]
    for offers, (bare, ingest, peer, same, _) in figures.items():
        yield [
            offers,
            per_second(bare["wall_us"]),
            per_second(ingest["wall_us"]),
            ratio(bare["wall_us"], ingest["wall_us"]),
            per_second(peer["wall_us"]),
            *(round(median(each["cpu_us"])) for each in (bare, ingest, peer)),
            ratio(ingest["cpu_us"], peer["cpu_us"]),
            ratio(*(added(each["cpu_us"], each["client_cpu_us"]) for each in (ingest, peer))),
            *(ratio(ingest[clock], same[clock]) for clock in ("wall_us", "cpu_us")),
        ]


def instructions(figures: Any) -> Iterator[Row]:
    yield ["offers", *next(iter(figures.values()))]
    yield from ([offers, *counts.values()] for offers, counts in figures.items())


def relay(figures: Any) -> Iterator[Row]:
    head = ["", "messages/s", "to the peer", "its CPU µs", "to the bare loop", "Postgres' CPU µs"]
    yield [*head, "together, to the peer", "p50 ms", "p99 ms"]
    runs = {
        name: {figure: [run[figure] for run in drained] for figure in drained[0]}
        for name, drained in figures["drained"].items()
    }
    together = {name: added(each["process"], each["postgres"]) for name, each in runs.items()}
    for name, each in runs.items():
        waits = figures["waits_ms"].get(name)
        cuts = quantiles(waits, n=100) if waits else []
        yield [
            name,
            round(median(each["per_second"])),
            ratio(each["per_second"], runs["peer"]["per_second"]),
            round(median(each["process"])),
            ratio(each["process"], runs["bare loop"]["process"]),
            round(median(each["postgres"])),
            ratio(together[name], together["peer"]),
            *(f"{cut:.1f}" for cut in cuts[49:99:49]),
            *[""] * (0 if cuts else 2),
        ]


def history(figures: Any) -> Iterator[Row]:
    stored = figures["stored"]
    yield [f"{stored:,} notifications of {figures['offers']} offers", "a second", "s"]
    for name, run in figures.items():
        if isinstance(run, dict):
            seconds = median(run["seconds"])
            yield [name, round(stored / seconds), f"{seconds:.1f}"]


def growth(figures: Any) -> Iterator[Row]:
    yield ["stored", "ingest/s", "ratio", "CPU µs", "ratio", "WAL after a checkpoint, bytes"]
    for each in figures:
        yield [
            each["name"],
            per_second(each["wall_us"]),
            ratio(figures[0]["wall_us"], each["wall_us"]),
            round(median(each["cpu_us"])),
            ratio(figures[0]["cpu_us"], each["cpu_us"]),
            round(each["wal_after_checkpoint"]),
        ]


def size(figures: Any) -> Iterator[Row]:
    columns = list(figures.values())
    yield ["bytes a stored message", *figures]
    yield from ([name, *(round(column[name]) for column in columns)] for name in columns[0])


TABLES: dict[str, Callable[[Any], Iterator[Row]]] = {
    each.__name__: each for each in (batch, instructions, relay, history, growth, size)
}


def table(part: str, figures: Any) -> str:
    """The part's table in Markdown. Takes what results/<part>.json has under figures."""
    texts = [
        [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row]
        for row in TABLES[part](json.loads(json.dumps(figures)))  # as if it came from the file
    ]
    lines = [f"| {' | '.join(row)} |" for row in texts]
    lines.insert(1, "|" + " --- |" + " ---: |" * (len(texts[0]) - 1))
    return "\n".join(lines) + "\n"


def with_tables(page: str) -> str:
    """The text of one of PAGES with each part's table as its results have it."""

    def renew(found: re.Match[str]) -> str:
        results = json.loads((HERE / "results" / f"{found[1]}.json").read_text())
        return f"<!-- {found[1]} -->\n{table(found[1], results['figures'])}<!-- end -->"

    return re.sub(r"<!-- (\w+) -->\n.*?<!-- end -->", renew, page, flags=re.DOTALL)
