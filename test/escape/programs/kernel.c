/* Calls into the kernel's privileged or fragile parts. `held` where the call is refused at the door. */
#include "say.h"
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define UPPER (1UL << 32)

static char buffer[4096];

/* What a call that went through, or was looked at by the kernel itself, means: not refused at the door. ENODEV,
   EOPNOTSUPP and ENOTTY say that there is nothing behind the door: `judgeCall` says for which kernel that is enough. */
static void judge(long result) {
  if (result >= 0) reached("the call went through");
  if (errno == EPERM || errno == ENOSYS || errno == EACCES || errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ||
      errno == ENODEV || errno == EOPNOTSUPP)
    held("%s", strerror(errno));
  reached("the kernel looked at it: %s", strerror(errno));
}

static void judge_clone(unsigned long flags) {
  long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  judge(pid);
}

static void mount_tmpfs(char **w) { (void)w; judge(mount("none", "/tmp", "tmpfs", 0, NULL)); }
static void mount_bind(char **w) { (void)w; judge(mount("/", "/tmp", NULL, MS_BIND | MS_REC, NULL)); }
static void mount_proc(char **w) { (void)w; judge(mount("proc", "/proc", "proc", 0, NULL)); }
static void mount_overlay(char **w) {
  (void)w;
  mkdir("lower", 0777), mkdir("upper", 0777), mkdir("over-work", 0777);
  judge(mount("overlay", "/tmp", "overlay", 0, "lowerdir=/usr:/etc,userxattr"));
}
static void uncover(char **w) { judge(umount2(w[0], MNT_DETACH)); }
static void remount(char **w) { judge(mount(NULL, w[0], NULL, MS_REMOUNT | MS_BIND, NULL)); }
static void fs_open(char **w) { (void)w; judge(syscall(430, "tmpfs", 0)); }
static void tree_clone(char **w) { (void)w; judge(syscall(428, AT_FDCWD, "/", 1 | 0x8000)); }
static void tree_move(char **w) { (void)w; judge(syscall(429, AT_FDCWD, "/proc", AT_FDCWD, "/tmp", 0)); }
static void set_mount(char **w) {
  (void)w;
  unsigned long attributes[4] = {0};
  judge(syscall(442, AT_FDCWD, "/", 0, attributes, 32));
}
static void pivot(char **w) { (void)w; judge(syscall(SYS_pivot_root, ".", ".")); }
static void change_root(char **w) { (void)w; judge(chroot("/tmp")); }

static void unshare_user(char **w) { (void)w; judge(unshare(CLONE_NEWUSER)); }
static void unshare_mounts(char **w) { (void)w; judge(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET)); }
static void clone_user(char **w) { (void)w; judge_clone(CLONE_NEWUSER); }
static void clone_user_upper(char **w) { (void)w; judge_clone(CLONE_NEWUSER | UPPER); }
static void enter(char **w) { judge(setns(open(w[0], O_RDONLY | O_CLOEXEC), 0)); }

static void trace_child(char **w) {
  (void)w;
  pid_t child = fork();
  if (child == 0) pause();
  long result = ptrace(PTRACE_ATTACH, child, 0, 0);
  int error = errno;
  kill(child, SIGKILL);
  errno = error;
  judge(result);
}
static void read_child(char **w) {
  (void)w;
  pid_t child = fork();
  if (child == 0) pause();
  char copy[8];
  struct iovec here = {copy, 8}, there = {buffer, 8};
  long result = process_vm_readv(child, &here, 1, &there, 1, 0);
  int error = errno;
  kill(child, SIGKILL);
  errno = error;
  judge(result);
}
static void take_descriptor(char **w) {
  (void)w;
  judge(syscall(438, (int)syscall(434, getpid(), 0), 0, 0));
}
static void compare(char **w) { (void)w; judge(syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0)); }

static void io_uring(char **w) { (void)w; judge(syscall(425, 4, buffer)); }
static void add_key(char **w) { (void)w; judge(syscall(SYS_add_key, "user", "sandbox-escape", "x", 1, -2)); }
static void session_keys(char **w) { (void)w; judge(syscall(SYS_keyctl, 0, -3, 1)); }
static void bpf(char **w) { (void)w; judge(syscall(SYS_bpf, 0, buffer, 48)); }
static void user_fault(char **w) { (void)w; judge(syscall(SYS_userfaultfd, 1)); }
static void perf(char **w) {
  (void)w;
  unsigned *attribute = (unsigned *)buffer;
  attribute[0] = 1;  /* PERF_TYPE_SOFTWARE */
  attribute[1] = 64;
  *(unsigned long *)(buffer + 40) = 0x60; /* exclude_kernel, exclude_hv */
  judge(syscall(SYS_perf_event_open, buffer, 0, -1, -1, 0));
}
static void load_module(char **w) { (void)w; judge(syscall(SYS_init_module, buffer, 16, "")); }
static void load_module_file(char **w) { (void)w; judge(syscall(SYS_finit_module, open("/dev/null", O_RDONLY), "", 0)); }
static void reboot_wrongly(char **w) { (void)w; judge(syscall(SYS_reboot, 1, 2, 3, 0)); }
static void swap_on(char **w) { (void)w; judge(syscall(SYS_swapon, "/no/such/file", 0)); }
static void set_clock(char **w) { (void)w; long never[2] = {-1, -1}; judge(syscall(SYS_settimeofday, never, 0)); }
static void kernel_log(char **w) { (void)w; judge(syscall(SYS_syslog, 3, buffer, sizeof buffer)); }
#ifdef __x86_64__
static void ports(char **w) { (void)w; judge(syscall(SYS_ioperm, 0x80, 1, 0)); }
#endif

/* The right answer is ENOSYS, so that libc falls back: anything else is an unknown door. */
static void judge_unknown(long result) {
  if (result < 0 && errno == ENOSYS) held("ENOSYS");
  reached("%s", result < 0 ? strerror(errno) : "the call went through");
}
static void clone3(char **w) { (void)w; judge_unknown(syscall(435, buffer, 64)); }
static void newer_call(char **w) { (void)w; judge_unknown(syscall(458, buffer, buffer, 0, 0)); }
static void newest_call(char **w) { (void)w; judge_unknown(syscall(461, buffer, buffer, 0)); }

static void request(char **w) {
  unsigned long number = strtoul(w[0], NULL, 0);
  int fd = w[1] == NULL ? 0 : open(w[1], O_RDWR | O_NOCTTY);
  judge(syscall(SYS_ioctl, fd, number, "x"));
}

static void family(char **w) { judge(syscall(SYS_socket, strtoul(w[0], NULL, 0), atoi(w[1]), atoi(w[2]))); }

#ifdef __x86_64__
/* A call by another architecture's door: a filter that knows only its own would let it pass. */
static void x32_call(char **w) {
  (void)w;
  long result = syscall(0x40000000 | SYS_getpid);
  if (result < 0) held("%s", strerror(errno));
  reached("went through: %ld", result);
}
static void i386_call(char **w) {
  (void)w;
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20));
  reached("went through: %ld", result);
}
#endif
static void native_call(char **w) { (void)w; reached("went through: %ld", syscall(SYS_getpid)); }

/* Types into the terminal on standard input, and says whether that came to be input. */
static void type_in(char **w) {
  unsigned long number = strtoul(w[0], NULL, 0);
  char letter = 'Z', subcode[2] = {6, 0};
  int fd = w[1] == NULL ? 0 : open(w[1], O_RDWR | O_NOCTTY);
  if (!isatty(fd)) held("not a terminal: %s", strerror(errno));
  long result = syscall(SYS_ioctl, fd, number, (number & 0xffff) == 0x5412 ? &letter : subcode);
  if (result < 0 && errno == ENOTTY) held("no such request on a terminal");
  judge(result);
}

/* Makes NUMBER processes, or as many as it may; they end with it. */
static void fork_bomb(char **w) {
  int made = 0, number = atoi(w[0]), allowed = atoi(w[1]);
  static pid_t children[100000];
  while (made < number && made < 100000) {
    pid_t child = fork();
    if (child == 0) for (;;) pause();
    if (child < 0) break;
    children[made++] = child;
  }
  for (int i = 0; i < made; i++) kill(children[i], SIGKILL), waitpid(children[i], NULL, 0);
  if (made > allowed) reached("made %d processes", made);
  held("made %d processes", made);
}

int main(int argc, char **argv) {
  static const struct verb verbs[] = {
      {"mount-tmpfs", mount_tmpfs}, {"mount-bind", mount_bind}, {"mount-proc", mount_proc},
      {"mount-overlay", mount_overlay}, {"uncover", uncover}, {"remount", remount}, {"fsopen", fs_open},
      {"open-tree", tree_clone}, {"move-mount", tree_move}, {"mount-setattr", set_mount}, {"pivot-root", pivot},
      {"chroot", change_root}, {"unshare-user", unshare_user}, {"unshare-mounts", unshare_mounts},
      {"clone-user", clone_user}, {"clone-user-upper", clone_user_upper}, {"setns", enter},
      {"trace-child", trace_child}, {"read-child", read_child}, {"take-descriptor", take_descriptor},
      {"compare", compare}, {"io-uring", io_uring}, {"add-key", add_key}, {"session-keys", session_keys},
      {"bpf", bpf}, {"userfaultfd", user_fault}, {"perf", perf}, {"load-module", load_module},
      {"load-module-file", load_module_file}, {"reboot-wrongly", reboot_wrongly}, {"swap-on", swap_on},
      {"set-clock", set_clock}, {"kernel-log", kernel_log}, {"clone3", clone3}, {"newer-call", newer_call},
      {"newest-call", newest_call}, {"ioctl", request}, {"socket", family}, {"type-in", type_in},
#ifdef __x86_64__
      {"ports", ports}, {"x32", x32_call}, {"i386", i386_call},
#endif
      {"fork-bomb", fork_bomb}, {"native", native_call}, {NULL, NULL}};
  return act_on(verbs, argc, argv);
}
