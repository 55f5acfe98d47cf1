package gateway

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/internal/status"
)

func TestBoxMetrics(t *testing.T) {
	dir := t.TempDir()
	scrape := func() string {
		w := httptest.NewRecorder()
		metrics(dir).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return w.Body.String()
	}
	if text := scrape(); strings.Contains(text, "warren_wifi") || !strings.Contains(text, "warren_sessions") {
		t.Errorf("without a hotspot: %s", text)
	}
	os.WriteFile(filepath.Join(dir, status.HotspotFile), []byte(`{"state": "up", "stations": 3, "max": 8, "joins": 7}`), 0o644)
	text := scrape()
	for _, want := range []string{"warren_wifi_stations 3", "warren_wifi_stations_max 8", "warren_wifi_joins_total 7"} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%q is missing", want)
		}
	}
	os.WriteFile(filepath.Join(dir, status.HotspotFile), []byte(`{"state":`), 0o644)
	if strings.Contains(scrape(), "warren_wifi") {
		t.Error("half a file tells something")
	}
}
