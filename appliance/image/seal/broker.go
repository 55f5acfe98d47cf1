package seal

import (
	"path/filepath"
	"strings"
)

// What the broker's root has besides applications of Erlang.
var (
	// The emulator and what it starts. No epmd: the node is alone.
	emulator = []string{"beam.smp", "erlexec", "erl_child_setup", "inet_gethost"}

	// RabbitMQ watches the room on its disk with df, in a shell.
	commands = map[string]string{"sh": "usr/bin/dash", "df": "usr/bin/df", "getconf": "usr/bin/getconf"}

	// applications are those that RabbitMQ starts or asks for; what they need
	// is found in their .app files. RabbitMQ 4.0 uses mnesia and does not say so.
	applications = []string{"rabbit", "mnesia", "erts", "sasl"}

	// mountpoints are directories that the container covers.
	mountpoints = []string{"dev", "proc", "sys", "tmp", "run", "etc/rabbitmq", "var/lib/rabbitmq", "var/log/rabbitmq"}
)

const erlangDir = "usr/lib/erlang"

// Broker stages what becomes /opt/broker.squashfs: the root of RabbitMQ's
// container in rootfs/, and crun with its libraries in crun/.
func Broker(t Tree, dir string) error {
	s := NewStage(dir)
	s.programs(t, arm64, "crun", "crun/lib", "usr/bin/crun")

	root := NewStage(filepath.Join(dir, "rootfs"))
	for _, path := range mountpoints {
		root.Dir(path)
	}
	for _, path := range []string{"bin", "lib"} {
		root.Link("usr/"+path, path)
	}
	root.Write("etc/hosts", []byte("127.0.0.1 localhost\n"), 0o644)
	root.Write("etc/passwd", []byte("rabbitmq:x:999:999:RabbitMQ:/var/lib/rabbitmq:/bin/false\n"), 0o644)
	root.Write("etc/group", []byte("rabbitmq:x:999:\n"), 0o644)

	binaries := root.emulator(t)
	for name, from := range commands {
		root.Copy(t, from, "usr/bin/"+name)
		binaries = append(binaries, from)
	}
	apps, err := findApplications(t, applications)
	if err != nil {
		return err
	}
	for _, app := range apps {
		binaries = append(binaries, root.application(t, app)...)
	}
	// glibc loads libgcc_s when a thread ends.
	libraries, err := t.needed(arm64, binaries, "libgcc_s.so.1")
	if err != nil {
		return err
	}
	for _, name := range libraries {
		root.Copy(t, filepath.Join(libraryDir, name), filepath.Join(libraryDir, name))
	}
	root.Link("aarch64-linux-gnu/"+loader, "usr/lib/"+loader)
	if s.Err() != nil {
		return s.Err()
	}
	return root.Err()
}

// emulator copies Erlang's emulator and boot script, and returns its binaries.
func (s *Stage) emulator(t Tree) []string {
	bin, err := t.one(erlangDir + "/erts-*/bin")
	if err != nil {
		s.fail(err)
		return nil
	}
	var binaries []string
	for _, name := range emulator {
		path := filepath.Join(bin, name)
		s.Copy(t, path, path)
		binaries = append(binaries, path)
	}
	s.Copy(t, erlangDir+"/bin/start_sasl.boot", erlangDir+"/bin/start_sasl.boot")
	version, err := t.one(erlangDir + "/releases/*/OTP_VERSION") // RabbitMQ logs it
	if err != nil {
		s.fail(err)
		return nil
	}
	s.Copy(t, version, version)
	return binaries
}

// application copies an application: its code, stripped, its .app file, and of
// its priv directory libraries and schemas. It returns the libraries.
func (s *Stage) application(t Tree, dir string) []string {
	code, err := t.glob(dir + "/ebin/*")
	s.fail(err)
	for _, path := range code {
		switch filepath.Ext(path) {
		case ".app":
			s.Copy(t, path, path)
		case ".beam":
			beam, err := t.read(path)
			if err == nil {
				beam, err = StripBeam(beam)
			}
			if err != nil {
				s.fail(&beamError{path, err})
				return nil
			}
			s.Write(path, beam, 0o644)
		}
	}
	var libraries []string
	for _, pattern := range []string{"/priv/*/*.so", "/priv/*/*.schema", "/priv/*.schema"} {
		files, err := t.glob(dir + pattern)
		s.fail(err)
		for _, path := range files {
			if unused(path) {
				continue
			}
			s.Copy(t, path, path)
			if filepath.Ext(path) == ".so" {
				libraries = append(libraries, path)
			}
		}
	}
	return libraries
}

// unused tells libraries for tests and tracing, which only bring others with them.
func unused(path string) bool {
	return strings.HasSuffix(path, "/otp_test_engine.so") || strings.Contains(path, "/runtime_tools-")
}
