package emulator

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"warren/appliance/partition"
	"warren/chatd/fanout/rabbitmq/node"
)

// oldData is the data folder of a card on which RabbitMQ 3.10.8 ran, with three
// messages in the room's log.
const oldData = "testdata/rabbitmq-3.10.8.tar.gz"

var makeOldData = flag.Bool("make-old-data", false, "make "+oldData+" anew, with the RabbitMQ of this machine, which must be 3.10.8: that of Debian bookworm")

// TestMakeOldData makes oldData:
//
//	go test ./appliance/emulator -run TestMakeOldData -make-old-data
func TestMakeOldData(t *testing.T) {
	if !*makeOldData {
		t.Skip("only with -make-old-data")
	}
	n := node.ForTest(t)
	if log, err := os.ReadFile(filepath.Join(n.Dir(), "rabbitmq.log")); err != nil || !bytes.Contains(log, []byte("RabbitMQ 3.10.8")) {
		t.Fatalf("this machine has another RabbitMQ than 3.10.8 (%v)", err)
	}
	chatd, port := filepath.Join(t.TempDir(), "chatd"), must(freePort())
	if out, err := exec.Command("go", "build", "-o", chatd, "warren/chatd").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, chatd, "-listen", fmt.Sprintf("127.0.0.1:%d", port), "-host-code", "none", "-broker", n.URL())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	m := &Machine{options: Options{Ports: map[int]int{RoomPort: port}}}
	await(t, m, "readyz")
	ada := join(t, m, "Ada")
	for _, text := range []string{"hello", "is anybody there?", "good night"} {
		ada.say(text)
		ada.awaitText(t, text)
	}
	cancel()
	cmd.Wait()
	n.Shutdown()

	file := must(os.Create(oldData))
	defer file.Close()
	packed := must(gzip.NewWriterLevel(file, gzip.BestCompression))
	w := tar.NewWriter(packed)
	add := func(name string, content []byte) {
		t.Helper()
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		must(w.Write(content))
	}
	add(".warren-well", []byte("3.10.8\n"))
	data := os.DirFS(filepath.Join(n.Dir(), "data"))
	err := fs.WalkDir(data, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasSuffix(name, ".pid") {
			add("mnesia/"+name, must(fs.ReadFile(data, name)))
		}
		return err
	})
	for _, end := range []func() error{w.Close, packed.Close} {
		if err == nil {
			err = end()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// must is for what does not fail in a test that a person runs by hand.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// readOldData returns the files in oldData.
func readOldData(t *testing.T) map[string][]byte {
	t.Helper()
	file, err := os.Open(oldData)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(packed); ; {
		header, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err == nil {
			files[header.Name], err = io.ReadAll(r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// putOldData puts the data of an older RabbitMQ onto a card, as an update that
// brings a newer one leaves them.
func putOldData(t *testing.T, card *Card) {
	t.Helper()
	dir, made := t.TempDir(), map[string]bool{".": true}
	script := "mkdir rabbitmq\ncd rabbitmq\n"
	var mkdir func(path string)
	mkdir = func(path string) {
		if !made[path] {
			made[path] = true
			mkdir(filepath.Dir(path))
			script += "mkdir " + path + "\n"
		}
	}
	number := 0
	for name, content := range readOldData(t) {
		number++
		from := filepath.Join(dir, fmt.Sprint(number))
		if err := os.WriteFile(from, content, 0o600); err != nil {
			t.Fatal(err)
		}
		mkdir(filepath.Dir(name))
		script += "write " + from + " " + name + "\n"
	}
	perm(t, card, script, "-w")
}

// oldDataAside checks that the data of the older RabbitMQ are set aside on a card
// that is off, with every byte, and that the new one has enabled its feature
// flags: all that are stable, and the experimental one not.
func oldDataAside(t *testing.T, card *Card) {
	t.Helper()
	dir := t.TempDir()
	perm(t, card, "rdump rabbitmq-3.10.8.aside rabbitmq/mnesia/rabbit@localhost-feature_flags "+dir+"\n")
	for name, content := range readOldData(t) {
		if kept, err := os.ReadFile(filepath.Join(dir, "rabbitmq-3.10.8.aside", name)); err != nil || !bytes.Equal(kept, content) {
			t.Errorf("of what RabbitMQ 3.10.8 has written, %s is another now (%v)", name, err)
		}
	}
	flags, err := os.ReadFile(filepath.Join(dir, "rabbit@localhost-feature_flags"))
	if err != nil || !strings.Contains(string(flags), "'rabbitmq_4.0.0'") || !strings.Contains(string(flags), "message_containers_deaths_v2") || strings.Contains(string(flags), "khepri_db") {
		t.Errorf("the feature flags of the new RabbitMQ: %s (%v)", flags, err)
	}
	t.Logf("feature flags on the card: %s", strings.Join(strings.Fields(string(flags)), ""))
}

// oldDataTold checks that the host is told of them.
func oldDataTold(t *testing.T, m *Machine) {
	t.Helper()
	page := get(t, m, "status")
	const begin, end = "RabbitMQ 4.0.5 cannot read what RabbitMQ 3.10.8 has written on this card, so the room has begun anew. Nothing is lost: what was said before is kept in /perm/rabbitmq-3.10.8.aside", "docs/update.md tells how."
	_, text, found := strings.Cut(page, begin)
	text, _, told := strings.Cut(text, end)
	if !found || !told {
		t.Fatalf("the host is told:\n%s", page)
	}
	t.Logf("the host is told: %s%s%s", begin, text, end)
}

// perm does commands of debugfs(8) on the data partition of a card that is off.
func perm(t *testing.T, card *Card, commands string, args ...string) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte(commands), 0o600); err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprintf("%s?offset=%d", card.Path(), partition.Perm(card.drive.size).Offset)
	cmd := exec.CommandContext(t.Context(), "/usr/sbin/debugfs", append(args, "-f", script, at)...)
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("File not found")) {
		t.Fatalf("debugfs: %v\n%s", err, out)
	}
}
