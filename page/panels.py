"""The panels of the page: what the catalog says of the page_* functions, and what they return."""

import csv
import io
import json
import logging
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.postgres import types
from psycopg_pool import AsyncConnectionPool

from settings import log

CATALOG = (Path(__file__).parent / "catalog.sql").read_text()
MONEY = re.compile("(^|_)(price|low|high|open|close|shipping)$")
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥"}
NUMBERS = {types[name].oid for name in ("int2", "int4", "int8", "float4", "float8", "numeric")}
KINDS = ("filters", "figures", "text", "chart", "table")  # in the order that a page has them

Database = AsyncConnectionPool[psycopg.AsyncConnection[dict[str, Any]]]


class PageError(Exception):
    """Why something is not shown: an HTTP status, a sentence, and what to do about it."""

    def __init__(self, status: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.hint = status, message, hint

    @classmethod
    def of(cls, error: psycopg.Error) -> "PageError":
        """What a reader sees of the database's error; those of a connection may name hosts."""
        if isinstance(error, psycopg.errors.QueryCanceled):
            return cls(504, "This takes more than five seconds.", "Ask for less, as fewer days.")
        away = error.sqlstate == "08001"  # a shard of a front, by name
        if isinstance(error, psycopg.OperationalError) and not away:
            log(logging.ERROR, "the database does not answer", error=str(error))
            return cls(503, "The database does not answer.", "This page tries again by itself.")
        message, hint = f"{error.diag.message_primary or error}.", error.diag.message_hint
        message = message[0].upper() + message[1:]
        if isinstance(error, psycopg.DataError):
            return cls(400, message, hint)
        if error.sqlstate == "OC102":
            return cls(404, message, hint)
        log(logging.ERROR, "a panel failed", code=error.sqlstate, error=message)
        return cls(500, message, hint)


class Panel:
    """A function page_<page> or page_<page>_<part>. Its comment's first sentence is its title, and
    its name's last word its kind, where that is one of KINDS; else it is a table. On a front it is
    a relation, and relation the query of it."""

    def __init__(
        self,
        name: str,
        page: str,
        comment: str,
        definition: str,
        parameters: dict[str, Any],
        relation: str | None,
    ) -> None:
        self.name, self.page, self.definition, self.relation = name, page, definition, relation
        self.parameters = parameters
        self.title, _, self.help = comment.rstrip(".").partition(". ")
        kind = name.rpartition("_")[2]
        self.kind = kind if kind in KINDS else "table"
        self.call = ""
        self.columns: dict[str, bool] = {}  # and whether they hold numbers
        self.rows: list[dict[str, Any]] = []
        self.error: PageError | None = None

    async def fill(self, database: Database, given: Mapping[str, str]) -> None:
        """Calls the function with what it takes of given, or asks the relation where its columns
        are what is given, and keeps the rows. Raises PageError."""
        arguments = []
        for name, parameter in self.parameters.items():
            if name in given:
                argument = sql.SQL("{} {} {}::" + parameter["type"])
                equals = sql.SQL("=" if self.relation else "=>")
                literal = sql.Literal(given[name])
                arguments.append(argument.format(sql.Identifier(name), equals, literal))
            elif parameter["required"]:
                raise PageError(400, f"{name} is missing.", "It belongs into the address.")
        if self.relation:
            where = sql.SQL(" and ").join([sql.SQL("true"), *arguments])
            call = sql.SQL(self.relation) + sql.SQL(" where {} limit 1000").format(where)
        else:
            call = sql.SQL("select * from {}({})").format(
                sql.Identifier(self.name), sql.SQL(", ").join(arguments)
            )
        try:
            async with database.connection() as connection:
                self.call = call.as_string(connection)
                cursor = await connection.execute(call)
                found = cursor.description or ()
                self.columns = {column.name: column.type_code in NUMBERS for column in found}
                self.rows = await cursor.fetchall()
        except psycopg.Error as error:
            raise PageError.of(error) from error

    def to_json(self) -> str:
        """The rows as an array of objects; numbers as numbers, times in ISO 8601."""
        return json.dumps(self.rows, default=plain)

    def to_csv(self) -> str:
        """The rows under a line of the columns' names."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.columns)
        for row in self.rows:
            # A spreadsheet would take a text that begins so for a formula.
            writer.writerow(
                f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value
                for value in row.values()
            )
        return text.getvalue()


@cache
def label(name: str) -> str:
    """A column's or parameter's name for people: Your price, FBA, Gap %."""
    words = re.sub("^is_", "", re.sub("_s$", " (s)", re.sub("_pct$", " %", name))).replace("_", " ")
    words = re.sub(r"\b(fba|asin)\b", lambda word: word[0].upper(), words)
    return words[:1].upper() + words[1:]


def number(value: Decimal | int, column: str = "", currency: str | None = None) -> str:
    """The number for people: money, as £24.99 or 24.99 SEK, where the column's name says so."""
    if not currency or not MONEY.search(column):
        return f"{value:,}"
    amount = f"{value:,.0f}" if currency == "JPY" else f"{value:,.2f}"
    return SYMBOLS[currency] + amount if currency in SYMBOLS else f"{amount} {currency}"


def plain(value: Any) -> Any:
    """A value of the database as JSON has it, where json knows no better."""
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    return value.isoformat() if isinstance(value, date) else str(value)


async def find_panels(database: Database) -> list[Panel]:
    """Every panel that there is now, in the order in which pages have them. Raises PageError."""
    try:
        async with database.connection() as connection:
            found = await (await connection.execute(CATALOG)).fetchall()
    except psycopg.Error as error:
        raise PageError.of(error) from error
    return sorted((Panel(**row) for row in found), key=lambda panel: KINDS.index(panel.kind))


def read_query(query: Mapping[str, str], panels: list[Panel]) -> dict[str, str]:
    """The query's parameters without the empty ones. Raises PageError for one that no panel has."""
    known = sorted({name for panel in panels for name in panel.parameters})
    for name in query:
        if name not in known:
            hint = f"There is: {', '.join(known) or 'nothing to choose'}."
            raise PageError(400, f"There is no {name} here.", hint)
    return {name: value for name, value in query.items() if value}
