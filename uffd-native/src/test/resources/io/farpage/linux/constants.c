/* Prints each number of the kernel's interface that the Java classes hold, by the names that these use. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#define PRINT(class, name, value) printf(#class "." #name " %lld\n", (long long)(value))
#define ABSENT(class, name) printf(#class "." #name " absent\n")

/* Headers before Linux 6.7 lack it: then this is Documentation/admin-guide/mm/pagemap.rst, word for word. */
#ifndef PAGEMAP_SCAN
struct page_region {
  unsigned long long start, end, categories;
};
struct pm_scan_arg {
  unsigned long long size, flags, start, end, walk_end, vec, vec_len, max_pages;
  unsigned long long category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)
#define PM_SCAN_WP_MATCHING (1 << 0)
#define PM_SCAN_CHECK_WPASYNC (1 << 1)
#define PAGE_IS_WPALLOWED (1 << 0)
#define PAGE_IS_WRITTEN (1 << 1)
#define PAGE_IS_PRESENT (1 << 3)
#define PAGE_IS_SWAPPED (1 << 4)
#endif

int main(void) {
  PRINT(Abi, SYS_FSTAT, SYS_fstat);
  PRINT(Abi, SYS_CLOSE, SYS_close);
  PRINT(Abi, SYS_GETPID, SYS_getpid);
  PRINT(Abi, SYS_SEMOP, SYS_semop);
  PRINT(Abi, SYS_PTRACE, SYS_ptrace);
  PRINT(Abi, SYS_RT_SIGTIMEDWAIT, SYS_rt_sigtimedwait);
  PRINT(Abi, SYS_GETTID, SYS_gettid);
  PRINT(Abi, SYS_IO_GETEVENTS, SYS_io_getevents);
  PRINT(Abi, SYS_SEMTIMEDOP, SYS_semtimedop);
  PRINT(Abi, SYS_EPOLL_WAIT, SYS_epoll_wait);
  PRINT(Abi, SYS_EPOLL_PWAIT, SYS_epoll_pwait);
  PRINT(Abi, SYS_USERFAULTFD, SYS_userfaultfd);
#ifdef SYS_io_pgetevents
  PRINT(Abi, SYS_IO_PGETEVENTS, SYS_io_pgetevents);
#else
  ABSENT(Abi, SYS_IO_PGETEVENTS);
#endif
  PRINT(Abi, SYS_PIDFD_SEND_SIGNAL, SYS_pidfd_send_signal);
  PRINT(Abi, SYS_SCHED_SETATTR, SYS_sched_setattr);
  PRINT(Abi, SYS_MUNLOCKALL, SYS_munlockall);
  PRINT(Abi, SYS_MLOCK2, SYS_mlock2);
  PRINT(Abi, MLOCK_ONFAULT, MLOCK_ONFAULT);
  PRINT(Abi, MADV_POPULATE_WRITE, MADV_POPULATE_WRITE);
#ifdef SYS_pidfd_open
  PRINT(Abi, SYS_PIDFD_OPEN, SYS_pidfd_open);
#else
  ABSENT(Abi, SYS_PIDFD_OPEN);
#endif
#ifdef SYS_pidfd_getfd
  PRINT(Abi, SYS_PIDFD_GETFD, SYS_pidfd_getfd);
#else
  ABSENT(Abi, SYS_PIDFD_GETFD);
#endif
#ifdef SYS_epoll_pwait2
  PRINT(Abi, SYS_EPOLL_PWAIT2, SYS_epoll_pwait2);
#else
  ABSENT(Abi, SYS_EPOLL_PWAIT2);
#endif
  PRINT(Abi, O_RDONLY, O_RDONLY);
  PRINT(Abi, O_WRONLY, O_WRONLY);
  PRINT(Abi, O_RDWR, O_RDWR);
  PRINT(Abi, O_NONBLOCK, O_NONBLOCK);
  PRINT(Abi, O_DIRECT, O_DIRECT);
  PRINT(Abi, O_CLOEXEC, O_CLOEXEC);
  PRINT(Abi, SEEK_DATA, SEEK_DATA);
  PRINT(Abi, SEEK_HOLE, SEEK_HOLE);
  PRINT(Abi, FALLOC_FL_KEEP_SIZE, FALLOC_FL_KEEP_SIZE);
  PRINT(Abi, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_PUNCH_HOLE);
  PRINT(Abi, HUGETLBFS_MAGIC, HUGETLBFS_MAGIC);
  PRINT(Abi, TMPFS_MAGIC, TMPFS_MAGIC);
  PRINT(Abi, MFD_CLOEXEC, MFD_CLOEXEC);
  PRINT(Abi, MSGHDR_SIZE, sizeof(struct msghdr));
  PRINT(Abi, MSGHDR_IOV, offsetof(struct msghdr, msg_iov));
  PRINT(Abi, MSGHDR_IOVLEN, offsetof(struct msghdr, msg_iovlen));
  PRINT(Abi, IOVEC_SIZE, sizeof(struct iovec));
  PRINT(Abi, IOVEC_BASE, offsetof(struct iovec, iov_base));
  PRINT(Abi, IOVEC_LEN, offsetof(struct iovec, iov_len));
  PRINT(Abi, SCHED_NORMAL, SCHED_NORMAL);
  PRINT(Abi, SCHED_BATCH, SCHED_BATCH);
  PRINT(Abi, SCHED_ATTR_SIZE, SCHED_ATTR_SIZE_VER0);
  PRINT(Abi, SCHED_ATTR_POLICY, offsetof(struct sched_attr, sched_policy));
  PRINT(Abi, SCHED_ATTR_RUNTIME, offsetof(struct sched_attr, sched_runtime));
  PRINT(Abi, STAT_SIZE, sizeof(struct stat));
  PRINT(Abi, STAT_DEV, offsetof(struct stat, st_dev));
  PRINT(Abi, STAT_INO, offsetof(struct stat, st_ino));
  PRINT(Abi, STAT_LENGTH, offsetof(struct stat, st_size));
  PRINT(Abi, STATFS_SIZE, sizeof(struct statfs));
  PRINT(Abi, STATFS_TYPE, offsetof(struct statfs, f_type));
  PRINT(Abi, STATFS_BSIZE, offsetof(struct statfs, f_bsize));
  PRINT(Abi, STATFS_BLOCKS, offsetof(struct statfs, f_blocks));
  PRINT(Abi, STATFS_BAVAIL, offsetof(struct statfs, f_bavail));
  PRINT(Abi, PROT_READ, PROT_READ);
  PRINT(Abi, PROT_WRITE, PROT_WRITE);
  PRINT(Abi, MAP_SHARED, MAP_SHARED);
  PRINT(Abi, MAP_PRIVATE, MAP_PRIVATE);
  PRINT(Abi, MAP_ANONYMOUS, MAP_ANONYMOUS);
  PRINT(Abi, MADV_RANDOM, MADV_RANDOM);
  PRINT(Abi, MADV_NOHUGEPAGE, MADV_NOHUGEPAGE);
  PRINT(Abi, POLLIN, POLLIN);
  PRINT(Abi, POLLERR, POLLERR);
  PRINT(Abi, POLLHUP, POLLHUP);
  PRINT(Abi, POLLNVAL, POLLNVAL);
  PRINT(Abi, POLLFD_SIZE, sizeof(struct pollfd));
  PRINT(Abi, POLLFD_FD, offsetof(struct pollfd, fd));
  PRINT(Abi, POLLFD_EVENTS, offsetof(struct pollfd, events));
  PRINT(Abi, POLLFD_REVENTS, offsetof(struct pollfd, revents));
  PRINT(Abi, AF_UNIX, AF_UNIX);
  PRINT(Abi, SOCK_STREAM, SOCK_STREAM);
  PRINT(Abi, SOCK_CLOEXEC, SOCK_CLOEXEC);
  PRINT(Abi, SOL_SOCKET, SOL_SOCKET);
  PRINT(Abi, SO_RCVLOWAT, SO_RCVLOWAT);
  PRINT(Abi, SO_PEERCRED, SO_PEERCRED);
  PRINT(Abi, SHUT_RDWR, SHUT_RDWR);
  PRINT(Abi, EFD_CLOEXEC, EFD_CLOEXEC);
  PRINT(Abi, EFD_NONBLOCK, EFD_NONBLOCK);
  PRINT(Abi, IN_CLOEXEC, IN_CLOEXEC);
  PRINT(Abi, IN_NONBLOCK, IN_NONBLOCK);
  PRINT(Abi, IN_MODIFY, IN_MODIFY);
  PRINT(Abi, EPOLL_CLOEXEC, EPOLL_CLOEXEC);
  PRINT(Abi, EPOLL_CTL_ADD, EPOLL_CTL_ADD);
  PRINT(Abi, EPOLL_CTL_DEL, EPOLL_CTL_DEL);
  PRINT(Abi, EPOLLIN, EPOLLIN);
  PRINT(Abi, UCRED_SIZE, sizeof(struct ucred));
  PRINT(Abi, UCRED_PID, offsetof(struct ucred, pid));
  PRINT(Abi, UCRED_UID, offsetof(struct ucred, uid));
  PRINT(Abi, UCRED_GID, offsetof(struct ucred, gid));
  PRINT(Abi, PTRACE_PEEKDATA, PTRACE_PEEKDATA);
  PRINT(Abi, PTRACE_POKEDATA, PTRACE_POKEDATA);
  PRINT(Abi, PTRACE_CONT, PTRACE_CONT);
  PRINT(Abi, PTRACE_GETREGS, PTRACE_GETREGS);
  PRINT(Abi, PTRACE_SETREGS, PTRACE_SETREGS);
  PRINT(Abi, PTRACE_DETACH, PTRACE_DETACH);
  PRINT(Abi, PTRACE_SYSCALL, PTRACE_SYSCALL);
  PRINT(Abi, PTRACE_SEIZE, PTRACE_SEIZE);
  PRINT(Abi, PTRACE_INTERRUPT, PTRACE_INTERRUPT);
  PRINT(Abi, PTRACE_GETSIGMASK, PTRACE_GETSIGMASK);
  PRINT(Abi, PTRACE_SETSIGMASK, PTRACE_SETSIGMASK);
  PRINT(Abi, PTRACE_GET_RSEQ_CONFIGURATION, PTRACE_GET_RSEQ_CONFIGURATION);
  PRINT(Abi, PTRACE_O_TRACESYSGOOD, PTRACE_O_TRACESYSGOOD);
  PRINT(Abi, PTRACE_EVENT_STOP, PTRACE_EVENT_STOP);
  PRINT(Abi, WNOHANG, WNOHANG);
  PRINT(Abi, WALL, __WALL);
  PRINT(Abi, SIGTRAP, SIGTRAP);
  PRINT(Abi, USER_REGS_SIZE, sizeof(struct user_regs_struct));
  PRINT(Abi, USER_REGS_R10, offsetof(struct user_regs_struct, r10));
  PRINT(Abi, USER_REGS_R9, offsetof(struct user_regs_struct, r9));
  PRINT(Abi, USER_REGS_R8, offsetof(struct user_regs_struct, r8));
  PRINT(Abi, USER_REGS_RAX, offsetof(struct user_regs_struct, rax));
  PRINT(Abi, USER_REGS_RDX, offsetof(struct user_regs_struct, rdx));
  PRINT(Abi, USER_REGS_RSI, offsetof(struct user_regs_struct, rsi));
  PRINT(Abi, USER_REGS_RDI, offsetof(struct user_regs_struct, rdi));
  PRINT(Abi, USER_REGS_ORIG_RAX, offsetof(struct user_regs_struct, orig_rax));
  PRINT(Abi, USER_REGS_RIP, offsetof(struct user_regs_struct, rip));
  PRINT(Abi, USER_REGS_CS, offsetof(struct user_regs_struct, cs));
  PRINT(Abi, USER_REGS_EFLAGS, offsetof(struct user_regs_struct, eflags));
  PRINT(Abi, RSEQ_CONFIGURATION_SIZE, sizeof(struct __ptrace_rseq_configuration));
  PRINT(Abi, RSEQ_CONFIGURATION_POINTER, offsetof(struct __ptrace_rseq_configuration, rseq_abi_pointer));
  PRINT(Abi, RSEQ_CS, offsetof(struct rseq, rseq_cs));
  PRINT(Abi, PAGEMAP_SCAN, PAGEMAP_SCAN);
  PRINT(Abi, PM_SCAN_WP_MATCHING, PM_SCAN_WP_MATCHING);
  PRINT(Abi, PM_SCAN_CHECK_WPASYNC, PM_SCAN_CHECK_WPASYNC);
  PRINT(Abi, PAGE_IS_WPALLOWED, PAGE_IS_WPALLOWED);
  PRINT(Abi, PAGE_IS_WRITTEN, PAGE_IS_WRITTEN);
  PRINT(Abi, PAGE_IS_PRESENT, PAGE_IS_PRESENT);
  PRINT(Abi, PAGE_IS_SWAPPED, PAGE_IS_SWAPPED);
  PRINT(Abi, PM_SCAN_ARG_SIZE, sizeof(struct pm_scan_arg));
  PRINT(Abi, PM_SCAN_ARG_FLAGS, offsetof(struct pm_scan_arg, flags));
  PRINT(Abi, PM_SCAN_ARG_START, offsetof(struct pm_scan_arg, start));
  PRINT(Abi, PM_SCAN_ARG_END, offsetof(struct pm_scan_arg, end));
  PRINT(Abi, PM_SCAN_ARG_WALK_END, offsetof(struct pm_scan_arg, walk_end));
  PRINT(Abi, PM_SCAN_ARG_VEC, offsetof(struct pm_scan_arg, vec));
  PRINT(Abi, PM_SCAN_ARG_VEC_LEN, offsetof(struct pm_scan_arg, vec_len));
  PRINT(Abi, PM_SCAN_ARG_MAX_PAGES, offsetof(struct pm_scan_arg, max_pages));
  PRINT(Abi, PM_SCAN_ARG_CATEGORY_INVERTED, offsetof(struct pm_scan_arg, category_inverted));
  PRINT(Abi, PM_SCAN_ARG_CATEGORY_MASK, offsetof(struct pm_scan_arg, category_mask));
  PRINT(Abi, PM_SCAN_ARG_CATEGORY_ANYOF_MASK, offsetof(struct pm_scan_arg, category_anyof_mask));
  PRINT(Abi, PM_SCAN_ARG_RETURN_MASK, offsetof(struct pm_scan_arg, return_mask));
  PRINT(Abi, PAGE_REGION_SIZE, sizeof(struct page_region));
  PRINT(Abi, PAGE_REGION_START, offsetof(struct page_region, start));
  PRINT(Abi, PAGE_REGION_END, offsetof(struct page_region, end));
  PRINT(Abi, PAGE_REGION_CATEGORIES, offsetof(struct page_region, categories));
  PRINT(UffdConstants, UFFD_API, UFFD_API);
#ifdef USERFAULTFD_IOC_NEW
  PRINT(UffdConstants, USERFAULTFD_IOC_NEW, USERFAULTFD_IOC_NEW);
#else
  ABSENT(UffdConstants, USERFAULTFD_IOC_NEW);
#endif
  PRINT(UffdConstants, UFFDIO_API, UFFDIO_API);
  PRINT(UffdConstants, UFFDIO_REGISTER, UFFDIO_REGISTER);
  PRINT(UffdConstants, UFFDIO_UNREGISTER, UFFDIO_UNREGISTER);
  PRINT(UffdConstants, UFFDIO_WAKE, UFFDIO_WAKE);
  PRINT(UffdConstants, UFFDIO_COPY, UFFDIO_COPY);
  PRINT(UffdConstants, UFFDIO_ZEROPAGE, UFFDIO_ZEROPAGE);
  PRINT(UffdConstants, UFFDIO_WRITEPROTECT, UFFDIO_WRITEPROTECT);
  PRINT(UffdConstants, UFFDIO_CONTINUE, UFFDIO_CONTINUE);
  PRINT(UffdConstants, MODE_MISSING, UFFDIO_REGISTER_MODE_MISSING);
  PRINT(UffdConstants, MODE_WP, UFFDIO_REGISTER_MODE_WP);
  PRINT(UffdConstants, MODE_MINOR, UFFDIO_REGISTER_MODE_MINOR);
#ifdef UFFD_USER_MODE_ONLY
  PRINT(UffdConstants, UFFD_USER_MODE_ONLY, UFFD_USER_MODE_ONLY);
#else
  ABSENT(UffdConstants, UFFD_USER_MODE_ONLY);
#endif
  PRINT(UffdConstants, IOCTL_WAKE, _UFFDIO_WAKE);
  PRINT(UffdConstants, IOCTL_COPY, _UFFDIO_COPY);
  PRINT(UffdConstants, IOCTL_ZEROPAGE, _UFFDIO_ZEROPAGE);
  PRINT(UffdConstants, IOCTL_WRITEPROTECT, _UFFDIO_WRITEPROTECT);
  PRINT(UffdConstants, IOCTL_CONTINUE, _UFFDIO_CONTINUE);
  PRINT(UffdConstants, EVENT_PAGEFAULT, UFFD_EVENT_PAGEFAULT);
  PRINT(UffdConstants, EVENT_FORK, UFFD_EVENT_FORK);
  PRINT(UffdConstants, EVENT_REMAP, UFFD_EVENT_REMAP);
  PRINT(UffdConstants, EVENT_REMOVE, UFFD_EVENT_REMOVE);
  PRINT(UffdConstants, EVENT_UNMAP, UFFD_EVENT_UNMAP);
  PRINT(UffdConstants, PAGEFAULT_FLAG_WRITE, UFFD_PAGEFAULT_FLAG_WRITE);
  PRINT(UffdConstants, PAGEFAULT_FLAG_WP, UFFD_PAGEFAULT_FLAG_WP);
  PRINT(UffdConstants, PAGEFAULT_FLAG_MINOR, UFFD_PAGEFAULT_FLAG_MINOR);
  PRINT(UffdConstants, MSG_SIZE, sizeof(struct uffd_msg));
  PRINT(UffdConstants, MSG_EVENT, offsetof(struct uffd_msg, event));
  PRINT(UffdConstants, MSG_PAGEFAULT_FLAGS, offsetof(struct uffd_msg, arg.pagefault.flags));
  PRINT(UffdConstants, MSG_PAGEFAULT_ADDRESS, offsetof(struct uffd_msg, arg.pagefault.address));
  PRINT(UffdConstants, MSG_PAGEFAULT_PTID, offsetof(struct uffd_msg, arg.pagefault.feat.ptid));
  PRINT(UffdConstants, MSG_REMOVE_START, offsetof(struct uffd_msg, arg.remove.start));
  PRINT(UffdConstants, MSG_REMOVE_END, offsetof(struct uffd_msg, arg.remove.end));
  PRINT(UffdConstants, API_SIZE, sizeof(struct uffdio_api));
  PRINT(UffdConstants, API_API, offsetof(struct uffdio_api, api));
  PRINT(UffdConstants, API_FEATURES, offsetof(struct uffdio_api, features));
  PRINT(UffdConstants, API_IOCTLS, offsetof(struct uffdio_api, ioctls));
  PRINT(UffdConstants, RANGE_SIZE, sizeof(struct uffdio_range));
  PRINT(UffdConstants, RANGE_START, offsetof(struct uffdio_range, start));
  PRINT(UffdConstants, RANGE_LEN, offsetof(struct uffdio_range, len));
  PRINT(UffdConstants, REGISTER_SIZE, sizeof(struct uffdio_register));
  PRINT(UffdConstants, REGISTER_MODE, offsetof(struct uffdio_register, mode));
  PRINT(UffdConstants, REGISTER_IOCTLS, offsetof(struct uffdio_register, ioctls));
  PRINT(UffdConstants, COPY_SIZE, sizeof(struct uffdio_copy));
  PRINT(UffdConstants, COPY_DST, offsetof(struct uffdio_copy, dst));
  PRINT(UffdConstants, COPY_SRC, offsetof(struct uffdio_copy, src));
  PRINT(UffdConstants, COPY_LEN, offsetof(struct uffdio_copy, len));
  PRINT(UffdConstants, COPY_MODE, offsetof(struct uffdio_copy, mode));
  PRINT(UffdConstants, COPY_COPY, offsetof(struct uffdio_copy, copy));
  PRINT(UffdConstants, ZEROPAGE_SIZE, sizeof(struct uffdio_zeropage));
  PRINT(UffdConstants, ZEROPAGE_MODE, offsetof(struct uffdio_zeropage, mode));
  PRINT(UffdConstants, ZEROPAGE_ZEROPAGE, offsetof(struct uffdio_zeropage, zeropage));
  PRINT(UffdConstants, WRITEPROTECT_SIZE, sizeof(struct uffdio_writeprotect));
  PRINT(UffdConstants, WRITEPROTECT_MODE, offsetof(struct uffdio_writeprotect, mode));
  PRINT(UffdConstants, WRITEPROTECT_MODE_WP, UFFDIO_WRITEPROTECT_MODE_WP);
  PRINT(UffdConstants, CONTINUE_SIZE, sizeof(struct uffdio_continue));
  PRINT(UffdConstants, CONTINUE_MODE, offsetof(struct uffdio_continue, mode));
  PRINT(UffdConstants, CONTINUE_MAPPED, offsetof(struct uffdio_continue, mapped));
  PRINT(Errno, EPERM, EPERM);
  PRINT(Errno, ENOENT, ENOENT);
  PRINT(Errno, ESRCH, ESRCH);
  PRINT(Errno, EINTR, EINTR);
  PRINT(Errno, EIO, EIO);
  PRINT(Errno, ENXIO, ENXIO);
  PRINT(Errno, E2BIG, E2BIG);
  PRINT(Errno, EBADF, EBADF);
  PRINT(Errno, ECHILD, ECHILD);
  PRINT(Errno, EAGAIN, EAGAIN);
  PRINT(Errno, ENOMEM, ENOMEM);
  PRINT(Errno, EACCES, EACCES);
  PRINT(Errno, EFAULT, EFAULT);
  PRINT(Errno, EBUSY, EBUSY);
  PRINT(Errno, EEXIST, EEXIST);
  PRINT(Errno, ENODEV, ENODEV);
  PRINT(Errno, ENOTDIR, ENOTDIR);
  PRINT(Errno, EISDIR, EISDIR);
  PRINT(Errno, EINVAL, EINVAL);
  PRINT(Errno, ENFILE, ENFILE);
  PRINT(Errno, EMFILE, EMFILE);
  PRINT(Errno, ENOTTY, ENOTTY);
  PRINT(Errno, EFBIG, EFBIG);
  PRINT(Errno, ENOSPC, ENOSPC);
  PRINT(Errno, ESPIPE, ESPIPE);
  PRINT(Errno, EROFS, EROFS);
  PRINT(Errno, EPIPE, EPIPE);
  PRINT(Errno, ERANGE, ERANGE);
  PRINT(Errno, ENOSYS, ENOSYS);
  PRINT(Errno, EPROTO, EPROTO);
  PRINT(Errno, EOVERFLOW, EOVERFLOW);
  PRINT(Errno, ENOTSOCK, ENOTSOCK);
  PRINT(Errno, EOPNOTSUPP, EOPNOTSUPP);
  PRINT(Errno, EADDRINUSE, EADDRINUSE);
  PRINT(Errno, ECONNABORTED, ECONNABORTED);
  PRINT(Errno, ECONNRESET, ECONNRESET);
  PRINT(Errno, ENOTCONN, ENOTCONN);
  PRINT(Errno, ETIMEDOUT, ETIMEDOUT);
  PRINT(Errno, ECONNREFUSED, ECONNREFUSED);
  PRINT(Errno, EHOSTUNREACH, EHOSTUNREACH);
#ifdef EHWPOISON
  PRINT(Errno, EHWPOISON, EHWPOISON);
#else
  ABSENT(Errno, EHWPOISON);
#endif
  PRINT(SocketIo, MSG_PEEK, MSG_PEEK);
  PRINT(SocketIo, MSG_DONTWAIT, MSG_DONTWAIT);
  PRINT(SocketIo, MSG_WAITALL, MSG_WAITALL);
  PRINT(SocketIo, MSG_NOSIGNAL, MSG_NOSIGNAL);
  PRINT(SocketIo, MSG_MORE, MSG_MORE);
  PRINT(ProcessStatus, CAP_NET_RAW, CAP_NET_RAW);
  PRINT(ProcessStatus, CAP_IPC_LOCK, CAP_IPC_LOCK);
  PRINT(ProcessStatus, CAP_SYS_PTRACE, CAP_SYS_PTRACE);
  PRINT(ProcessStatus, CAP_SYS_ADMIN, CAP_SYS_ADMIN);
  PRINT(ProcessStatus, CAP_SYS_RESOURCE, CAP_SYS_RESOURCE);
#ifdef UFFD_FEATURE_PAGEFAULT_FLAG_WP
  PRINT(UffdFeature, PAGEFAULT_FLAG_WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
#else
  ABSENT(UffdFeature, PAGEFAULT_FLAG_WP);
#endif
#ifdef UFFD_FEATURE_EVENT_FORK
  PRINT(UffdFeature, EVENT_FORK, UFFD_FEATURE_EVENT_FORK);
#else
  ABSENT(UffdFeature, EVENT_FORK);
#endif
#ifdef UFFD_FEATURE_EVENT_REMAP
  PRINT(UffdFeature, EVENT_REMAP, UFFD_FEATURE_EVENT_REMAP);
#else
  ABSENT(UffdFeature, EVENT_REMAP);
#endif
#ifdef UFFD_FEATURE_EVENT_REMOVE
  PRINT(UffdFeature, EVENT_REMOVE, UFFD_FEATURE_EVENT_REMOVE);
#else
  ABSENT(UffdFeature, EVENT_REMOVE);
#endif
#ifdef UFFD_FEATURE_MISSING_HUGETLBFS
  PRINT(UffdFeature, MISSING_HUGETLBFS, UFFD_FEATURE_MISSING_HUGETLBFS);
#else
  ABSENT(UffdFeature, MISSING_HUGETLBFS);
#endif
#ifdef UFFD_FEATURE_MISSING_SHMEM
  PRINT(UffdFeature, MISSING_SHMEM, UFFD_FEATURE_MISSING_SHMEM);
#else
  ABSENT(UffdFeature, MISSING_SHMEM);
#endif
#ifdef UFFD_FEATURE_EVENT_UNMAP
  PRINT(UffdFeature, EVENT_UNMAP, UFFD_FEATURE_EVENT_UNMAP);
#else
  ABSENT(UffdFeature, EVENT_UNMAP);
#endif
#ifdef UFFD_FEATURE_SIGBUS
  PRINT(UffdFeature, SIGBUS, UFFD_FEATURE_SIGBUS);
#else
  ABSENT(UffdFeature, SIGBUS);
#endif
#ifdef UFFD_FEATURE_THREAD_ID
  PRINT(UffdFeature, THREAD_ID, UFFD_FEATURE_THREAD_ID);
#else
  ABSENT(UffdFeature, THREAD_ID);
#endif
#ifdef UFFD_FEATURE_MINOR_HUGETLBFS
  PRINT(UffdFeature, MINOR_HUGETLBFS, UFFD_FEATURE_MINOR_HUGETLBFS);
#else
  ABSENT(UffdFeature, MINOR_HUGETLBFS);
#endif
#ifdef UFFD_FEATURE_MINOR_SHMEM
  PRINT(UffdFeature, MINOR_SHMEM, UFFD_FEATURE_MINOR_SHMEM);
#else
  ABSENT(UffdFeature, MINOR_SHMEM);
#endif
#ifdef UFFD_FEATURE_EXACT_ADDRESS
  PRINT(UffdFeature, EXACT_ADDRESS, UFFD_FEATURE_EXACT_ADDRESS);
#else
  ABSENT(UffdFeature, EXACT_ADDRESS);
#endif
#ifdef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
  PRINT(UffdFeature, WP_HUGETLBFS_SHMEM, UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
#else
  ABSENT(UffdFeature, WP_HUGETLBFS_SHMEM);
#endif
#ifdef UFFD_FEATURE_WP_UNPOPULATED
  PRINT(UffdFeature, WP_UNPOPULATED, UFFD_FEATURE_WP_UNPOPULATED);
#else
  ABSENT(UffdFeature, WP_UNPOPULATED);
#endif
#ifdef UFFD_FEATURE_POISON
  PRINT(UffdFeature, POISON, UFFD_FEATURE_POISON);
#else
  ABSENT(UffdFeature, POISON);
#endif
#ifdef UFFD_FEATURE_WP_ASYNC
  PRINT(UffdFeature, WP_ASYNC, UFFD_FEATURE_WP_ASYNC);
#else
  ABSENT(UffdFeature, WP_ASYNC);
#endif
#ifdef UFFD_FEATURE_MOVE
  PRINT(UffdFeature, MOVE, UFFD_FEATURE_MOVE);
#else
  ABSENT(UffdFeature, MOVE);
#endif
  return 0;
}
