package daemon

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Become gives up all rights of root, for good: from then on the process is the
// user of that name in /etc/passwd, with that user's groups. It has no
// capability, in any thread, and no program that it starts can get one. Files
// that are open stay open. An empty name changes nothing.
//
// Call it when everything that needs root is open and before anything from
// outside is read. After an error the process may have given up a part: it must
// end.
func Become(name string) error {
	if name == "" {
		return nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("there is no user %.40q in /etc/passwd to give root's rights up for: %w", name, err)
	}
	uid, gid, groups, err := numbers(u)
	if err != nil {
		return fmt.Errorf("see who the user %q is: %w", name, err)
	}
	if uid == 0 {
		return fmt.Errorf("the user %q is root: it must be one with fewer rights", name)
	}
	// In this order: each step needs a right that a later one gives up.
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"drop the capabilities", dropBounding},
		{"leave root's groups", func() error { return syscall.Setgroups(groups) }},
		{"change the group", func() error { return syscall.Setgid(gid) }},
		{"change the user", func() error { return syscall.Setuid(uid) }},
		{"refuse new rights", func() error { return allThreads(unix.PR_SET_NO_NEW_PRIVS, 1) }},
	} {
		err := step.do()
		switch {
		case errors.Is(err, syscall.EPERM):
			return fmt.Errorf("become the user %q: %s: only root may: start it as root, or without -user", name, step.what)
		case errors.Is(err, syscall.ENOTSUP):
			return fmt.Errorf("become the user %q: %s: this program was built with cgo: build it with CGO_ENABLED=0", name, step.what)
		case err != nil:
			return fmt.Errorf("become the user %q: %s: %w", name, step.what, err)
		}
	}
	// setuid(2) sets all user ids of root at once. If it did not, the way back
	// is open.
	if syscall.Setuid(0) == nil {
		return fmt.Errorf("become the user %q: the system lets it be root again", name)
	}
	return nil
}

// numbers returns the ids of a user and of all groups the user is in.
func numbers(u *user.User) (uid, gid int, groups []int, err error) {
	ids, err := u.GroupIds()
	if err != nil {
		return 0, 0, nil, err
	}
	for _, id := range ids {
		n, err := strconv.Atoi(id)
		if err != nil {
			return 0, 0, nil, err
		}
		groups = append(groups, n)
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	return uid, gid, groups, errors.Join(uidErr, gidErr)
}

// dropBounding empties the set of capabilities that a program which is started
// could get (capabilities(7)). The kernel says EINVAL to the first number that
// is no capability of its.
func dropBounding() error {
	for capability := uintptr(0); ; capability++ {
		switch err := allThreads(unix.PR_CAPBSET_DROP, capability); {
		case errors.Is(err, syscall.EINVAL) && capability > 0:
			return nil
		case err != nil:
			return err
		}
	}
}

// allThreads calls prctl(2), which is of one thread, in each.
func allThreads(option, value uintptr) error {
	if _, _, errno := syscall.AllThreadsSyscall6(syscall.SYS_PRCTL, option, value, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
