package mend

import (
	"fmt"
	"os"
	"path/filepath"
)

// newest is how many pairs are read whole at each mending: those that a power
// cut can have torn inside. All that is older than two seconds is on the disk
// (see the flushing in appliance/broker), and even a room that fills a segment of
// 1 MiB each second has only two in that time. Of the others only the end is
// looked at: reading 64 MiB takes a card three seconds.
const newest = 2

// Report says what was done to a log.
type Report struct {
	Dir     string
	Mended  bool   // it was not consistent
	Chunks  int    // kept
	Next    uint64 // the offset behind what was kept
	Dropped int64  // bytes of segments that were cut off or removed
	Aside   string // where the log was set aside if nothing could be kept
}

// String says it in words.
func (r Report) String() string {
	if r.Aside != "" {
		return fmt.Sprintf("nothing of the log in %s could be kept: it is set aside as %s", r.Dir, r.Aside)
	}
	return fmt.Sprintf("%s: %d chunks kept, up to offset %d; %d bytes dropped", r.Dir, r.Chunks, r.Next, r.Dropped)
}

// Log mends the log of one stream: the folder that holds its segments. A
// folder without any is fine. Nothing else may use it meanwhile.
func Log(dir string) (Report, error) {
	r := Report{Dir: dir}
	leftovers, _ := filepath.Glob(filepath.Join(dir, "*"+indexExt+".mended"))
	for _, tmp := range leftovers {
		if err := os.Remove(tmp); err != nil {
			return r, err
		}
	}
	all, err := pairs(dir)
	if err != nil {
		return r, err
	}
	var had int64
	for i, p := range all {
		if err := p.read(i < len(all)-newest); err != nil {
			return r, err
		}
		had += max(0, p.size)
	}
	keep, drop := choose(all)
	if len(keep) == 0 && had > fileHeader {
		r.Mended, r.Dropped = true, had
		r.Aside, err = setAside(dir)
		return r, err
	}
	for _, p := range drop {
		r.Mended = true
		if err := p.remove(); err != nil {
			return r, err
		}
	}
	for _, p := range keep {
		if !p.whole {
			r.Mended = true
		}
		if err := p.write(); err != nil {
			return r, fmt.Errorf("mend %s: %w", p.segment(), err)
		}
		r.Chunks += p.chunks()
		r.Next = p.next
	}
	r.Dropped = had - bytesOf(keep)
	return r, nil
}

// choose returns which pairs stay, an unbroken piece of the log, and which go,
// in that order: a cut in the middle leaves a break that leads to the same
// choice.
func choose(all []*pair) (keep, drop []*pair) {
	if len(all) == 1 && all[0].first == 0 && all[0].chunks() == 0 && all[0].end == fileHeader {
		return all, nil // a log in which nothing has been said yet
	}
	keep = all
	for i := 0; i < len(keep); i++ {
		if keep[i].chunks() > 0 && (i == len(keep)-1 || keep[i].end == keep[i].size && keep[i].next == keep[i+1].first) {
			continue
		}
		// The log breaks in or behind pair i.
		head, tail := keep[:i+1], keep[i+1:]
		if keep[i].chunks() == 0 {
			// A pair without a message is no use, and RabbitMQ would take one
			// that is alone for the beginning of a log.
			head, tail = keep[:i], keep[i:]
		}
		if bytesOf(head) >= bytesOf(tail) {
			for j := range tail {
				drop = append(drop, tail[len(tail)-1-j]) // from the end
			}
			return head, drop
		}
		// The break may be behind head's last pair only, but the sides are told
		// apart by what they hold, and this one has less.
		drop = append(drop, keep[:i+1]...)
		keep, i = keep[i+1:], -1
	}
	return keep, drop
}

// asideExt ends the name of a folder that was set aside.
const asideExt = ".aside"

// setAside gives the folder of a stream another name; RabbitMQ makes a new one,
// and the log begins anew. At most one is kept.
func setAside(dir string) (string, error) {
	stream := filepath.Dir(dir)
	old, _ := filepath.Glob(filepath.Join(stream, "*"+asideExt))
	for _, path := range old {
		if err := os.RemoveAll(path); err != nil {
			return "", fmt.Errorf("remove what was set aside before: %w", err)
		}
	}
	aside := dir + asideExt
	if err := os.Rename(dir, aside); err != nil {
		return "", fmt.Errorf("set the log aside: %w", err)
	}
	return aside, syncDir(stream)
}
