package debian

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Copyright returns the copyright file of a package in an unpacked tree.
func Copyright(tree string, p Package) ([]byte, error) {
	root, err := os.OpenRoot(tree)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	text, err := root.ReadFile(filepath.Join("usr/share/doc", p.Name, "copyright"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s has no copyright file: its documentation may be in a package that packages.lock lacks (%w)", p.Name, err)
	}
	return text, err
}

// Licences returns the short names of the licences in a copyright file that is
// machine-readable (copyright-format 1.0): those of its Files paragraphs. Of
// others it returns none.
func Licences(copyright []byte) []string {
	first, _, _ := strings.Cut(string(copyright), "\n")
	if !strings.HasPrefix(first, "Format:") || !strings.Contains(first, "copyright-format") {
		return nil
	}
	var licences []string
	for _, paragraph := range strings.Split(string(copyright), "\n\n") {
		fields := map[string]string{}
		for line := range strings.Lines(paragraph) {
			if name, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") {
				fields[strings.ToLower(name)] = strings.TrimSpace(value)
			}
		}
		if fields["files"] != "" && fields["license"] != "" {
			licences = append(licences, fields["license"])
		}
	}
	slices.Sort(licences)
	return slices.Compact(licences)
}
