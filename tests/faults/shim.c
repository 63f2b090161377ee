/* Stands between a program and the system: counts the calls that change files below a folder, and spoils the n-th of them.

   Loaded with LD_PRELOAD. A call counts when its path, or the path behind its file descriptor, lies below the folder.
   `faults_arm` (or the environment: FAULTS_FOLDER, FAULTS_HOW, FAULTS_AT, FAULTS_ERRNO, FAULTS_LOG) says what is to happen:

     how 0  nothing: count, and write a line per call into the log
     how 1  SIGKILL in place of the n-th call
     how 2  SIGKILL after half of the n-th call's bytes (a torn write), or after the whole call where it carries none
     how 3  from the n-th call on every call fails with an error
     how 4  the n-th call alone fails with an error
     how 5  from the n-th call on the clock stands a day earlier

   A full disk (ENOSPC, EDQUOT) refuses what takes room and lets files be deleted and renamed; a disk that cannot be written
   (EROFS) refuses everything, opening for writing among it; one that is broken (EIO) refuses everything that changes.

   Linux and the GNU C library only. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum how { COUNT, KILL, TORN, FAIL, FAIL_ONCE, CLOCK };
enum need { ROOM, NO_ROOM }; /* whether a call takes room on the disk */

static char folder[PATH_MAX];
static size_t folder_length;
static int how, error_number, log_file = -1;
static long at;
static atomic_long count;
static const time_t DAY = 86400;

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

void faults_arm(const char *path, int what, long number, int error, const char *log) {
  folder_length = 0;
  if (path) {
    snprintf(folder, sizeof folder, "%s", path);
    folder_length = strlen(folder);
  }
  how = what, at = number, error_number = error;
  atomic_store(&count, 0);
  log_file = log && *log ? (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}

long faults_count(void) { return atomic_load(&count); }

__attribute__((constructor)) static void from_environment(void) {
  const char *path = getenv("FAULTS_FOLDER");
  if (!path) return;
  const char *what = getenv("FAULTS_HOW"), *number = getenv("FAULTS_AT"), *error = getenv("FAULTS_ERRNO");
  faults_arm(path, what ? atoi(what) : 0, number ? atol(number) : 0, error ? atoi(error) : 0, getenv("FAULTS_LOG"));
}

/* --- which calls count ---------------------------------------------------------------------------------------------- */

static int below(const char *path) {
  return folder_length && !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}

static int of_descriptor(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return 1;
}

/* Takes "." and ".." out of a path, as far as that can be done without looking at links. */
static void collapse(char *path) {
  char *parts[PATH_MAX / 2], copy[PATH_MAX], *rest = NULL;
  int many = 0;
  snprintf(copy, sizeof copy, "%s", path);
  for (char *part = strtok_r(copy, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
    if (!strcmp(part, "..")) {
      if (many) many--;
    } else if (strcmp(part, ".")) {
      parts[many++] = part;
    }
  }
  char *end = path;
  for (int one = 0; one < many; one++) end += sprintf(end, "/%s", parts[one]);
}

static int of_name(int directory, const char *name, char *path) {
  if (!folder_length || !name) return 0;
  if (name[0] == '/') {
    snprintf(path, PATH_MAX, "%s", name);
    collapse(path);
    return 1;
  }
  char start[PATH_MAX];
  if (directory == AT_FDCWD ? !getcwd(start, sizeof start) : !of_descriptor(directory, start)) return 0;
  while (!strncmp(name, "./", 2)) name += 2;
  int length = snprintf(path, PATH_MAX, "%s/%s", start, name);
  if (length < 0 || length >= PATH_MAX) return 0;
  collapse(path);
  return 1;
}

/* Counts a call; returns -1 where it is to fail (errno is set), 1 where half of it is to be done before the end, else 0. */
static int counted(const char *call, const char *path, enum need need) {
  long number = atomic_fetch_add(&count, 1) + 1;
  if (log_file >= 0) {
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld %s %s\n", number, call, path);
    syscall(SYS_write, log_file, line, (size_t)length);
  }
  if (how == KILL && number == at) syscall(SYS_kill, getpid(), SIGKILL);
  if (how == TORN && number == at) return 1;
  if ((how == FAIL && number >= at) || (how == FAIL_ONCE && number == at)) {
    if (need == ROOM || (error_number != ENOSPC && error_number != EDQUOT)) {
      errno = error_number;
      return -1;
    }
  }
  return 0;
}

static int counted_descriptor(const char *call, int fd, enum need need) {
  char path[PATH_MAX];
  if (!folder_length || !of_descriptor(fd, path) || !below(path)) return 0;
  return counted(call, path, need);
}

static int counted_name(const char *call, int directory, const char *name, enum need need) {
  char path[PATH_MAX];
  if (!of_name(directory, name, path) || !below(path)) return 0;
  return counted(call, path, need);
}

static void end(void) { syscall(SYS_kill, getpid(), SIGKILL); }

/* A call that carries no bytes: done whole before the end, where it is to be torn. */
#define WHOLE(verdict, type, done) \
  do { \
    int verdict_ = (verdict); \
    if (verdict_ < 0) return -1; \
    type result_ = (done); \
    if (verdict_ > 0) { end(); } \
    return result_; \
  } while (0)

#define BYTES(verdict, size, half, done) \
  do { \
    int verdict_ = (verdict); \
    if (verdict_ < 0) return -1; \
    if (verdict_ > 0) { \
      if ((size) > 1) { half; } \
      end(); \
    } \
    return done; \
  } while (0)

/* --- bytes ------------------------------------------------------------------------------------------------------------ */

ssize_t write(int fd, const void *data, size_t size) {
  REAL(write);
  BYTES(counted_descriptor("write", fd, ROOM), size, real(fd, data, size / 2), real(fd, data, size));
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t place) {
  REAL(pwrite);
  BYTES(counted_descriptor("pwrite", fd, ROOM), size, real(fd, data, size / 2, place), real(fd, data, size, place));
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t place) {
  REAL(pwrite64);
  BYTES(counted_descriptor("pwrite64", fd, ROOM), size, real(fd, data, size / 2, place), real(fd, data, size, place));
}
ssize_t writev(int fd, const struct iovec *parts, int many) {
  REAL(writev);
  BYTES(counted_descriptor("writev", fd, ROOM), many, real(fd, parts, many / 2), real(fd, parts, many));
}
ssize_t pwritev(int fd, const struct iovec *parts, int many, off_t place) {
  REAL(pwritev);
  BYTES(counted_descriptor("pwritev", fd, ROOM), many, real(fd, parts, many / 2, place), real(fd, parts, many, place));
}
ssize_t pwritev64(int fd, const struct iovec *parts, int many, off64_t place) {
  REAL(pwritev64);
  BYTES(counted_descriptor("pwritev64", fd, ROOM), many, real(fd, parts, many / 2, place), real(fd, parts, many, place));
}
ssize_t sendfile(int out, int in, off_t *place, size_t size) {
  REAL(sendfile);
  BYTES(counted_descriptor("sendfile", out, ROOM), size, real(out, in, place, size / 2), real(out, in, place, size));
}
ssize_t sendfile64(int out, int in, off64_t *place, size_t size) {
  REAL(sendfile64);
  BYTES(counted_descriptor("sendfile64", out, ROOM), size, real(out, in, place, size / 2), real(out, in, place, size));
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
  REAL(copy_file_range);
  BYTES(counted_descriptor("copy_file_range", out, ROOM), size, real(in, from, out, to, size / 2, flags),
        real(in, from, out, to, size, flags));
}

/* --- sizes, and waiting for the disk --------------------------------------------------------------------------------- */

int ftruncate(int fd, off_t size) {
  REAL(ftruncate);
  WHOLE(counted_descriptor("ftruncate", fd, size ? ROOM : NO_ROOM), int, real(fd, size));
}
int ftruncate64(int fd, off64_t size) {
  REAL(ftruncate64);
  WHOLE(counted_descriptor("ftruncate64", fd, size ? ROOM : NO_ROOM), int, real(fd, size));
}
int truncate(const char *name, off_t size) {
  REAL(truncate);
  WHOLE(counted_name("truncate", AT_FDCWD, name, size ? ROOM : NO_ROOM), int, real(name, size));
}
int truncate64(const char *name, off64_t size) {
  REAL(truncate64);
  WHOLE(counted_name("truncate64", AT_FDCWD, name, size ? ROOM : NO_ROOM), int, real(name, size));
}
int fallocate(int fd, int mode, off_t from, off_t size) {
  REAL(fallocate);
  WHOLE(counted_descriptor("fallocate", fd, ROOM), int, real(fd, mode, from, size));
}
int fallocate64(int fd, int mode, off64_t from, off64_t size) {
  REAL(fallocate64);
  WHOLE(counted_descriptor("fallocate64", fd, ROOM), int, real(fd, mode, from, size));
}
int posix_fallocate(int fd, off_t from, off_t size) {
  REAL(posix_fallocate);
  int verdict = counted_descriptor("posix_fallocate", fd, ROOM);
  if (verdict < 0) return errno;
  int result = real(fd, from, size);
  if (verdict > 0) end();
  return result;
}
int posix_fallocate64(int fd, off64_t from, off64_t size) {
  REAL(posix_fallocate64);
  int verdict = counted_descriptor("posix_fallocate64", fd, ROOM);
  if (verdict < 0) return errno;
  int result = real(fd, from, size);
  if (verdict > 0) end();
  return result;
}
int fsync(int fd) {
  REAL(fsync);
  WHOLE(counted_descriptor("fsync", fd, ROOM), int, real(fd));
}
int fdatasync(int fd) {
  REAL(fdatasync);
  WHOLE(counted_descriptor("fdatasync", fd, ROOM), int, real(fd));
}

/* --- names ------------------------------------------------------------------------------------------------------------ */

/* A rename counts once, by whichever of its names lies below the folder. */
static int counted_names(const char *call, int from, const char *old, int to, const char *new) {
  char path[PATH_MAX];
  if (of_name(to, new, path) && below(path)) return counted(call, path, NO_ROOM);
  return counted_name(call, from, old, NO_ROOM);
}
int rename(const char *old, const char *new) {
  REAL(rename);
  WHOLE(counted_names("rename", AT_FDCWD, old, AT_FDCWD, new), int, real(old, new));
}
int renameat(int from, const char *old, int to, const char *new) {
  REAL(renameat);
  WHOLE(counted_names("renameat", from, old, to, new), int, real(from, old, to, new));
}
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  REAL(renameat2);
  WHOLE(counted_names("renameat2", from, old, to, new), int, real(from, old, to, new, flags));
}
int link(const char *old, const char *new) {
  REAL(link);
  WHOLE(counted_name("link", AT_FDCWD, new, ROOM), int, real(old, new));
}
int linkat(int from, const char *old, int to, const char *new, int flags) {
  REAL(linkat);
  WHOLE(counted_name("linkat", to, new, ROOM), int, real(from, old, to, new, flags));
}
int symlink(const char *old, const char *new) {
  REAL(symlink);
  WHOLE(counted_name("symlink", AT_FDCWD, new, ROOM), int, real(old, new));
}
int symlinkat(const char *old, int to, const char *new) {
  REAL(symlinkat);
  WHOLE(counted_name("symlinkat", to, new, ROOM), int, real(old, to, new));
}
int unlink(const char *name) {
  REAL(unlink);
  WHOLE(counted_name("unlink", AT_FDCWD, name, NO_ROOM), int, real(name));
}
int unlinkat(int directory, const char *name, int flags) {
  REAL(unlinkat);
  WHOLE(counted_name("unlinkat", directory, name, NO_ROOM), int, real(directory, name, flags));
}
int remove(const char *name) {
  REAL(remove);
  WHOLE(counted_name("remove", AT_FDCWD, name, NO_ROOM), int, real(name));
}
int rmdir(const char *name) {
  REAL(rmdir);
  WHOLE(counted_name("rmdir", AT_FDCWD, name, NO_ROOM), int, real(name));
}
int mkdir(const char *name, mode_t mode) {
  REAL(mkdir);
  WHOLE(counted_name("mkdir", AT_FDCWD, name, ROOM), int, real(name, mode));
}
int mkdirat(int directory, const char *name, mode_t mode) {
  REAL(mkdirat);
  WHOLE(counted_name("mkdirat", directory, name, ROOM), int, real(directory, name, mode));
}
int chmod(const char *name, mode_t mode) {
  REAL(chmod);
  WHOLE(counted_name("chmod", AT_FDCWD, name, NO_ROOM), int, real(name, mode));
}
int fchmod(int fd, mode_t mode) {
  REAL(fchmod);
  WHOLE(counted_descriptor("fchmod", fd, NO_ROOM), int, real(fd, mode));
}
int fchmodat(int directory, const char *name, mode_t mode, int flags) {
  REAL(fchmodat);
  WHOLE(counted_name("fchmodat", directory, name, NO_ROOM), int, real(directory, name, mode, flags));
}
int utimensat(int directory, const char *name, const struct timespec times[2], int flags) {
  REAL(utimensat);
  WHOLE(counted_name("utimensat", directory, name, NO_ROOM), int, real(directory, name, times, flags));
}
int futimens(int fd, const struct timespec times[2]) {
  REAL(futimens);
  WHOLE(counted_descriptor("futimens", fd, NO_ROOM), int, real(fd, times));
}

/* --- opening: counts where it makes or empties a file ---------------------------------------------------------------- */

static int opened(const char *call, int directory, const char *name, int flags) {
  char path[PATH_MAX];
  if (!(flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) || !of_name(directory, name, path) || !below(path)) return 0;
  int is_there = !syscall(SYS_faccessat, AT_FDCWD, path, F_OK);
  if (flags & O_TRUNC || (flags & O_CREAT && !is_there)) return counted(call, path, is_there ? NO_ROOM : ROOM);
  if (how == FAIL && error_number == EROFS && atomic_load(&count) >= at) { /* changes nothing, and yet is refused */
    errno = EROFS;
    return -1;
  }
  return 0;
}

#define MODE(flags, last) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list more; \
    va_start(more, last); \
    mode = va_arg(more, mode_t); \
    va_end(more); \
  }

int open(const char *name, int flags, ...) {
  REAL(open);
  MODE(flags, flags)
  WHOLE(opened("open", AT_FDCWD, name, flags), int, real(name, flags, mode));
}
int open64(const char *name, int flags, ...) {
  REAL(open64);
  MODE(flags, flags)
  WHOLE(opened("open64", AT_FDCWD, name, flags), int, real(name, flags, mode));
}
int openat(int directory, const char *name, int flags, ...) {
  REAL(openat);
  MODE(flags, flags)
  WHOLE(opened("openat", directory, name, flags), int, real(directory, name, flags, mode));
}
int openat64(int directory, const char *name, int flags, ...) {
  REAL(openat64);
  MODE(flags, flags)
  WHOLE(opened("openat64", directory, name, flags), int, real(directory, name, flags, mode));
}
int creat(const char *name, mode_t mode) {
  REAL(creat);
  WHOLE(opened("creat", AT_FDCWD, name, O_CREAT | O_TRUNC | O_WRONLY), int, real(name, mode));
}
int creat64(const char *name, mode_t mode) {
  REAL(creat64);
  WHOLE(opened("creat64", AT_FDCWD, name, O_CREAT | O_TRUNC | O_WRONLY), int, real(name, mode));
}

/* --- the clock --------------------------------------------------------------------------------------------------------- */

static int set_back(void) { return how == CLOCK && folder_length && atomic_load(&count) >= at; }

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(clock_gettime);
  int result = real(clock, now);
  if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) && set_back()) now->tv_sec -= DAY;
  return result;
}
time_t time(time_t *now) {
  struct timespec found;
  clock_gettime(CLOCK_REALTIME, &found);
  if (now) *now = found.tv_sec;
  return found.tv_sec;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec found;
  clock_gettime(CLOCK_REALTIME, &found);
  now->tv_sec = found.tv_sec;
  now->tv_usec = found.tv_nsec / 1000;
  return 0;
}
