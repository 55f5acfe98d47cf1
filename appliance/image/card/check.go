package card

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"warren/appliance/image/fat"
	"warren/appliance/image/tool"
	"warren/appliance/partition"
)

// BootRoom is how much must be free on the boot partition: enough for whatever
// an editor on a laptop writes beside the file it saves.
const BootRoom = 4 << 20

// Report says how full a card is.
type Report struct {
	RootUsed int64 // bytes of the root file system
	BootFree int64 // bytes on the boot partition
}

// Check reads a card again, as the device will, and says what is wrong with it:
// the partition table, the root file system, which must fit and have the files
// wanted, the boot partition, which must have the files of bootFiles and room,
// and the file system for data. It works in the directory work.
func Check(ctx context.Context, card, work string, wanted, bootFiles []string) (Report, error) {
	var r Report
	f, err := os.Open(card)
	if err != nil {
		return r, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return r, err
	}
	if err := partition.Check(f, info.Size()); err != nil {
		return r, err
	}
	if r.RootUsed, err = squashfsUsed(io.NewSectionReader(f, partition.RootA.Offset, partition.RootA.Size)); err != nil {
		return r, fmt.Errorf("root file system: %w", err)
	}
	if r.RootUsed > partition.RootA.Size {
		return r, fmt.Errorf("root file system: it has %d bytes; its partition has %d", r.RootUsed, partition.RootA.Size)
	}
	if err := HasFiles(ctx, card, partition.RootA.Offset, wanted); err != nil {
		return r, fmt.Errorf("root file system: %w", err)
	}
	if r.BootFree, err = checkBoot(ctx, f, card, work, bootFiles); err != nil {
		return r, fmt.Errorf("boot partition: %w", err)
	}
	if _, err := tool.Run(ctx, "e2fsck", "-f", "-n", fmt.Sprintf("%s?offset=%d", card, partition.Perm(info.Size()).Offset)); err != nil {
		return r, fmt.Errorf("file system for data: %w", err)
	}
	return r, nil
}

// squashfsUsed returns the size of a squashfs file system, as its superblock
// has it (Documentation/filesystems/squashfs.rst).
func squashfsUsed(r io.ReaderAt) (int64, error) {
	super := make([]byte, 96)
	if _, err := r.ReadAt(super, 0); err != nil {
		return 0, err
	}
	if string(super[:4]) != "hsqs" {
		return 0, errors.New("it is no squashfs")
	}
	if compression := binary.LittleEndian.Uint16(super[20:]); compression != 1 {
		return 0, fmt.Errorf("its compression is number %d, and the kernel reads only 1, zlib", compression)
	}
	return int64(binary.LittleEndian.Uint64(super[40:])), nil
}

// HasFiles checks that the squashfs at an offset of a file is readable and has
// the files wanted; one may have * in its last part.
func HasFiles(ctx context.Context, file string, offset int64, wanted []string) error {
	out, err := tool.Run(ctx, "unsquashfs", "-l", "-d", "", "-o", strconv.FormatInt(offset, 10), file)
	if err != nil {
		return err
	}
	return lacks(strings.Split(out, "\n"), wanted)
}

// lacks says which of the files wanted are not among those there.
func lacks(have, wanted []string) error {
	var missing []string
	for _, pattern := range wanted {
		found := false
		for _, path := range have {
			if ok, err := filepath.Match(pattern, path); err != nil {
				return err
			} else if ok {
				found = true
				break
			}
		}
		if !found {
			missing = append(missing, pattern)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("it lacks %s", strings.Join(missing, ", "))
	}
	return nil
}

// flashes reports whether a file on the boot partition makes a board change its boot
// ROM, or is what would be written into it (documentation of the Raspberry Pi,
// "Raspberry Pi boot EEPROM").
func flashes(name string) bool {
	name = strings.ToLower(name)
	matches := func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok } // the patterns are right
	return slices.ContainsFunc([]string{"recovery*.bin", "recovery.*", "*.upd", "*.sig", "vl805*.bin", "pieeprom*"}, matches)
}

// checkBoot checks the boot partition and returns how much of it is free.
func checkBoot(ctx context.Context, f *os.File, card, work string, wanted []string) (free int64, err error) {
	if free, err = freeFAT16(io.NewSectionReader(f, partition.Boot.Offset, partition.Boot.Size)); err != nil {
		return 0, err
	}
	if free < BootRoom {
		return free, fmt.Errorf("it has room for %d bytes; %d are wanted", free, BootRoom)
	}
	// fsck.vfat takes no offset.
	alone := filepath.Join(work, "boot.check")
	if err := makeSparse(alone, partition.Boot.Size); err != nil {
		return free, err
	}
	defer os.Remove(alone)
	if err := write(alone, 0, io.NewSectionReader(f, partition.Boot.Offset, partition.Boot.Size)); err != nil {
		return free, err
	}
	if _, err := tool.Run(ctx, "fsck.vfat", "-n", alone); err != nil {
		return free, err
	}
	names, err := fat.LongNames(io.NewSectionReader(f, partition.Boot.Offset, partition.Boot.Size))
	if err != nil {
		return free, err
	}
	if roms := slices.DeleteFunc(names, func(name string) bool { return !flashes(name) }); len(roms) > 0 {
		return free, fmt.Errorf("it has %s: the card would change the boot ROM of a board that starts from it", strings.Join(roms, ", "))
	}
	for _, name := range wanted {
		copied := filepath.Join(work, "boot.file")
		if _, err := tool.Run(ctx, "mcopy", "-n", "-i", fmt.Sprintf("%s@@%d", card, partition.Boot.Offset), "::"+name, copied); err != nil {
			return free, fmt.Errorf("it lacks %s: %w", name, err)
		}
		os.Remove(copied)
	}
	return free, nil
}
