"""docs/aws.md, pasted from top to bottom: against a local AWS, and against what plays Amazon."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import boto3
import jmespath
import pytest
from botocore import xform_name

import relay

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "aws.md").read_text()
AMAZON = "437568002678"


class Request(NamedTuple):
    path: str
    token: str
    body: Any


def aws(endpoint: str, region: str, service: str, command: str, *arguments: str) -> str:
    """As much of the AWS CLI as the document uses; it knows parameters as the real one does."""
    make: Any = boto3.client
    client = make(service, region_name=region, endpoint_url=endpoint)
    (operation,) = [
        name
        for name in client.meta.service_model.operation_names
        if xform_name(name, "-") == command
    ]
    members = client.meta.service_model.operation_model(operation).input_shape.members
    options: dict[str, list[str]] = {}
    for argument in arguments:
        if argument.startswith("--"):
            values = options.setdefault(argument[2:], [])
        else:
            values.append(argument)
    query, output = options.pop("query", ["@"]), options.pop("output", ["json"])
    parameters: dict[str, Any] = {}
    for name, values in options.items():
        (member,) = [member for member in members if xform_name(member, "-") == name]
        kind = members[member].type_name
        parameters[member] = values if kind == "list" else "".join(values)
        if kind == "map":
            parameters[member] = json.loads(parameters[member])
    answer = getattr(client, xform_name(operation))(**parameters)
    found = jmespath.search(" ".join(query), answer)
    if output == ["text"]:
        return "\t".join([found] if isinstance(found, str) else found)
    return json.dumps(found, default=str)


@pytest.fixture
def amazon(sqs_endpoint: str) -> Iterator[tuple[str, list[Request]]]:
    """An address that answers as SP-API and its token service do, and what was asked of it.

    At /aws it answers as the AWS CLI does, to its arguments with a zero byte after each.
    """
    asked: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path == "/aws":
                try:
                    self.answer(200, aws(sqs_endpoint, *text.split("\0")[:-1]) + "\n")
                except Exception as error:
                    self.answer(400, repr(error))
                return
            body: Any
            answer: dict[str, Any]
            if self.path == "/auth/o2/token":
                body = {name: value for name, (value,) in parse_qs(text).items()}
                answer = {"access_token": f"Atza|{body['grant_type']}", "expires_in": 3600}
            elif self.path.endswith("/destinations"):
                body = json.loads(text)
                answer = {"payload": {"destinationId": "d-1", "name": body["name"]}}
            else:
                body = json.loads(text)
                answer = {"payload": {"subscriptionId": "s-1"}}
            asked.append(Request(self.path, self.headers.get("x-amz-access-token", ""), body))
            self.answer(200, json.dumps(answer))

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_the_document_pasted_makes_what_the_relay_needs(
    sqs_endpoint: str, amazon: tuple[str, list[Request]], tmp_path: Path
) -> None:
    address, asked = amazon
    script = "\n".join(block for block in blocks("sh") if not block.startswith("make "))
    for host in ("https://sellingpartnerapi-eu.amazon.com", "https://api.amazon.com"):
        assert host in script
        script = script.replace(host, address)
    before = (
        "set -euo pipefail\n"
        f'aws() {{ printf \'%s\\0\' "$AWS_REGION" "$@" |'
        f" curl -sS --fail-with-body --data-binary @- {address}/aws; }}\n"
    )
    after = 'echo; echo "$SQS_QUEUE_URL $DEAD_ARN $QUEUE_ARN"\n'
    done = subprocess.run(
        ["bash", "-c", before + script + after],
        env=os.environ | {"no_proxy": "*"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    queue_url, dead_arn, queue_arn = done.stdout.split()[-3:]

    sqs, iam = boto3.client("sqs"), boto3.client("iam", endpoint_url=sqs_endpoint)
    queue = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    dead = sqs.get_queue_attributes(QueueUrl=f"{queue_url}-dead", AttributeNames=["All"])
    assert (queue["QueueArn"], dead["Attributes"]["QueueArn"]) == (queue_arn, dead_arn)
    assert dead["Attributes"]["MessageRetentionPeriod"] == str(14 * 24 * 60 * 60)
    assert queue["MessageRetentionPeriod"] == str(14 * 24 * 60 * 60)
    # What the relay expects where nothing else is set, so that it has nothing to warn of.
    settings = relay.RelaySettings(
        database_url="postgresql://user:password@host/db", sqs_queue_url=queue_url
    )
    assert queue["VisibilityTimeout"] == str(settings.visibility_timeout)
    assert queue["ReceiveMessageWaitTimeSeconds"] == str(settings.wait_time)
    redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": settings.max_receive_count}
    assert json.loads(queue["RedrivePolicy"]) == redrive

    # Amazon's account may do two things to this queue, and nobody else anything.
    (statement,) = json.loads(queue["Policy"])["Statement"]
    shown = json.loads(blocks("json")[0])
    assert statement["Principal"] == shown["Principal"] == {"AWS": f"arn:aws:iam::{AMAZON}:root"}
    actions = ["sqs:getqueueattributes", "sqs:sendmessage"]
    for each in (statement, shown):
        assert each["Effect"] == "Allow"
        assert sorted(action.lower() for action in each["Action"]) == actions
    assert statement["Resource"] == queue_arn

    # The relay may do what its code calls, each batch under the name of its single call.
    assert iam.list_user_policies(UserName="buybox-relay")["PolicyNames"] == ["queue"]
    policy = iam.get_user_policy(UserName="buybox-relay", PolicyName="queue")["PolicyDocument"]
    (statement,) = policy["Statement"]
    called = re.findall(r"sqs\.([a-z]+_[a-z_]+)", (ROOT / "relay.py").read_text())
    names = [name.removesuffix("_batch").title().replace("_", "") for name in called]
    assert sorted(statement["Action"]) == sorted({f"sqs:{name}" for name in names})
    assert (statement["Effect"], statement["Resource"]) == ("Allow", queue_arn)
    (key,) = iam.list_access_keys(UserName="buybox-relay")["AccessKeyMetadata"]
    assert key["AccessKeyId"] in done.stdout

    application, destination, seller, *subscriptions = asked
    secrets = {"client_id": "amzn1.application-oa2-client.…", "client_secret": "…"}
    assert application.body == secrets | {
        "grant_type": "client_credentials",
        "scope": "sellingpartnerapi::notifications",
    }
    assert seller.body == secrets | {"grant_type": "refresh_token", "refresh_token": "Atzr|…"}
    assert destination == Request(
        "/notifications/v1/destinations",
        "Atza|client_credentials",
        {"name": "buybox-relay", "resourceSpecification": {"sqs": {"arn": queue_arn}}},
    )
    assert subscriptions == [
        Request(
            f"/notifications/v1/subscriptions/{kind}",
            "Atza|refresh_token",
            {"payloadVersion": "1.0", "destinationId": "d-1"},
        )
        for kind in ("ANY_OFFER_CHANGED", "PRICING_HEALTH")
    ]


def test_every_json_in_the_document_can_be_parsed() -> None:
    shown = blocks("json")
    assert len(shown) == 2
    for block in shown:
        assert AMAZON in json.loads(block)["Principal"]["AWS"]
