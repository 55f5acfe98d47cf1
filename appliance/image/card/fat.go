package card

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"warren/appliance/image/tool"
)

// Label is the name of the boot partition, as a laptop shows it.
const Label = "WARREN"

// UnpackBoot copies what is on the boot partition of a card into dir, which it
// makes.
func UnpackBoot(ctx context.Context, card, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	_, err := tool.Run(ctx, "mcopy", "-s", "-Q", "-n", "-i", fmt.Sprintf("%s@@%d", card, Boot.Offset), "::*", dir+"/")
	return err
}

// WriteBoot makes the boot partition of an empty card, with the files in dir.
// gok's has no free block, so that nobody could save an edited file. This one
// has one table, as gokrazy's own reader of it wants, and begins with gokrazy's
// files: an update writes into their blocks.
func WriteBoot(ctx context.Context, card, dir, work string, at time.Time) error {
	file := filepath.Join(work, "boot.fat")
	if err := makeSparse(file, Boot.Size); err != nil {
		return err
	}
	_, err := tool.Run(ctx, "mkfs.vfat", "-F", "16", "-f", "1", "-s", "4", "-R", "4", "-r", "512",
		"-n", Label, "--invariant", file)
	if err != nil {
		return err
	}
	if err := age(dir, at); err != nil {
		return err
	}
	first := []string{"cmdline.txt", "config.txt", "vmlinuz"}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	names := slices.Clone(first)
	for _, e := range entries {
		if !slices.Contains(first, e.Name()) {
			names = append(names, e.Name())
		}
	}
	_, err = tool.Command{
		Program: "mcopy", Args: slices.Concat([]string{"-s", "-m", "-Q", "-i", file}, names, []string{"::"}), Dir: dir,
		Env: []string{"SOURCE_DATE_EPOCH=" + strconv.FormatInt(at.Unix(), 10)},
	}.Run(ctx)
	if err != nil {
		return err
	}
	return writeFile(card, Boot.Offset, file)
}

// age sets the time of all files.
func age(dir string, at time.Time) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, at, at)
	})
}

func makeSparse(file string, size int64) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// freeFAT16 returns how many bytes are free in the FAT16 file system in r.
func freeFAT16(r io.ReaderAt) (int64, error) {
	boot := make([]byte, sector)
	if _, err := r.ReadAt(boot, 0); err != nil {
		return 0, err
	}
	le := binary.LittleEndian
	// The fields of the boot sector are in Microsoft's FAT specification, 3.1.
	bytesPerSector, perCluster := int64(le.Uint16(boot[11:])), int64(boot[13])
	reserved, tables := int64(le.Uint16(boot[14:])), int64(boot[16])
	rootEntries, perTable := int64(le.Uint16(boot[17:])), int64(le.Uint16(boot[22:]))
	sectors := int64(le.Uint16(boot[19:]))
	if sectors == 0 {
		sectors = int64(le.Uint32(boot[32:]))
	}
	if boot[510] != 0x55 || boot[511] != 0xaa || bytesPerSector != sector || perCluster == 0 || perTable == 0 {
		return 0, errors.New("there is no FAT16 file system")
	}
	data := sectors - reserved - tables*perTable - rootEntries*32/sector
	clusters := data / perCluster
	if clusters < 0 || (clusters+2)*2 > perTable*sector {
		return 0, errors.New("the FAT16 file system has a table that is too short")
	}
	table := make([]byte, (clusters+2)*2)
	if _, err := r.ReadAt(table, reserved*sector); err != nil {
		return 0, err
	}
	free := int64(0)
	for i := int64(2); i < clusters+2; i++ {
		if le.Uint16(table[2*i:]) == 0 {
			free++
		}
	}
	return free * perCluster * sector, nil
}
