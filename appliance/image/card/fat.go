package card

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"warren/appliance/image/fat"
	"warren/appliance/image/tool"
	"warren/appliance/partition"
)

// Label is the name of the boot partition, as a laptop shows it.
const Label = "WARREN"

// UnpackBoot copies what is on the boot partition of a card into dir, which it
// makes.
func UnpackBoot(ctx context.Context, card, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	_, err := tool.Run(ctx, "mcopy", "-s", "-Q", "-n", "-i", fmt.Sprintf("%s@@%d", card, partition.Boot.Offset), "::*", dir+"/")
	return err
}

// WriteBoot makes the boot partition of an empty card, with the files in dir.
// gok's has no free block, so that nobody could save an edited file. This one
// begins with gokrazy's own files.
func WriteBoot(card, dir string, at time.Time) error {
	out, err := os.OpenFile(card, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	v := fat.Volume{
		Label: Label, Size: partition.Boot.Size, Start: partition.Boot.Offset, At: at,
		First: []string{"cmdline.txt", "config.txt", "vmlinuz"},
	}
	err = v.Write(io.NewOffsetWriter(out, partition.Boot.Offset), dir)
	return errors.Join(err, out.Close())
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
