package room

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	messages = promauto.NewCounter(prometheus.CounterOpts{
		Name: "warren_messages_total", Help: "Messages that came back from the log and were fanned out."})
	skips = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "warren_records_skipped_total", Help: "Records of the log that are not shown, by reason."}, []string{"why"})
	people = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "warren_people", Help: "People in the room, through all daemons."})
)
