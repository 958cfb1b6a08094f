"""An SQS in memory, for tests with queues too long for moto: receive costs the same at any length.

Only what the relay and the tests use. Like the real one it hides what was received, takes what was
received too often to the dead-letter queue, and holds a long poll until a message comes; unlike it,
it is in order and never delivers twice by itself.
"""

import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Request = dict[str, Any]


class StandIn:
    def __init__(self) -> None:
        self.max_receives: int | None = 3
        self.dead: list[tuple[str, int]] = []  # body, receives
        self.polls = 0  # in flight
        self._messages: dict[str, dict[str, Any]] = {}
        self._visible: deque[str] = deque()
        self._hidden: list[tuple[float, str, int]] = []  # until, id, receive
        self._change = threading.Condition()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                action = self.headers["X-Amz-Target"].rpartition(".")[2]
                body = json.dumps(getattr(stand_in, action)(request)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 100
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                """A client that was killed."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.endpoint}/1/queue"

    @contextmanager
    def running(self) -> Iterator["StandIn"]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        yield self
        self._server.shutdown()
        self._server.server_close()

    @property
    def settings(self) -> dict[str, object]:
        """What a relay needs to use it. The credentials are any."""
        return {"SQS_QUEUE_URL": self.url, "AWS_ENDPOINT_URL_SQS": self.endpoint}

    def send(self, *bodies: str) -> None:
        with self._change:
            for body in bodies:
                key = str(uuid.uuid4())
                self._messages[key] = {"body": body, "sent": time.time(), "receives": 0}
                self._visible.append(key)
            self._change.notify_all()

    @property
    def size(self) -> int:
        return len(self._messages)

    @property
    def visible(self) -> list[tuple[str, int]]:
        """What could be received now: body, receives so far."""
        with self._change:
            now = time.monotonic()
            messages = self._messages.values()
            return [(m["body"], m["receives"]) for m in messages if m.get("until", 0) <= now]

    def GetQueueAttributes(self, request: Request) -> Request:
        attributes = {"VisibilityTimeout": "100"}
        if self.max_receives:
            attributes["RedrivePolicy"] = json.dumps({"maxReceiveCount": self.max_receives})
        return {"Attributes": attributes}

    def ReceiveMessage(self, request: Request) -> Request:
        end = time.monotonic() + request.get("WaitTimeSeconds", 0)
        with self._change:
            self.polls += 1
            while True:
                taken = self._take(request["MaxNumberOfMessages"], request["VisibilityTimeout"])
                wait = min(0.1, end - time.monotonic())
                if taken or wait <= 0:
                    self.polls -= 1
                    return {"Messages": taken} if taken else {}
                self._change.wait(wait)

    def DeleteMessageBatch(self, request: Request) -> Request:
        with self._change:
            for entry in request["Entries"]:
                key, _, receive = entry["ReceiptHandle"].partition("#")
                # An older receive's handle deletes nothing, the worst that SQS allows itself.
                if self._messages.get(key, {}).get("receives") == int(receive):
                    del self._messages[key]
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

    def ChangeMessageVisibilityBatch(self, request: Request) -> Request:
        with self._change:
            for entry in request["Entries"]:
                key, _, receive = entry["ReceiptHandle"].partition("#")
                message = self._messages.get(key)
                if message and message["receives"] == int(receive):
                    message["until"] = time.monotonic() + entry["VisibilityTimeout"]
                    heappush(self._hidden, (message["until"], key, int(receive)))
            self._change.notify_all()
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

    def _take(self, most: int, hide: float) -> list[Request]:
        now = time.monotonic()
        while self._hidden and self._hidden[0][0] <= now:
            until, key, receive = heappop(self._hidden)
            message = self._messages.get(key)
            if message and (message["receives"], message["until"]) == (receive, until):
                self._visible.append(key)
        taken: list[Request] = []
        while self._visible and len(taken) < most:
            key = self._visible.popleft()
            message = self._messages.get(key)
            if not message:  # deleted after its visibility timeout
                continue
            if self.max_receives and message["receives"] >= self.max_receives:
                self.dead.append((message["body"], message["receives"]))
                del self._messages[key]
                continue
            message["receives"] += 1
            message["until"] = now + hide
            heappush(self._hidden, (message["until"], key, message["receives"]))
            attributes = {
                "ApproximateReceiveCount": str(message["receives"]),
                "SentTimestamp": str(int(message["sent"] * 1000)),
            }
            taken.append(
                {
                    "MessageId": key,
                    "Body": message["body"],
                    "ReceiptHandle": f"{key}#{message['receives']}",
                    "Attributes": attributes,
                }
            )
        return taken
