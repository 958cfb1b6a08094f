"""How items are split over several databases: the one place where that is defined.

    python tools/shards.py N        print what makes the queues and rules of N shards (2 to 36)

An ASIN ends in one of 36 characters, and that one decides. The characters are dealt round, so that
digits, in which books' ASINs end, go to all shards alike, and so that each of N shards becomes
exactly k of N * k: its own number and every N-th after it. What has no ASIN, or one that ends in
something else, is shard 1's. Exit status: 0; 2 for a wrong call.
"""

import json
import string
import sys
from typing import Any

Pattern = dict[str, Any]

CHARACTERS = string.digits + string.ascii_uppercase
LONGEST = 2048  # characters of a pattern, EventBridge's default quota

# Where ingest looks for the ASIN, of what Amazon sends or sent, in both its spellings, and of the
# original worker's test messages. Who invents another one sends to shard 1.
PATHS = (
    "Payload.AnyOfferChangedNotification.OfferChangeTrigger.ASIN",
    "Payload.B2BAnyOfferChangedNotification.OfferChangeTrigger.ASIN",
    "payload.offerChangeTrigger.asin",
    "payload.anyOfferChangedNotification.offerChangeTrigger.asin",
    "payload.b2bAnyOfferChangedNotification.offerChangeTrigger.asin",
    "Payload.OfferChangeTrigger.ASIN",
    "payload.anyOfferChangedNotification.asin",
    "payload.offerChangeSummary.asin",
    "Payload.ASIN",
    "payload.asin",
)

# What the attributes are for stands in docs/aws.md. The rules begin disabled, and have names
# of this number of shards: those in use stay as they are.
COMMANDS = r"""
ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
queue() {
  ARN=arn:aws:sqs:$AWS_REGION:$ACCOUNT:$SHARDS-$1
  RULES=arn:aws:events:$AWS_REGION:$ACCOUNT:rule/$BUS/$SHARDS-*
  aws sqs create-queue --queue-name "$SHARDS-$1-dead" \
    --attributes '{"MessageRetentionPeriod": "1209600"}' --query QueueUrl --output text
  aws sqs create-queue --queue-name "$SHARDS-$1" --attributes '{
      "MessageRetentionPeriod": "1209600",
      "VisibilityTimeout": "120",
      "ReceiveMessageWaitTimeSeconds": "20",
      "RedrivePolicy": "{\"deadLetterTargetArn\": \"'"$ARN"'-dead\", \"maxReceiveCount\": 3}",
      "Policy": "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\",'\
' \"Principal\": {\"Service\": \"events.amazonaws.com\"}, \"Action\": \"sqs:SendMessage\",'\
' \"Resource\": \"'"$ARN"'\",'\
' \"Condition\": {\"ArnLike\": {\"aws:SourceArn\": \"'"$RULES"'\"}}}]}"
    }' --query QueueUrl --output text
}
rule() {
  aws events put-rule --event-bus-name "$BUS" --name "$SHARDS-$1" --state DISABLED \
    --event-pattern "$3" --query RuleArn --output text
  aws events put-targets --event-bus-name "$BUS" --rule "$SHARDS-$1" --query FailedEntryCount \
    --targets "Id=queue,Arn=arn:aws:sqs:$AWS_REGION:$ACCOUNT:$SHARDS-$2"
}
settings() {
  echo "WORKER_ID=shard-$1 SQS_QUEUE_URL=$(aws sqs get-queue-url --queue-name "$SHARDS-$1" \
    --query QueueUrl --output text) DATABASE_URL="
}"""


def shard_of(asin: str | None, shards: int) -> int:
    """The shard, from 1, that an ASIN belongs to; 1 where there is none."""
    return max(CHARACTERS.find((asin or "0")[-1]), 0) % shards + 1


def rules(shards: int) -> dict[str, tuple[int, Pattern]]:
    """EventBridge's rules by name: the shard whose queue each sends to, and its event pattern.

    Every event goes to one shard, unless it has several ASINs. Raises ValueError where the number
    of shards is not from 2 to 36.
    """
    if not 2 <= shards <= len(CHARACTERS):
        raise ValueError(f"the number of shards is from 2 to {len(CHARACTERS)}")
    made: dict[str, tuple[int, Pattern]] = {}
    for shard in range(1, shards + 1):
        ends = [{"suffix": c} for c in CHARACTERS if shard_of(c, shards) == shard]
        for number, pattern in enumerate(anywhere(ends), start=1):
            made[f"{shard}-{number}"] = (shard, pattern)
    for number, pattern in enumerate(anywhere([{"anything-but": {"suffix": [*CHARACTERS]}}])):
        made[f"other-{number + 1}"] = (1, pattern)
    nowhere: Pattern = {}
    for path in PATHS:
        *outer, last = path.split(".")
        inner = nowhere
        for name in outer:
            inner = inner.setdefault(name, {})
        inner[last] = [{"exists": False}]
    made["none"] = (1, {"detail": nowhere})
    return made


def anywhere(filters: list[Pattern]) -> list[Pattern]:
    """As few patterns as are not too long, of which an event with an ASIN that passes one of these
    filters matches one."""
    patterns: list[Pattern] = []
    for path in PATHS:
        one = at(path, filters)
        if patterns and len(compact(patterns[-1])) + len(compact(one)) < LONGEST:
            patterns[-1]["detail"]["$or"].append(one)
        else:
            patterns.append({"detail": {"$or": [one]}})
    return patterns


def at(path: str, value: Any) -> Any:
    """The value at the end of this path of members."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


def compact(pattern: Pattern) -> str:
    return json.dumps(pattern, separators=(",", ":"))


def commands(shards: int) -> str:
    """What to paste into a shell of docs/scale.md: queues, rules, and each relay's settings."""
    made = rules(shards).items()
    numbers = range(1, shards + 1)
    return "\n".join(
        [
            f"SHARDS=buybox-of-{shards}{COMMANDS}",
            *(f"queue {number}" for number in numbers),
            *(f"rule {name} {shard} '{compact(pattern)}'" for name, (shard, pattern) in made),
            *(f"settings {number}" for number in numbers),
        ]
    )


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
