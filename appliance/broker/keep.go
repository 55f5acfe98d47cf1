package main

import "fmt"

// keepLeast is the least that a log may keep, in MiB: the least of keep_mb.
const keepLeast = 8

// ownFiles is what all else on the data partition may take, in bytes: RabbitMQ's
// database and the segment that is being written were seen to take 3 MiB, our
// settings and records some kilobytes. The rest is for what a queue holds that
// is not read for a while.
const ownFiles = 64 << 20

// pictures is what chatd may keep of pictures on the same disk, in bytes: the
// default of its -pictures-mb, 256 MB, which the card does not change, and 12 MB for those
// that are being written.
const pictures = 256 << 20

// keptState is what the room's second stream takes beside the log, in bytes: of what was set
// up it keeps the last snapshots, whatever the log keeps.
const keptState = 16 << 20

// kept returns how many bytes of the log are kept on a disk of size bytes if
// the settings ask for so many MiB, and a sentence for the host if that is less.
//
// The log can never fill the disk: there is room for all of RabbitMQ's data twice, because
// data that RabbitMQ does not start with are set aside, and they are copied before another
// version of RabbitMQ starts with them; for what has been set aside, aside bytes; for the
// log's index, which RabbitMQ does not count (29 bytes for a message of 300 or more); for
// keptState; for what must stay free; for pictures; and for ownFiles. Of the 944 MiB that a
// card has for data as it is flashed, of which ext4 leaves 912, that is 232 for the log; of
// the 8 GiB to which it grows, it is all that can be asked for. Each time that data are set
// aside half of the rest goes to them: with the maxAside of them that there are at most, the
// card as it is flashed still has room for more than keepLeast.
func kept(askedMB int, size uint64, aside int64) (bytes int64, note string) {
	room := ((int64(size)-int64(freeLimit(size))-ownFiles-pictures-aside)/2 - keptState) * 10 / 11
	most := max(int(room>>20), keepLeast)
	if askedMB <= most {
		return int64(askedMB) << 20, ""
	}
	return int64(most) << 20, fmt.Sprintf("keep_mb in warren.toml is %d, but the card has room for %d megabytes of what was said: that is what it keeps.", askedMB, most)
}
