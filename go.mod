module warren

go 1.26.0

require (
	github.com/chromedp/cdproto v0.159.0 // tests: the types of chromedp
	github.com/chromedp/chromedp v0.23.0 // tests: drives Chromium
	github.com/google/uuid v1.6.0 // ids of messages whose sender has none
	github.com/gorilla/websocket v1.5.3 // WebSocket, RFC 6455
	github.com/peterbourgon/ff/v3 v3.4.0 // flags from the environment
	github.com/prometheus/client_golang v1.25.0 // /metrics
	github.com/rabbitmq/amqp091-go v1.16.0 // AMQP, by the makers of RabbitMQ
	github.com/rivo/uniseg v0.4.7 // what people see as one character (UAX 29)
	go.uber.org/goleak v1.3.0 // tests: every goroutine ends
	golang.org/x/sync v0.24.0 // errgroup: parts that end together
	golang.org/x/sys v0.49.0 // the clock since boot, loop devices, mounts
	golang.org/x/term v0.47.0 // is this a terminal, and how wide
	golang.org/x/text v0.43.0 // names in one normal form (NFC)
	golang.org/x/time v0.16.0 // token buckets
	periph.io/x/conn/v3 v3.7.2 // what a GPIO line is
	periph.io/x/host/v3 v3.8.5 // the GPIO lines of a Pi
	rsc.io/qr v0.2.0 // QR codes
)

require (
	github.com/BurntSushi/toml v1.4.1-0.20240526193622-a339e1f7089c // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/bitfield/gotestdox v0.2.2 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dnephin/pflag v1.0.7 // indirect
	github.com/fatih/color v1.18.0 // indirect
	github.com/fsnotify/fsnotify v1.9.0 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/google/shlex v0.0.0-20191202100458-e7afc7fbc510 // indirect
	github.com/jonboulle/clockwork v0.4.0 // indirect
	github.com/kylelemons/godebug v1.1.0 // indirect
	github.com/mattn/go-colorable v0.1.13 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/pelletier/go-toml/v2 v2.4.3 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	golang.org/x/exp/typeparams v0.0.0-20231108232855-2478ac86f678 // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	gotest.tools/gotestsum v1.13.0 // indirect
	honnef.co/go/tools v0.8.2 // indirect
)

tool (
	gotest.tools/gotestsum // make test: a summary of the tests
	honnef.co/go/tools/cmd/staticcheck // make test: finds what vet does not
)
