"""The whole system on one machine: `make demo`; `make psql` then opens the database that it left.

Starts an embedded Postgres and a local SQS, migrates, sends a made-up stream of notifications
(stream.py), lets the real relay.py drain the queue and the real alerter.py tell of it, and shows
what a seller would look at; with --up (`make up`) it then keeps all running, the page too. It needs
no account, no root and no running service. Every figure it shows is read from the tables, the
queue, the relay's log or what the alerter sent: it knows no rule of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Self

import boto3
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table
from rich.text import Text
from stream import CATALOGUE, DE, JP, OWN_SELLER, UK, Market

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "helpers"))

from cluster import ROOT, Cluster, embedded_binaries, free_port, migrate

DATABASE = "buybox"
LOGINS = ("relay", "ui", "alerter", "page")  # each may do what its role, buybox_..., may
REGION = "eu-west-1"
# A short visibility timeout, so that broken messages use up their attempts while somebody watches.
VISIBILITY_TIMEOUT, MAX_RECEIVE_COUNT = 2, 3
BACKLOG = 30  # messages: moto looks through all that wait, at every receive
PATIENCE = 120  # seconds until a step counts as hung
EVENT_EVERY = 3  # seconds
COUNTRY = {UK: "UK", DE: "DE", JP: "JP"}
COLOURS = {"critical": "bold red", "high": "magenta", "warning": "yellow"}
COLOURS |= {"info": "dim", "success": "green"}
# All that counts of the caller's environment: the demo must neither depend on nor touch their own
# AWS account and database.
KEEP = re.compile(
    "PATH|HOME|USER|TMPDIR|TZ|TERM|NO_COLOR|PAGER|LESS|EDITOR|VISUAL|LANG|LC_.*|LD_.*|PYTHON.*"
    "|PAGE_.*"
)
TELLING = re.compile('"level": "(error|critical)"|Error|ERROR|FATAL')  # of a log's lines

Connection = psycopg.Connection[dict[str, Any]]

console = Console(width=80, highlight=False, markup=False, emoji=False)
TICK, CROSS, CORNER = "✓✗└" if console.encoding.startswith("utf") else "+x-"


class DemoError(Exception):
    """Something did not work: the text says what, and log, where there is one, says why."""

    def __init__(self, text: str, log: Path | None = None) -> None:
        super().__init__(text)
        self.log = log


class Interrupted(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived: everything started is stopped on the way out."""


@contextlib.contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """One line for one step: its title, what was last said of it, its time and how it ended."""
    began, detail, mark = time.monotonic(), "", Text(CROSS, "bold red")

    def say(text: str) -> None:
        nonlocal detail
        detail = text
        status.update(f"{title} {text}")

    try:
        with console.status(title) as status:
            yield say
        mark = Text(TICK, "green")
    finally:
        end = f" {detail}{detail and ', '}{time.monotonic() - began:.1f} s "
        dots = "." * (console.width - 4 - len(title) - len(end))
        console.print(Text.assemble(f"  {title} ", (dots, "dim"), end, mark))


def heading(text: str) -> None:
    console.print(f"\n{text}", style="bold")


# What runs

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
started: list[subprocess.Popen[bytes]] = []  # what main() sees ended, whatever happens


def start(command: Sequence[str | Path], **options: Any) -> subprocess.Popen[bytes]:
    """A child of ours, and known: a signal waits until it is."""
    late: list[int] = []
    handlers = {name: signal.signal(name, lambda n, _: late.append(n)) for name in SIGNALS}
    try:
        started.append(subprocess.Popen(command, **options))
    finally:
        for name, handler in handlers.items():
            signal.signal(name, handler)
    for number in late:
        signal.raise_signal(number)
    return started[-1]


class Program:
    """One of our programs as a process with these settings, its output in a log; `with` ends it."""

    def __init__(self, script: str, logs: Path, **settings: str) -> None:
        self.script, self.log = script, logs / f"{Path(script).stem}.log"
        with self.log.open("w") as out:
            self._process = start(
                [sys.executable, script],
                cwd=ROOT,
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # out of reach of Ctrl-C
            )

    def check(self) -> None:
        """Raises DemoError where it has ended."""
        if self._process.poll() is not None:
            raise DemoError(f"{self.script} ended with {self._process.returncode}", self.log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def end(self) -> None:
        """Ends it, so that its log is whole. May be repeated."""
        stop(self._process)


class Queue:
    """A queue with a dead-letter queue on a local SQS that lives in this process."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer  # takes its time, which is this step's

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()  # a daemon thread: it ends with us
        host, port = server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.sqs: Any = boto3.client("sqs", endpoint_url=self.endpoint, region_name=REGION)
        self.dead_letters = self.sqs.create_queue(QueueName="notifications-dead")["QueueUrl"]
        arn = self._attributes(self.dead_letters)["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVE_COUNT})
        self.url = self.sqs.create_queue(
            QueueName="notifications", Attributes={"RedrivePolicy": redrive}
        )["QueueUrl"]

    def _attributes(self, url: str) -> dict[str, str]:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        attributes: dict[str, str] = answer["Attributes"]
        return attributes

    def send(self, bodies: Sequence[str]) -> None:
        """At most ten bodies, in their order."""
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        failed = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries).get("Failed")
        if failed:
            raise DemoError(f"the local SQS refused messages: {failed}")

    def count(self, url: str) -> int:
        """Messages in that queue, those in flight too."""
        attributes = self._attributes(url)
        return sum(
            int(attributes[name])
            for name in ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        )


class Webhook:
    """What alerts are sent to: passes each payload to `hear`."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.hear: Callable[[Any], object] = self.received.append
        webhook = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                webhook.hear(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Not on the screen."""

        server = HTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()


def make_database(cluster: Cluster) -> str:
    """The URL of the migrated database, with a login for each of LOGINS, and in it what only the
    seller knows."""
    url = cluster.create_database(DATABASE)
    migrate(url, AMAZON_SELLER_ID=OWN_SELLER)
    with psycopg.connect(url) as db:
        for login in LOGINS:
            role = f"create role {login} login password '{cluster.password}'"
            db.execute(f"{role} in role buybox_{login}")
        db.cursor().executemany("insert into items values (%s, %s, %s, %s, %s)", CATALOGUE)
    return url


def send_all(
    bodies: Sequence[str],
    queue: Queue,
    relay: Program,
    db: Connection,
    say: Callable[[str], None],
) -> None:
    """Sends them as fast as the relay takes them, and returns once the queue is empty."""
    deadline = time.monotonic() + PATIENCE
    unsent = list(bodies)
    while (waiting := queue.count(queue.url)) or unsent:
        stored = db.execute("select from worker_notifications").rowcount
        say(f"{len(bodies) - len(unsent)} sent, {waiting} in the queue, {stored} stored")
        relay.check()
        if time.monotonic() > deadline:
            raise DemoError(f"the relay did not empty the queue in {PATIENCE} s", relay.log)
        if unsent and waiting < BACKLOG:
            queue.send(unsent[:10])
            del unsent[:10]
        else:
            time.sleep(0.05)
    say(f"{len(bodies)} messages at the pace of moto, a local SQS")


def tell_all(alerter: Program, db: Connection) -> None:
    """Returns once all that is due was sent."""
    deadline = time.monotonic() + PATIENCE
    due = "select from alerts where status = 'pending' and due_at <= now()"
    while db.execute(due).rowcount:
        alerter.check()
        if time.monotonic() > deadline:
            raise DemoError("alerter.py did not send what is due", alerter.log)
        time.sleep(0.1)


# What a seller wants to see

OUTCOMES = (
    ("processed", "green", "stored, and applied to current_state where the kind has state"),
    ("stale", "dim", "stored; current_state already held a newer event of that item"),
    ("duplicate", "dim", "seen before: SQS delivers at least once"),
    ("failed", "red", f"no good: tried {MAX_RECEIVE_COUNT} times, then to the dead-letter queue"),
)
STATE_LINE = "{:<9} {:<18.18} {:<10.10} {:<2} {:<4.4} {:>6} {:>6} {:>7} {:>5} {:>3}"


def show_state(db: Connection) -> None:
    rows = db.execute(
        "select *, now() - pricing_issue_time as issue_age from item_now "
        "order by array_position(%s::text[], severity), your_position desc nulls last, asin",
        [list(COLOURS)],
    ).fetchall()
    counts = Counter(row["severity"] for row in rows)
    summary = ", ".join(f"{counts[name]} {name}" for name in COLOURS if counts[name])
    heading(f"Your {len(rows)} items now: {summary}")
    titles = ("severity", "item", "ASIN", "", "cond", "yours", "low", "buy box", "rank", "won")
    console.print(STATE_LINE.format(*titles), style="dim")
    for row in rows:
        name = row["severity"]
        position = "-" if row["your_position"] is None else row["your_position"]
        text = STATE_LINE.format(
            name,
            row["title"] or "",
            row["asin"],
            COUNTRY.get(row["marketplace"], ""),
            row["item_condition"],
            price(row, "your_price"),
            price(row, "market_low"),
            price(row, "buy_box_price"),
            f"{position}/{row['total_offers']}",
            TICK * row["buy_box_winner"],
        )
        console.print(Text.assemble((name, COLOURS[name]), text[len(name) :].rstrip()))
        if row["pricing_issue"]:
            issue = f"pricing issue: {row['pricing_issue']}, {ago(row['issue_age'])}"
            console.print(f"{'':10}{CORNER} {issue}")


def show_buy_boxes(db: Connection) -> None:
    """The newest change of each item whose buy box changed hands in the last hour."""
    rows = db.execute(
        "select distinct on (b.asin, b.marketplace, b.item_condition) b.*, i.title, c.currency,"
        " now() - b.event_time as age"
        " from buy_box_changes(now() - interval '1 hour', 'infinity') as b"
        " inner join current_state as c using (asin, marketplace, item_condition)"
        " left join items as i using (asin, marketplace)"
        " order by b.asin, b.marketplace, b.item_condition, b.event_time desc"
    ).fetchall()
    heading("Who took which buy box in the last hour")
    for row in sorted(rows, key=lambda row: row["age"]):
        whose = "you" if row["change"] == "won" else row["new_seller"] or "nobody"
        fba = " (FBA)" if row["new_is_fba"] else ""
        console.print(
            f"{ago(row['age']):<10} {row['title'] or row['asin']:<16.16} {row['change']:<10} "
            f"{whose}{fba} {price(row, 'new_price')}, yours {price(row, 'your_price')}"
        )


def show_prices(db: Connection) -> None:
    rows = db.execute(
        "select * from item_now where suggested_price is not null order by asin, item_condition"
    ).fetchall()
    heading("What price would win it back (it only suggests)")
    table = Table.grid(padding=(0, 1))
    for row in rows:
        table.add_row(row["title"] or row["asin"], row["reason"])
    console.print(table)


def show_alerts(db: Connection, received: Sequence[Any]) -> None:
    """What was sent, how much was not, and the first of what the webhook got."""
    rows = db.execute("select status, headline from alerts order by id").fetchall()
    counts = Counter(row["status"] for row in rows)
    heading(f"{counts['sent']} alerts were sent")
    for row in rows:
        if row["status"] == "sent":
            console.print(row["headline"])
    console.print(
        f"{counts['cancelled']} more ended within their hold, {counts['pending']} are held yet."
    )
    heading("What a webhook gets of one")
    console.print(json.dumps(received[0]))


def price(row: dict[str, Any], column: str) -> str:
    return "-" if row[column] is None else f"{row[column]:.{0 if row['currency'] == 'JPY' else 2}f}"


def ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() / 60)
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 60 else f"{minutes / 60:.0f} h ago"


def show_outcomes(log: Path, sent: int) -> None:
    """How many messages had each outcome, by the relay's log; DemoError where some had none."""
    first: dict[str, str] = {}  # by message: one that fails is delivered again and again
    for line in log.read_text().splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        if "outcome" in entry:
            first.setdefault(entry["messageId"], entry["outcome"])
    if len(first) != sent:
        raise DemoError(f"of {sent} messages the relay stored or refused {len(first)} only", log)
    outcomes = Counter(first.values())
    heading(f"What became of {sent} messages")
    for name, colour, meaning in OUTCOMES:
        console.print(Text.assemble((f"{name:<9}", colour), f" {outcomes[name]:>5}  {meaning}"))


def show_failures(db: Connection, queue: Queue) -> None:
    rows = db.execute(
        "select error_type, error_message from worker_failures order by first_failed_at, id"
    ).fetchall()
    heading(f"Why {len(rows)} messages failed")
    for row in rows:
        console.print(f"{row['error_message']} ({row['error_type']})")
    console.print(
        f"The bodies are in worker_failures, and {queue.count(queue.dead_letters)} "
        "messages in the dead-letter queue."
    )


NEXT = """\
make up       runs it again and goes on, for a UI or a notebook to connect to
make page     shows it in a browser: http://127.0.0.1:8000
make psql     opens this run's database, kept in .demo/ until the next run
docs/analysts.md   goes on from there: other thresholds, history, repairs
README.md          tells how to run it with your own queue and database"""


# They and what they print fit 80 columns.
SUGGESTIONS = """\
The demo's database, as its owner; \\d lists the tables, \\q leaves. Ask it:
  select title, severity, your_price, gap_pct, suggested_price from item_now;
  select value from explain_item('B0DEMO0012') where item = 'decided by';
  select asin, change, new_seller from buy_box_changes('yesterday', 'now');
  select seller_id, events, undercuts from competitors('yesterday', 'now');
"""


# The run


def demo(directory: Path, logs: Path, share: Callable[[Cluster], str] | None) -> None:
    """The whole demo; raises DemoError, with nothing left running, where a step fails. It stays up
    where there is somebody to share its server with."""
    console.print(
        "A small seller's six hours on Amazon: notifications, a queue, Postgres, a relay\n"
    )
    complete = directory / "complete"  # is there once a demo has run to its end
    complete.unlink(missing_ok=True)
    with contextlib.ExitStack() as stack:
        with step("Starting Postgres") as say:
            cluster = stack.enter_context(Cluster("embedded", keep=new_place(directory)))
            say(f"version {cluster.sql('show server_version').split('.')[0]}")
        with step("Migrating") as say:
            url = make_database(cluster)
            db = stack.enter_context(psycopg.connect(url, autocommit=True, row_factory=dict_row))
            functions = "select from pg_proc where pronamespace = 'public'::regnamespace"
            say(f"{db.execute(functions).rowcount} functions")
        if share:
            # Before what takes its time: a port that is taken is told at once.
            with step("Opening the page") as say:
                page = stack.enter_context(
                    Program("board.py", logs, DATABASE_URL=cluster.url(DATABASE, "page"))
                )
                while "http://" not in (said := page.log.read_text()):
                    page.check()
                    time.sleep(0.05)
                say(said.split()[-1])
        with step("Starting a local SQS") as say:
            queue = Queue()
            say("a queue and its dead-letter queue")
        with step("Relaying and alerting") as say:
            market = Market(datetime.now(UTC))
            sent = market.six_hours()
            relay = stack.enter_context(
                Program(
                    "relay.py",
                    logs,
                    DATABASE_URL=cluster.url(DATABASE, "relay"),
                    SQS_QUEUE_URL=queue.url,
                    AWS_REGION=REGION,
                    AWS_ENDPOINT_URL_SQS=queue.endpoint,
                    VISIBILITY_TIMEOUT=str(VISIBILITY_TIMEOUT),
                    MAX_RECEIVE_COUNT=str(MAX_RECEIVE_COUNT),
                    WAIT_TIME="1",
                    PORT=str(free_port()),
                )
            )
            webhook = Webhook()
            alerter = stack.enter_context(
                Program(
                    "alerter.py",
                    logs,
                    DATABASE_URL=cluster.url(DATABASE, "alerter"),
                    ALERT_URL_DEFAULT=webhook.url,
                )
            )
            send_all(sent.bodies, queue, relay, db, say)
            tell_all(alerter, db)
        complete.touch()
        if share:
            share(cluster)
            webhook.hear = lambda payload: console.print(f"alert: {payload['data']['title']}")
            stay_up(cluster, queue, market, (relay, alerter, page), said.split()[-1], logs)
            return
        relay.end()
        show_state(db)
        show_buy_boxes(db)
        show_prices(db)
        show_alerts(db, webhook.received)
        show_outcomes(relay.log, len(sent.bodies))
        show_failures(db, queue)
    heading("What to try next")
    console.print(NEXT)


def stay_up(
    cluster: Cluster,
    queue: Queue,
    market: Market,
    programs: Sequence[Program],
    page: str,
    logs: Path,
) -> None:
    """An event now and then, until a signal."""
    heading("It is all running; Ctrl-C ends it. The page:")
    console.print(page)
    heading("The database, as its owner, and as your UI logs in:")
    console.print(f"DATABASE_URL={cluster.url(DATABASE)}", soft_wrap=True)
    console.print(cluster.url(DATABASE, "ui"), soft_wrap=True)
    heading("The queue, for make send (any AWS credentials will do):")
    console.print(f"SQS_QUEUE_URL={queue.url}", soft_wrap=True)
    console.print(f"AWS_ENDPOINT_URL_SQS={queue.endpoint}")
    heading(f"An event every {EVENT_EVERY} seconds; the logs are in {logs}")
    with contextlib.suppress(Interrupted):
        while True:
            for program in programs:
                program.check()
            queue.send([market.event(datetime.now(UTC))])
            time.sleep(EVENT_EVERY)
    console.print("Ended: nothing is left running; make page and make psql show what it left")


def new_place(directory: Path) -> Path:
    """A new place for the server's data, instead of the last run's.

    Outside, where directory/server links to: as root the server runs as a user who may not see
    into root's directories, where the checkout may lie, and we will not open those to everybody.
    """
    link = directory / "server"
    shutil.rmtree(link.resolve(), ignore_errors=True)
    link.unlink(missing_ok=True)
    place = Path(tempfile.mkdtemp(prefix="buybox-demo-", dir="/tmp"))
    link.symlink_to(place)
    return place


def last_run(directory: Path) -> Cluster:
    """The server over what the last demo left. Raises DemoError where none has run to its end."""
    place = (directory / "server").resolve()
    if not (place / "PG_VERSION").exists():
        raise DemoError("there is no demo database yet: run make demo first")
    if not (directory / "complete").exists():
        raise DemoError("the last make demo did not finish: run it again")
    cluster = Cluster("embedded", keep=place)
    cluster.sql(f"alter role page password '{cluster.password}'")
    return cluster


def look(url: str, psql: Sequence[str] | None) -> int:
    """psql with these arguments, else the page, over the owner's database; returns its status."""
    return serve_page(url) if psql is None else open_psql(url, psql)


def serve_page(url: str) -> int:
    """board.py over this database, until it is told to end; returns its exit status."""
    page = start(
        [sys.executable, "board.py"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url.replace("://seller:", "://page:")},
        stdin=subprocess.DEVNULL,
    )
    # Both get Ctrl-C; a SIGTERM for us is passed on. The page's end is ours.
    for name in SIGNALS:
        signal.signal(name, lambda *_: page.send_signal(signal.SIGTERM))
    return page.wait()


def open_psql(url: str, arguments: Sequence[str]) -> int:
    """psql on this database; returns psql's exit status."""
    if not arguments:
        print(SUGGESTIONS, file=sys.stderr)
    easy = ["-v", "SHOW_CONTEXT=never", "-P", "expanded=auto"]  # short errors, no broken rows
    # Ctrl-C there cancels a statement; it must not end us and the server under it.
    signal.signal(signal.SIGINT, lambda *_: None)
    # In the environment, because everybody may see arguments.
    names = {"dbname": "DATABASE"}
    login = {f"PG{names.get(k, k.upper())}": str(v) for k, v in conninfo_to_dict(url).items()}
    shell = start([embedded_binaries() / "psql", *easy, *arguments], env=os.environ | login)
    try:
        return shell.wait()
    finally:
        stop(shell)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a child of ours and waits for it; kills it if it does not heed the signal."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def isolate() -> None:
    """Leaves in the environment what KEEP names, and credentials that only the local SQS takes."""
    kept = {name: value for name, value in os.environ.items() if KEEP.fullmatch(name)}
    os.environ.clear()
    os.environ.update(
        kept,
        AWS_ACCESS_KEY_ID="demo",
        AWS_SECRET_ACCESS_KEY="demo",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )


def interrupt(signum: int, _: object) -> None:
    for name in SIGNALS:
        signal.signal(name, signal.SIG_IGN)  # let the way out finish
    raise Interrupted(signum)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--dir",
        type=Path,
        default=ROOT / ".demo",
        metavar="DIRECTORY",
        help="where the database and the logs are kept (default: .demo)",
    )
    parser.add_argument("--up", action="store_true", help="go on until Ctrl-C, with the page")
    parser.add_argument(
        "--psql",
        nargs=argparse.REMAINDER,
        metavar="ARGUMENT",
        help="open psql, with these arguments, on what the last demo left",
    )
    parser.add_argument(
        "--page", action="store_true", help="serve the page over what the last demo left"
    )
    arguments = parser.parse_args()
    for name in SIGNALS:
        signal.signal(name, interrupt)
    isolate()
    # A reason out of the database may hold anything: print it with ? rather than fail.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    directory: Path = arguments.dir.resolve()
    logs = directory / "logs"
    log: Path | None = None
    try:
        logs.mkdir(parents=True, exist_ok=True)
        looks = arguments.page or arguments.psql is not None
        # Who holds it has a server, and says in it where, for others to look at the same data.
        (directory / "lock").touch(mode=0o600)
        with (directory / "lock").open("r+") as lock:

            def share(cluster: Cluster) -> str:
                url = cluster.url(DATABASE)
                lock.write(url)
                lock.flush()
                return url

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if looks and (url := lock.read()):
                    return look(url, arguments.psql)
                raise DemoError("another make demo, up, psql or page uses this directory") from None
            lock.truncate()
            if looks:
                with last_run(directory) as cluster:
                    return look(share(cluster), arguments.psql)
            demo(directory, logs, share if arguments.up else None)
            return 0
    except Interrupted as interrupted:
        print("demo: interrupted; nothing is left running", file=sys.stderr)
        return 128 + int(interrupted.args[0])
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        log = error.log
        lines = log.read_text(errors="replace").splitlines() if log and log.exists() else []
        telling = [line for line in lines if TELLING.search(line)] or lines
        for line in telling[-3:]:
            print(f"  {line}", file=sys.stderr)
    except Exception as error:  # whatever it is, say so in a line and keep the rest in a log
        lines = str(error).strip().splitlines() or [type(error).__name__]
        print("demo:", *dict.fromkeys((lines[0], lines[-1])), file=sys.stderr)
        log = logs / "demo.log"
        with contextlib.suppress(OSError):
            log.write_text(traceback.format_exc())
    finally:
        for process in started:
            stop(process)
    if log is not None:
        print(f"demo: nothing is left running; see {log}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
