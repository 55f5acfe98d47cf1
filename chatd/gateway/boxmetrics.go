package gateway

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"warren/internal/status"
)

var (
	wifiStations = prometheus.NewDesc("warren_wifi_stations", "Phones on the Wi-Fi now.", nil, nil)
	wifiMax      = prometheus.NewDesc("warren_wifi_stations_max", "Phones that the Wi-Fi takes; 0: not known.", nil, nil)
	wifiJoins    = prometheus.NewDesc("warren_wifi_joins_total", "Times that a phone came to the Wi-Fi.", nil, nil)
)

// boxCollector is a prometheus.Collector of what the hotspot's daemon tells. Off
// the card there is nothing of it.
type boxCollector struct{ dir string }

func (c boxCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- wifiStations
	ch <- wifiMax
	ch <- wifiJoins
}

func (c boxCollector) Collect(ch chan<- prometheus.Metric) {
	if c.dir == "" {
		return
	}
	var f struct{ Stations, Max, Joins float64 }
	js, err := status.ReadFile(c.dir, status.HotspotFile)
	if err != nil || json.Unmarshal(js, &f) != nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(wifiStations, prometheus.GaugeValue, f.Stations)
	ch <- prometheus.MustNewConstMetric(wifiMax, prometheus.GaugeValue, f.Max)
	ch <- prometheus.MustNewConstMetric(wifiJoins, prometheus.CounterValue, f.Joins)
}

// metrics serves what this process counts, and what the box whose daemons write
// into dir does.
func metrics(dir string) http.Handler {
	ofBox := prometheus.NewRegistry()
	ofBox.MustRegister(boxCollector{dir})
	return promhttp.HandlerFor(prometheus.Gatherers{prometheus.DefaultGatherer, ofBox}, promhttp.HandlerOpts{})
}
