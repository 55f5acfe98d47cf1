package rabbitmq

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// The metrics are of all exchanges of the process: a daemon has one.
var (
	metricOutboxRecords = gauge("outbox_records", "Records not yet seen in the log.")
	metricOutboxBytes   = gauge("outbox_bytes", "Bytes of the records not yet seen in the log.")
	metricConnected     = gauge("exchange_connected", "1 while the exchange is reached.")
	metricFull          = gauge("exchange_full", "1 while the exchange is reached and takes no records.")
	metricPublished     = counter("published_total", "Records sent to the exchange, each time one was sent.")
	metricRepublished   = counter("republished_total", "Records sent to the exchange again.")
	metricReturned      = counter("returned_total", "Records the broker had no queue for.")
	metricNacked        = counter("nacked_total", "Records the broker refused to keep.")
	metricReconnects    = counter("reconnects_total", "Attempts to reach the broker after the first.")
)

func gauge(name, help string) prometheus.Gauge {
	return promauto.NewGauge(prometheus.GaugeOpts{Namespace: "warren", Name: name, Help: help})
}

func counter(name, help string) prometheus.Counter {
	return promauto.NewCounter(prometheus.CounterOpts{Namespace: "warren", Name: name, Help: help})
}
