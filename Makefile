# Warren. The two commands that matter are `make run` and `make test`; both
# install what they need on Debian and Ubuntu. `make` alone lists all.

SHELL = /bin/bash
.SHELLFLAGS = -eu -o pipefail -c

GO     ?= go
COMMIT := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
LDFLAGS = -X warren/chatd/daemon.version=$(COMMIT)

# A RabbitMQ to use instead of the in-process exchange: make run BROKER=amqp://…
BROKER ?=
LISTEN ?= :8081

.PHONY: help run run-rabbitmq image flash update radio-firmware demo update-lock release verify-release build test test-image test-fast test-later test-fresh check vuln fuzz fuzz-package torture soak cluster bench deps-rabbitmq deps-fast deps-test deps-image deps-demo clean

help:
	@echo 'make run             chat at http://localhost:8081/, nothing else needed'
	@echo 'make run BROKER=URL  the same on a RabbitMQ of yours, amqp://user:password@host:5672/'
	@echo 'make run-rabbitmq    the same on a RabbitMQ of its own, installed if missing'
	@echo 'make cluster         one room on three RabbitMQ nodes, and how to kill one'
	@echo 'make image           the card for a Raspberry Pi, build/warren.img'
	@echo 'make flash DEVICE=/dev/sdX  writes it to a card, and asks before'
	@echo 'make update HOST=10.0.0.7   sends it to a card that runs, over the network'
	@echo 'make radio-firmware  what the radio of some Zero 2 Ws needs, as make image fetches it'
	@echo 'make demo            the card in an emulator, at http://localhost:8081/'
	@echo 'make update-lock     pins Debian packages to what its archive has now'
	@echo 'make release VERSION=v0.2.0  all files of a release, in build/release'
	@echo 'make verify-release  checks them as whoever downloads them would'
	@echo 'make build           the daemons, in build/'
	@echo 'make test            all tests: real RabbitMQ, real Chromium (installed if missing)'
	@echo 'make test-image      those of the card: image, emulator, simulated Wi-Fi'
	@echo 'make test-fast       without RabbitMQ and Chromium'
	@echo 'make test-later      those of test-fast, with the clock five years ahead (YEARS=5)'
	@echo 'make test-fresh      make run and make test on a new Debian bookworm and trixie'
	@echo 'make torture         kills everything 100 times and checks what phones saw (10 minutes)'
	@echo 'make soak            100,000 guests in and out: what is left of them (15 minutes)'
	@echo 'make bench           measures deliveries, latency and cost (15 minutes; QUICK=1: two)'
	@echo 'make clean           remove what was built'

build:
	$(GO) build -ldflags '$(LDFLAGS)' -o build/ ./chatd ./ledstatus ./chatd/fanout/rabbitmq/withnode

run: build
	@build/chatd -light terminal -listen '$(LISTEN)' -broker '$(BROKER)' -pictures build/pictures

# The node's data is kept in build/rabbitmq, and with it the room's history.
run-rabbitmq: deps-rabbitmq build
	@build/withnode -dir build/rabbitmq build/chatd -light terminal -listen '$(LISTEN)' -pictures build/pictures

# Three RabbitMQ nodes on this machine, and a chatd on each, at three ports in a
# row: nodes are there to be killed. docs/cluster.md says what holds then.
PORT ?= 8081
cluster: deps-rabbitmq build
	$(GO) build -o build/withcluster ./chatd/fanout/rabbitmq/withcluster
	@build/withcluster -port $(PORT) build/chatd

# ---- the card ----

# Further flags of the builder: make image IMAGE_FLAGS=-locked; -h tells them all.
IMAGE       ?= build/warren.img
IMAGE_FLAGS ?=

# The radio files of the Zero 2 W with BCM43430/2, and their licence: no package of
# Debian's has them, and gokrazy's Go module for the Wi-Fi has. Where the module proxy
# does not give it, the image is made without, and says so; docs/image.md says how to
# bring them from elsewhere.
FIRMWARE        = build/firmware
FIRMWARE_MODULE = github.com/gokrazy/wifi@v0.0.0-20250510072402-cbc0ed7ea34b
$(FIRMWARE):
	-@found=$$(cd / && $(GO) mod download -json $(FIRMWARE_MODULE)) || { \
	  echo "$$found" | sed -n 's/.*"Error": //p'; \
	  echo 'The Go module proxy does not give $(FIRMWARE_MODULE):'; \
	  echo 'docs/image.md, "Radios that Debian has no files for", says what to put into $(FIRMWARE) yourself.'; exit 1; }; \
	dir=$$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$$found"); rm -rf $@.new; mkdir -p $@.new; \
	tar -xf "$$dir/_gokrazy/extrafiles.tar" -C $@.new --strip-components 3 --no-same-owner --wildcards '*/brcmfmac43430b0-sdio*' && \
	install -m 644 "$$dir/LICENSE.firmware" $@.new/ && mv $@.new $@

radio-firmware: $(FIRMWARE)
	@ls -l $(FIRMWARE)

# make image CONTAINER=podman (or docker) builds it in a container, on systems
# that are not Debian. What is built belongs to whoever builds: podman's root is
# that user, docker's is not. SELinux keeps containers from the checkout, unless
# it is told not to.
CONTAINER ?=
ifeq ($(CONTAINER),)
image: deps-image $(FIRMWARE)
	$(GO) run ./appliance/image -o '$(IMAGE)' $(IMAGE_FLAGS)
else
image:
	$(CONTAINER) build -t warren - <Containerfile
	$(CONTAINER) run --rm --security-opt label=disable -v '$(CURDIR)':/src \
	  $(if $(findstring docker,$(CONTAINER)),--user "$$(id -u):$$(id -g)") warren make image IMAGE='$(IMAGE)' IMAGE_FLAGS='$(IMAGE_FLAGS)'
endif

flash:
	@test -n '$(DEVICE)' || { echo 'which card? make flash DEVICE=/dev/sdX'; exit 1; }
	$(GO) build -o build/flash ./appliance/image/flash
	$(SUDO) build/flash -image '$(IMAGE)' '$(DEVICE)'

# The host's code is asked for, or taken from WARREN_HOST_CODE.
update:
	@test -n '$(HOST)' || { echo 'which card? make update HOST=10.0.0.7'; exit 1; }
	@$(MAKE) --no-print-directory image
	$(GO) build -o build/send ./appliance/update/send
	@build/send -root '$(IMAGE).root' '$(HOST)'

demo: deps-demo image
	$(GO) build -o build/demo ./appliance/emulator/demo
	@build/demo -image '$(IMAGE)' -port 8081

# All locks: that of the image, that of the simulated Wi-Fi, and that of QEMU 10.
update-lock: deps-image
	$(GO) run ./appliance/image -update-lock
	for lock in air qemu10; do $(GO) test -count=1 -run '^TestLock$$' -v ./appliance/emulator/$$lock -update-lock; done

# The secret key is in MINISIGN_KEY or MINISIGN_KEY_FILE: see docs/release.md.
VERSION     ?=
RELEASE     ?= build/release
RELEASE_URL ?=
WEBSITE     ?=
PUBLIC_KEY  ?=
release: deps-image $(FIRMWARE)
	$(GO) run ./appliance/release -version '$(VERSION)' -o '$(RELEASE)' -url '$(RELEASE_URL)' -website '$(WEBSITE)'

verify-release: deps-image $(FIRMWARE)
	$(GO) run ./appliance/release -verify -o '$(RELEASE)' -key '$(PUBLIC_KEY)'

# ---- tests ----

GOTESTSUM = $(GO) tool gotestsum --format pkgname-and-test-fails

# Most packages wait, for a broker that starts or for somebody to notice that it
# is gone: two at a time. A browser, or an emulator, at once with a broker is more
# than two cores do in the time that a guest would wait: they run one at a time.
# It is one run, with one summary at its end, and it fails if either part does.
# Vet is not asked again: check has just done so. The image is built once.
ALONE   = ^warren/(web/|appliance/(broker|emulator|hotspot|portal|release|(image|update)$$))
GO_TEST = $(GO) test -json -race -vet=off -count=1 -timeout 40m
test: deps-test deps-image deps-demo check fuzz image
	@export WARREN_TEST_IMAGE="$${WARREN_TEST_IMAGE:-$(abspath $(IMAGE))}"; packages=$$($(GO) list ./...); \
	export TOGETHER=$$(grep -Ev '$(ALONE)' <<<"$$packages") ALONE=$$(grep -E '$(ALONE)' <<<"$$packages"); \
	$(GOTESTSUM) --raw-command -- bash -c \
	  'failed=0; $(GO_TEST) -p 2 $$TOGETHER || failed=1; $(GO_TEST) -p 1 $$ALONE || failed=1; exit $$failed'

# The card only, and all that is booted in an emulator.
test-image: deps-test deps-image deps-demo image
	WARREN_TEST_IMAGE="$${WARREN_TEST_IMAGE:-$(abspath $(IMAGE))}" $(GOTESTSUM) -- -race -p 1 -count=1 -timeout 40m ./appliance/...

test-fast: deps-fast check
	$(GOTESTSUM) -- -race -short -vet=off -timeout 10m ./...

# The fast tests with the clock some years ahead: what breaks on a date breaks
# today, then. test/later says how.
YEARS ?= 5
test-later:
	$(GO) run ./test/later -years $(YEARS) $(GOTESTSUM) -- -short -count=1 -timeout 10m ./...

# The two commands on a Debian that has nothing yet, as root, in namespaces.
# make test-fresh SUITES=trixie TARGETS="run test-fast" is less.
SUITES  ?= bookworm trixie
TARGETS ?= run test
test-fresh:
	$(call install,debootstrap debian-archive-keyring util-linux git)
	@$(SUDO:sudo=sudo --preserve-env) env "PATH=$$PATH" test/fresh/fresh.sh '$(SUITES)' '$(TARGETS)'

check:
	@ugly=$$(find . -path ./build -prune -o -name '*.go' -exec gofmt -l {} +); \
	 test -z "$$ugly" || { echo 'gofmt would change:'; echo "$$ugly"; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) tool actionlint -shellcheck= -pyflakes= .github/workflows/*.yml

# Known faults in Go and in the modules we use. The list of them is on the
# internet, or in a copy: make vuln VULNDB=file:///path/of/a/copy.
VULNDB ?= https://vuln.go.dev
vuln:
	$(GO) tool govulncheck -db '$(VULNDB)' -test ./...

# RabbitMQ, chatd, phones and links are killed, and what phones saw is checked.
KILLS ?= 100
SEED  ?=
torture: deps-rabbitmq
	$(GO) run ./chatd/torture -kills $(KILLS) $(if $(SEED),-seed $(SEED)) $(if $(CHATD),-chatd $(CHATD))

# Guests come and go in twelve ways, and what they leave behind is measured.
soak: deps-rabbitmq
	$(GO) run ./chatd/soak
	$(GO) run ./chatd/soak -rabbitmq

# The talk's benchmark, of Warren and what it is compared with, into
# docs/benchmark.md. QUICK=1: a look, into build/bench.
QUICK ?=
bench: deps-rabbitmq
	$(GO) run ./chatd/bench -suite $(if $(QUICK),-quick) -version $(COMMIT)

# Two packages at a time, each with one worker: a worker more would mostly start.
FUZZTIME ?= 2000x
FUZZ      = build/fuzz
fuzz:
	@rm -rf $(FUZZ); mkdir -p $(FUZZ)/tables; failed=0; \
	grep -rl --include='*_test.go' --exclude-dir=build '^func Fuzz' . | xargs -n1 dirname | sort -u | cut -c3- | \
	  xargs -P 2 -I% $(MAKE) --no-print-directory fuzz-package PACKAGE=% || failed=1; \
	awk '{ n += $$3 } / a fault$$/ { faults++ } END { print NR " targets, " n " executions, " 0+faults " targets found a fault" }' $(FUZZ)/tables/*; \
	rm -rf $(FUZZ); test $$failed = 0

fuzz-package:
	@package=$(PACKAGE); dir=$(CURDIR)/$(FUZZ)/$${package//\//.}; table=$(CURDIR)/$(FUZZ)/tables/$${package//\//.}; mkdir -p $$dir; failed=0; \
	$(GO) test -c -fuzz=. -o $$dir/test ./$(PACKAGE); cd $(PACKAGE); \
	for target in $$($$dir/test -test.list='^Fuzz'); do \
	  verdict=; $$dir/test -test.run='^$$' -test.fuzz="^$$target\$$" -test.fuzztime=$(FUZZTIME) -test.fuzzminimizetime=1x \
	    -test.parallel=1 -test.fuzzcachedir=$$dir/corpus >$$dir/log 2>&1 || { failed=1; verdict='  a fault'; cat $$dir/log; }; \
	  sed -n 's/.*execs: \([0-9]*\).*interesting: \([0-9]*\).*/\1 \2/p' $$dir/log | tail -1 | \
	    awk -v package=$(PACKAGE) -v target=$$target -v verdict="$$verdict" \
	      '{ n = $$1; found = $$2 } END { printf "%-32s %-16s %11d executions %6d new inputs%s\n", package, target, n, found, verdict }' | tee -a $$table; \
	done; \
	rm -rf $$dir; test $$failed = 0

# ---- what must be installed ----

# Debian starts a server it installs. Warren starts nodes of its own, so it must
# not: policy-rc.d says so while we install (see invoke-rc.d(8)).
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
define install
@test -e /etc/debian_version || { echo 'this system is not Debian or Ubuntu, so nothing is installed; what may be missing is in their packages: $(1)'; exit 0; }; \
 missing=; for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
 test -z "$$missing" || { \
  echo "installing:$$missing"; \
  if [ ! -e /usr/sbin/policy-rc.d ]; then \
    printf '#!/bin/sh\nexit 101\n' | $(SUDO) install -m 755 /dev/stdin /usr/sbin/policy-rc.d; \
    trap '$(SUDO) rm -f /usr/sbin/policy-rc.d' EXIT; \
  fi; \
  $(SUDO) apt-get update -qq; \
  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; }
endef

deps-rabbitmq:
	$(call install,rabbitmq-server)

# What all tests need. gcc, libc6-dev: the race detector. python3-…: the bots of
# docs/bots.md. hostapd, dnsmasq-base, busybox-static, iproute2, util-linux: the
# hotspot, in network namespaces. minisign: releases. The others: the card's file
# systems.
deps-fast:
	$(call install,gcc libc6-dev python3-websockets python3-pika hostapd dnsmasq-base busybox-static iproute2 util-linux mtools dosfstools squashfs-tools e2fsprogs git minisign)

# rabbitmq-server: the broker. chromium, fonts with emoji and with Chinese and
# Japanese, and npm for axe-core: the browser tests. zbar-tools: what a camera
# reads on the wall. udev, udisks2: the rules by which desktops show a card. nginx-light, haproxy: the tests behind a proxy. amqp-tools:
# the README's commands. gnupg: archives that tests sign.
deps-test: deps-fast
	$(call install,rabbitmq-server udev udisks2 chromium fonts-noto-color-emoji fonts-droid-fallback nginx-light haproxy amqp-tools zbar-tools gnupg $(if $(shell command -v npm),,npm))
	@echo '$(AXE_SHA256)  build/axe.min.js' | sha256sum --check --status 2>/dev/null || { \
	  mkdir -p build && npm pack --loglevel=error --pack-destination build axe-core@$(AXE) >/dev/null && \
	  tar -xzf build/axe-core-$(AXE).tgz -C build --strip-components 1 package/axe.min.js && rm build/axe-core-$(AXE).tgz && \
	  echo '$(AXE_SHA256)  build/axe.min.js' | sha256sum --check --quiet || { \
	  echo 'build/axe.min.js is missing, which the browser tests need: npm could not fetch axe-core $(AXE), or it is not the one whose SHA-256 is in the Makefile.'; \
	  echo 'Try again, or put the file there yourself; docs/image.md, "What ages", says what to do if it is gone for good.'; exit 1; }; }

# axe-core knows what people who do not see or hear well stumble over. It is for
# the browser tests, and no part of the page.
AXE        = 4.14.1
AXE_SHA256 = 29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c

# mtools, dosfstools, squashfs-tools, e2fsprogs: the card's file systems. xz-utils:
# a release.
deps-image:
	@test "$$(uname -s)" = Linux || { echo 'the card is built on Linux; on this system, in a container: make image CONTAINER=podman'; exit 1; }
	$(call install,apt dpkg git gzip mtools dosfstools squashfs-tools e2fsprogs xz-utils debian-archive-keyring)

deps-demo:
	$(call install,qemu-system-arm mtools device-tree-compiler xz-utils)

clean:
	rm -rf build artefacts
