package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// cgroups is where the kernel keeps the root of all cgroups.
const cgroups = "/sys/fs/cgroup"

// lastProcessor returns the processor for RabbitMQ: the last, because the first
// deals with most interrupts. It is empty if this kernel cannot bind a container
// to one (cgroup-v2.rst, "Cpuset"), which crun would take for an error.
func lastProcessor(root string) string {
	has, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err != nil || !slices.Contains(strings.Fields(string(has)), "cpuset") {
		return ""
	}
	usable, err := os.ReadFile(filepath.Join(root, "cpuset.cpus.effective"))
	if err != nil {
		return ""
	}
	list := strings.TrimSpace(string(usable)) // 0-3, or 0,2-3
	return list[strings.LastIndexAny(list, ",-")+1:]
}
