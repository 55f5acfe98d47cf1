package settings

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// noSuchSection says what a section may have been meant to be.
func noSuchSection(name string) string {
	if near := nearest(name, sections); near != "" {
		return fmt.Sprintf("there is no such section: did you mean [%s]?", near)
	}
	return "there is no such section: there are [" + strings.Join(sections[:len(sections)-1], "], [") +
		"] and [" + sections[len(sections)-1] + "]"
}

// noSuchKey says what a setting may have been meant to be. path has the section
// before the name, or is only the name where it stands before all sections.
func noSuchKey(path []string) string {
	name := path[len(path)-1]
	if len(path) == 1 && slices.Contains(sections, name) {
		return fmt.Sprintf("it is a section: write [%s] in a line of its own, and its settings below", name)
	}
	var here, all []string
	for _, k := range keys {
		all = append(all, k.name)
		if k.section == path[0] {
			here = append(here, k.name)
		}
	}
	near := nearest(name, all)
	switch {
	case near != "" && slices.Contains(here, near):
		return fmt.Sprintf("there is no such setting: did you mean %s?", near)
	case near == name:
		return fmt.Sprintf("it must stand below [%s]", sectionOf(near))
	case near != "":
		return fmt.Sprintf("there is no such setting: did you mean %s, below [%s]?", near, sectionOf(near))
	case len(here) > 0:
		return fmt.Sprintf("there is no such setting: [%s] has %s", path[0], list(here))
	}
	return "there is no such setting: those that there are stand below [" + strings.Join(sections, "], [") + "]"
}

// sectionOf returns the section of a setting.
func sectionOf(name string) string {
	for _, k := range keys {
		if k.name == name {
			return k.section
		}
	}
	return ""
}

// nearest returns which of the known names is meant by name: the same but for
// upper and lower case, or one with a mistyped letter in three. Empty: none.
func nearest(name string, known []string) string {
	name = strings.ToLower(name)
	best, least := "", 0
	for _, k := range known {
		// No name longer than that is near, and the distance of a long one
		// takes long to find.
		if len(name) > 2*len(k) {
			continue
		}
		if d := distance(name, k); d <= len(k)/3 && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// distance returns how many letters must be put in, taken out or changed to
// make b of a (the Levenshtein distance, in bytes).
func distance(a, b string) int {
	row := make([]int, len(b)+1) // from the first i bytes of a to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

var bareName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// display returns a name as it is shown: as it would be written.
func display(path []string) string {
	parts := make([]string, len(path))
	for i, part := range path {
		if !bareName.MatchString(part) {
			part = strconv.Quote(part)
		}
		parts[i] = part
	}
	return shown(strings.Join(parts, "."))
}
