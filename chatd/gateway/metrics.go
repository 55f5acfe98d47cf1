package gateway

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var refusals = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "warren_refused_total", Help: "What clients sent that was refused, by reason."}, []string{"why"})
