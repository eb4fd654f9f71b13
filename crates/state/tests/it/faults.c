/* Fails chosen calls of this process on chosen files, as a disk would: loaded in front of the C library by a test.
 *
 * The file named by PLIMSOLL_FAULTS says what fails: "<write|sync> <error number> <end of the path>". While it is empty or
 * missing nothing fails. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int failure(int fd, const char *operation) {
    char text[256], wanted[16], end[128], link[64], path[4096];
    int number;
    const char *plan = getenv("PLIMSOLL_FAULTS");
    int file = plan ? open(plan, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return 0;
    text[length] = 0;
    if (sscanf(text, "%15s %d %127s", wanted, &number, end) != 3 || strcmp(wanted, operation)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < (ssize_t)strlen(end)) return 0;
    path[length] = 0;
    return strcmp(path + length - strlen(end), end) ? 0 : number;
}

#define NEXT(name, ...) ((ssize_t (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))
#define FAIL(fd, operation) do { int e = failure(fd, operation); if (e) { errno = e; return -1; } } while (0)

ssize_t write(int fd, const void *from, size_t length) {
    FAIL(fd, "write");
    return NEXT("write", int, const void *, size_t)(fd, from, length);
}

ssize_t pwrite(int fd, const void *from, size_t length, off_t at) {
    FAIL(fd, "write");
    return NEXT("pwrite", int, const void *, size_t, off_t)(fd, from, length, at);
}

ssize_t pwrite64(int fd, const void *from, size_t length, off64_t at) {
    FAIL(fd, "write");
    return NEXT("pwrite64", int, const void *, size_t, off64_t)(fd, from, length, at);
}

int fsync(int fd) {
    FAIL(fd, "sync");
    return (int)NEXT("fsync", int)(fd);
}

int fdatasync(int fd) {
    FAIL(fd, "sync");
    return (int)NEXT("fdatasync", int)(fd);
}
