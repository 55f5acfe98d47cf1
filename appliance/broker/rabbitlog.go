package main

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
)

// rabbitLine is a line of RabbitMQ's log: time, level, process, text.
//
//	2026-11-22 14:26:53.594877+00:00 [info] <0.202.0> starting Ra system
var rabbitLine = regexp.MustCompile(`^\d{4}-\d\d-\d\d [0-9:.+-]+ \[([a-z]+)\] (?:<[0-9.]+> ?)?(.*)$`)

// levels maps RabbitMQ's levels to ours. Its info is our debug: it writes more
// than a hundred such lines when it starts, and the device keeps a hundred.
var levels = map[string]slog.Level{
	"debug":     slog.LevelDebug - 4,
	"info":      slog.LevelDebug,
	"notice":    slog.LevelInfo,
	"warning":   slog.LevelWarn,
	"error":     slog.LevelError,
	"critical":  slog.LevelError,
	"alert":     slog.LevelError,
	"emergency": slog.LevelError,
}

// logRabbit writes a line of RabbitMQ's log to ours, and reports whether it was
// one. Other lines are RabbitMQ's banner, which is indented, or come from crun
// and Erlang, which write when something is wrong.
func logRabbit(ctx context.Context, log *slog.Logger, line string) bool {
	level, text := slog.LevelWarn, line
	m := rabbitLine.FindStringSubmatch(line)
	switch {
	case m != nil:
		level, text = levels[m[1]], m[2]
	case line[0] == ' ':
		level = slog.LevelDebug
	}
	if strings.TrimSpace(text) != "" {
		log.Log(ctx, level, text, "from", "rabbitmq")
	}
	return m != nil
}
