package seal

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// findApplications returns the directories of the Erlang applications with
// these names and of all that they need.
func findApplications(t Tree, names []string) ([]string, error) {
	var files []string
	for _, pattern := range []string{
		erlangDir + "/lib/*/ebin/*.app",
		"usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins/*/ebin/*.app",
	} {
		found, err := t.glob(pattern)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	byName := map[string]string{}
	for _, file := range files {
		byName[strings.TrimSuffix(filepath.Base(file), ".app")] = file
	}
	var dirs []string
	seen := map[string]bool{}
	for todo := slices.Clone(names); len(todo) > 0; todo = todo[1:] {
		name := todo[0]
		if seen[name] {
			continue
		}
		seen[name] = true
		file := byName[name]
		if file == "" {
			return nil, fmt.Errorf("the Erlang application %s is in none of the packages: its package is missing in packages.lock", name)
		}
		app, err := t.read(file)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, filepath.Dir(filepath.Dir(file)))
		todo = append(todo, needsOf(app)...)
	}
	slices.Sort(dirs)
	return dirs, nil
}

var (
	erlangComment = regexp.MustCompile(`%.*`)
	appNeeds      = regexp.MustCompile(`\{\s*(?:included_)?applications\s*,\s*\[([^\]]*)\]`)
	appName       = regexp.MustCompile(`[a-z][a-z0-9_]*`)
)

// needsOf returns the applications that an .app file says must be there
// (app(5) of Erlang).
func needsOf(app []byte) []string {
	var names []string
	app = erlangComment.ReplaceAll(app, nil)
	for _, list := range appNeeds.FindAllSubmatch(app, -1) {
		for _, name := range appName.FindAll(list[1], -1) {
			names = append(names, string(name))
		}
	}
	return names
}
