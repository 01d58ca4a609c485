/* Files outside, by every way round a path. */
#include "say.h"
#include <dirent.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static const char UP[] = "../../../../../../../../../../../../../../../../..";

static void read_it(char **words) {
  for (; *words != NULL; words++)
    if (has_secret(*words)) reached("read %s", *words);
  held("%s", strerror(errno));
}

static void write_it(char **words) {
  for (; *words != NULL; words++) {
    int fd = open(*words, O_WRONLY | O_CREAT, 0666);
    if (fd >= 0 && write(fd, "x", 1) == 1) reached("wrote %s", *words);
  }
  held("%s", strerror(errno));
}

/* Opens for writing what must not be written, without writing a byte. */
static void open_for_writing(char **words) {
  for (; *words != NULL; words++)
    if (open(*words, O_WRONLY | O_NONBLOCK | O_CLOEXEC) >= 0) reached("opened %s for writing", *words);
  held("%s", strerror(errno));
}

static void open_it(char **words) {
  for (; *words != NULL; words++)
    if (open_for_reading(*words) >= 0) reached("opened %s", *words);
  held("%s", strerror(errno));
}

static void climb(char **words) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s%s", UP, words[0]);
  if (has_secret(path)) reached("read %s", path);
  held("%s", strerror(errno));
}

static void link_and_read(char **words) {
  char relative[PATH_MAX];
  snprintf(relative, sizeof relative, "%s%s", UP, words[0]);
  unlink("escape-link");
  unlink("escape-relative");
  if (symlink(words[0], "escape-link") != 0 || symlink(relative, "escape-relative") != 0) exit(3);
  if (has_secret("escape-link") || has_secret("escape-relative")) reached("read %s through a link", words[0]);
  held("%s", strerror(errno));
}

static void link_and_write(char **words) {
  unlink("escape-out");
  if (symlink(words[0], "escape-out") != 0) exit(3);
  int fd = open("escape-out", O_WRONLY | O_CREAT, 0666);
  if (fd >= 0 && write(fd, "x", 1) == 1) reached("wrote %s through a link", words[0]);
  held("%s", strerror(errno));
}

static void hard_link(char **words) {
  char path[64];
  int fd = open(words[0], O_PATH | O_CLOEXEC);
  unlink("escape-hard");
  if (link(words[0], "escape-hard") != 0 && linkat(fd, "", AT_FDCWD, "escape-hard", AT_EMPTY_PATH) != 0) {
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, path, AT_FDCWD, "escape-hard", AT_SYMLINK_FOLLOW) != 0) held("%s", strerror(errno));
  }
  if (has_secret("escape-hard")) reached("linked %s", words[0]);
  held("the link does not give it");
}

/* Writes in place, by write and by a shared mapping, into a file that has another name outside. */
static void write_in_place(char **words) {
  int fd = open(words[0], O_RDWR);
  if (fd < 0 || pwrite(fd, "W", 1, 0) != 1) held("%s", strerror(errno));
  char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) held("%s", strerror(errno));
  map[1] = 'M';
  msync(map, 4096, MS_SYNC);
  held("wrote %s: the host says where that went", words[0]);
}

/* Calls `look` with the path of each process's directory. */
static void each_process(void (*look)(const char *, const char *), const char *target) {
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
    char path[300];
    if (atoi(entry->d_name) == 0) continue;
    snprintf(path, sizeof path, "/proc/%s", entry->d_name);
    look(path, target);
  }
}

static void look_at_roots(const char *process, const char *target) {
  const char *links[] = {"root", "cwd", "task/self/root"};
  for (int i = 0; i < 3; i++)
    for (int up = 0; up < 2; up++) {
      char path[PATH_MAX];
      snprintf(path, sizeof path, "%s/%s/%s%s", process, links[i], up ? UP : "", target);
      if (has_secret(path)) reached("read %s", path);
    }
}

static void process_roots(char **words) {
  char path[PATH_MAX];
  const char *own[] = {"/proc/self/root", "/proc/thread-self/root", "/proc/1/root", "/proc/self/cwd"};
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "%s/%s%s", own[i], i == 3 ? UP : "", words[0]);
    if (has_secret(path)) reached("read %s", path);
  }
  each_process(look_at_roots, words[0]);
  held("no process's root or directory leads there");
}

static void look_at_descriptors(const char *process, const char *target) {
  char directory[320];
  snprintf(directory, sizeof directory, "%s/fd", process);
  DIR *fds = opendir(directory);
  for (struct dirent *entry; fds != NULL && (entry = readdir(fds)) != NULL;) {
    char path[PATH_MAX];
    struct stat info;
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
    if (stat(path, &info) != 0) continue;
    if (S_ISREG(info.st_mode) && has_secret(path)) reached("read %s", path);
    if (!S_ISDIR(info.st_mode)) continue;
    snprintf(path, sizeof path, "%s/%s/%s%s", directory, entry->d_name, UP, target);
    if (has_secret(path)) reached("read %s", path);
  }
  if (fds != NULL) closedir(fds);
}

static void process_descriptors(char **words) {
  each_process(look_at_descriptors, words[0]);
  held("no process's descriptor leads there");
}

static void inherited(char **words) {
  (void)words;
  for (int fd = 0; fd < 1024; fd++) {
    struct stat info;
    if (fstat(fd, &info) != 0) continue;
    if (S_ISREG(info.st_mode) && gives_secret(dup(fd))) reached("descriptor %d gives a secret", fd);
    if (S_ISDIR(info.st_mode)) reached("descriptor %d is a directory", fd);
    if (fd > 2) reached("descriptor %d is open", fd);
  }
  held("only three descriptors");
}

struct handle {
  unsigned int bytes;
  int type;
  unsigned char data[128];
};

/* The root of a filesystem by its number: ext4's is inode 2, XFS's often 128. As "shocker" did. */
static void by_handle(char **words) {
  struct handle handle = {sizeof handle.data, 0, {0}};
  int mount_id = 0, base = open(words[0] == NULL ? "." : words[0], O_RDONLY | O_CLOEXEC);
  if (syscall(SYS_name_to_handle_at, base, "", &handle, &mount_id, AT_EMPTY_PATH) != 0) {
    unsigned long inode = 2;
    handle.bytes = 8;
    handle.type = 1;
    memcpy(handle.data, &inode, 8);
  }
  int fd = (int)syscall(SYS_open_by_handle_at, base, &handle, O_RDONLY);
  if (fd < 0) held("%s", strerror(errno));
  reached("opened a file by its handle");
}

static void make_device(char **words) {
  mode_t type = strcmp(words[0], "block") == 0 ? S_IFBLK : S_IFCHR;
  dev_t device = makedev((unsigned)atoi(words[1]), (unsigned)atoi(words[2]));
  unlink("escape-device");
  if (mknod("escape-device", type | 0666, device) != 0 &&
      mknodat(AT_FDCWD, "escape-device", type | 0666, device) != 0)
    held("%s", strerror(errno));
  unlink("escape-device");
  reached("made a device");
}

/* Marks of an overlay that a reader of the upperdir would believe. */
static void forge_marks(char **words) {
  if (chmod(words[0], 0700) != 0) exit(3);
  if (setxattr(words[0], "user.overlay.opaque", "y", 1, 0) != 0) held("%s", strerror(errno));
  held("set: the host says what it makes of it");
}

static void become_root(char **words) {
  execv(words[0], words);
  held("%s", strerror(errno));
}

int main(int argc, char **argv) {
  static const struct verb verbs[] = {
      {"read", read_it},           {"write", write_it},
      {"open-for-writing", open_for_writing}, {"open", open_it},
      {"climb", climb},            {"symlink-read", link_and_read},
      {"symlink-write", link_and_write},      {"hard-link", hard_link},
      {"write-in-place", write_in_place},     {"process-roots", process_roots},
      {"process-descriptors", process_descriptors}, {"inherited", inherited},
      {"by-handle", by_handle},    {"make-device", make_device},
      {"forge-marks", forge_marks}, {"become-root", become_root},
      {NULL, NULL}};
  return act_on(verbs, argc, argv);
}
