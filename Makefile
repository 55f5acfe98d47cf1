# Warren. The two commands that matter are `make run` and `make test`; both
# install what they need on Debian and Ubuntu. `make` alone lists all.

SHELL = /bin/bash
.SHELLFLAGS = -eu -o pipefail -c

GO     ?= go
COMMIT := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
LDFLAGS = -X warren/chatd/daemon.commit=$(COMMIT)

# A RabbitMQ to use instead of the in-process exchange: make run BROKER=amqp://…
BROKER ?=
LISTEN ?= :8081

.PHONY: help run run-rabbitmq image flash update demo build test test-image test-fast check vuln fuzz fuzz-package torture soak cluster bench deps-rabbitmq deps-test deps-image deps-demo clean

help:
	@echo 'make run             chat at http://localhost:8081/, nothing else needed'
	@echo 'make run BROKER=URL  the same on a RabbitMQ of yours, amqp://user:password@host:5672/'
	@echo 'make run-rabbitmq    the same on a RabbitMQ of its own, installed if missing'
	@echo 'make cluster         one room on three RabbitMQ nodes, and how to kill one'
	@echo 'make image           the card for a Raspberry Pi, build/warren.img'
	@echo 'make flash DEVICE=/dev/sdX  writes it to a card, and asks before'
	@echo 'make update HOST=10.0.0.7   sends it to a card that runs, over the network'
	@echo 'make demo            the card in an emulator, at http://localhost:8081/'
	@echo 'make build           the daemons, in build/'
	@echo 'make test            all tests: real RabbitMQ, real Chromium (installed if missing)'
	@echo 'make test-image      those of the card: image, emulator, simulated Wi-Fi'
	@echo 'make test-fast       without RabbitMQ and Chromium'
	@echo 'make torture         kills everything 100 times and checks what phones saw (8 minutes)'
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

IMAGE ?= build/warren.img

image: deps-image
	$(GO) run ./appliance/image -o '$(IMAGE)'

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

# ---- tests ----

GOTESTSUM = $(GO) tool gotestsum --format pkgname-and-test-fails

# Most packages wait, for a broker that starts or for somebody to notice that it
# is gone: two at a time. A browser, or an emulator, at once with a broker is more
# than two cores do in the time that a guest would wait: they run one at a time.
# It is one run, with one summary at its end, and it fails if either part does.
# Vet is not asked again: check has just done so.
ALONE   = ^warren/(web|appliance)/
GO_TEST = $(GO) test -json -race -vet=off -count=1 -timeout 40m
test: deps-test deps-image deps-demo check fuzz
	@packages=$$($(GO) list ./...); \
	export TOGETHER=$$(grep -Ev '$(ALONE)' <<<"$$packages") ALONE=$$(grep -E '$(ALONE)' <<<"$$packages"); \
	$(GOTESTSUM) --raw-command -- bash -c \
	  'failed=0; $(GO_TEST) -p 2 $$TOGETHER || failed=1; $(GO_TEST) -p 1 $$ALONE || failed=1; exit $$failed'

# The card only, and all that is booted in an emulator.
test-image: deps-test deps-image deps-demo
	$(GOTESTSUM) -- -race -p 1 -count=1 -timeout 40m ./appliance/...

test-fast: check
	$(GOTESTSUM) -- -race -short -vet=off -timeout 10m ./...

check:
	@test -z "$$(gofmt -l .)" || { echo 'gofmt would change:'; gofmt -l .; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# Known faults in Go and in the modules we use. The list of them is on the
# internet, or in a copy: make vuln VULNDB=file:///path/of/a/copy.
VULNDB ?= https://vuln.go.dev
vuln:
	$(GO) tool govulncheck -db '$(VULNDB)' -test ./...

# RabbitMQ, chatd, phones and links are killed, and what phones saw is checked.
KILLS ?= 100
SEED  ?=
torture: deps-rabbitmq
	$(GO) run ./chatd/torture -kills $(KILLS) $(if $(SEED),-seed $(SEED))

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
	grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | cut -c3- | \
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
@missing=; for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
 test -z "$$missing" || { \
  command -v apt-get >/dev/null || { echo "please install:$$missing (this machine has no apt-get)"; exit 1; }; \
  echo "installing:$$missing"; \
  if [ ! -e /usr/sbin/policy-rc.d ]; then \
    printf '#!/bin/sh\nexit 101\n' | $(SUDO) install -m 755 /dev/stdin /usr/sbin/policy-rc.d; \
    trap '$(SUDO) rm -f /usr/sbin/policy-rc.d' EXIT; \
  fi; \
  $(SUDO) apt-get update -qq; \
  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; }
endef

# rabbitmq-server: the broker. gcc, libc6-dev: the race detector. chromium, fonts
# with emoji and with Chinese and Japanese, and npm for axe-core: the browser
# tests. zbar-tools: what a camera reads on the wall. nginx-light, haproxy: the
# tests behind a proxy. amqp-tools: the README's commands. python3-…: the bots of
# docs/bots.md. hostapd, dnsmasq-base, busybox-static, iproute2, util-linux: the
# hotspot, in network namespaces.
deps-rabbitmq:
	$(call install,rabbitmq-server)

deps-test:
	$(call install,rabbitmq-server gcc libc6-dev chromium fonts-noto-color-emoji fonts-droid-fallback nginx-light haproxy amqp-tools zbar-tools python3-websockets python3-pika hostapd dnsmasq-base busybox-static iproute2 util-linux $(if $(shell command -v npm),,npm))
	@echo '$(AXE_SHA256)  build/axe.min.js' | sha256sum --check --status 2>/dev/null || { \
	  mkdir -p build && npm pack --silent --pack-destination build axe-core@$(AXE) >/dev/null && \
	  tar -xzf build/axe-core-$(AXE).tgz -C build --strip-components 1 package/axe.min.js && rm build/axe-core-$(AXE).tgz && \
	  echo '$(AXE_SHA256)  build/axe.min.js' | sha256sum --check --quiet; }

# axe-core knows what people who do not see or hear well stumble over. It is for
# the browser tests, and no part of the page.
AXE        = 4.14.1
AXE_SHA256 = 29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c

# mtools, dosfstools, squashfs-tools, e2fsprogs: the card's file systems.
deps-image:
	$(call install,apt dpkg git gzip mtools dosfstools squashfs-tools e2fsprogs debian-archive-keyring)

deps-demo:
	$(call install,qemu-system-arm mtools device-tree-compiler xz-utils)

clean:
	rm -rf build artefacts
