package card

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"warren/chatd/hostcode"
)

// A code is found in a file of a file system that is in another one.
func TestACodeInASealedFileSystem(t *testing.T) {
	dir := t.TempDir()
	seal := func(name, content string) string {
		t.Helper()
		tree, out := t.TempDir(), filepath.Join(t.TempDir(), "out.squashfs")
		if err := os.WriteFile(filepath.Join(tree, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("mksquashfs", tree, out, "-quiet", "-no-progress").CombinedOutput(); err != nil {
			t.Fatalf("mksquashfs: %v: %s", err, out)
		}
		return out
	}
	for content, want := range map[string]string{
		"nothing":                                "",
		"host_code = \"" + hostcode.New() + "\"": "/broker.squashfs/settings has a host's code in it",
	} {
		inner, err := os.ReadFile(seal("settings", content))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "root.squashfs")
		if err := os.Rename(seal("broker.squashfs", string(inner)), file); err != nil {
			t.Fatal(err)
		}
		err = searchSquashfs(t.Context(), file, "")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
	}
}
