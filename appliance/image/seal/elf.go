package seal

import (
	"debug/elf"
	"fmt"
	"path/filepath"
	"slices"
)

// Where Debian keeps libraries for arm64, and the name of what loads them.
const (
	libraryDir = "usr/lib/aarch64-linux-gnu"
	loader     = "ld-linux-aarch64.so.1"
)

// needed returns the names of the libraries that programs of the tree need,
// directly or through others, and that of the loader. further are libraries
// that a program loads by itself.
func (t Tree) needed(programs []string, further ...string) ([]string, error) {
	libraries := map[string]bool{loader: true}
	todo := slices.Clone(programs)
	for _, name := range further {
		todo = append(todo, filepath.Join(libraryDir, name))
		libraries[name] = true
	}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		names, err := t.imports(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: if it is a library, its package is missing in packages.lock", path, err)
		}
		for _, name := range names {
			if !libraries[name] {
				libraries[name] = true
				todo = append(todo, filepath.Join(libraryDir, name))
			}
		}
	}
	names := make([]string, 0, len(libraries))
	for name := range libraries {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// imports returns the libraries that a file itself asks for.
func (t Tree) imports(path string) ([]string, error) {
	f, err := elf.Open(filepath.Join(string(t), path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.Machine != elf.EM_AARCH64 {
		return nil, fmt.Errorf("it is for %v", f.Machine)
	}
	return f.ImportedLibraries()
}

// programs copies programs of the tree to dir/bin, and what they need to
// dir/lib. They run by their own loader, as gokrazy has none:
//
//	dir/lib/ld-linux-aarch64.so.1 --library-path dir/lib dir/bin/hostapd
func (s *Stage) programs(t Tree, bin, lib string, programs ...string) {
	names, err := t.needed(programs)
	if err != nil {
		s.fail(err)
		return
	}
	for _, program := range programs {
		s.Copy(t, program, filepath.Join(bin, filepath.Base(program)))
	}
	for _, name := range names {
		s.Copy(t, filepath.Join(libraryDir, name), filepath.Join(lib, name))
	}
}
