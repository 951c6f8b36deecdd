package io.farpage.linux;

/**
 * Numbers of the Linux ABI on x86-64: system calls, flags, structure sizes and offsets. Each is
 * compared with the installed kernel headers by a test, under the same name.
 */
final class Abi {
  // System calls.
  static final int SYS_FSTAT = 5;
  static final int SYS_CLOSE = 3;
  static final int SYS_GETPID = 39;
  static final int SYS_SEMOP = 65;
  static final int SYS_PTRACE = 101;
  static final int SYS_RT_SIGTIMEDWAIT = 128;
  static final int SYS_GETTID = 186;
  static final int SYS_IO_GETEVENTS = 208;
  static final int SYS_SEMTIMEDOP = 220;
  static final int SYS_EPOLL_WAIT = 232;
  static final int SYS_EPOLL_PWAIT = 281;
  static final int SYS_USERFAULTFD = 323;
  static final int SYS_IO_PGETEVENTS = 333;
  static final int SYS_PIDFD_SEND_SIGNAL = 424;
  static final int SYS_MUNLOCKALL = 152;
  static final int SYS_SCHED_SETATTR = 314;
  static final int SYS_MLOCK2 = 325;
  static final int SYS_PIDFD_OPEN = 434;
  static final int SYS_PIDFD_GETFD = 438;
  static final int SYS_EPOLL_PWAIT2 = 441;

  // Files.
  static final int O_RDONLY = 0;
  static final int O_WRONLY = 1;
  static final int O_RDWR = 2;
  static final int O_NONBLOCK = 0x800;
  static final int O_DIRECT = 0x4000;
  static final int O_CLOEXEC = 0x80000;
  static final int SEEK_DATA = 3;
  static final int SEEK_HOLE = 4;
  static final int FALLOC_FL_KEEP_SIZE = 1;
  static final int FALLOC_FL_PUNCH_HOLE = 2;
  static final long HUGETLBFS_MAGIC = 0x958458f6L;
  static final long TMPFS_MAGIC = 0x01021994L;
  static final int MFD_CLOEXEC = 1;

  static final int STAT_SIZE = 144;
  static final int STAT_DEV = 0;
  static final int STAT_INO = 8;
  static final int STAT_LENGTH = 48;

  static final int STATFS_SIZE = 120;
  static final int STATFS_TYPE = 0;
  static final int STATFS_BSIZE = 8;
  static final int STATFS_BLOCKS = 16;
  static final int STATFS_BAVAIL = 32;

  // Sockets.
  static final int MSGHDR_SIZE = 56;
  static final int MSGHDR_IOV = 16;
  static final int MSGHDR_IOVLEN = 24;
  static final int IOVEC_SIZE = 16;
  static final int IOVEC_BASE = 0;
  static final int IOVEC_LEN = 8;

  // Scheduling.
  static final int SCHED_NORMAL = 0;
  static final int SCHED_BATCH = 3;
  static final int SCHED_ATTR_SIZE = 48;
  static final int SCHED_ATTR_POLICY = 4;
  static final int SCHED_ATTR_RUNTIME = 24;

  // Memory.
  static final int MLOCK_ONFAULT = 1;
  static final int MADV_POPULATE_WRITE = 23;
  static final int PROT_READ = 1;
  static final int PROT_WRITE = 2;
  static final int MAP_SHARED = 1;
  static final int MAP_PRIVATE = 2;
  static final int MAP_ANONYMOUS = 0x20;
  static final int MADV_RANDOM = 1;
  static final int MADV_NOHUGEPAGE = 15;

  // poll(2).
  static final int POLLIN = 1;
  static final int POLLERR = 8;
  static final int POLLHUP = 0x10;
  static final int POLLNVAL = 0x20;
  static final int POLLFD_SIZE = 8;
  static final int POLLFD_FD = 0;
  static final int POLLFD_EVENTS = 4;
  static final int POLLFD_REVENTS = 6;

  // Sockets and eventfd.
  static final int AF_UNIX = 1;
  static final int SOCK_STREAM = 1;
  static final int SOCK_CLOEXEC = 0x80000;
  static final int SOL_SOCKET = 1;
  static final int SO_PEERCRED = 17;
  static final int SO_RCVLOWAT = 18;
  static final int SHUT_RDWR = 2;
  static final int EFD_CLOEXEC = 0x80000;
  static final int EFD_NONBLOCK = 0x800;

  static final int IN_CLOEXEC = 0x80000;
  static final int IN_NONBLOCK = 0x800;
  static final int IN_MODIFY = 2;
  static final int EPOLL_CLOEXEC = 0x80000;
  static final int EPOLL_CTL_ADD = 1;
  static final int EPOLL_CTL_DEL = 2;
  static final int EPOLLIN = 1;
  static final int UCRED_SIZE = 12;
  static final int UCRED_PID = 0;
  static final int UCRED_UID = 4;
  static final int UCRED_GID = 8;

  // ptrace(2).
  static final int PTRACE_PEEKDATA = 2;
  static final int PTRACE_POKEDATA = 5;
  static final int PTRACE_CONT = 7;
  static final int PTRACE_GETREGS = 12;
  static final int PTRACE_SETREGS = 13;
  static final int PTRACE_DETACH = 17;
  static final int PTRACE_SYSCALL = 24;
  static final int PTRACE_SEIZE = 0x4206;
  static final int PTRACE_INTERRUPT = 0x4207;
  static final int PTRACE_GETSIGMASK = 0x420a;
  static final int PTRACE_SETSIGMASK = 0x420b;
  static final int PTRACE_GET_RSEQ_CONFIGURATION = 0x420f;
  static final int PTRACE_O_TRACESYSGOOD = 1;
  static final int PTRACE_EVENT_STOP = 128;
  static final int WNOHANG = 1;
  static final int WALL = 0x40000000;
  static final int SIGTRAP = 5;

  static final int USER_REGS_SIZE = 216;
  static final int USER_REGS_R10 = 56;
  static final int USER_REGS_R9 = 64;
  static final int USER_REGS_R8 = 72;
  static final int USER_REGS_RAX = 80;
  static final int USER_REGS_RDX = 96;
  static final int USER_REGS_RSI = 104;
  static final int USER_REGS_RDI = 112;
  static final int USER_REGS_ORIG_RAX = 120;
  static final int USER_REGS_RIP = 128;
  static final int USER_REGS_CS = 136;
  static final int USER_REGS_EFLAGS = 144;

  static final int RSEQ_CONFIGURATION_SIZE = 24;
  static final int RSEQ_CONFIGURATION_POINTER = 0;
  static final int RSEQ_CS = 8;

  // /proc/PID/pagemap and clear_refs.
  static final long PAGEMAP_SCAN = 0xC0606610L;
  static final int PM_SCAN_WP_MATCHING = 1;
  static final int PM_SCAN_CHECK_WPASYNC = 2;
  static final int PAGE_IS_WPALLOWED = 1;
  static final int PAGE_IS_WRITTEN = 2;
  static final int PAGE_IS_PRESENT = 8;
  static final int PAGE_IS_SWAPPED = 0x10;

  static final int PM_SCAN_ARG_SIZE = 96;
  static final int PM_SCAN_ARG_FLAGS = 8;
  static final int PM_SCAN_ARG_START = 16;
  static final int PM_SCAN_ARG_END = 24;
  static final int PM_SCAN_ARG_WALK_END = 32;
  static final int PM_SCAN_ARG_VEC = 40;
  static final int PM_SCAN_ARG_VEC_LEN = 48;
  static final int PM_SCAN_ARG_MAX_PAGES = 56;
  static final int PM_SCAN_ARG_CATEGORY_INVERTED = 64;
  static final int PM_SCAN_ARG_CATEGORY_MASK = 72;
  static final int PM_SCAN_ARG_CATEGORY_ANYOF_MASK = 80;
  static final int PM_SCAN_ARG_RETURN_MASK = 88;

  static final int PAGE_REGION_SIZE = 24;
  static final int PAGE_REGION_START = 0;
  static final int PAGE_REGION_END = 8;
  static final int PAGE_REGION_CATEGORIES = 16;

  private Abi() {}
}
