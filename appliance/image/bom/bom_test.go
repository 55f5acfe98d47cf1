package bom

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func TestJSON(t *testing.T) {
	components := []cdx.Component{
		{Type: "library", Name: "z", Version: "1", PackageURL: "pkg:golang/z@1", Licenses: SPDX("MIT"), Properties: TextAt("/z")},
		{Type: "library", Name: "a", Version: "1:2", PackageURL: "pkg:deb/debian/a@1%3A2", Licenses: Named("GPL-2+", "Expat"), Hashes: SHA256("00")},
	}
	first, err := JSON("v1", time.Unix(1e9, 0), components)
	if err != nil {
		t.Fatal(err)
	}
	second, err := JSON("v1", time.Unix(1e9, 0), []cdx.Component{components[1], components[0]})
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("it depends on the order (%v)", err)
	}
	// What CycloneDX 1.6 demands, in the words of its JSON schema.
	var d struct {
		Format  string `json:"bomFormat"`
		Spec    string `json:"specVersion"`
		Serial  string `json:"serialNumber"`
		Version int
		Meta    struct {
			Timestamp time.Time
			Component struct{ Type, Name, Version string }
		} `json:"metadata"`
		Components []struct {
			Type, Name, Version, PURL string
			Ref                       string `json:"bom-ref"`
			Licenses                  []struct{ License struct{ ID, Name string } }
			Hashes                    []struct{ Alg, Content string }
			Properties                []struct{ Name, Value string }
		}
	}
	if err := json.Unmarshal(first, &d); err != nil {
		t.Fatal(err)
	}
	if d.Format != "CycloneDX" || d.Spec != "1.6" || d.Version != 1 || d.Meta.Component.Version != "v1" || d.Meta.Timestamp.Unix() != 1e9 {
		t.Errorf("%+v", d)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(d.Serial) {
		t.Error(d.Serial)
	}
	if len(d.Components) != 2 || d.Components[0].Name != "a" || d.Components[0].Ref != d.Components[0].PURL {
		t.Fatalf("%+v", d.Components)
	}
	if l := d.Components[0].Licenses; len(l) != 2 || l[0].License.Name != "GPL-2+" || l[0].License.ID != "" {
		t.Errorf("%+v", l)
	}
	if l := d.Components[1].Licenses; len(l) != 1 || l[0].License.ID != "MIT" {
		t.Errorf("%+v", l)
	}
}

func TestRecognise(t *testing.T) {
	for text, want := range map[string]string{
		"Permission is hereby granted,\n  free of charge, to any":                  "MIT",
		"Apache License\n   Version 2.0, January 2004":                             "Apache-2.0",
		"Redistribution and use in source and binary\nforms … Neither the name of": "BSD-3-Clause",
		"Redistribution and use in source and binary forms":                        "BSD-2-Clause",
		"Mozilla Public License, version 2.0":                                      "MPL-2.0",
		"All rights reserved":                                                      "",
	} {
		if got := strings.Join(recognise(text), " "); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestModules looks at this very test program, whose module is Warren.
func TestModules(t *testing.T) {
	dir := t.TempDir()
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "program"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "text"), []byte("text"), 0o644)
	const kernel = "github.com/gokrazy/kernel.rpi"
	modules, err := Modules(context.Background(), dir, "../../..", kernel)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Module{}
	for _, m := range modules {
		found[m.Path] = m
	}
	if found["warren"].Path != "" {
		t.Error("Warren is no part of itself")
	}
	for _, path := range []string{std, kernel} {
		m := found[path]
		if m.Version == "" {
			t.Errorf("%s is missing", path)
			continue
		}
		text, err := m.Licence()
		if err != nil {
			t.Error(err)
		}
		c := m.Component(text)
		if c.Licenses == nil || c.PackageURL != "pkg:golang/"+path+"@"+m.Version {
			t.Errorf("%+v", c)
		}
	}
	if _, err := Modules(context.Background(), t.TempDir(), "../../.."); err == nil {
		t.Error("an empty directory has modules")
	}
}
