package instance

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever ends a daemon of the card, it has said why in its state file: no guest
// looks at a room that opens in a moment for ever, and no host at a card that
// says nothing. All that the card runs are here, each with a fault of its own.
func TestEveryDaemonSaysWhyItEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out building the daemons")
	}
	js, err := os.ReadFile("warren/config.json")
	if err != nil {
		t.Fatal(err)
	}
	var config struct{ Packages []string }
	if err := json.Unmarshal(js, &config); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", append([]string{"build", "-o", t.TempDir() + "/"}, config.Packages...)...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bin := build.Args[3]
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() }) // after all that run in parallel
	port := taken.Addr().String()

	// Each fault is what the daemon is started with, in a folder run, and a word of why.
	type fault struct {
		args    []string
		prepare func(run string) error
		why     string
	}
	inTheWay := func(name string) func(string) error {
		return func(run string) error { return os.WriteFile(filepath.Join(run, name), nil, 0o600) }
	}
	faults := map[string]fault{
		"broker":    {[]string{"-data=" + t.TempDir(), "-image=/none.squashfs"}, nil, "/none.squashfs"},
		"chatd":     {[]string{"-listen=" + port}, nil, "address already in use"},
		"hotspot":   {nil, inTheWay("hotspot"), "not a directory"},
		"ledstatus": {[]string{"-broker=amqp://a:b@127.0.0.1:1/", "-light=none", "-user=no-such-user"}, nil, "there is no user"},
		"portal":    {[]string{"-listen=" + port}, nil, "address already in use"},
		"screen":    {[]string{"-framebuffer=" + filepath.Join(t.TempDir(), "pixels"), "-mode=800x480x32", "-console=", "-user=no-such-user"}, nil, "there is no user"},
		"setup": {[]string{"-device=/none", "-last-good=/dev/null/x", "-host-code-file=/dev/null/x"},
			func(run string) error { return os.Mkdir(filepath.Join(run, "chatd.json"), 0o700) }, "the daemons cannot be told their settings"},
		"update": {[]string{"-data=/dev/null/x", "-listen=" + port}, nil, "address already in use"},
	}
	for _, pkg := range config.Packages {
		name := path.Base(pkg)
		// As setup would write it for a program of another version.
		every := map[string]fault{"a setting that it does not know": {[]string{"-config=" + filepath.Join(t.TempDir(), "flags.json")}, nil, "no-such-flag"}}
		if err := os.WriteFile(strings.TrimPrefix(every["a setting that it does not know"].args[0], "-config="), []byte(`{"no-such-flag":"x"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if own, ok := faults[name]; ok {
			every["a fault of its own"] = own
		}
		folder := "-run="
		if name == "chatd" || name == "screen" {
			folder = "-status-dir="
		}
		for what, f := range every {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				run := t.TempDir()
				if f.prepare != nil {
					if err := f.prepare(run); err != nil {
						t.Fatal(err)
					}
				}
				out, err := exec.CommandContext(t.Context(), filepath.Join(bin, name), append(f.args, folder+run)...).CombinedOutput()
				if err == nil {
					t.Fatalf("it ended well: %s", out)
				}
				said, err := os.ReadFile(filepath.Join(run, name+".state"))
				var s struct{ State, Why string }
				if err != nil || json.Unmarshal(said, &s) != nil || s.State != "failed" || !strings.Contains(s.Why, f.why) {
					t.Errorf("it says %q, %v; and in its log %s", said, err, out)
				}
			})
		}
		t.Run(name+" waits for its settings", func(t *testing.T) {
			t.Parallel()
			run := t.TempDir()
			out, err := exec.CommandContext(t.Context(), filepath.Join(bin, name), "-config="+filepath.Join(run, "none.json"), folder+run).CombinedOutput()
			said, _ := os.ReadFile(filepath.Join(run, name+".state"))
			if err == nil || strings.TrimSpace(string(said)) != `{"state":"starting"}` {
				t.Errorf("it says %q; and in its log %s", said, out)
			}
		})
	}
}
