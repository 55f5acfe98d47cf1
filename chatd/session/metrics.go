package session

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	sessions = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "warren_sessions", Help: "Connected WebSockets."})
	closed = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "warren_sessions_closed_total", Help: "Closed WebSockets, by close code."}, []string{"code"})
	behind = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "warren_behind_bytes", Help: "How far the slowest phone is behind the room, in bytes."})
	deliveries = promauto.NewCounter(prometheus.CounterOpts{
		Name: "warren_deliveries_total", Help: "Messages written to WebSockets, live."})
	written = promauto.NewCounter(prometheus.CounterOpts{
		Name: "warren_written_bytes_total", Help: "Bytes written to WebSockets."})
)
