module warren

go 1.26.0

ignore ./build // what is built, fetched and tried there may be Go, and is not ours

require (
	aead.dev/minisign v0.3.0 // release: the signature, as anybody's minisign checks it
	github.com/CycloneDX/cyclonedx-go v0.12.0 // image: the bill of materials
	github.com/HdrHistogram/hdrhistogram-go v1.4.0 // bench: latencies, to within 1 %
	github.com/chromedp/cdproto v0.159.0 // tests: the types of chromedp
	github.com/chromedp/chromedp v0.23.0 // tests: drives Chromium
	github.com/go-fonts/dejavu v0.3.2 // screen: DejaVu Sans, as files in the program
	github.com/go-text/typesetting v0.3.5 // screen: letters that join, lines that run from the right, where lines break
	github.com/gokrazy/firmware v0.0.0-20260522070551-527ce0ed43cf // image: the Pi's boot firmware
	github.com/gokrazy/gokrazy v0.0.0-20260418085648-c38c3134b8a7 // image: the system: init, DHCP client, random seed
	github.com/gokrazy/kernel.rpi v0.0.0-20251127164438-9778ec0261de // image: the kernel
	github.com/gokrazy/serial-busybox v0.0.0-20250119153030-ac58ba7574e7 // image, -dev only: a shell on the serial console
	github.com/google/nftables v0.3.0 // hotspot: the firewall
	github.com/google/renameio/v2 v2.0.0 // files written whole or not at all
	github.com/google/uuid v1.6.0 // ids of messages whose sender has none
	github.com/gorilla/websocket v1.5.3 // WebSocket, RFC 6455
	github.com/insomniacslk/dhcp v0.0.0-20260901064844-234b97448fae // hotspot: is there another DHCP server
	github.com/opencontainers/runtime-spec v1.3.0 // broker: the types of a container's configuration
	github.com/pelletier/go-toml/v2 v2.4.3 // warren.toml
	github.com/peterbourgon/ff/v3 v3.4.0 // flags from the environment
	github.com/prometheus/client_golang v1.25.0 // /metrics
	github.com/prometheus/procfs v0.22.0 // bench: what processes use
	github.com/rabbitmq/amqp091-go v1.16.0 // AMQP, by the makers of RabbitMQ
	github.com/rivo/uniseg v0.4.7 // what people see as one character (UAX 29)
	github.com/tdewolff/minify/v2 v2.24.25 // the page, without what is only for people who read it
	github.com/vishvananda/netlink v1.3.1 // hotspot: network interfaces, the country of the radio
	github.com/vishvananda/netns v0.0.5 // tests: networks of their own
	go.uber.org/goleak v1.3.0 // tests: every goroutine ends
	golang.org/x/image v0.47.0 // screen: glyphs' outlines as pixels
	golang.org/x/net v0.61.0 // a bound on connections
	golang.org/x/sync v0.24.0 // errgroup: parts that end together
	golang.org/x/sys v0.49.0 // the clock since boot, loop devices, mounts
	golang.org/x/term v0.47.0 // is this a terminal, and how wide
	golang.org/x/text v0.43.0 // names in one normal form (NFC), the language that a reader wants
	golang.org/x/time v0.16.0 // token buckets
	periph.io/x/conn/v3 v3.7.2 // what a GPIO line is
	periph.io/x/host/v3 v3.8.5 // the GPIO lines of a Pi
	rsc.io/qr v0.2.0 // QR codes
)

require (
	github.com/BurntSushi/toml v1.4.1-0.20240526193622-a339e1f7089c // indirect
	github.com/antihax/optional v1.0.0 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/bitfield/gotestdox v0.2.2 // indirect
	github.com/bmatcuk/doublestar/v4 v4.10.0 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/dnephin/pflag v1.0.7 // indirect
	github.com/donovanhide/eventsource v0.0.0-20210830082556-c59027999da0 // indirect
	github.com/fatih/color v1.19.0 // indirect
	github.com/fsnotify/fsnotify v1.10.1 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/gokrazy/gokapi v0.0.0-20251205165548-0927bab199d4 // indirect
	github.com/gokrazy/internal v0.0.0-20251208203110-3c1aa9087c82 // indirect
	github.com/gokrazy/tools v0.0.0-20260109180632-8ed49b4fafc7 // indirect
	github.com/gokrazy/updater v0.0.0-20250705135802-db129c40879c // indirect
	github.com/google/go-cmp v0.7.0 // indirect
	github.com/google/gopacket v1.1.19 // indirect
	github.com/google/shlex v0.0.0-20191202100458-e7afc7fbc510 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/jonboulle/clockwork v0.4.0 // indirect
	github.com/josharian/native v1.1.0 // indirect
	github.com/kenshaw/evdev v0.1.0 // indirect
	github.com/kylelemons/godebug v1.1.0 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/mattn/go-runewidth v0.0.21 // indirect
	github.com/mattn/go-shellwords v1.0.12 // indirect
	github.com/mdlayher/netlink v1.7.3-0.20250113171957-fbb4dce95f42 // indirect
	github.com/mdlayher/packet v1.1.2 // indirect
	github.com/mdlayher/socket v0.5.0 // indirect
	github.com/mdlayher/watchdog v0.0.0-20201005150459-8bdc4f41966b // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/pierrec/lz4/v4 v4.1.14 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/rhysd/actionlint v1.7.12 // indirect
	github.com/robfig/cron/v3 v3.0.1 // indirect
	github.com/rtr7/dhcp4 v0.0.0-20220302171438-18c84d089b46 // indirect
	github.com/spf13/cobra v1.9.1 // indirect
	github.com/spf13/pflag v1.0.6 // indirect
	github.com/tdewolff/parse/v2 v2.8.20 // indirect
	github.com/u-root/uio v0.0.0-20230220225925-ffce2a382923 // indirect
	go.yaml.in/yaml/v4 v4.0.0-rc.3 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/crypto/x509roots/fallback v0.0.0-20250911151450-96dc232fbd79 // indirect
	golang.org/x/exp/typeparams v0.0.0-20231108232855-2478ac86f678 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
	golang.org/x/telemetry v0.0.0-20261010193011-f71dc92da45e // indirect
	golang.org/x/tools v0.52.0 // indirect
	golang.org/x/vuln v1.9.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	gotest.tools/gotestsum v1.13.0 // indirect
	honnef.co/go/tools v0.8.2 // indirect
)

tool (
	github.com/gokrazy/tools/cmd/gok // make image: builds the gokrazy half of it
	github.com/rhysd/actionlint/cmd/actionlint // make test: mistakes in .github/workflows
	golang.org/x/vuln/cmd/govulncheck // make vuln: known faults in what we use
	gotest.tools/gotestsum // make test: a summary of the tests
	honnef.co/go/tools/cmd/staticcheck // make test: finds what vet does not
)
