/* Live things of the host: sockets, FIFOs, processes, shared memory, ports. `hold` is the host's side of them. */
#include "say.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <limits.h>
#include <stddef.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

/* An address of `path`; one that starts with @ is abstract. */
static socklen_t to_address(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
  if (path[0] != '@') return sizeof *address;
  address->sun_path[0] = 0;
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

static int connects(const char *path) {
  struct sockaddr_un address;
  socklen_t size = to_address(path, &address);
  const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
  for (int i = 0; i < 3; i++) {
    int fd = socket(AF_UNIX, types[i] | SOCK_NONBLOCK, 0);
    int done = connect(fd, (struct sockaddr *)&address, size) == 0;
    close(fd);
    if (done) return 1;
  }
  return 0;
}

static void connect_unix(char **words) {
  for (; *words != NULL; words++)
    if (connects(*words)) reached("connected to %s", *words);
  held("%s", strerror(errno));
}

static void connect_tcp(char **words) {
  for (; *words != NULL; words += 2) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[1]))};
    inet_pton(AF_INET, words[0], &address.sin_addr);
    struct timeval limit = {1, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) reached("connected to %s port %s", words[0], words[1]);
    close(fd);
  }
  held("%s", strerror(errno));
}

static int looked_at;

/* Tries every socket below `directory`, but none in /proc. */
static void scan(const char *directory, int depth) {
  DIR *open_directory = depth > 12 ? NULL : opendir(directory);
  for (struct dirent *entry; open_directory != NULL && (entry = readdir(open_directory)) != NULL;) {
    char path[PATH_MAX];
    struct stat info;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (entry->d_type != DT_SOCK && entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) continue;
    snprintf(path, sizeof path, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, entry->d_name);
    if (strcmp(path, "/proc") == 0 || strcmp(path, "/usr") == 0 || lstat(path, &info) != 0) continue;
    if (S_ISDIR(info.st_mode)) scan(path, depth + 1);
    if (!S_ISSOCK(info.st_mode)) continue;
    looked_at++;
    if (connects(path)) reached("connected to %s", path);
  }
  if (open_directory != NULL) closedir(open_directory);
}

static void scan_sockets(char **words) {
  for (; *words != NULL; words++) scan(*words, 0);
  held("none of %d sockets answers", looked_at);
}

static void write_fifo(char **words) {
  for (; *words != NULL; words++) {
    int fd = open(*words, O_WRONLY | O_NONBLOCK);
    if (fd >= 0 && write(fd, "x", 1) == 1) reached("wrote into %s", *words);
  }
  held("%s", strerror(errno));
}

static void signal_process(char **words) {
  for (; *words != NULL; words++) {
    char path[64], text[4096] = {0};
    snprintf(path, sizeof path, "/proc/%s/cmdline", *words);
    int fd = open(path, O_RDONLY);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    /* Inside, the number may be another process's. */
    if (size > 0 && memmem(text, (size_t)size, SECRET, strlen(SECRET)) != NULL && kill(atoi(*words), 0) == 0)
      reached("may signal the host's process %s", *words);
    if (kill(atoi(*words), 0) == 0 && size <= 0) reached("may signal %s, which it cannot see", *words);
  }
  held("no such process");
}

/* Looks for a secret in every process's arguments, environment and memory map. */
static void read_processes(char **words) {
  (void)words;
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
    const char *files[] = {"cmdline", "environ", "comm"};
    if (atoi(entry->d_name) == 0 || atoi(entry->d_name) == getpid()) continue;
    for (int i = 0; i < 3; i++) {
      char path[PATH_MAX];
      static char text[1 << 20];
      snprintf(path, sizeof path, "/proc/%s/%s", entry->d_name, files[i]);
      int fd = open(path, O_RDONLY);
      ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text);
      if (fd >= 0) close(fd);
      if (size > 0 && memmem(text, (size_t)size, SECRET, strlen(SECRET)) != NULL) reached("read %s", path);
    }
  }
  held("no process tells a secret");
}

static void attach_memory(char **words) {
  for (; *words != NULL; words++) {
    int id = shmget((key_t)strtoul(*words, NULL, 0), 0, 0);
    char *at = id < 0 ? (char *)-1 : shmat(id, NULL, SHM_RDONLY);
    if (at != (char *)-1 && strncmp(at, SECRET, strlen(SECRET)) == 0) reached("read shared memory");
  }
  held("%s", strerror(errno));
}

/* Finds the peer of its own output: whoever reads it must not be named by a number of the host. */
static void peer(char **words) {
  (void)words;
  for (int fd = 0; fd < 3; fd++) {
    struct ucred who;
    socklen_t size = sizeof who;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0)
      reached("descriptor %d is a socket of process %d", fd, who.pid);
  }
  held("no stream is a socket");
}

/* hold KEY SECRET PORTFILE PATH...: the host's side. Ends with its standard input. */
static void hold(char **words) {
  int id = shmget((key_t)strtoul(words[0], NULL, 0), 4096, IPC_CREAT | 0666);
  char *at = shmat(id, NULL, 0);
  if (id < 0 || at == (char *)-1) exit(3);
  snprintf(at, 4096, "%s", words[1]);
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
  socklen_t size = sizeof any;
  int tcp = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(tcp, (struct sockaddr *)&any, size) != 0 || listen(tcp, 64) != 0) exit(3);
  getsockname(tcp, (struct sockaddr *)&any, &size);
  for (char **path = words + 2; *path != NULL; path++) {
    struct stat info;
    if (stat(*path, &info) == 0 && S_ISFIFO(info.st_mode)) {
      if (open(*path, O_RDWR) < 0) exit(3);
      continue;
    }
    struct sockaddr_un address;
    socklen_t length = to_address(*path, &address);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 1024) != 0) {
      perror(*path);
      exit(3);
    }
    if ((*path)[0] != '@') chmod(*path, 0777);
  }
  printf("ready %d %d\n", getpid(), ntohs(any.sin_port));
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) continue;
  shmctl(id, IPC_RMID, NULL);
  _exit(0);
}

int main(int argc, char **argv) {
  static const struct verb verbs[] = {
      {"connect", connect_unix}, {"connect-tcp", connect_tcp}, {"scan-sockets", scan_sockets},
      {"write-fifo", write_fifo}, {"signal", signal_process}, {"read-processes", read_processes},
      {"attach-memory", attach_memory}, {"peer", peer}, {"hold", hold}, {NULL, NULL}};
  return act_on(verbs, argc, argv);
}
