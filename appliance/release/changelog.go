package main

import (
	"fmt"
	"regexp"
	"strings"
)

var validVersion = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)

// checkVersion reports whether a version has the form of a release's (Semantic
// Versioning 2.0.0, without build metadata).
func checkVersion(version string) error {
	if !validVersion.MatchString(version) {
		return fmt.Errorf("-version is %q: it must be like v0.2.0", version)
	}
	return nil
}

// notes returns what the changelog has of a version, without its heading: from the
// line "## [0.2.0]…" to the next heading of that kind, or to the link definitions
// at the end (Keep a Changelog 1.1.0).
func notes(changelog, version string) (string, error) {
	var text strings.Builder
	in := false
	for line := range strings.Lines(changelog) {
		switch {
		case strings.HasPrefix(line, "## ["+strings.TrimPrefix(version, "v")+"]"):
			in = true
			continue
		case strings.HasPrefix(line, "## "), linkDefinition.MatchString(line):
			in = false
		}
		if in {
			text.WriteString(line)
		}
	}
	out := strings.TrimSpace(text.String())
	if out == "" {
		return "", fmt.Errorf("CHANGELOG.md has nothing of %s: write its section, ## [%s] - and the date", version, strings.TrimPrefix(version, "v"))
	}
	return out + "\n", nil
}

var linkDefinition = regexp.MustCompile(`^\[[^]]+\]: `)
