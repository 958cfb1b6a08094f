"""render.yaml: what Render reads, and that it fits the guide, the lock files and the settings."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import relay

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "render.yaml").read_text()
GUIDE = (ROOT / "docs" / "render.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CI = (ROOT / ".github" / "workflows" / "ci.yml").read_text()

# As much of Render's Blueprint as one of a worker or web service with a Postgres has need of.
SERVICE = {
    "type",
    "name",
    "runtime",
    "region",
    "plan",
    "buildCommand",
    "preDeployCommand",
    "startCommand",
    "healthCheckPath",
    "maxShutdownDelaySeconds",
    "envVars",
}
DATABASE = {
    "name",
    "databaseName",
    "user",
    "region",
    "plan",
    "postgresMajorVersion",
    "connectionPool",
    "ipAllowList",
}
REGIONS = {"oregon", "ohio", "frankfurt", "singapore", "virginia"}
# An environment variable has exactly one of these beside its key.
SOURCES = {"value", "sync", "fromDatabase"}


@pytest.fixture(scope="module")
def blueprint() -> Any:
    return yaml.safe_load(TEXT)


@pytest.fixture(scope="module")
def service(blueprint: Any) -> Any:
    """The relay: the first of the workers."""
    return blueprint["services"][0]


@pytest.fixture(scope="module")
def variables(service: Any) -> dict[str, Any]:
    """The environment variables by name."""
    return {entry["key"]: entry for entry in service["envVars"]}


def test_it_is_a_worker_with_its_postgres_in_names_that_render_knows(
    blueprint: Any, service: Any, variables: dict[str, Any]
) -> None:
    assert blueprint.keys() == {"services", "databases"}
    (database,) = blueprint["databases"]
    assert service.keys() <= SERVICE
    assert database.keys() <= DATABASE
    assert (service["type"], service["runtime"]) == ("worker", "python")
    assert "healthCheckPath" not in service  # a worker has none
    assert service["region"] == database["region"]
    assert service["region"] in REGIONS
    # More than the relay takes to stop, and no more than Render allows.
    assert relay.STOP_LIMIT < service["maxShutdownDelaySeconds"] <= 300
    assert service["maxShutdownDelaySeconds"] == 60
    assert database["ipAllowList"] == []
    assert variables["DATABASE_URL"]["fromDatabase"] == {
        "name": database["name"],
        "property": "connectionString",
    }
    for name in ("postgresMajorVersion", "plan"):
        assert isinstance(database[name], str)


def test_the_pinned_versions_are_those_that_are_tested(
    blueprint: Any, variables: dict[str, Any]
) -> None:
    assert f'postgres: "{blueprint["databases"][0]["postgresMajorVersion"]}"' in CI
    python = variables["PYTHON_VERSION"]["value"]
    assert isinstance(python, str)
    found = re.fullmatch(r"(3\.(\d+))\.\d+", python)  # Render wants all three
    assert found
    assert f'python: "{found[1]}"' in CI
    assert found[1] in (ROOT / "Dockerfile").read_text()
    assert python in SpecifierSet(PROJECT["requires-python"])


def requirements(name: str) -> dict[str, str]:
    """What a lock file has: package, version."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==([^ ]+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("deploy", {"alerts", "page"}),
        ("demo", {"alerts", "page", "demo"}),
        ("dev", {"alerts", "page", "demo", "dev"}),
    ],
)
def test_the_lock_files_fit_the_project(lock: str, extras: set[str]) -> None:
    locked = requirements(lock)
    assert locked.items() <= requirements("dev").items()
    optional = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *(each for extra in extras for each in optional[extra])]
    for requirement in map(Requirement, wanted):
        if requirement.name != PROJECT["name"]:
            assert requirement.specifier, f"{requirement} has no bound"
            assert locked[requirement.name] in requirement.specifier, "run make lock"


def test_what_is_deployed_comes_by_the_lock_file_alone(service: Any) -> None:
    install = "pip install --require-hashes -r requirements/deploy.txt"
    assert set(re.findall(r"buildCommand: (.*)", TEXT)) == {install}
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert install.replace("install", "install --no-cache-dir", 1) in dockerfile
    copied = [name for line in re.findall("^COPY (.*) ", dockerfile, re.M) for name in line.split()]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    # What is imported of the project is there.
    assert {file.name for file in ROOT.glob("*.py")} <= set(copied)
    assert json.dumps(service["startCommand"].split()) in dockerfile


def test_it_has_every_variable_that_is_required_and_no_secret(
    service: Any, variables: dict[str, Any]
) -> None:
    assert len(variables) == len(service["envVars"])
    fields = relay.RelaySettings.model_fields
    required = {name.upper() for name, field in fields.items() if field.is_required()}
    assert required == {"DATABASE_URL", "SQS_QUEUE_URL"}
    credentials = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert variables.keys() >= required | credentials | {"AWS_REGION", "AMAZON_SELLER_ID"}
    known = {name.upper() for name in fields} | credentials
    assert variables.keys() - known == {"PYTHON_VERSION", "PYTHONPATH", "AMAZON_SELLER_ID"}
    for name, entry in variables.items():
        assert len(entry.keys() & SOURCES) == 1, name
        assert entry.keys() <= SOURCES | {"key"}, name
        assert entry.get("sync") in (None, False), name
        assert "value" not in entry or name.startswith("PYTHON")
    assert not re.search(r"://|AKIA|amzn1|A2D8NG39VURSL3", TEXT)


def test_what_the_guide_adds_fits_the_file(service: Any, variables: dict[str, Any]) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    database, (prune,), web = map(yaml.safe_load, blocks)
    assert [entry["source"] for entry in database["ipAllowList"]] == ["203.0.113.7/32"]
    assert prune.keys() <= SERVICE | {"schedule"}
    assert (prune["type"], len(prune["schedule"].split())) == ("cron", 5)
    for name in ("runtime", "region", "plan", "buildCommand"):
        assert prune[name] == service[name]
    script, work = prune["startCommand"].removeprefix("python ").split()
    assert f"    python {script} {work} " in (ROOT / script).read_text()
    settings = {entry["key"]: entry for entry in prune["envVars"]}
    assert settings.pop("KEEP")["value"] == "90 days"
    kept = ("PYTHON_VERSION", "PYTHONPATH", "DATABASE_URL")
    assert settings == {name: variables[name] for name in kept}
    assert web == [{"type": "web", "healthCheckPath": "/health"}]
    for name in re.findall(r"`([a-z]+[A-Z]\w+)(?::|`)", GUIDE):
        assert name in SERVICE | DATABASE | {"fromDatabase", "connectionString"} | {
            "connectionPoolString"
        }, name
