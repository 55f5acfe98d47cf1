package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
)

// FuzzRabbitLine: whatever RabbitMQ, Erlang or crun write, it is one record in
// the log at most, with their own words and a level that there is.
func FuzzRabbitLine(f *testing.F) {
	f.Add("2026-11-22 14:26:53.594877+00:00 [info] <0.202.0> starting Ra system")
	f.Add("2026-11-22 14:26:53+00:00 [nonsense] <0.2> \x1b[31m\" level=ERROR")
	f.Add("  ##  ##      RabbitMQ")
	f.Add("\xff [error] <0.1.0>")
	f.Fuzz(func(t *testing.T, line string) {
		if line == "" || strings.Contains(line, "\n") {
			return // package supervise has none of these
		}
		var out bytes.Buffer
		log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug - 8}))
		its := logRabbit(t.Context(), log, line)
		if out.Len() == 0 {
			return
		}
		var record struct{ Level, Msg, From string }
		if err := json.Unmarshal(out.Bytes(), &record); err != nil || strings.Count(out.String(), "\n") != 1 || record.From != "rabbitmq" {
			t.Fatalf("%q is logged as %s, %v", line, &out, err)
		}
		if !strings.Contains(strings.ToValidUTF8(line, ""), strings.ReplaceAll(record.Msg, "\ufffd", "")) && !strings.Contains(record.Msg, "\ufffd") {
			t.Fatalf("%q is logged as %q", line, record.Msg)
		}
		if !its && record.Level != "WARN" && line[0] != ' ' {
			t.Fatalf("%q is logged as %s", line, record.Level)
		}
	})
}
