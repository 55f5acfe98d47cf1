package card

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warren/appliance/image/tool"
	"warren/appliance/partition"
)

// At an error it turns read-only, and it can grow a thousandfold.
func TestPermFeatures(t *testing.T) {
	card := filepath.Join(t.TempDir(), "card.img")
	if err := makeSparse(card, Size); err != nil {
		t.Fatal(err)
	}
	if err := FormatPerm(t.Context(), card, Size, time.Now()); err != nil {
		t.Fatal(err)
	}
	said, err := tool.Run(t.Context(), "dumpe2fs", "-h", "-o", "superblock=0", fmt.Sprintf("%s?offset=%d", card, partition.Perm(Size).Offset))
	if err != nil {
		said, err = tool.Run(t.Context(), "debugfs", "-R", "stats -h", fmt.Sprintf("%s?offset=%d", card, partition.Perm(Size).Offset))
	}
	if err != nil || !strings.Contains(said, "Remount read-only") || !strings.Contains(said, "resize_inode") || strings.Contains(said, "metadata_csum") {
		t.Errorf("%v\n%s", err, said)
	}
}

// TestTornSuperblock pulls the plug between the two sectors of the superblock:
// the file system can be mounted all the same.
func TestTornSuperblock(t *testing.T) {
	card := filepath.Join(t.TempDir(), "card.img")
	if err := makeSparse(card, Size); err != nil {
		t.Fatal(err)
	}
	if err := FormatPerm(t.Context(), card, Size, time.Now()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(card, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// The superblock is 1024 bytes in (kernel, Documentation/filesystems/ext4):
	// when it is mounted, the times and the count at 0x2c, all in its first sector,
	// become others, and so would a checksum in its second.
	if _, err := f.WriteAt([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 0}, partition.Perm(Size).Offset+1024+0x2c); err != nil {
		t.Fatal(err)
	}
	if _, err := tool.Run(t.Context(), "e2fsck", "-n", "-f", fmt.Sprintf("%s?offset=%d", card, partition.Perm(Size).Offset)); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(card)
	if err != nil || info.Size() != Size {
		t.Fatal(info, err)
	}
}
