PYTHON ?= python3

.DEFAULT_GOAL := help
.NOTPARALLEL:
# Each target that says what it does, and `system`.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\#.*/\1/p' Makefile) system

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: .venv/demo ## show it all at work on made-up messages, without an account
	@.venv/bin/python demo/demo.py

up: .venv/demo ## the demo, kept running for a UI or a notebook, until Ctrl-C
	@.venv/bin/python demo/demo.py --up

psql: .venv/demo ## open psql on the data that the demo left
	@.venv/bin/python demo/demo.py --psql

# Over DATABASE_URL, or else over what the demo left.
page: .venv/demo ## serve the page on http://127.0.0.1:8000 (PAGE_PORT)
	@if [ -n "$$DATABASE_URL" ]; then exec .venv/bin/python board.py; \
	else exec .venv/bin/python demo/demo.py --page; fi

install: .venv/dev ## make .venv with what the relay and the tests need

migrate: .venv/dev ## bring the database at DATABASE_URL up to date
	@.venv/bin/python db/migrate.py

doctor: .venv/dev ## check database, rights, queue and sellers, and say what to do
	@.venv/bin/python db/doctor.py

relay: .venv/dev ## run the relay from SQS_QUEUE_URL to DATABASE_URL
	@.venv/bin/python relay.py

alerter: .venv/dev ## send the alerts of DATABASE_URL to the channels (ALERT_URL_<CHANNEL>)
	@.venv/bin/python alerter.py

alert-test: .venv/dev ## send one test message to CHANNEL (default)
	@.venv/bin/python alerter.py --test $(or $(CHANNEL),default)

send: .venv/dev ## send FILE (or a sample) to SQS_QUEUE_URL and say what became of it
	@.venv/bin/python tools/send.py $(if $(FILE),"$(FILE)")

rerun: .venv/dev ## derive every severity again under the active rules
	@.venv/bin/python db/maintain.py rerun

rebuild: .venv/dev ## make current_state anew from the stored notifications
	@.venv/bin/python db/maintain.py rebuild

rollup: .venv/dev ## bring item_days up to the last finished day
	@.venv/bin/python db/maintain.py rollup

prune: .venv/dev ## delete notifications older than KEEP (90 days)
	@.venv/bin/python db/maintain.py prune

# Over several databases: DATABASE_URLS instead of DATABASE_URL, for those above too.
activate: .venv/dev ## put the severity_rules RULES in force
	@.venv/bin/python db/maintain.py activate

preview: .venv/dev ## count the severities that RULES would change, of what came SINCE
	@.venv/bin/python db/maintain.py preview

share: .venv/dev ## give all of DATABASE_URLS the first one's rules and sellers
	@.venv/bin/python db/maintain.py share

shards: .venv/dev ## print the queues, EventBridge rules and settings for N shards
	@.venv/bin/python tools/shards.py $(N)

split: .venv/dev ## move each item to the one of DATABASE_URLS that it belongs to
	@.venv/bin/python db/split.py

front: .venv/dev ## make DATABASE_URL read from all of READER_URLS, but EXCLUDE
	@.venv/bin/python db/front.py

test: test-sql test-py ## run every test but make soak's, after installing what they need

test-sql: system .venv/dev ## run the pgTAP tests, on the system's Postgres and on Postgres 18
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=line pgtap-system pgtap-embedded

pgtap-system pgtap-embedded: pgtap-%:
	.venv/bin/python tests/helpers/cluster.py $(filter-out --system,--$*) -- pg_prove --ext .sql --recurse db/tests

test-py: system .venv/dev ## run the Python tests, on the system's Postgres
	.venv/bin/pytest -n 4 --dist worksteal

soak: system .venv/dev ## run what takes minutes: outages, crowds, the ingest path on Postgres 18
	.venv/bin/pytest -n 4 --dist worksteal --postgres=embedded -m 'ingest and not soak'
	.venv/bin/pytest -m soak -rA -o faulthandler_timeout=1200

bench: system .venv/dev ## measure ingest beside a bare insert and a peer, and the rest (PARTS=...)
	@$(PYTHON) tests/helpers/system.py valgrind
	.venv/bin/python bench/bench.py $(PARTS)

reference: system .venv/dev ## renew docs/reference.md, db/schema.sql and the outputs that docs show
	@.venv/bin/python tests/helpers/reference.py

screenshots: system .venv/dev ## take docs' pictures of the page, of what the demo left
	@$(PYTHON) tests/helpers/system.py fonts-inter
	@.venv/bin/python tests/helpers/screenshots.py

lint: system .venv/dev ## check style, types and every PL/pgSQL function
	.venv/bin/sqlfluff lint db
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/python tests/helpers/plpgsql_check.py

# As root, the demo keeps its server outside, where .demo/server links to.
clean: ## remove what make and the tests made here
	@outside=$$(readlink .demo/server); \
	case $$outside in /*/buybox-demo-*) echo "rm -rf $$outside"; rm -rf "$$outside";; esac
	rm -rf .venv .demo .hypothesis .*_cache build *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +

CHECK_PYTHON = @$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Python 3.11 or newer is needed. Where python3 is older: make PYTHON=python3.11 ..." >&2; \
	exit 1; }

# What the tests need of the system, as tests/helpers/system.py says.
system:
	$(CHECK_PYTHON)
	@$(PYTHON) tests/helpers/system.py

# Stamps: what was interrupted is done again.
.venv/made:
	$(CHECK_PYTHON)
	@$(PYTHON) tests/helpers/system.py python3-venv
	@$(PYTHON) -m venv --clear .venv
	@touch $@

# Beside the packages, the way to settings.py for what lies in db and demo.
.venv/demo .venv/dev: .venv/%: requirements/%.txt .venv/made
	@echo "Installing Python packages into .venv, which takes a minute ..."
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		| { read -r packages; echo '$(CURDIR)' > "$$packages/buybox-relay.pth"; }
	@touch $@

# uv, for it locks for every Python and system at once.
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url pyproject.toml
DEPLOYED = --extra alerts --extra page --constraint requirements/dev.txt

lock: .venv/made ## fit requirements/ to pyproject.toml (without those files: by the newest versions)
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOCK) --extra dev --output-file requirements/dev.txt
	$(LOCK) $(DEPLOYED) --extra demo --output-file requirements/demo.txt
	$(LOCK) $(DEPLOYED) --output-file requirements/deploy.txt
