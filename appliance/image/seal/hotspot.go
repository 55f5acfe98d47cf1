package seal

// Hotspot stages what becomes /opt/hotspot.squashfs: hostapd and dnsmasq in bin/,
// the libraries they need and the loader in lib/.
func Hotspot(t Tree, dir string) error {
	return Programs(t, dir, "usr/sbin/hostapd", "usr/sbin/dnsmasq")
}

// Programs stages programs of the tree in bin/, the libraries they need and the
// loader in lib/.
func Programs(t Tree, dir string, programs ...string) error {
	return stagePrograms(t, arm64, dir, programs)
}

// HostPrograms is Programs for programs that run on whoever builds: those of amd64.
func HostPrograms(t Tree, dir string, programs ...string) error {
	return stagePrograms(t, amd64, dir, programs)
}

func stagePrograms(t Tree, p platform, dir string, programs []string) error {
	s := NewStage(dir)
	s.programs(t, p, "bin", "lib", programs...)
	return s.Err()
}
