package node

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLink: a node is shown what it needs, what that needs, and nothing else; of
// two versions the newer one; and nothing that was there at its last start.
func TestLink(t *testing.T) {
	in := install{rabbit: t.TempDir()}
	for name, text := range map[string]string{
		"rabbit-4.0.5":       `{application, rabbit, [{modules, [rabbit]}, {applications, [kernel, stdlib, ra, 'rabbit_common']}]}.`,
		"ra-2.13.5":          "{application,ra,\n [{applications,\n  [kernel,\n   stdlib,\n   aten]}]}.",
		"ra-2.13.4":          `{application,ra,[{applications,[gone]}]}.`,
		"aten-0.6.0":         `{application,aten,[{applications,[]},{included_applications,[inside]}]}.`,
		"inside-1":           `{application,inside,[]}.`,
		"rabbit_common-4":    `{application,rabbit_common,[{applications,[rabbit]}]}.`, // in a circle
		"rabbitmq_stomp-4":   `{application,rabbitmq_stomp,[{applications,[rabbit,ranch]}]}.`,
		"ranch-2":            `{application,ranch,[]}.`,
		"rabbit_unwanted-4":  `{application,rabbit_unwanted,[]}.`,
		"rabbit-unwanted-40": `{application,'rabbit-unwanted',[]}.`,
	} {
		ebin := filepath.Join(in.rabbit, "plugins", name, "ebin")
		app := name[:strings.LastIndexByte(name, '-')]
		if err := os.MkdirAll(ebin, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(ebin, app+".app"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	few := []string{"aten", "inside", "ra", "rabbit", "rabbit_common"}
	for _, test := range []struct{ plugins, want []string }{
		{[]string{"rabbitmq_stomp"}, append(slices.Clone(few), "rabbitmq_stomp", "ranch")},
		{nil, few},
	} {
		if err := in.link(dir, test.plugins); err != nil {
			t.Fatal(err)
		}
		links, err := filepath.Glob(filepath.Join(dir, applicationsName, "*", "ebin", "*.app"))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, link := range links {
			got[filepath.Base(filepath.Dir(filepath.Dir(link)))] = true
		}
		if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, test.want) {
			t.Errorf("with the plugins %v a node is shown %v, want %v", test.plugins, names, test.want)
		}
	}
	if at, err := os.Readlink(filepath.Join(dir, applicationsName, "ra")); filepath.Base(at) != "ra-2.13.5" {
		t.Errorf("of two versions it is shown %s, %v", at, err)
	}
}
