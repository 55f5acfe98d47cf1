package daemon

import (
	"fmt"
	"os"
	"os/user"
)

// Folder opens the folder at path, and makes it if it is missing, for the user of
// that name only, whom the process will become: the way to it may be closed to
// that user. With an empty name it belongs to whoever the process is, and with an
// empty path Folder returns nil.
func Folder(path, name string) (*os.Root, error) {
	if path == "" {
		return nil, nil
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	if name != "" {
		u, err := user.Lookup(name)
		if err != nil {
			return nil, err
		}
		uid, gid, _, err := numbers(u)
		if err != nil {
			return nil, fmt.Errorf("see who the user %q is: %w", name, err)
		}
		if err := os.Chown(path, uid, gid); err != nil {
			return nil, err
		}
	}
	return os.OpenRoot(path)
}
