"""How items are split over several databases: the one place where that is defined.

    python tools/shards.py N        print what EventBridge and SQS need for N shards (2 to 36)

An ASIN ends in one of 36 characters, and that one decides. The characters are dealt round, so that
digits, in which books' ASINs end, go to all shards alike, and so that each of N shards becomes
exactly k of N * k: its own number and every N-th after it. What has no ASIN, or one that ends in
something else, is shard 1's. Exit status: 0; 2 for a wrong call.
"""

import json
import string
import sys
from typing import Any

CHARACTERS = string.digits + string.ascii_uppercase

# Where Amazon puts the ASIN, in the envelope's detail. Other types have none that counts for state.
PATHS = (
    ("Payload", "AnyOfferChangedNotification", "OfferChangeTrigger", "ASIN"),
    ("Payload", "B2BAnyOfferChangedNotification", "OfferChangeTrigger", "ASIN"),
    ("payload", "offerChangeTrigger", "asin"),
)


def shard_of(asin: str | None, shards: int) -> int:
    """The shard, from 1, that an ASIN belongs to; 1 where there is none."""
    return max(CHARACTERS.find((asin or "0")[-1]), 0) % shards + 1


def shard_of_sql(column: str, shards: int) -> str:
    """shard_of() as an SQL expression of a column."""
    position = f"strpos('{CHARACTERS}', right(coalesce({column}, '0'), 1))"
    return f"(mod(greatest({position}, 1) - 1, {shards}) + 1)"


def rules(shards: int) -> dict[str, tuple[int, dict[str, Any]]]:
    """EventBridge's rules by name: the shard whose queue each sends to, and its event pattern.

    Every event matches one of them, and no more than one where it has no more than one ASIN.
    Raises ValueError where the number of shards is not from 2 to 36.
    """
    if not 2 <= shards <= len(CHARACTERS):
        raise ValueError(f"the number of shards is from 2 to {len(CHARACTERS)}")
    made: dict[str, tuple[int, dict[str, Any]]] = {}
    for shard in range(1, shards + 1):
        ends = [{"suffix": c} for c in CHARACTERS if shard_of(c, shards) == shard]
        made[f"shard-{shard}"] = (shard, {"detail": {"$or": [at(path, ends) for path in PATHS]}})
    absent: dict[str, Any] = {}
    for path in PATHS:
        merge(absent, at(path, [{"exists": False}]))
    made["no-asin"] = (1, {"detail": absent})
    # null, numbers and booleans end in nothing; what they mean is for ingest to say.
    others: list[Any] = [{"anything-but": {"suffix": list(CHARACTERS)}}, None, True, False]
    others += [{"numeric": [">=", -5_000_000_000]}]
    made["other-asin"] = (1, {"detail": {"$or": [at(path, others) for path in PATHS]}})
    return made


def at(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The value at the end of this path of members."""
    for name in reversed(path):
        value = {name: value}
    return dict(value)


def merge(tree: dict[str, Any], more: dict[str, Any]) -> None:
    """Puts the branches of more into tree."""
    for name, value in more.items():
        if isinstance(value, dict) and name in tree:
            merge(tree[name], value)
        else:
            tree[name] = value


def commands(shards: int) -> str:
    """What to paste into a shell of docs/scale.md: queues, rules, and each relay's settings.

    The rules are made disabled: the last line switches them on.
    """
    lines = [
        f"# {shards} shards. BUS is the event bus, QUEUE the queues' first name (docs/scale.md).",
        "BUS=${BUS:?} QUEUE=${QUEUE:-buybox} REGION=${AWS_REGION:?}",
        "ACCOUNT=$(aws sts get-caller-identity --query Account --output text)",
        "ARN=arn:aws:sqs:$REGION:$ACCOUNT:$QUEUE RULE=arn:aws:events:$REGION:$ACCOUNT:rule/$BUS",
    ]
    made = rules(shards)
    for shard in range(1, shards + 1):
        sources = [f"$RULE/$QUEUE-{name}" for name, (to, _) in made.items() if to == shard]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": f"$ARN-{shard}",
                    "Condition": {"ArnEquals": {"aws:SourceArn": sources}},
                }
            ],
        }
        redrive = {"deadLetterTargetArn": f"$ARN-{shard}-dead", "maxReceiveCount": 3}
        attributes = {
            "MessageRetentionPeriod": "1209600",
            "VisibilityTimeout": "120",
            "ReceiveMessageWaitTimeSeconds": "20",
            "RedrivePolicy": json.dumps(redrive),
            "Policy": json.dumps(policy),
        }
        lines += [
            f'aws sqs create-queue --queue-name "$QUEUE-{shard}-dead"'
            ' --attributes \'{"MessageRetentionPeriod": "1209600"}\'',
            f'aws sqs create-queue --queue-name "$QUEUE-{shard}" --attributes {quoted(attributes)}',
        ]
    for name, (shard, pattern) in made.items():
        # Amazon's own source, not what another one sends to the bus.
        lines += [
            f'aws events put-rule --name "$QUEUE-{name}" --event-bus-name "$BUS"'
            f" --state DISABLED --event-pattern '{json.dumps(pattern, separators=(',', ':'))}'",
            f'aws events put-targets --rule "$QUEUE-{name}" --event-bus-name "$BUS"'
            f' --targets "Id=queue,Arn=$ARN-{shard}"',
        ]
    names = " ".join(made)
    lines += [
        f'for NAME in {names}; do aws events enable-rule --name "$QUEUE-$NAME"'
        ' --event-bus-name "$BUS"; done',
        *(
            f'echo "WORKER_ID=shard-{n} SQS_QUEUE_URL=$(aws sqs get-queue-url --queue-name'
            f' "$QUEUE-{n}" --query QueueUrl --output text) DATABASE_URL=..."'
            for n in range(1, shards + 1)
        ),
    ]
    return "\n".join(lines)


def quoted(value: object) -> str:
    """JSON in the shell's double quotes, in which $ARN and $RULE stand for what they are."""
    text = json.dumps(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def main(arguments: list[str]) -> int:
    try:
        (number,) = arguments
        print(commands(int(number)))
    except ValueError:
        print("usage: python tools/shards.py N, a number of shards from 2 to 36", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
