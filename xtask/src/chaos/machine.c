/* A machine that fails, between a program and the C library: preloaded into the collector by `cargo xtask chaos`.
 *
 * A file shared with the one who plays (see machine.rs) says which error writing and syncing below a folder have, and how wrong
 * the clock is. Of every file below the folder it is written down how much was known to be on the disk after each sync, so
 * that a loss of power can be played afterwards. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct control {
    volatile int64_t clock_nanoseconds;
    volatile int32_t write_error;
    volatile int32_t sync_error;
    volatile int64_t sync_microseconds;
};

static struct control *control;
static const char *folder;
static const char *notes;
static int (*real_clock)(clockid_t, struct timespec *);

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("CHAOS_CONTROL");
    folder = getenv("CHAOS_FOLDER");
    notes = getenv("CHAOS_NOTES");
    int file = path && folder && notes ? open(path, O_RDWR) : -1;
    if (file < 0)
        return;
    void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (shared != MAP_FAILED)
        control = shared;
}

static int is_below_folder(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return strncmp(path, folder, strlen(folder)) == 0;
}

/* A disk that becomes full takes a part of what it is given first. */
ssize_t write(int file, const void *bytes, size_t count) {
    static volatile int has_taken;
    if (!control || !control->write_error || !is_below_folder(file))
        return syscall(SYS_write, file, bytes, count);
    if (!has_taken && count > 1) {
        has_taken = 1;
        return syscall(SYS_write, file, bytes, count / 2);
    }
    errno = control->write_error;
    return -1;
}

static void name_note(char *path, size_t length, ino_t file, const char *word) {
    snprintf(path, length, "%s/%llu.%s", notes, (unsigned long long)file, word);
}

static void write_note(const char *path, const char *text) {
    int ledger = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (ledger >= 0) {
        syscall(SYS_write, ledger, text, strlen(text));
        close(ledger);
    }
}

static int sync_file(int file, long call) {
    struct stat known;
    char synced[4096], dropped[4096], text[64] = "";
    if (!control || !is_below_folder(file))
        return syscall(call, file);
    usleep(control->sync_microseconds);
    int error = control->sync_error;
    if (fstat(file, &known) == 0 && S_ISREG(known.st_mode)) {
        name_note(synced, sizeof synced, known.st_ino, "synced");
        name_note(dropped, sizeof dropped, known.st_ino, "dropped");
        size_t length = 0;
        if (error) {
            /* Linux forgets what was dirty: the next sync succeeds, and reading shows what is not on the disk. */
            int ledger = open(synced, O_RDONLY);
            ssize_t digits = ledger < 0 ? 0 : read(ledger, text, 20);
            length = digits > 0 ? digits : snprintf(text, sizeof text, "0");
            if (ledger >= 0)
                close(ledger);
            text[length++] = ' ';
        }
        snprintf(text + length, sizeof text - length, "%lld", (long long)known.st_size);
        write_note(error ? dropped : synced, text);
    }
    errno = error;
    /* The disk itself is not asked: power is lost in play only. */
    return error ? -1 : 0;
}

/* What is cut off and written again is dirty again. */
int ftruncate64(int file, off64_t length) {
    struct stat known;
    int outcome = syscall(SYS_ftruncate, file, length);
    if (outcome == 0 && control && is_below_folder(file) && fstat(file, &known) == 0) {
        char path[4096];
        name_note(path, sizeof path, known.st_ino, "dropped");
        unlink(path);
    }
    return outcome;
}

int fsync(int file) { return sync_file(file, SYS_fsync); }

int fdatasync(int file) { return sync_file(file, SYS_fdatasync); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!real_clock)
        real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int outcome = real_clock(clock, time);
    if (outcome == 0 && control && clock == CLOCK_REALTIME && control->clock_nanoseconds) {
        int64_t now = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + control->clock_nanoseconds;
        time->tv_sec = now / 1000000000;
        time->tv_nsec = now % 1000000000;
    }
    return outcome;
}
