package card

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"warren/appliance/image/tool"
	"warren/appliance/partition"
)

// permID is the UUID of the file system for data, and what its hashes are
// seeded with. It is the same on all cards: nothing looks for it.
const permID = "5ca1ab1e-0b0c-4a8c-9a00-77617272656e"

// permFeatures leave out ext4's checksums of metadata. The superblock is the one
// block that is written in place and never mended from the journal, because
// without it there is no journal: it spans two sectors, its checksum stands in
// the second, and a plug pulled in between left a card that could not mount its
// data any more. Without the checksum either half is good with either half of the
// other. Group descriptors keep one: each lies within a sector.
const permFeatures = "^metadata_csum,uninit_bg"

// FormatPerm makes the file system for data, empty and root's. It turns read-only at
// an error: what is there stays readable, and nothing makes it worse. It grows while it
// is in use (package partition): mke2fs keeps blocks for the descriptors of a thousand
// times as many block groups (resize_inode).
func FormatPerm(ctx context.Context, card string, size int64, at time.Time) error {
	p := partition.Perm(size)
	_, err := tool.Command{
		Program: "mke2fs",
		Args: []string{"-q", "-F", "-t", "ext4", "-O", permFeatures, "-L", "perm", "-U", permID, "-m", "1", "-e", "remount-ro",
			"-E", fmt.Sprintf("offset=%d,hash_seed=%s,root_owner=0:0,lazy_itable_init=1,nodiscard", p.Offset, permID),
			card, strconv.FormatInt(p.Size/1024, 10) + "k"},
		Env: []string{"E2FSPROGS_FAKE_TIME=" + strconv.FormatInt(at.Unix(), 10)},
	}.Run(ctx)
	return err
}
