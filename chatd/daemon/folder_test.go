package daemon

import (
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolder(t *testing.T) {
	if dir, err := Folder("", "nobody"); dir != nil || err != nil {
		t.Errorf("no folder: %v, %v", dir, err)
	}
	path := filepath.Join(t.TempDir(), "a", "b")
	for range 2 { // made, and found
		dir, err := Folder(path, "")
		if err != nil {
			t.Fatal(err)
		}
		dir.Close()
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	if _, err := Folder(path, "no-such-user"); err == nil || !strings.Contains(err.Error(), user.UnknownUserError("no-such-user").Error()) {
		t.Errorf("for nobody we know: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(file, ""); err == nil {
		t.Error("a file passes as a folder")
	}
}
