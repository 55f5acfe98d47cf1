package seal

// Hotspot stages what becomes /opt/hotspot.squashfs: hostapd and dnsmasq in bin/,
// the libraries they need and the loader in lib/.
func Hotspot(t Tree, dir string) error {
	s := NewStage(dir)
	s.programs(t, "bin", "lib", "usr/sbin/hostapd", "usr/sbin/dnsmasq")
	return s.Err()
}
