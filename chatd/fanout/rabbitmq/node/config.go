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

// diskLimit is how much of the disk stays free.
const diskLimit = "50MB"

// readPassword returns the password that is in the folder secrets. It is made
// once: RabbitMQ keeps the first one it sees in its database.
func readPassword(secrets string) (string, error) {
	path := filepath.Join(secrets, secretName)
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		secret = []byte(rand.Text())
		err = os.WriteFile(path, secret, 0o600)
	}
	return strings.TrimSpace(string(secret)), err
}

// configure writes the configuration for a node in dir that listens at addr,
// and returns the password, which is in the folder secrets.
func configure(dir, secrets, addr string) (password string, err error) {
	if password, err = readPassword(secrets); err != nil {
		return "", err
	}
	config := fmt.Sprintf(`# Written at each start.
listeners.tcp.1 = %s
default_user = %s
default_pass = %s
vm_memory_high_watermark.absolute = %s
disk_free_limit.absolute = %s
log.console = true
log.console.level = info
log.file = false
`, addr, user, password, memoryLimit, diskLimit)
	return password, os.WriteFile(filepath.Join(dir, configName), []byte(config), 0o600)
}
