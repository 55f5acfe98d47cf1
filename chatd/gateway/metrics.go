package gateway

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	connections = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "warren_connections", Help: "Open TCP connections, WebSockets among them."})
	dropped = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "warren_connections_dropped_total", Help: "TCP connections that were reset because there were too many, of their address or in all."}, []string{"why"})
	pictures = promauto.NewCounter(prometheus.CounterOpts{
		Name: "warren_pictures_total", Help: "Pictures that were posted and kept."})
	refusals = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "warren_refused_total", Help: "What clients sent that was refused, by reason."}, []string{"why"})
)
