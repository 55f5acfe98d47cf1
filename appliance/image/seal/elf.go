package seal

import (
	"debug/elf"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// Where Debian keeps libraries for arm64, and the name of what loads them.
const (
	libraryDir = "usr/lib/aarch64-linux-gnu"
	loader     = "ld-linux-aarch64.so.1"
)

// platform is where Debian keeps what a kind of machine's programs need.
type platform struct {
	machine            elf.Machine
	libraryDir, loader string
}

// The platform of the image, and that of most who build it.
var (
	arm64 = platform{elf.EM_AARCH64, libraryDir, loader}
	amd64 = platform{elf.EM_X86_64, "usr/lib/x86_64-linux-gnu", "ld-linux-x86-64.so.2"}
)

// needed returns the names of the libraries that programs of the tree need,
// directly or through others, and that of the loader. further are libraries
// that a program loads by itself.
func (t Tree) needed(p platform, programs []string, further ...string) ([]string, error) {
	libraries := map[string]bool{p.loader: true}
	var wanted []symbols
	todo := slices.Clone(programs)
	for _, name := range further {
		todo = append(todo, filepath.Join(p.libraryDir, name))
		libraries[name] = true
	}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		names, versions, err := t.imports(p, path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: if it is a library, its package is missing in packages.lock", path, err)
		}
		wanted = append(wanted, versions...)
		for _, name := range names {
			if !libraries[name] {
				libraries[name] = true
				todo = append(todo, filepath.Join(p.libraryDir, name))
			}
		}
	}
	names := make([]string, 0, len(libraries))
	for name := range libraries {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, t.haveSymbols(p, wanted)
}

// symbols are versions of symbols that a file wants a library to have (Linux
// Standard Base Core, "Symbol Versioning").
type symbols struct {
	file, library string
	versions      []string
}

// imports returns the libraries that a file itself asks for, and which of their
// symbols it wants.
func (t Tree) imports(p platform, path string) (libraries []string, wanted []symbols, err error) {
	f, err := elf.Open(filepath.Join(string(t), path))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if f.Machine != p.machine {
		return nil, nil, fmt.Errorf("it is for %v", f.Machine)
	}
	needs, err := f.DynamicVersionNeeds()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return nil, nil, err
	}
	for _, need := range needs {
		s := symbols{file: path, library: need.Name}
		for _, dep := range need.Needs {
			if dep.Flags&elf.VER_FLG_WEAK == 0 {
				s.versions = append(s.versions, dep.Dep)
			}
		}
		wanted = append(wanted, s)
	}
	libraries, err = f.ImportedLibraries()
	return libraries, wanted, err
}

// haveSymbols checks that the libraries have what is wanted of them: packages of
// different days may not fit each other.
func (t Tree) haveSymbols(p platform, wanted []symbols) error {
	provided := map[string][]string{} // by library
	for _, w := range wanted {
		have, known := provided[w.library]
		if !known {
			f, err := elf.Open(filepath.Join(string(t), p.libraryDir, w.library))
			if err != nil {
				return err
			}
			versions, err := f.DynamicVersions()
			f.Close()
			if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
				return fmt.Errorf("%s: %w", w.library, err)
			}
			for _, v := range versions {
				have = append(have, v.Name)
			}
			provided[w.library] = have
		}
		for _, version := range w.versions {
			if !slices.Contains(have, version) {
				return fmt.Errorf("%s wants symbols of version %s, which %s does not have: their packages do not fit each other", w.file, version, w.library)
			}
		}
	}
	return nil
}

// programs copies programs of the tree to dir/bin, and what they need to
// dir/lib. They run by their own loader, as gokrazy has none:
//
//	dir/lib/ld-linux-aarch64.so.1 --library-path dir/lib dir/bin/hostapd
func (s *Stage) programs(t Tree, p platform, bin, lib string, programs ...string) {
	names, err := t.needed(p, programs)
	if err != nil {
		s.fail(err)
		return
	}
	for _, program := range programs {
		s.Copy(t, program, filepath.Join(bin, filepath.Base(program)))
	}
	for _, name := range names {
		s.Copy(t, filepath.Join(p.libraryDir, name), filepath.Join(lib, name))
	}
}
