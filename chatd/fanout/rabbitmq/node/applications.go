package node

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// applicationsName is the folder of links to the Erlang applications of a node.
const applicationsName = "applications"

// link makes the folder of the applications that a node in dir with these
// plugins needs. RabbitMQ comes with seventy, and Erlang looks for each of a
// thousand modules in all that it is shown: with the twenty that it needs a node
// starts in half the processor time.
func (in install) link(dir string, plugins []string) error {
	folder := filepath.Join(dir, applicationsName)
	if err := os.RemoveAll(folder); err != nil { // another RabbitMQ may be installed by now
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	for name, path := range in.needs(append([]string{"rabbit"}, plugins...)...) {
		if err := os.Symlink(path, filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// dependencies are in a file of each application, as an Erlang list:
// {applications,[kernel,stdlib,ra]}.
var dependencies = regexp.MustCompile(`applications,\s*\[([^\]]*)\]`)

// needs returns where these applications of RabbitMQ's are, and those that they
// need, by name. What is not there is Erlang's own.
func (in install) needs(names ...string) map[string]string {
	paths := make(map[string]string)
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		if _, ok := paths[name]; ok {
			continue
		}
		path, err := newest(filepath.Join(in.rabbit, "plugins"), fmt.Sprintf("%s-*/ebin/%[1]s.app", name))
		if err != nil {
			continue
		}
		paths[name] = filepath.Dir(filepath.Dir(path))
		text, err := os.ReadFile(path)
		if err != nil {
			continue // RabbitMQ says so, and better
		}
		for _, list := range dependencies.FindAllStringSubmatch(string(text), -1) {
			for _, name := range strings.Split(list[1], ",") {
				names = append(names, strings.Trim(name, "' \n\t"))
			}
		}
	}
	return paths
}
