// Package docs is what people read about Warren, and these tests, which keep it
// true where that is cheap.
package docs

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// root is where the repository begins, seen from here.
const root = ".."

// read returns a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// documents returns the Markdown files of the repository, by their paths in it.
func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "build", "artefacts", "testdata"}, d.Name()):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"):
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("there are more documents than %q", found)
	}
	return found
}

var (
	released = regexp.MustCompile(`^## \[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d{2}-\d{2})$`)
	groups   = []string{"### Added", "### Changed", "### Deprecated", "### Removed", "### Fixed", "### Security"}
)

// TestChangelog: CHANGELOG.md has the form of keepachangelog.com, 1.1.0. make
// release takes the notes of a release from it.
func TestChangelog(t *testing.T) {
	text := read(t, "CHANGELOG.md")
	if !strings.HasPrefix(text, "# Changelog\n") {
		t.Error("it does not begin with # Changelog")
	}
	head, rest, _ := strings.Cut(text, "\n## ")
	if strings.Contains(head, "\n- ") {
		t.Error("there are entries before the first version")
	}
	linked := 0
	var versions, dates []string
	for i, section := range strings.Split(rest, "\n## ") {
		heading, body, _ := strings.Cut(section, "\n")
		heading = "## " + heading
		name, _, _ := strings.Cut(strings.TrimPrefix(heading, "## "), " ")
		if strings.Contains(text, "\n"+name+": ") {
			linked++
		}
		if i == 0 {
			if heading != "## [Unreleased]" {
				t.Errorf("the first version is %q, want ## [Unreleased]", heading)
			}
			checkGroups(t, heading, body, false)
			continue
		}
		m := released.FindStringSubmatch(heading)
		if m == nil {
			t.Errorf("%q is no version with its date", heading)
			continue
		}
		if _, err := time.Parse(time.DateOnly, m[4]); err != nil {
			t.Errorf("%s: %v", heading, err)
		}
		versions = append(versions, pad(m[1])+pad(m[2])+pad(m[3]))
		dates = append(dates, m[4])
		checkGroups(t, heading, body, true)
	}
	newestFirst := func(a, b string) int { return strings.Compare(b, a) }
	if len(versions) == 0 || !slices.IsSortedFunc(versions, newestFirst) || len(slices.Compact(slices.Clone(versions))) != len(versions) {
		t.Errorf("the versions do not fall: %q", versions)
	}
	if !slices.IsSortedFunc(dates, newestFirst) {
		t.Errorf("the dates do not fall: %q", dates)
	}
	if linked != 0 && linked != len(versions)+1 {
		t.Errorf("%d of %d versions have a link: all or none shall", linked, len(versions)+1)
	}
}

// pad makes numbers sort as strings.
func pad(number string) string { return strings.Repeat("0", max(0, 6-len(number))) + number }

// checkGroups checks what stands under the heading of a version.
func checkGroups(t *testing.T, heading, body string, entries bool) {
	t.Helper()
	for _, m := range links.FindAllStringSubmatch(body, -1) {
		if target := m[1] + m[2] + m[3]; !strings.Contains(target, "://") {
			t.Errorf("%s has a link to %s: notes of a release stand elsewhere, and it would lead nowhere", heading, target)
		}
	}
	parts := strings.Split("\n"+body, "\n### ")
	if strings.Contains(parts[0], "\n- ") {
		t.Errorf("%s has entries in no group", heading)
	}
	if entries && len(parts) == 1 {
		t.Errorf("%s says nothing", heading)
	}
	var seen []string
	for _, part := range parts[1:] {
		name, content, _ := strings.Cut(part, "\n")
		group := "### " + name
		if !slices.Contains(groups, group) || slices.Contains(seen, group) {
			t.Errorf("%s has %q: want each of %q once at most", heading, group, groups)
		}
		if !strings.Contains("\n"+content, "\n- ") {
			t.Errorf("%s: %s has no entry", heading, group)
		}
		seen = append(seen, group)
	}
}

var (
	links    = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"|(?m:^\[[^\]]+\]: (\S+))`)
	code     = regexp.MustCompile("(?ms)^```.*?^```|^    [^\n]*$|`[^`\n]*`")
	headings = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// TestLinks: a link from one document to another file, or to a heading, leads
// there.
func TestLinks(t *testing.T) {
	found := 0
	for _, document := range documents(t) {
		for _, m := range links.FindAllStringSubmatch(code.ReplaceAllString(read(t, document), ""), -1) {
			target, err := url.Parse(m[1] + m[2] + m[3])
			if err != nil {
				t.Errorf("%s: %v", document, err)
				continue
			}
			if target.Scheme != "" {
				continue // the internet's
			}
			found++
			file := document
			if target.Path != "" {
				file = path.Join(path.Dir(document), target.Path)
			}
			if _, err := os.Stat(filepath.Join(root, file)); err != nil || strings.HasPrefix(file, "..") {
				t.Errorf("%s leads to %s, which is not there", document, target)
				continue
			}
			if target.Fragment == "" {
				continue
			}
			var anchors []string
			for _, h := range headings.FindAllStringSubmatch(read(t, file), -1) {
				anchors = append(anchors, anchor(h[1]))
			}
			if !slices.Contains(anchors, target.Fragment) {
				t.Errorf("%s leads to %s: the headings of %s are %q", document, target, file, anchors)
			}
		}
	}
	if found < 30 {
		t.Errorf("%d links are found: there are more", found)
	}
}

// anchor is the fragment by which GitHub finds a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

var quoted = regexp.MustCompile("`([^`\\s]+/[^`\\s]*)`")

// TestContributingNamesFiles: what CONTRIBUTING.md says is to be changed is
// there. A * stands for any name, CODE for that of a language.
func TestContributingNamesFiles(t *testing.T) {
	found := 0
	for _, m := range quoted.FindAllStringSubmatch(read(t, "CONTRIBUTING.md"), -1) {
		first, _, _ := strings.Cut(m[1], "/")
		if _, err := os.Stat(filepath.Join(root, first)); err != nil || first == "build" || first == "artefacts" {
			continue // no path in the repository, or what is made there
		}
		found++
		name := strings.ReplaceAll(m[1], "CODE", "en")
		if files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(name))); err != nil || len(files) == 0 {
			t.Errorf("there is no %s: %v", m[1], err)
		}
	}
	if found < 40 {
		t.Errorf("%d paths are found: there are more", found)
	}
}

var (
	goTest = regexp.MustCompile("go test[^`|\n]*")
	tests  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w*)\(`)
)

// TestDocumentedTests: a go test command in a document runs a test. go test
// passes when there is none of the name.
func TestDocumentedTests(t *testing.T) {
	found := 0
	for _, document := range documents(t) {
		for _, command := range goTest.FindAllString(read(t, document), -1) {
			words := strings.Fields(command)
			name := ""
			var folders []string
			for i, word := range words {
				switch {
				case (word == "-run" || word == "-fuzz" || word == "-bench") && i+1 < len(words):
					name, _, _ = strings.Cut(strings.Trim(words[i+1], "'"), "/") // without the subtest
				case strings.HasPrefix(word, "./"):
					folders = append(folders, word)
				}
			}
			if name == "" || name == "." || len(folders) == 0 {
				continue
			}
			found++
			pattern, err := regexp.Compile(name)
			if err != nil {
				t.Errorf("%s: %q: %v", document, command, err)
				continue
			}
			var names []string
			for _, folder := range folders {
				files, _ := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
				for _, file := range files {
					rel, _ := filepath.Rel(root, file)
					for _, m := range tests.FindAllStringSubmatch(read(t, rel), -1) {
						names = append(names, m[1])
					}
				}
			}
			if !slices.ContainsFunc(names, pattern.MatchString) {
				t.Errorf("%s: %q runs none of %q", document, command, names)
			}
		}
	}
	if found < 5 {
		t.Errorf("%d commands are found: there are more", found)
	}
}

var (
	uses   = regexp.MustCompile(`(?m)^ *(?:- )?uses: (.*)$`)
	pinned = regexp.MustCompile(`^([\w.-]+/[\w./-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
)

// TestActionsArePinned: a workflow uses an action at a commit, which nobody can
// change, and all workflows use it at the same one.
func TestActionsArePinned(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	at := make(map[string]string)
	for _, file := range files {
		rel, _ := filepath.Rel(root, file)
		for _, m := range uses.FindAllStringSubmatch(read(t, rel), -1) {
			action := pinned.FindStringSubmatch(m[1])
			if action == nil {
				t.Errorf("%s uses %s: want action@commit # v1.2.3", rel, m[1])
				continue
			}
			if other, ok := at[action[1]]; ok && other != m[1] {
				t.Errorf("%s uses %s, another workflow %s", rel, m[1], other)
			}
			at[action[1]] = m[1]
		}
	}
}
