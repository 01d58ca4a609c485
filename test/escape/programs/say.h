/* What every attack ends with: one line, `reached: …` or `held: …`. No line means that the program is broken. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What every secret that a test plants begins with. */
#define SECRET "sandbox-escape-secret"

static void __attribute__((noreturn, format(printf, 2, 3))) say(const char *word, const char *format, ...) {
  va_list args;
  printf("\n%s: ", word);
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  printf("\n");
  fflush(stdout);
  _exit(0);
}

#define reached(...) say("reached", __VA_ARGS__)
#define held(...) say("held", __VA_ARGS__)

/* Whether `fd` gives a secret. Closes it. */
static int gives_secret(int fd) {
  char text[256] = {0};
  ssize_t size = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
  if (size < 0 && fd >= 0) size = read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  return size > 0 && memmem(text, (size_t)size, SECRET, strlen(SECRET)) != NULL;
}

/* Opens without waiting for the other end of a FIFO. */
static int open_for_reading(const char *path) { return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); }

/* Whether the file at `path` gives a secret. */
static __attribute__((unused)) int has_secret(const char *path) { return gives_secret(open_for_reading(path)); }

/* A verb of a program and what it does with the words after it. */
struct verb {
  const char *name;
  void (*act)(char **words);
};

static __attribute__((unused)) int act_on(const struct verb *verbs, int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (; verbs->name != NULL; verbs++)
    if (argc > 1 && strcmp(verbs->name, argv[1]) == 0) {
      verbs->act(argv + 2);
      held("came to the end");
    }
  fprintf(stderr, "no such verb\n");
  return 2;
}
