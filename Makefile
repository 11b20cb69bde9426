# make help lists what there is. Everything is installed into .venv; nothing is needed beforehand but Python 3.11+.
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm

.DEFAULT_GOAL := help
.PHONY: help run room test coverage bench lint format docs weights screenshots clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: .venv/run .venv/imagenet ## install what is needed and open the app in the browser; WEIGHTS=no fetches none
	$(BIN)/streamlit run app.py --server.port $(PORT)

room: .venv/run .venv/imagenet ## the same, open to everybody in the room (all network interfaces)
	$(BIN)/streamlit run app.py --server.port $(PORT) --server.address 0.0.0.0

test: .venv/test browser lint ## install what the tests need and run them all, the browser's too
	$(TESTS)
	ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 $(NUMERIC)
	ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 $(NUMERIC)

# The order is that of tests/conftest.py.
TESTS = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# What depends on how a processor rounds: run as on one without AVX-512, and as on one without AVX2, too. Left out is
# what is slow and has the forward passes of others: one a channel, or so many that a sum converges.
NUMERIC = $(BIN)/python -m pytest -q -n 2 --dist worksteal $(addprefix tests/,attribution/test_captum.py \
	attribution/test_chain.py attribution/test_cams.py inspection network/test_variants.py network/test_bundled.py \
	images/test_preprocess.py training/test_batch_norm.py training/test_cpu_layers.py) \
	--deselect tests/inspection/test_fields.py -k 'not score-cam and not ablation-cam and not converges'

coverage: .venv/test browser ## run the tests again and say which lines none of them runs (in other processes none is seen)
	$(TESTS) --cov --cov-report=term-missing:skip-covered

lint: .venv/test node_modules/.package-lock.json ## check the Python and the JavaScript, their types too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(NPM) run --silent lint

format: .venv/test node_modules/.package-lock.json ## lay the Python and the JavaScript out as lint wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(NPM) run --silent format

docs: .venv/test ## write the core's pages, made of its docstrings, to docs/api/index.html
	$(BIN)/pdoc --output-directory docs/api alexnet_viz '!alexnet_viz.ui' '!alexnet_viz.components' '!alexnet_viz.__main__'

bench: .venv/test browser ## measure the app against the bare work, as ratios of one run, and write the table
	$(BIN)/python -m benchmarks.comparison --write
	for file in benchmarks/bench_*.py; do $(BIN)/python -m benchmarks.$$(basename $$file .py) || exit 1; done

# The second run sees smaller crops, for what fills a photo from close by; the third stronger colours than photos have.
TRAIN = $(BIN)/python -m alexnet_viz train --preset bundled --data folder:$(DATA)
CROPS := $(addprefix --set ,min_area=0.08 warmup_epochs=0.2)
weights: .venv/run ## train the weights that ship anew, in hours: make weights DATA=tiny-imagenet-100
	$(TRAIN) --id bundled
	$(TRAIN) --id bundled-2 --set start=run:bundled $(CROPS) --set learning_rate=0.02 \
	--set epochs=7 --set sizes=0:128,3:160,5:224
	$(TRAIN) --id bundled-3 --set start=run:bundled-2 $(CROPS) --set learning_rate=0.01 \
	--set epochs=3 --set sizes=0:160,2:224 --set colour_jitter=0.7
	$(BIN)/python -m alexnet_viz bundle bundled-3

screenshots: .venv/test browser ## take the README's pictures of the running app again
	$(BIN)/python -m tests.browser.screenshots

clean: ## remove what was installed
	rm -rf .venv node_modules

.venv/run: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make run PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# Once, where there is internet: torchvision's ImageNet weights, 233 MB. Without them the app shows the bundled ones.
.venv/imagenet: .venv/run
	@test "$(WEIGHTS)" = no || $(BIN)/python -m alexnet_viz fetch || echo "It goes on with the weights that are here."
	@test "$(WEIGHTS)" = no || touch $@

.venv/test: .venv/run requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

# The linters of JavaScript; node itself came into .venv with requirements-dev.txt.
node_modules/.package-lock.json: package.json package-lock.json | .venv/test
	$(NPM) ci --silent --no-audit --no-fund
	touch $@

# Debian's Chromium where it is or can be installed, else Playwright's own download.
.PHONY: browser
browser: .venv/test
	@command -v chromium >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -qq -y chromium; } \
	|| $(BIN)/playwright install chromium
