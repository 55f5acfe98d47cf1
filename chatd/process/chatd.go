package process

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// Chatd is the package of the chat daemon, for Build.
const Chatd = "warren/chatd"

// Build builds programs of this module into dir, each by the last element of its
// package's path. It needs the module's source; race adds the race detector.
func Build(ctx context.Context, dir string, race bool, packages ...string) error {
	args := []string{"build", "-o", dir + string(filepath.Separator)}
	if race {
		args = append(args, "-race")
	}
	if out, err := exec.CommandContext(ctx, "go", append(args, packages...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("build %v: %w\n%s", packages, err, out)
	}
	return nil
}

// Ready reports whether the chatd at addr, host:port, has reached its exchange.
func Ready(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

var mishap = regexp.MustCompile(`(?m)^(panic:|fatal error:|WARNING: DATA RACE|.*level=ERROR).*$`)

// Mishap returns the first line of a chatd's log that must not be there, or
// nothing.
func Mishap(log string) string { return mishap.FindString(log) }
