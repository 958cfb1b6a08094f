"""docs/aws.md pasted from top to bottom, and what make shards prints: against a local AWS, and
against what plays Amazon."""

import json
import os
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import boto3
import jmespath
import notifications as n
import psycopg
import pytest
from botocore import xform_name

import relay
from tools.shards import CHARACTERS, rules, shard_of

ROOT = Path(__file__).resolve().parents[2]
AMAZON = "437568002678"


class Request(NamedTuple):
    path: str
    token: str
    body: Any


@cache
def client_of(service: str, region: str, endpoint: str) -> Any:
    make: Any = boto3.client  # typed for each service by name
    return make(service, region_name=region, endpoint_url=endpoint)


def aws(endpoint: str, region: str, service: str, command: str, *arguments: str) -> str:
    """As much of the AWS CLI as the document uses; it knows parameters as the real one does."""
    client = client_of(service, region, endpoint)
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
        name = name.removeprefix("notification-")  # the CLI's name for SNS' endpoint
        (member,) = [member for member in members if xform_name(member, "-") == name]
        kind = members[member].type_name
        parameters[member] = values if kind == "list" else "".join(values)
        if kind in ("map", "integer", "double"):
            parameters[member] = json.loads(parameters[member])
        elif kind == "list" and members[member].member.type_name == "structure":
            parameters[member] = [dict(p.split("=") for p in v.split(",")) for v in values]
    answer = getattr(client, xform_name(operation))(**parameters)
    found = jmespath.search(" ".join(query), answer)
    if output == ["text"]:
        return "\t".join(found) if isinstance(found, list) else str(found)
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


def blocks(language: str, document: str = "aws.md") -> list[str]:
    text = (ROOT / "docs" / document).read_text()
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def pasted(script: str, address: str, directory: Path, **variables: str) -> str:
    """What a shell prints into which this is pasted; its AWS is at this address."""
    before = (
        "set -euo pipefail\n"
        f'aws() {{ printf \'%s\\0\' "$AWS_REGION" "$@" |'
        f" curl -sS --fail-with-body --data-binary @- {address}/aws; }}\n"
    )
    done = subprocess.run(
        ["bash", "-c", before + script],
        env=os.environ | {"no_proxy": "*"} | variables,
        cwd=directory,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_document_pasted_makes_what_the_relay_needs(
    sqs_endpoint: str, amazon: tuple[str, list[Request]], tmp_path: Path
) -> None:
    address, asked = amazon
    script = "\n".join(block for block in blocks("sh") if not block.startswith("make "))
    for host in ("https://sellingpartnerapi-eu.amazon.com", "https://api.amazon.com"):
        assert host in script
        script = script.replace(host, address)
    script += 'echo; echo "$SQS_QUEUE_URL $DEAD_ARN $QUEUE_ARN"\n'
    printed = pasted(script, address, tmp_path)
    queue_url, dead_arn, queue_arn = printed.split()[-3:]

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
    assert key["AccessKeyId"] in printed

    watch = boto3.client("cloudwatch", endpoint_url=sqs_endpoint)
    alarms = {
        (alarm["MetricName"], alarm["Dimensions"][0]["Value"], alarm["Threshold"])
        for alarm in watch.describe_alarms()["MetricAlarms"]
        if "buybox-alarms" in alarm["AlarmActions"][0]
    }
    name = queue_url.rpartition("/")[2]
    assert alarms == {
        ("ApproximateAgeOfOldestMessage", name, 600),
        ("ApproximateNumberOfMessagesVisible", f"{name}-dead", 0),
    }

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


@pytest.mark.parametrize("shards", [2, 4, 36])
def test_what_make_shards_prints_brings_each_message_to_its_items_shard(
    shards: int,
    sqs_endpoint: str,
    amazon: tuple[str, list[Request]],
    db: psycopg.Connection,
    tmp_path: Path,
) -> None:
    address, _ = amazon
    events, sqs = boto3.client("events", endpoint_url=sqs_endpoint), boto3.client("sqs")
    bus = f"partner-{uuid.uuid4().hex}"  # moto finds no bus by a name with a slash
    events.create_partner_event_source(Name=bus, Account="123456789012")
    offers = [n.OfferChange(asin=f"B00TEST{i:02}{c}") for i, c in enumerate(CHARACTERS)]
    sent = [n.text(notification) for notification in (n.other(), *map(n.pascal, offers))]
    for facts in (*offers[1::5], n.OfferChange(asin="b00test00x"), n.OfferChange(asin="")):
        b2b, health = replace(facts, b2b=True), n.PricingHealth(asin=facts.asin)
        others = [spell(each) for each in (b2b, health) for spell in (n.pascal, n.camel)]
        sent += map(n.text, [n.camel(facts), n.original(facts), *others])

    def send(*bodies: str) -> None:
        entries: Any = [
            {"Source": "aws.partner/x", "DetailType": "y", "Detail": body, "EventBusName": bus}
            for body in bodies
        ]
        for start in range(0, len(entries), 10):
            assert not events.put_events(Entries=entries[start : start + 10])["FailedEntryCount"]

    make_bus, switch = blocks("sh", "scale.md")
    script = subprocess.check_output(
        [sys.executable, "tools/shards.py", str(shards)], cwd=ROOT, text=True
    )
    printed = pasted(make_bus + script, address, tmp_path, SOURCE=bus)
    queues = re.findall(r"^WORKER_ID=shard-\d+ SQS_QUEUE_URL=(\S+) DATABASE_URL=$", printed, re.M)
    assert len(queues) == shards
    states = [rule["State"] for rule in events.list_rules(EventBusName=bus)["Rules"]]
    assert set(states) == {"DISABLED"}  # moto heeds neither this nor a pattern's length
    switch = switch.replace("buybox-of-4", f"buybox-of-{shards}")
    pasted(switch, address, tmp_path, AWS_REGION="eu-west-1", BUS=bus)
    send(*sent)

    made = {r["Arn"]: r["State"] for r in events.list_rules(EventBusName=bus)["Rules"]}
    assert list(made.values()) == ["ENABLED"] * len(rules(shards))
    stored: list[str] = []
    for number, url in enumerate(queues, start=1):
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        dead = f"{queue['QueueArn']}-dead"
        redrive = {"deadLetterTargetArn": dead, "maxReceiveCount": 3}
        assert json.loads(queue["RedrivePolicy"]) == redrive
        assert sqs.get_queue_url(QueueName=dead.rpartition(":")[2])
        (statement,) = json.loads(queue["Policy"])["Statement"]
        assert statement["Resource"] == queue["QueueArn"]
        assert (statement["Action"], statement["Principal"]) == (
            "sqs:SendMessage",
            {"Service": "events.amazonaws.com"},
        )
        (pattern,) = statement["Condition"]["ArnLike"].values()
        assert all(fnmatchcase(arn, pattern) for arn in made)
        while got := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in got:
                row = n.ingest(db, message["MessageId"], message["Body"])
                assert row["outcome"] in ("processed", "stale", "failed")
                assert shard_of(row["asin"], shards) == number, message["Body"]
                stored.append(json.dumps(json.loads(message["Body"])["detail"], sort_keys=True))
    assert sorted(stored) == sorted(json.dumps(json.loads(s), sort_keys=True) for s in sent)
