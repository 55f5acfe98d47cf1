package card

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"warren/appliance/image/tool"
)

// permID is the UUID of the file system for data, and what its hashes are
// seeded with. It is the same on all cards: nothing looks for it.
const permID = "5ca1ab1e-0b0c-4a8c-9a00-77617272656e"

// FormatPerm makes the file system for data, empty and root's.
func FormatPerm(ctx context.Context, card string, size int64, at time.Time) error {
	p := Perm(size)
	_, err := tool.Command{
		Program: "mke2fs",
		Args: []string{"-q", "-F", "-t", "ext4", "-L", "perm", "-U", permID, "-m", "1",
			"-E", fmt.Sprintf("offset=%d,hash_seed=%s,root_owner=0:0,lazy_itable_init=1,nodiscard", p.Offset, permID),
			card, strconv.FormatInt(p.Size/1024, 10) + "k"},
		Env: []string{"E2FSPROGS_FAKE_TIME=" + strconv.FormatInt(at.Unix(), 10)},
	}.Run(ctx)
	return err
}
