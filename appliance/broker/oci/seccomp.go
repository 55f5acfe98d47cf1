package oci

import (
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// allowed are the system calls that RabbitMQ, Erlang, df and the C library
// make, and what the latter falls back to, on arm64 and on amd64; a name that
// an architecture does not have is passed over by crun. All others fail as if
// the kernel did not have them, which is what programs are prepared for.
//
// The list is by purpose and not by trace: what another release of Erlang does
// to open a file is in it too. Not in it, among others: mounting, namespaces,
// modules, bpf, ptrace, keys, perf, userfaultfd, io_uring, the clock, ids of
// users, and rebooting. See newNamespaces for clone, which is not in it either.
const allowed = `
	read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 sendfile splice tee copy_file_range
	open openat openat2 creat close close_range dup dup2 dup3 lseek _llseek fcntl fcntl64 flock ioctl
	stat lstat fstat fstatat64 newfstatat fstat64 stat64 lstat64 statx statfs fstatfs statfs64 fstatfs64
	access faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd chdir fchdir umask
	truncate ftruncate fallocate fadvise64 readahead fsync fdatasync sync_file_range syncfs sync
	mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat
	chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat
	getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
	inotify_init inotify_init1 inotify_add_watch inotify_rm_watch memfd_create

	mmap mmap2 munmap mremap mprotect madvise msync mincore brk mlock mlock2 munlock membarrier
	get_mempolicy set_mempolicy mbind

	futex futex_waitv set_robust_list get_robust_list rseq restart_syscall set_tid_address arch_prctl
	fork vfork execve execveat exit exit_group wait4 waitid kill tkill tgkill pidfd_open pidfd_send_signal
	getpid getppid gettid getpgrp getpgid setpgid getsid setsid getuid geteuid getgid getegid getresuid getresgid getgroups
	getpriority setpriority sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler
	sched_get_priority_max sched_get_priority_min getrlimit setrlimit ugetrlimit prlimit64 getrusage
	capget prctl getcpu sysinfo uname times seccomp getrandom

	rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigqueueinfo rt_sigsuspend rt_sigtimedwait sigaltstack
	signalfd signalfd4 eventfd eventfd2 pause alarm getitimer setitimer
	timer_create timer_settime timer_gettime timer_getoverrun timer_delete timerfd_create timerfd_settime timerfd_gettime
	clock_gettime clock_getres clock_nanosleep gettimeofday time nanosleep

	pipe pipe2 poll ppoll select pselect6 _newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_pwait epoll_pwait2
	socket socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt
	send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg
`

// newNamespaces are the flags of clone(2) that make namespaces, in which a
// process could have all capabilities: CLONE_NEWTIME is none of them, since clone
// takes that bit for a signal. Without them clone is allowed. clone3 takes its
// flags from memory, where no filter sees them: the C library then uses clone.
const newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

// seccomp returns the filter.
func seccomp() *specs.LinuxSeccomp {
	names := strings.Fields(allowed)
	slices.Sort(names)
	enosys := uint(unix.ENOSYS)
	return &specs.LinuxSeccomp{
		DefaultAction:   specs.ActErrno,
		DefaultErrnoRet: &enosys,
		// crun adds the architecture it runs on.
		Syscalls: []specs.LinuxSyscall{
			{Names: slices.Compact(names), Action: specs.ActAllow},
			{Names: []string{"clone"}, Action: specs.ActAllow, Args: []specs.LinuxSeccompArg{
				{Index: 0, Value: newNamespaces, ValueTwo: 0, Op: specs.OpMaskedEqual},
			}},
		},
	}
}
