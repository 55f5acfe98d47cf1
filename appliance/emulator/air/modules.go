package air

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"warren/appliance/image/tool"
)

// wantedModules are what the Pi's kernel has built in and Debian's has as
// modules, as far as the card needs it, and the simulated hardware. Nothing
// loads modules on a card, so all are loaded at the start.
var wantedModules = []string{
	// The simulated radios, and the ciphers of WPA2.
	"mac80211_hwsim", "ccm", "cmac", "crypto_null", "gcm",
	// The card, its file systems, and how the kernel reads their names.
	"virtio_pci", "virtio_blk", "squashfs", "ext4", "crc32c_generic", "vfat", "nls_cp437", "nls_ascii", "nls_utf8", "loop", "overlay",
	// The firewall.
	"nf_tables", "nft_reject", "nft_reject_inet", "nft_limit",
	// The line to what runs inside, and the LED on a pin.
	"virtio_console", "leds_gpio",
	// The sockets that DHCP takes.
	"af_packet",
}

// orderFile lists the modules in the order in which they can be loaded.
const orderFile = "order"

// stageModules puts the wanted modules, those that they need, and orderFile into
// a directory.
func stageModules(ctx context.Context, tree, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	s := moduleStage{dir: dir, packed: map[string]string{}, builtin: map[string]bool{}, done: map[string]bool{}}
	err := filepath.WalkDir(filepath.Join(tree, "usr/lib/modules"), func(path string, _ os.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(path, ".ko.xz"); ok {
			s.packed[moduleName(name)] = path
		}
		if filepath.Base(path) == "modules.builtin" {
			content, err := os.ReadFile(path)
			for line := range strings.Lines(string(content)) {
				s.builtin[moduleName(strings.TrimSuffix(strings.TrimSpace(line), ".ko"))] = true
			}
			return err
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range wantedModules {
		if err := s.add(ctx, name); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, orderFile), []byte(strings.Join(s.order, "\n")+"\n"), 0o644)
}

// moduleStage is a directory of modules that is being filled.
type moduleStage struct {
	dir     string
	packed  map[string]string // the packages' modules, by name
	builtin map[string]bool   // what needs no module
	done    map[string]bool
	order   []string
}

// moduleName is a module's name as the kernel has it.
func moduleName(file string) string { return strings.ReplaceAll(path.Base(file), "-", "_") }

// add unpacks a module, after those that it needs.
func (s *moduleStage) add(ctx context.Context, name string) error {
	if s.done[name] || s.builtin[name] {
		return nil
	}
	s.done[name] = true
	if s.packed[name] == "" {
		return fmt.Errorf("this kernel has no module %s", name)
	}
	content, err := tool.Run(ctx, "xz", "--decompress", "--stdout", s.packed[name])
	if err != nil {
		return err
	}
	needs, err := moduleNeeds([]byte(content))
	if err != nil {
		return fmt.Errorf("the module %s: %w", name, err)
	}
	for _, other := range needs {
		if err := s.add(ctx, other); err != nil {
			return fmt.Errorf("%s needs another: %w", name, err)
		}
	}
	s.order = append(s.order, name+".ko")
	return os.WriteFile(filepath.Join(s.dir, name+".ko"), []byte(content), 0o644)
}

// moduleNeeds returns the names of the modules that a module needs: depends= in
// its section .modinfo, which has zero bytes between its entries.
func moduleNeeds(module []byte) ([]string, error) {
	f, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		return nil, err
	}
	section := f.Section(".modinfo")
	if section == nil {
		return nil, fmt.Errorf("it has no section .modinfo")
	}
	info, err := section.Data()
	if err != nil {
		return nil, err
	}
	for entry := range bytes.SplitSeq(info, []byte{0}) {
		if list, ok := strings.CutPrefix(string(entry), "depends="); ok && list != "" {
			return strings.Split(strings.ReplaceAll(list, "-", "_"), ","), nil
		}
	}
	return nil, nil
}
