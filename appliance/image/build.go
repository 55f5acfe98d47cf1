package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"warren/appliance/board/why"
	"warren/appliance/image/bom"
	"warren/appliance/image/card"
	"warren/appliance/image/debian"
	"warren/appliance/image/seal"
	"warren/appliance/settings"
)

// instanceFile is what gok builds: see card.Instance.
const instanceFile = "gokrazy-instance/warren/config.json"

// Where the bill of materials is in the image, and where gokrazy looks for one.
const (
	bomFile    = "usr/share/doc/warren/bom.cdx.json"
	gokBOMFile = "etc/gokrazy/sbom.json"
)

// wanted are files that the device cannot do without, whatever board it is; package
// boards has the others.
var wanted = struct{ root, broker, hotspot, boot []string }{
	root: []string{
		"/gokrazy/init", "/gokrazy/dhcp", "/gokrazy/randomd", "/user/chatd", "/user/ledstatus", "/user/board", "/user/broker", "/user/setup", "/user/update", "/user/hotspot", "/user/portal", "/user/screen",
		"/etc/passwd", "/etc/group", "/opt/broker.squashfs", "/opt/hotspot.squashfs",
		"/" + seal.FontFile, "/lib/firmware/regulatory.db", "/lib/firmware/regulatory.db.p7s",
		"/usr/share/doc/firmware-brcm80211/copyright", "/usr/share/common-licenses/GPL-2", "/" + bomFile,
	},
	broker: []string{
		"/crun/crun", "/crun/lib/ld-linux-aarch64.so.1", "/crun/lib/libc.so.6",
		"/rootfs/bin", "/rootfs/usr/bin/sh", "/rootfs/usr/bin/df", "/rootfs/usr/lib/ld-linux-aarch64.so.1",
		"/rootfs/usr/lib/erlang/erts-*/bin/beam.smp", "/rootfs/usr/lib/erlang/erts-*/bin/erlexec",
		"/rootfs/usr/lib/erlang/bin/start_sasl.boot", "/rootfs/usr/lib/erlang/lib/crypto-*/priv/lib/crypto.so",
		"/rootfs/usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins/rabbit-*/ebin/rabbit.beam",
		"/rootfs/usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins/rabbit-*/priv/schema/rabbit.schema",
		"/rootfs/usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins/osiris-*/ebin/osiris.beam",
		"/rootfs/dev", "/rootfs/proc", "/rootfs/tmp", "/rootfs/etc/rabbitmq", "/rootfs/var/lib/rabbitmq",
	},
	hotspot: []string{"/bin/hostapd", "/bin/dnsmasq", "/lib/ld-linux-aarch64.so.1", "/lib/libc.so.6", "/lib/libnl-genl-3.so.200"},
	boot:    []string{settings.FileName, settings.HostCodeName, why.Name, "cmdline.txt", "config.txt", "trycmd.txt", "tryboot.txt"},
}

// build makes the image. What a step makes of the same input as last time is
// taken from the cache.
func (b *builder) build(ctx context.Context) error {
	sealed, packages, err := b.debianHalf(ctx)
	if err != nil {
		return err
	}
	work, err := b.cache.work()
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	gok := filepath.Join(work, "gok.img")
	root, boot := filepath.Join(work, "root"), filepath.Join(work, "boot")
	var modules []bom.Module
	err = b.step("Go programs", func() (came string, err error) {
		modules, err = b.goHalf(ctx, work, gok, root, boot)
		return fmt.Sprintf("%d modules, version %s", len(modules), b.version), err
	})
	if err != nil {
		return err
	}
	brought, err := bring(b.firmware)
	if err != nil {
		return err
	}
	key, err := b.imageKey(sealed, root, boot, brought)
	if err != nil {
		return err
	}
	if b.isThere(key) {
		fmt.Fprintf(b.log, "%s is up to date\n", b.out)
		return nil
	}
	if err := b.addDebian(sealed, root, packages, modules, brought); err != nil {
		return err
	}
	if err := b.assemble(ctx, work, gok, root, boot); err != nil {
		return err
	}
	if err := b.remember(key); err != nil {
		return err
	}
	if b.release == "" { // else there are more files to come
		b.whatNext()
	}
	return nil
}

// imageKey returns the hash of all that the image is made of. gok's init has the
// time of the build in it, so what it is made of stands for it; gok's bill of
// materials is replaced by ours.
func (b *builder) imageKey(sealed, root, boot string, brought broughtFirmware) (string, error) {
	var k key
	k.add(b.self, sealed, b.version, b.at, b.dev)
	for _, name := range []string{"go.mod", "go.sum", instanceFile} {
		sum, err := debian.SHA256File(filepath.Join(b.module, name))
		if err != nil {
			return "", err
		}
		k.add(sum)
	}
	if err := k.addTree(root, "gokrazy/init", gokBOMFile); err != nil {
		return "", err
	}
	if err := k.addTree(boot); err != nil {
		return "", err
	}
	for _, name := range slices.Concat(brought.files, brought.licences) {
		sum, err := debian.SHA256File(filepath.Join(brought.dir, name))
		if err != nil {
			return "", err
		}
		k.add(name, sum)
	}
	return k.sum(), nil
}

// debianHalf returns the directory with all that the image has from Debian:
// broker.squashfs, hotspot.squashfs, and in root/ what goes into the root file
// system as it is; and which packages that is.
func (b *builder) debianHalf(ctx context.Context) (dir string, packages []debian.Package, err error) {
	lock, err := b.readLock()
	if err != nil {
		return "", nil, err
	}
	var t debian.Taken
	err = b.step("Debian packages", func() (string, error) {
		t, err = debian.Take(ctx, lock, b.request())
		if t.Fetched == 0 {
			return fmt.Sprintf("%d, all from the cache", len(t.Packages)), err
		}
		return fmt.Sprintf("%d, %d of them fetched", len(t.Packages), t.Fetched), err
	})
	if err != nil {
		return "", nil, err
	}
	if t.Note != "" {
		fmt.Fprintf(b.log, "%12s%s\n", "", t.Note)
	}
	for _, d := range t.Differences {
		fmt.Fprintf(b.log, "%12s%s\n", "", d)
	}
	var k key
	k.add(b.self, t.Packages)
	err = b.step("Debian's half", func() (string, error) {
		var had bool
		dir, had, err = b.cache.make("debian", k.sum(), func(dir string) error { return b.seal(ctx, t, dir) })
		if had {
			return "from the cache", err
		}
		return "unpacked, pruned, sealed", err
	})
	if err != nil && len(t.Differences) > 0 {
		err = fmt.Errorf("%w\n%d packages are not those that packages.lock has, see above; if that is the reason, -locked builds what was tested last", err, len(t.Differences))
	}
	return dir, t.Packages, err
}

// seal fills dir for debianHalf.
func (b *builder) seal(ctx context.Context, t debian.Taken, dir string) error {
	tree := filepath.Join(dir, "tree")
	defer os.RemoveAll(tree)
	if err := t.Store.Unpack(ctx, t.Packages, tree); err != nil {
		return err
	}
	for _, part := range []struct {
		name   string
		stage  func(seal.Tree, string) error
		wanted []string
	}{
		{"broker", seal.Broker, wanted.broker},
		{"hotspot", seal.Hotspot, wanted.hotspot},
	} {
		stage := filepath.Join(dir, part.name)
		defer os.RemoveAll(stage)
		if err := part.stage(seal.Tree(tree), stage); err != nil {
			return err
		}
		file := stage + ".squashfs"
		// Of no time: it depends on packages.lock, and not on the commit.
		if err := seal.Squash(ctx, stage, file, time.Unix(0, 0)); err != nil {
			return err
		}
		if err := card.HasFiles(ctx, file, 0, part.wanted); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	root := filepath.Join(dir, "root")
	if err := seal.Firmware(seal.Tree(tree), root); err != nil {
		return err
	}
	if err := seal.Font(seal.Tree(tree), root); err != nil {
		return err
	}
	return seal.Licences(seal.Tree(tree), t.Packages, root)
}

// goHalf builds the Go programs and kernel with gok, and unpacks what it made:
// into root, boot, and the card gok with its partition table.
func (b *builder) goHalf(ctx context.Context, work, gok, root, boot string) ([]bom.Module, error) {
	instance, err := card.ReadInstance(filepath.Join(b.module, instanceFile))
	if err != nil {
		return nil, err
	}
	if b.dev {
		instance.Dev()
	}
	instance.Link("warren", "-X warren/chatd/daemon.version="+b.version)
	if err := card.Gok(ctx, instance, b.module, work, gok, b.at); err != nil {
		return nil, err
	}
	if err := card.UnpackRoot(ctx, gok, root); err != nil {
		return nil, err
	}
	// The time zone of whoever builds: the device has UTC.
	if err := os.Remove(filepath.Join(root, "etc/localtime")); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	if err := card.UnpackBoot(ctx, gok, boot); err != nil {
		return nil, err
	}
	return bom.Modules(ctx, root, b.module, instance.Boot()...)
}
