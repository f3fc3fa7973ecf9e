# Sightline: finds and labels images by meaning. `make help` lists what there is.

VERSION ?= $(shell scripts/version.sh)
LDFLAGS := -s -w -X github.com/sightline/sightline/internal/cmdline.Version=$(VERSION)

# No library may load codecs of the system: the same pixels on every machine. (None
# does today: HEIC and AVIF are read by codecs of our own build, internal/imaging/heif.)
export TAGS := nodynamic

# Homebrew keeps libjpeg-turbo out of the C compiler's path on macOS.
ifeq ($(shell uname -s),Darwin)
  JPEG := $(shell brew --prefix jpeg-turbo 2>/dev/null)
  ifneq ($(JPEG),)
    export CGO_CFLAGS := -O2 -g -I$(JPEG)/include $(CGO_CFLAGS)
    export CGO_LDFLAGS := -O2 -g -L$(JPEG)/lib $(CGO_LDFLAGS)
  endif
endif

# Where make install puts things: bin, lib/sightline and share below it.
PREFIX ?= /usr/local

.DEFAULT_GOAL := build
.PHONY: build install uninstall dist dist-test setup photos demo test chaos quality bench lint clean help

build: setup ## build bin/indexer, bin/search and bin/sightline
	go build -tags $(TAGS) -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

install: build ## install below PREFIX (default /usr/local; PREFIX=$HOME/.local needs no root)
	@scripts/install.sh "$(DESTDIR)$(PREFIX)"

uninstall: ## take away what make install put below PREFIX; indexes, models and settings stay
	@scripts/install.sh --uninstall "$(DESTDIR)$(PREFIX)"

dist: ## build the archive, the packages and their checksums into dist/
	@scripts/dist.sh

dist-test: ## build a release twice, compare the bytes, install, use and remove it (Linux, root)
	@scripts/dist_test.sh

setup: ## look for the tools, fetch ONNX Runtime into lib/
	@scripts/setup.sh

photos: ## fetch about 300 real photos into demo/photos
	@scripts/photos.sh

demo: build photos ## index the photos and search them, from nothing
	@scripts/demo.sh

test: ## run every check and every test, from nothing, with Milvus servers that it starts and stops
	@scripts/test.sh

quality: setup photos ## measure labelling and copies on sets of pictures, which it fetches (docs/quality.md)
	@scripts/quality/quality.sh
	go test -tags $(TAGS) -count=1 -timeout 45m ./internal/zeroshot -run 'Quality|LabelSets|LabelCorrections'
	go test -tags $(TAGS) -count=1 -timeout 30m ./internal/query/duplicates -run 'NearQuality'

chaos: setup photos ## crash, damage, race and fuzz tests in their long form (two hours)
	@scripts/chaos.sh

bench: build photos ## measure indexing and search against other programs; QUICK=1 for a short look
	@scripts/bench/bench.sh $(if $(QUICK),--quick)

lint: setup ## run golangci-lint with the rules of .golangci.yml, and look for known vulnerabilities
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run
	@scripts/vulnerabilities.sh

clean: ## remove what was built and indexed; fetched files stay
	rm -rf bin demo/index

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
