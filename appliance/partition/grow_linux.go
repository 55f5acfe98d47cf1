package partition

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Growth is what Grow found, and did.
type Growth struct {
	Size  int64 // of the partition for data, in bytes, as it is now
	Grown bool  // the partition or its file system is larger than before
}

// Grow makes the partition for data as large as the card allows, and at most most
// bytes, together with the ext4 in it, which is mounted at dir and stays in use. The
// partition is device, the fourth one of its disk; nothing is touched unless that
// disk has a table of ours. It must run as root.
//
// The plug may be pulled at any moment. The table is one sector, which a card
// writes or does not; then the file system is smaller than its partition, which is
// as good. It grows a few block groups at a time, each through its journal. What is
// left to do is done at the next start.
func Grow(device, dir string, most int64) (Growth, error) {
	disk, err := diskOf("/", device)
	if err != nil {
		return Growth{}, err
	}
	g, err := disk.grow(most)
	if err != nil || g.Size == 0 {
		return g, err
	}
	grown, err := growFile(device, dir, g.Size)
	g.Grown = g.Grown || grown
	return g, err
}

// disk is the disk of the partition for data.
type disk struct {
	device string // such as /dev/mmcblk0
	size   int64  // in bytes
	perm   int64  // the size of the partition, as the kernel has it
}

// diskOf returns the disk of a partition, of a machine whose /sys and /dev are below
// root.
func diskOf(root, partition string) (d disk, err error) {
	path, err := filepath.EvalSymlinks(filepath.Join(root, "sys/class/block", filepath.Base(partition)))
	if err != nil {
		return d, fmt.Errorf("find the disk of %s: %w", partition, err)
	}
	number, err := os.ReadFile(filepath.Join(path, "partition"))
	if err != nil || strings.TrimSpace(string(number)) != "4" {
		return d, fmt.Errorf("%s is not the fourth partition of a disk", partition)
	}
	d.device = filepath.Join(root, "dev", filepath.Base(filepath.Dir(path)))
	if d.size, err = sizeIn(filepath.Dir(path)); err == nil {
		d.perm, err = sizeIn(path)
	}
	return d, err
}

// sizeIn returns the size of what has that directory in sysfs, in bytes.
func sizeIn(dir string) (int64, error) {
	text, err := os.ReadFile(filepath.Join(dir, "size"))
	if err != nil {
		return 0, err
	}
	sectors, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // of 512 bytes, always
	if err != nil {
		return 0, fmt.Errorf("the size of %s: %w", filepath.Base(dir), err)
	}
	return sectors * Sector, nil
}

// grow writes a larger partition into the table, and tells the kernel. A card that
// was flashed with an older Warren is left alone: Size is 0.
func (d disk) grow(most int64) (Growth, error) {
	f, err := os.OpenFile(d.device, os.O_RDWR, 0)
	if err != nil {
		return Growth{}, fmt.Errorf("open the card: %w", err)
	}
	defer f.Close()
	before, err := Read(f)
	if err != nil {
		return Growth{}, err
	}
	table, err := before.grown(d.size, most)
	if errors.Is(err, errHybrid) {
		return Growth{}, nil
	}
	if err != nil {
		return Growth{}, err
	}
	offset, size := table.partition(3)
	if table != before {
		_, err := f.WriteAt(table[:], 0)
		if err = errors.Join(err, f.Sync()); err != nil {
			return Growth{}, fmt.Errorf("write the partition table: %w", err)
		}
	}
	// The table may have been written by one that ended before it told the kernel.
	if size <= d.perm {
		return Growth{Size: size}, nil
	}
	return Growth{Size: size, Grown: true}, resizePartition(f, 4, offset, size)
}

// resizePartition tells the kernel how large a partition is, while it is in use
// (the kernel's include/uapi/linux/blkpg.h).
func resizePartition(disk *os.File, number int32, offset, size int64) error {
	p := unix.BlkpgPartition{Start: offset, Length: size, Pno: number}
	arg := unix.BlkpgIoctlArg{Op: unix.BLKPG_RESIZE_PARTITION, Datalen: int32(unsafe.Sizeof(p)), Data: (*byte)(unsafe.Pointer(&p))}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, disk.Fd(), unix.BLKPG, uintptr(unsafe.Pointer(&arg)))
	if errno != 0 {
		return fmt.Errorf("tell the kernel the size of the partition: %w", errno)
	}
	return nil
}

// ext4ResizeFS is EXT4_IOC_RESIZE_FS, _IOW('f', 16, __u64): the new number of
// blocks (the kernel's Documentation/filesystems/ext4/ and fs/ext4/ext4.h).
const ext4ResizeFS = 0x40086610

// growFile grows the ext4 on device, which is mounted at dir, to size bytes.
func growFile(device, dir string, size int64) (grown bool, err error) {
	blocks, blockSize, err := ext4Blocks(device)
	if err != nil {
		return false, err
	}
	want := uint64(size / blockSize)
	if blocks >= want {
		return false, nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return false, err
	}
	defer d.Close()
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, d.Fd(), ext4ResizeFS, uintptr(unsafe.Pointer(&want)))
	if errno != 0 {
		return false, fmt.Errorf("grow the file system for data from %d to %d blocks: %w", blocks, want, errno)
	}
	return true, nil
}

// ext4Blocks returns how many blocks the ext4 on a device has, and their size
// (the kernel's Documentation/filesystems/ext4/super.rst).
func ext4Blocks(device string) (blocks uint64, size int64, err error) {
	f, err := os.Open(device)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	super := make([]byte, 1024)
	if _, err := f.ReadAt(super, 1024); err != nil {
		return 0, 0, fmt.Errorf("read the file system for data: %w", err)
	}
	le := binary.LittleEndian
	if le.Uint16(super[0x38:]) != 0xef53 || super[0x18] > 6 {
		return 0, 0, fmt.Errorf("the file system for data, on %s, is no ext4", device)
	}
	blocks = uint64(le.Uint32(super[0x4:]))
	if le.Uint32(super[0x60:])&0x80 != 0 { // INCOMPAT_64BIT
		blocks |= uint64(le.Uint32(super[0x150:])) << 32
	}
	return blocks, 1024 << super[0x18], nil
}
