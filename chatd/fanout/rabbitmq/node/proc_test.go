package node

import (
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stat lists the processes that keep says yes to, from /proc.
func stat(t *testing.T, keep func(pgrp, pid int) bool) string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended
		}
		// 4023 (beam.smp) S 4001 4023 …: the name may hold anything.
		line := string(b)
		var pid, ppid, pgrp int
		var state string
		fmt.Sscan(line, &pid)
		fmt.Sscan(line[strings.LastIndex(line, ")")+1:], &state, &ppid, &pgrp)
		if keep(pgrp, pid) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

// listeners returns the addresses at which the process pid listens.
func listeners(t *testing.T, pid int) []string {
	t.Helper()
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	var inodes []string
	for _, fd := range fds {
		target, _ := os.Readlink(fd)
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			inodes = append(inodes, strings.TrimSuffix(inode, "]"))
		}
	}
	var addrs []string
	for _, table := range []string{"tcp", "tcp6"} {
		b, err := os.ReadFile("/proc/net/" + table)
		if err != nil {
			continue // a kernel without IPv6
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			const listening = "0A"
			if len(f) < 10 || f[3] != listening || !slices.Contains(inodes, f[9]) {
				continue
			}
			host, port, _ := strings.Cut(f[1], ":")
			ip, _ := hex.DecodeString(host)
			if len(ip) == net.IPv4len {
				slices.Reverse(ip) // little endian
			}
			var p int
			fmt.Sscanf(port, "%X", &p)
			addrs = append(addrs, net.JoinHostPort(net.IP(ip).String(), fmt.Sprint(p)))
		}
	}
	return addrs
}
