//go:build instance

// Package instance pins what the image is made of besides Warren: with these
// imports, go.mod and go.sum hold the versions of the kernel, the Pi's boot
// firmware, the system and its programs. It is never built. A test compares it
// with warren/config.json.
package instance

import (
	_ "github.com/gokrazy/firmware"
	_ "github.com/gokrazy/gokrazy"
	_ "github.com/gokrazy/gokrazy/cmd/dhcp"
	_ "github.com/gokrazy/gokrazy/cmd/randomd"
	_ "github.com/gokrazy/kernel.rpi"
	_ "github.com/gokrazy/serial-busybox" // the -dev variant only
)
