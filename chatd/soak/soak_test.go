package main

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestNothingStays is the short form of make soak: guests of all kinds come and
// go, and of none anything stays.
func TestNothingStays(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out thousands of sessions")
	}
	report, err := Run(t.Context(), Options{Sessions: 2 * firstSessions, Progress: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	report.Write(&text)
	t.Log("\n" + text.String())
	if len(report.Left) > 0 {
		t.Errorf("this has stayed behind: %q", report.Left)
	}
}
