"""What the tests of the relay do around SQS: messages to send, a queue to look into, faults."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import boto3
import notifications as n

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def offer_changed(asin: str, second: int, condition: str = "new") -> str:
    """An ANY_OFFER_CHANGED of that second of 2026; the own price tells which: 10.00 and as many
    cents."""
    prices = {n.OWN_SELLER: 10 + Decimal(second) / 100, "COMPETITOR": Decimal("9.5")}
    facts = n.OfferChange(
        asin=asin,
        condition=condition,
        seller=n.OWN_SELLER,
        event_time=EPOCH + timedelta(seconds=second),
        offers=tuple(n.Offer(*priced, shipping=Decimal(0), fba=True) for priced in prices.items()),
    )
    return n.text(n.pascal(facts))


def broken(number: int) -> str:
    """A message that can never be stored: an ANY_OFFER_CHANGED without an ASIN."""
    return json.dumps({"NotificationType": "ANY_OFFER_CHANGED", "Payload": {"n": number}})


class Queue:
    """A queue, seen from outside the relay."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._sqs: Any = boto3.client("sqs")

    def send(self, *bodies: str) -> None:
        """Sends, in order, each once."""
        for start in range(0, len(bodies), 10):
            entries = [
                {"Id": str(i), "MessageBody": body}
                for i, body in enumerate(bodies[start : start + 10])
            ]
            answer = self._sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
            assert not answer.get("Failed")

    @property
    def visible(self) -> int:
        """How many messages could be received now."""
        return self._counts()[0]

    @property
    def size(self) -> int:
        """How many messages it holds, received or not."""
        # Twice, because a message may become visible just between the two counts of one answer.
        return max(sum(self._counts()), sum(self._counts()))

    @property
    def dead(self) -> "Queue":
        """Its dead-letter queue."""
        return Queue(f"{self.url}-dead")

    def receive(self) -> list[tuple[str, int]]:
        """Receives what is visible: (body, receive count, this one included)."""
        found: list[tuple[str, int]] = []
        while messages := self._sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        ).get("Messages", []):
            found += [
                (m["Body"], int(m["Attributes"]["ApproximateReceiveCount"])) for m in messages
            ]
        return found

    def set(self, **attributes: str) -> None:
        """Sets attributes of the queue; an empty RedrivePolicy removes it."""
        self._sqs.set_queue_attributes(QueueUrl=self.url, Attributes=attributes)

    def _counts(self) -> tuple[int, int]:
        """How many messages are visible, and how many are not."""
        answer = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])
        counts = answer["Attributes"]
        return (
            int(counts["ApproximateNumberOfMessages"]),
            int(counts["ApproximateNumberOfMessagesNotVisible"]),
        )


Answer = tuple[int, dict[str, Any]]


class Proxy:
    """Passes SQS calls on to an endpoint, unless `intercept` (action, request) gives an answer.

    intercept may be changed at any time. It is also where a test learns that a call happens.
    """

    def __init__(self, endpoint: str) -> None:
        self.intercept: Callable[[str, dict[str, Any]], Answer | None] = lambda *call: None
        self.dripping = False  # answers come a byte a second and never end
        self._closed = threading.Event()
        proxy = self
        target = urlsplit(endpoint).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                action = self.headers["X-Amz-Target"].rpartition(".")[2]
                answer = proxy.intercept(action, json.loads(body))
                if answer is None:
                    connection = HTTPConnection(target)
                    connection.request("POST", self.path, body, dict(self.headers))
                    response = connection.getresponse()
                    self._answer(response.status, response.read())
                    connection.close()
                else:
                    self._answer(answer[0], json.dumps(answer[1]).encode())

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(10**6 if proxy.dripping else len(body)))
                self.end_headers()
                while proxy.dripping and not proxy._closed.wait(1):
                    self.wfile.write(b" ")
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        yield self
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
