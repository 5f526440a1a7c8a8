// SPDX-License-Identifier: GPL-3.0-or-later
// LD_PRELOAD: proves the promise of CROWDJACK_REALTIME. Inside a RealtimeScope every allocation, lock, blocking call
// and major page fault prints its name with a backtrace and aborts. Everywhere else each call goes straight through.
// Minor page faults on a thread that has been an audio thread for a second are counted and said at the end: the kernel
// may move a page now and then, but what is touched for the first time there was forgotten before.
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#define TRAP_PUBLIC extern "C" __attribute__((visibility("default")))

namespace {

// initial-exec: the variable lies in static TLS, so that reaching it never allocates.
__attribute__((tls_model("initial-exec"))) thread_local int depth = 0;
__attribute__((tls_model("initial-exec"))) thread_local int lifted = 0;
__attribute__((tls_model("initial-exec"))) thread_local time_t first_entry = 0;

struct Faults {
    long major, minor;
};
__attribute__((tls_model("initial-exec"))) thread_local Faults faults_at_entry{};

bool armed() noexcept { return depth > 0 && lifted == 0; }

void say(const char* text) noexcept { syscall(SYS_write, STDERR_FILENO, text, std::strlen(text)); }

[[noreturn]] void sprung(const char* what) noexcept {
    lifted = 1;
    say("crowdjack trap: ");
    say(what);
    say(" on the audio thread\n");
    std::array<void*, 48> frames{};
    backtrace_symbols_fd(frames.data(), backtrace(frames.data(), static_cast<int>(frames.size())), STDERR_FILENO);
    std::abort();
}

void check(const char* what) noexcept {
    if (armed()) {
        sprung(what);
    }
}

Faults faults() noexcept {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return {usage.ru_majflt, usage.ru_minflt};
}

time_t seconds_now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

/// A test's own main thread plays the audio thread now and then, with memory that it has just made.
bool on_main_thread() noexcept { return gettid() == getpid(); }

std::atomic<long> late_faults{0};

void check_faults() noexcept {
    const Faults now = faults();
    if (now.major != faults_at_entry.major) {
        sprung("a major page fault");
    }
    if (now.minor != faults_at_entry.minor && seconds_now() > first_entry + 1 && !on_main_thread()) {
        late_faults += now.minor - faults_at_entry.minor;
    }
}

__attribute__((destructor)) void say_late_faults() noexcept {
    if (const long count = late_faults; count > 0) {
        std::array<char, 100> text{};
        std::snprintf(text.data(), text.size(), "crowdjack trap: %ld minor page faults after the first second\n",
                      count);
        say(text.data());
    }
}

template <typename Function>
Function next(const char* name) noexcept {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

/// backtrace() loads libgcc at its first call, which allocates; this does it in peace, at load time.
const int warmed_up = [] {
    std::array<void*, 4> frames{};
    return backtrace(frames.data(), static_cast<int>(frames.size()));
}();

}  // namespace

TRAP_PUBLIC void crowdjack_trap_enter() {
    if (depth++ == 0) {
        first_entry = first_entry == 0 ? seconds_now() : first_entry;
        faults_at_entry = faults();
    }
}

TRAP_PUBLIC void crowdjack_trap_leave() {
    if (--depth == 0 && lifted == 0) {
        check_faults();
    }
}

TRAP_PUBLIC void crowdjack_trap_lift() { ++lifted; }

TRAP_PUBLIC void crowdjack_trap_restore() {
    if (--lifted == 0 && depth > 0) {
        faults_at_entry = faults();
    }
}

TRAP_PUBLIC int crowdjack_trap_armed() { return armed() ? 1 : 0; }

// glibc's own allocator stays in place under these names; asking dlsym for malloc would allocate.
extern "C" {
void* __libc_malloc(std::size_t);                 // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(std::size_t, std::size_t);    // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void*, std::size_t);         // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(std::size_t, std::size_t);  // NOLINT(bugprone-reserved-identifier)
void __libc_free(void*);                          // NOLINT(bugprone-reserved-identifier)
}

// Each stand-in has a name of its own and the original's symbol, so that libc's declarations can't contradict it.
#define STAND_IN(result, name, parameters)                                                                             \
    TRAP_PUBLIC result trapped_##name parameters __asm__(#name);                                                       \
    result trapped_##name parameters

STAND_IN(void*, malloc, (std::size_t size)) {
    check("malloc");
    return __libc_malloc(size);
}

STAND_IN(void*, calloc, (std::size_t count, std::size_t size)) {
    check("calloc");
    return __libc_calloc(count, size);
}

STAND_IN(void*, realloc, (void* old, std::size_t size)) {
    check("realloc");
    return __libc_realloc(old, size);
}

STAND_IN(void, free, (void* block)) {
    if (block != nullptr) {
        check("free");
    }
    __libc_free(block);
}

STAND_IN(void*, memalign, (std::size_t alignment, std::size_t size)) {
    check("memalign");
    return __libc_memalign(alignment, size);
}

STAND_IN(void*, aligned_alloc, (std::size_t alignment, std::size_t size)) {
    check("aligned_alloc");
    return __libc_memalign(alignment, size);
}

STAND_IN(int, posix_memalign, (void** block, std::size_t alignment, std::size_t size)) {
    check("posix_memalign");
    *block = __libc_memalign(alignment, size);
    return *block == nullptr ? ENOMEM : 0;
}

// Whatever else may block. A plain pointer, not a guarded static: dlsym itself may come through here.
#define TRAPPED(result, name, parameters, arguments)                                                                   \
    STAND_IN(result, name, parameters) {                                                                               \
        check(#name);                                                                                                  \
        static result(*real) parameters = nullptr;                                                                     \
        if (real == nullptr) {                                                                                         \
            real = next<result(*) parameters>(#name);                                                                  \
        }                                                                                                              \
        return real arguments;                                                                                         \
    }

TRAPPED(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
TRAPPED(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
TRAPPED(int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
TRAPPED(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t* mutex), (condition, mutex))
TRAPPED(int, pthread_cond_timedwait, (pthread_cond_t * condition, pthread_mutex_t* mutex, const timespec* until),
        (condition, mutex, until))
TRAPPED(int, pthread_cond_clockwait,
        (pthread_cond_t * condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until),
        (condition, mutex, clock, until))
TRAPPED(int, pthread_join, (pthread_t thread, void** value), (thread, value))
TRAPPED(int, pthread_create, (pthread_t * thread, const pthread_attr_t* traits, void* (*run)(void*), void* argument),
        (thread, traits, run, argument))
TRAPPED(int, sem_wait, (sem_t * semaphore), (semaphore))
TRAPPED(int, sem_timedwait, (sem_t * semaphore, const timespec* until), (semaphore, until))
TRAPPED(int, open, (const char* path, int flags, mode_t mode), (path, flags, mode))
TRAPPED(int, open64, (const char* path, int flags, mode_t mode), (path, flags, mode))
TRAPPED(int, openat, (int folder, const char* path, int flags, mode_t mode), (folder, path, flags, mode))
TRAPPED(int, close, (int file), (file))
TRAPPED(ssize_t, read, (int file, void* data, std::size_t size), (file, data, size))
TRAPPED(ssize_t, pread, (int file, void* data, std::size_t size, off_t at), (file, data, size, at))
TRAPPED(ssize_t, write, (int file, const void* data, std::size_t size), (file, data, size))
TRAPPED(ssize_t, pwrite, (int file, const void* data, std::size_t size, off_t at), (file, data, size, at))
TRAPPED(ssize_t, writev, (int file, const void* pieces, int count), (file, pieces, count))
TRAPPED(int, fsync, (int file), (file))
TRAPPED(int, ioctl, (int file, unsigned long request, void* argument), (file, request, argument))
TRAPPED(ssize_t, send, (int file, const void* data, std::size_t size, int flags), (file, data, size, flags))
TRAPPED(ssize_t, sendto,
        (int file, const void* data, std::size_t size, int flags, const void* address, socklen_t address_size),
        (file, data, size, flags, address, address_size))
TRAPPED(ssize_t, sendmsg, (int file, const void* message, int flags), (file, message, flags))
TRAPPED(ssize_t, recv, (int file, void* data, std::size_t size, int flags), (file, data, size, flags))
TRAPPED(ssize_t, recvfrom, (int file, void* data, std::size_t size, int flags, void* address, socklen_t* address_size),
        (file, data, size, flags, address, address_size))
TRAPPED(int, poll, (pollfd * sources, nfds_t count, int timeout), (sources, count, timeout))
TRAPPED(int, select, (int count, fd_set* readable, fd_set* writable, fd_set* failed, timeval* timeout),
        (count, readable, writable, failed, timeout))
TRAPPED(int, nanosleep, (const timespec* duration, timespec* left), (duration, left))
TRAPPED(int, clock_nanosleep, (clockid_t clock, int flags, const timespec* until, timespec* left),
        (clock, flags, until, left))
TRAPPED(int, usleep, (useconds_t duration), (duration))
TRAPPED(unsigned, sleep, (unsigned duration), (duration))
TRAPPED(int, sched_yield, (), ())
TRAPPED(void*, mmap, (void* at, std::size_t size, int protection, int flags, int file, off_t offset),
        (at, size, protection, flags, file, offset))
TRAPPED(int, munmap, (void* at, std::size_t size), (at, size))
TRAPPED(int, mprotect, (void* at, std::size_t size, int protection), (at, size, protection))
TRAPPED(int, madvise, (void* at, std::size_t size, int advice), (at, size, advice))
TRAPPED(int, mlock, (const void* at, std::size_t size), (at, size))
TRAPPED(int, munlock, (const void* at, std::size_t size), (at, size))
TRAPPED(std::size_t, fwrite, (const void* data, std::size_t size, std::size_t count, FILE* file),
        (data, size, count, file))
TRAPPED(int, fputs, (const char* text, FILE* file), (text, file))
TRAPPED(int, puts, (const char* text), (text))
TRAPPED(int, vfprintf, (FILE * file, const char* format, va_list arguments), (file, format, arguments))

// std::atomic::wait and friends. Waking somebody is no wait, so FUTEX_WAKE passes.
STAND_IN(long, syscall, (long number, long a, long b, long c, long d, long e, long f)) {
    constexpr long operation_bits = 127;
    if (number != SYS_futex || (b & operation_bits) != FUTEX_WAKE) {
        check("syscall");
    }
    static long (*real)(long, long, long, long, long, long, long) = nullptr;
    if (real == nullptr) {
        real = next<long (*)(long, long, long, long, long, long, long)>("syscall");
    }
    return real(number, a, b, c, d, e, f);
}
