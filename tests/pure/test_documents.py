"""The documents and make: what they name is there, and what they say of settings is so."""

import importlib
import re
import subprocess
from pathlib import Path

import pytest
from cluster import ROOT
from doctor import DoctorSettings
from prometheus_client import REGISTRY

DOCUMENTS = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md")), ROOT / "bench/README.md"]
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_a_new_clone_can_make_every_target(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements"):
        (tmp_path / name).symlink_to(ROOT / name)
    command = ["make", "--dry-run", *sorted(TARGETS)]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr


def test_every_setting_is_listed() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `?([^|`]*)`? \| ([^|]*) \|", text, re.MULTILINE)
    listed = {name: (default, accepted) for name, default, accepted in rows}
    fields = DoctorSettings.model_fields  # the relay's, and what else is read
    assert listed.keys() == {name.upper() for name in fields}
    for name, field in fields.items():
        default, accepted = listed[name.upper()]
        standard = "required" if field.is_required() else str(field.default) or "none"
        assert default == standard
        low, high = (
            next((getattr(bound, side) for bound in field.metadata if hasattr(bound, side)), None)
            for side in ("ge", "le")
        )
        if low is not None:
            assert accepted.startswith(f"{low} to {high}" if high else f"{low} or more")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    files = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert [name for name in files if not (document.parent / name).exists()] == []

    named = set(re.findall(r"(?:`|^)(?:[A-Z_]+=\S+ )*make ([a-z-]+)", text, re.MULTILINE))
    assert named - TARGETS == set()

    exposed = {m.name + "_total" * (m.type == "counter") for m in REGISTRY.collect()}
    assert set(re.findall(r"\brelay_[a-z_]+[a-z]", text)) - exposed == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_example_answers_with_nothing(document: Path) -> None:
    assert "(0 rows)" not in document.read_text()


def test_links_lead_to_headings() -> None:
    def headings(document: Path) -> set[str]:
        found = re.findall(r"^#+ (.*)", document.read_text(), re.MULTILINE)
        return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in found}

    for document in DOCUMENTS:
        for name, anchor in re.findall(r"\]\(([^)#:]*)#([^)]*)\)", document.read_text()):
            assert anchor in headings(document.parent / name if name else document)


def test_the_benchmarks_tables_are_what_it_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "bench")
    tables = importlib.import_module("tables")
    for page in tables.PAGES:
        assert tables.with_tables(page.read_text()) == page.read_text()
    results = (ROOT / "bench" / "results").glob("*.json")
    assert {file.stem for file in results} == tables.TABLES.keys()
