"""Installs what is needed of the system and not there; needs the standard library only.

That is Python's venv and, for the tests, a Postgres server, pgTAP with its pg_prove,
plpgsql_check, PgBouncer and a browser; or only what the arguments name, as Debian does. On Debian
and Ubuntu apt installs them, through sudo for an ordinary user; elsewhere, or without sudo, they
are only named. Returns 1 where something is missing in the end.
"""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from cluster import ask_pg_config, system_binaries

FONT = "fonts-inter"
# Debian's own comes first: Ubuntu's is another thing of that name, but has one of the others.
BROWSERS = ("chromium", "google-chrome", "chromium-browser")

# Without the setting, Debian's first server package makes a cluster and starts it on port 5432;
# without the policy, PgBouncer's package starts one. Nothing that is installed here may run.
INSTALL = """
set -e
setting=/etc/postgresql-common/createcluster.d/buybox-relay.conf
policy=/usr/sbin/policy-rc.d
if [ -e $policy ]; then
  policy=  # a container has its own
else
  printf '#!/bin/sh\\nexit 101\\n' > $policy
  chmod +x $policy
fi
trap 'rm -f $setting $policy' EXIT INT TERM
mkdir -p "$(dirname $setting)"
echo 'create_main_cluster = false' > $setting
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || true  # may fail for a source that is not needed
apt-get install -qq --no-install-recommends "$@"
case " $* " in *" pgbouncer "*) update-rc.d pgbouncer disable ;; esac
"""


def missing() -> list[str]:
    """What is not there, by the names of Debian's packages.

    The names of a server's extensions have its version in them: they come after the server.
    """
    packages = []
    if find_spec("ensurepip") is None:
        packages.append("python3-venv")
    if shutil.which("pg_prove") is None:
        packages.append("libtap-parser-sourcehandler-pgtap-perl")
    if shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        packages.append("pgbouncer")
    if FONT in sys.argv and not Path("/usr/share/fonts/opentype/inter").is_dir():
        packages.append(FONT)  # for pictures alone
    if "valgrind" in sys.argv and shutil.which("valgrind") is None:
        packages.append("valgrind")  # for the benchmark alone
    if not any(map(shutil.which, BROWSERS)):
        packages.append(BROWSERS[0])
    if binaries := system_binaries():
        version = ask_pg_config(binaries, "--version").split()[1].split(".")[0]
        extensions = Path(ask_pg_config(binaries, "--sharedir"), "extension")
        packages += [
            f"postgresql-{version}-{name.replace('_', '-')}"
            for name in ("pgtap", "plpgsql_check")
            if not (extensions / f"{name}.control").exists()
        ]
    else:
        chosen = re.search(r"/postgresql/(\d+)/", os.environ.get("PG_BIN", ""))
        packages.append(f"postgresql-{chosen[1]}" if chosen else "postgresql")
    return packages


def main() -> int:
    wanted = sys.argv[1:]
    tried: list[str] = []
    while packages := [package for package in missing() if not wanted or package in wanted]:
        names = " ".join(packages)
        if packages == tried or shutil.which("apt-get") is None:
            print(f"Please install what Debian calls: {names}", file=sys.stderr)
            print("Postgres 15 or newer; PG_BIN may name its initdb's directory.", file=sys.stderr)
            return 1
        root = [] if os.geteuid() == 0 else ["sudo"]
        if root and shutil.which("sudo") is None:
            print(f"Please install, as root: apt-get install {names}", file=sys.stderr)
            return 1
        print(f"Installing by apt: {names}", flush=True)
        subprocess.run([*root, "sh", "-c", INSTALL, "install", *packages])
        tried = packages
    return 0


if __name__ == "__main__":
    sys.exit(main())
