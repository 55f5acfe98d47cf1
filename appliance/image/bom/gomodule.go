package bom

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"warren/appliance/image/tool"
)

// Module is a Go module in the image.
type Module struct {
	Path    string
	Version string
	Dir     string // of its source
}

// LicenceFile returns where in the image the licence of the module is.
func (m Module) LicenceFile() string { return "usr/share/doc/go/" + m.Path + "/LICENSE" }

// std is how purl writers name Go's standard library.
const std = "std"

// Modules returns the modules that the Go programs below dir are built of,
// without the module in the directory main itself, and further modules of main's go.mod, whose
// programs are not Go's.
func Modules(ctx context.Context, dir, main string, further ...string) ([]Module, error) {
	versions := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil // no program of Go's
		}
		versions[std] = strings.TrimPrefix(info.GoVersion, "go")
		for _, m := range info.Deps {
			versions[m.Path] = m.Version
		}
		if info.Main.Path != "" && info.Main.Version != "(devel)" && info.Main.Version != "" {
			versions[info.Main.Path] = info.Main.Version
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if versions[std] == "" {
		return nil, fmt.Errorf("there is no program of Go's below %s", dir)
	}
	names := slices.Clone(further)
	for path := range versions {
		if path != std {
			names = append(names, path)
		}
	}
	slices.Sort(names)
	out, err := tool.Command{
		Program: "go", Dir: main,
		Args: append([]string{"list", "-m", "-f", "{{.Path}}\t{{.Version}}\t{{.Dir}}"}, slices.Compact(names)...),
	}.Run(ctx)
	if err != nil {
		return nil, err
	}
	goroot, err := tool.Run(ctx, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules := []Module{{std, versions[std], strings.TrimSpace(goroot)}}
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 || f[1] == "" { // the main module has no version
			continue
		}
		if v := versions[f[0]]; v != "" && v != f[1] {
			return nil, fmt.Errorf("the programs are built with %s %s, but go.mod has %s", f[0], v, f[1])
		}
		modules = append(modules, Module{f[0], f[1], f[2]})
	}
	return modules, nil
}

// Licence returns all texts of a module that say how it may be used, or an error
// if there is none.
func (m Module) Licence() ([]byte, error) {
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", m.Path, m.Version, err)
	}
	var text []byte
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if !e.Type().IsRegular() || !(strings.HasPrefix(name, "LICEN") || strings.HasPrefix(name, "COPYING") || strings.HasPrefix(name, "NOTICE") || name == "PATENTS") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(m.Dir, e.Name()))
		if err != nil {
			return nil, err
		}
		text = append(text, fmt.Sprintf("---- %s ----\n\n%s\n", e.Name(), content)...)
	}
	if text == nil {
		return nil, fmt.Errorf("%s %s has no licence in %s", m.Path, m.Version, m.Dir)
	}
	return text, nil
}

// Component returns the module's entry. special has the types and licences of
// modules that are more than a library.
func (m Module) Component(licence []byte) cdx.Component {
	c := cdx.Component{
		Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version,
		PackageURL: "pkg:golang/" + m.Path + "@" + m.Version,
		Licenses:   SPDX(recognise(string(licence))...),
		Properties: TextAt("/" + m.LicenceFile()),
	}
	if s, ok := special[m.Path]; ok {
		c.Type, c.Licenses = s.kind, s.licences
	}
	return c
}

// special are modules that bring no Go code, but what runs before it.
var special = map[string]struct {
	kind     cdx.ComponentType
	licences *cdx.Licenses
}{
	"github.com/gokrazy/kernel.rpi":     {cdx.ComponentTypeOS, SPDX("GPL-2.0-only")},
	"github.com/gokrazy/firmware":       {cdx.ComponentTypeFirmware, Named("Broadcom-Raspberry-Pi")},
	"github.com/gokrazy/serial-busybox": {cdx.ComponentTypeApplication, SPDX("GPL-2.0-only")},
}

// recognise returns the licences that are in a text, of those that Go modules
// have, by SPDX's identifiers.
func recognise(text string) []string {
	text = strings.Join(strings.Fields(text), " ")
	var found []string
	for _, l := range []struct{ id, words string }{
		{"Apache-2.0", "Apache License Version 2.0"},
		{"MIT", "Permission is hereby granted, free of charge"},
		{"MPL-2.0", "Mozilla Public License"},
		{"ISC", "Permission to use, copy, modify, and/or distribute this software"},
	} {
		if strings.Contains(text, l.words) {
			found = append(found, l.id)
		}
	}
	if strings.Contains(text, "Redistribution and use in source and binary forms") {
		id := "BSD-2-Clause"
		if strings.Contains(text, "Neither the name") || strings.Contains(text, "names of its contributors") {
			id = "BSD-3-Clause"
		}
		found = append(found, id)
	}
	return found
}
