package picture

import "container/list"

// shelf is a part of a store: files, up to a quota.
type shelf struct {
	quota, bytes int64
	ages         *list.List // of *file, the oldest first
}

// file is a picture in the folder.
type file struct {
	id    string
	bytes int64 // that it takes on the disk
	said  bool  // a message has it
	whole bool  // its content is known to be that of its id
	put   bool  // since the store was opened
	age   *list.Element
}

// block is what the smallest file takes of a disk: with it, a quota bounds the
// number of files, too; 256 MB are 62,500 at most.
const block = 4096

// taken is what a file of size bytes takes on the disk. An empty one, which a power
// cut can leave, counts as the smallest.
func taken(size int64) int64 { return max(1, (size+block-1)/block) * block }

func newShelf(quota int64) shelf { return shelf{quota: quota, ages: list.New()} }

// name is the file's in the folder.
func (f *file) name() string {
	if f.said {
		return f.id + suffix
	}
	return f.id + freshSuffix
}

func (s *shelf) oldest() *file { return s.ages.Front().Value.(*file) }

// add puts a file on the shelf as the newest.
func (s *shelf) add(f *file) {
	f.age = s.ages.PushBack(f)
	s.bytes += f.bytes
}

func (s *shelf) remove(f *file) {
	s.ages.Remove(f.age)
	s.bytes -= f.bytes
}
