package node

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pluginsName is the file that names the plugins to load.
const pluginsName = "plugins"

// WithWebSTOMP returns o with RabbitMQ's Web STOMP plugin, which Debian's
// rabbitmq-server has in it: STOMP in WebSocket frames at
// ws://127.0.0.1:PORT/ws, for the user and password of the node's URL. It must
// be another port than the node's own: see FreePort.
func (o Options) WithWebSTOMP(port int) Options {
	o.Plugins = append(slices.Clone(o.Plugins), "rabbitmq_web_stomp")
	o.Config = append(slices.Clone(o.Config),
		"stomp.listeners.tcp = none", // STOMP without WebSocket would take a port, too
		"web_stomp.tcp.ip = 127.0.0.1",
		fmt.Sprintf("web_stomp.tcp.port = %d", port),
		// It closes a WebSocket that said nothing for a minute, however much
		// it is being sent: an hour, in milliseconds. Both count.
		"web_stomp.ws_opts.idle_timeout = 3600000",
		"web_stomp.cowboy_opts.idle_timeout = 3600000",
	)
	return o
}

// add writes down the plugins of a node in dir, an Erlang list, and what o adds
// to the configuration that configure has written.
func (o Options) add(dir string) error {
	list := "[" + strings.Join(o.Plugins, ",") + "].\n"
	if err := os.WriteFile(filepath.Join(dir, pluginsName), []byte(list), 0o600); err != nil {
		return err
	}
	config, err := os.OpenFile(filepath.Join(dir, configName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer config.Close()
	for _, line := range o.Config {
		if _, err := fmt.Fprintln(config, line); err != nil {
			return err
		}
	}
	return nil
}
