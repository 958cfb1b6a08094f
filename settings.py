"""What every program here shares: settings from the environment, and logs of one JSON line each."""

import json
import logging
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Self

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

LogLevel = Annotated[str, Field(pattern="(?i)^(debug|info|warn(ing)?|error)$")]
logger = logging.getLogger("buybox")


class SettingsError(Exception):
    """What no retry can mend, in one line that names the variable and repeats no secret."""


def check_database_url(url: str) -> str:
    """Returns the URL. An unescaped "@" or "/" in a password makes the rest of it a host, port or
    database name, which the errors of a connect repeat: such a URL is refused with ValueError."""
    with suppress(ProgrammingError):
        parts = conninfo_to_dict(url) if re.match("postgres(ql)?://", url) else {}
        place = f"{parts.get('host')} {parts.get('dbname')}"
        ports = re.findall("[^,]+", str(parts.get("port", "")))
        are_ports = all(port.isdecimal() and 0 < int(port) < 65536 for port in ports)
        if parts and "@" not in place and are_ports:
            return url
    form = "postgresql://user:password@host:port/database"
    raise ValueError(f"accepted: {form} (special characters of the password as %XX)")


class Settings(BaseSettings):
    """What a program reads from the environment: a field is the variable of its name in capitals,
    an empty one counts as unset. Programs that read more add their own fields."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, str_strip_whitespace=True
    )

    database_url: Annotated[str, AfterValidator(check_database_url)]

    @classmethod
    def read(cls) -> Self:
        """Returns the settings. Raises SettingsError, which names all that are wrong."""
        try:
            return cls()
        except ValidationError as error:
            # Of each the message alone, because the input may be a secret in the wrong variable.
            faults = [
                f"{str(fault['loc'][0]).upper()} is "
                + ("missing" if fault["type"] == "missing" else f"not valid: {fault['msg']}")
                for fault in error.errors(include_input=False, include_url=False)
            ]
            raise SettingsError("; ".join(faults)) from None


class JsonFormatter(logging.Formatter):
    """One JSON object a line: timestamp, level, message, then the fields that are not None."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line of a record; its fields are those that log() was given."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"timestamp": at, "level": record.levelname.lower(), "message": record.getMessage()}
        stack = self.formatException(record.exc_info) if record.exc_info else None
        line |= getattr(record, "fields", {}) | {"stack": stack}
        return json.dumps({name: value for name, value in line.items() if value is not None})


def start_logging(level: str) -> None:
    """Has log() write lines from this LogLevel on to stdout, and libraries theirs from WARNING on:
    botocore's debug lines hold tokens."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    # It warns of the second error that follows from a first, which is raised and told by itself.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    logger.setLevel(level.upper())


def log(level: int, message: str, **fields: object) -> None:
    """Writes a log line; level is one of logging's."""
    logger.log(level, message, extra={"fields": fields})
