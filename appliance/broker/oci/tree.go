package oci

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// tree is where RabbitMQ is in the container: paths change with each version.
type tree struct {
	runtime string // of Erlang: /usr/lib/erlang/erts-15.2.7/bin
	rabbit  string // home of RabbitMQ: /usr/lib/rabbitmq/lib/rabbitmq_server-4.0.5
}

const erlangDir = "/usr/lib/erlang"

// errNoRabbitMQ says that a root is not one of RabbitMQ.
var errNoRabbitMQ = errors.New("the sealed system of the broker has no RabbitMQ in it: build the image again")

// Version returns the version of the RabbitMQ in a container's root: "4.0.5".
func Version(root string) (string, error) {
	tree, err := find(root)
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(filepath.Base(tree.rabbit), "rabbitmq_server-"), nil
}

// find looks for the files of Debian's packages below root.
func find(root string) (tree, error) {
	exec, err := newest(root, erlangDir+"/erts-*/bin/erlexec")
	if err != nil {
		return tree{}, err
	}
	plugins, err := newest(root, "/usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins")
	if err != nil {
		return tree{}, err
	}
	return tree{runtime: filepath.Dir(exec), rabbit: filepath.Dir(plugins)}, nil
}

// newest returns the last match of pattern in root, as a path in root.
func newest(root, pattern string) (string, error) {
	all, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", fmt.Errorf("%w (there is no %s)", errNoRabbitMQ, filepath.Join(root, pattern))
	}
	return strings.TrimPrefix(slices.Max(all), filepath.Clean(root)), nil
}
