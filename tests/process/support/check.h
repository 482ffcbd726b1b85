/*
 * check.h - assertions for programs that run preloaded.
 *
 * A failed check writes one line with write(2) and ends the process at once:
 * it works in signal handlers, in forked children and with a heap that is
 * broken. No Criterion here: every test is a plain program, so that the
 * report is about this program's calls and nothing else.
 */
#ifndef TESTS_PRELOAD_CHECK_H
#define TESTS_PRELOAD_CHECK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHECK_EXIT_FAILED = 99, CHECK_EXIT_SKIPPED = 77 };

/* Ends the process with status 99, or 77 for check_skip, saying why. */
void check_fail(const char *file, int line, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));
void check_skip(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

#define CHECK(claim, ...)                                                      \
    do {                                                                       \
        if (!(claim))                                                          \
            check_fail(__FILE__, __LINE__, __VA_ARGS__);                       \
    } while (0)

/*
 * Writes a short text to fd. dprintf would allocate: for programs whose every
 * call is counted.
 */
void check_write(int fd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A part of a test program, which its first argument names. */
struct check_case {
    const char *name;
    void (*run)(void);
};

/* Runs the one of that name (NULL: of none); there has to be one. */
void check_run_case(const struct check_case *cases, size_t count,
                    const char *name);

#define CHECK_RUN_CASE(cases, name)                                            \
    check_run_case(cases, sizeof(cases) / sizeof((cases)[0]), name)

/* Is midpool in this process? Else the C library's allocator is tested. */
bool check_preloaded(void);

/* MIDPOOL_SOAK=1: full_count, else default_count. */
unsigned check_rounds(unsigned default_count, unsigned full_count);

/*
 * Is there more to do, of wanted rounds? Where a machine is so busy that they
 * would take minutes, the rounds of the first one have to be enough; with
 * MIDPOOL_SOAK=1 all are done.
 */
bool check_more(unsigned done, unsigned wanted);

/* A pattern that depends on seed and position, and its verification. */
void check_fill(void *ptr, size_t bytes, unsigned seed);
bool check_filled(const void *ptr, size_t bytes, unsigned seed);

/* The next number of a small generator (xorshift) over *state, not 0. */
uint64_t check_random(uint64_t *state);

/*
 * How long something may take before it counts as a hang: far longer than
 * it does on a machine where everything else runs as well.
 */
enum { CHECK_PATIENCE_SECONDS = 400 };

/* Waits for child pid and requires that it exits with 0, and does not hang. */
void check_child(int pid, const char *what);

/* Resident set of this process in bytes, read without malloc. */
size_t check_rss_bytes(void);

/* Starts a thread; a failure is a failed check. */
pthread_t check_spawn(void *(*run)(void *), void *argument);

/* A value that the compiler knows nothing about. */
static inline size_t
check_opaque(size_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

#endif
