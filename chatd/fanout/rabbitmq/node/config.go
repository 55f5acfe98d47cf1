package node

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	configName = "rabbitmq.conf"
	secretName = "password"
	logName    = "rabbitmq.log"

	user = "warren"
)

// memoryLimit is where RabbitMQ stops taking messages. It needs 115 MB for a
// busy room; at 128 MiB it was seen to block publishers for seconds.
const memoryLimit = "256MiB"

// configure writes the configuration for a node in dir at port and returns the
// password. The password is made once: RabbitMQ keeps the first one it sees in
// its database.
func configure(dir string, port int) (password string, err error) {
	path := filepath.Join(dir, secretName)
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		secret = []byte(rand.Text())
		err = os.WriteFile(path, secret, 0o600)
	}
	if err != nil {
		return "", err
	}
	password = strings.TrimSpace(string(secret))
	config := fmt.Sprintf(`# Written at each start.
listeners.tcp.1 = 127.0.0.1:%d
default_user = %s
default_pass = %s
vm_memory_high_watermark.absolute = %s
disk_free_limit.absolute = 50MB
log.console = true
log.console.level = info
log.file = false
`, port, user, password, memoryLimit)
	return password, os.WriteFile(filepath.Join(dir, configName), []byte(config), 0o600)
}
