/*
 * leave_step.c - leaving a call from a signal handler, at every instruction.
 *
 * Programs end a call that takes too long by siglongjmp from SIGALRM's
 * handler, and call exit in SIGTERM's, whatever they interrupted. A buffer or
 * a few may be lost; none is handed out twice, nothing is taken for misuse,
 * and the process goes on and ends as others do. After a jump the thread is
 * served by the pools as before. With hold it first makes no call at all,
 * until another thread was served, which needs what the call had locked.
 *
 * Arguments: malloc or free, fast or slow, and jump, hold or exit.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#pragma weak midpool_snapshot
#include "midpool.h"
#include "single_step.h"

#if defined(__x86_64__)

enum {
    BUFFER_BYTES = 16384,
    OTHER_BYTES = 40000, /* nobody got one before: the slow path */
    IDLE = 40,
    DRAWN = 200,
    SIZES = 40,
    DENSE = 32,       /* instructions of which each is tried, then fewer */
    SPARSE = 8,       /* the same, where each may take a while */
    STEPS_MAX = 3000, /* so far into a call */
    NOT_LEFT = 77,    /* status of a process whose call was shorter */
};

static bool in_malloc, slow, jumps, holds;
static sigjmp_buf outside;
static void *other_buffer;
static pthread_barrier_t ready;

static void
handle(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    if (!step_reached()) {
        if (!stepping)
            step_stop(context);
        return;
    }
    stepping = 0;
    if (jumps)
        siglongjmp(outside, 1);
    exit(0);
}

/* Takes fresh slots of every size, and gives them back. */
static void
use_all_sizes(void)
{
    void *buffer[SIZES];

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < SIZES; i++)
            buffer[i] = malloc(2048 + i * (63000 / SIZES));
        for (unsigned i = 0; i < SIZES; i++)
            free(buffer[i]);
    }
}

/* Another thread lives: at exit its counters are looked at as well. */
static void *
other_thread(void *unused)
{
    other_buffer = malloc(BUFFER_BYTES);
    pthread_barrier_wait(&ready);
    if (!holds)
        pause();
    pthread_barrier_wait(&ready);
    use_all_sizes();
    pthread_barrier_wait(&ready);
    return unused;
}

static uint64_t
count_bypasses(void)
{
    static struct midpool_stats stats;

    CHECK(midpool_snapshot(&stats, sizeof(stats)) == 0, "no snapshot");
    return stats.total.bypasses;
}

static void
keep_idle(void)
{
    void *own[IDLE];

    for (unsigned i = 0; i < IDLE; i++)
        own[i] = malloc(BUFFER_BYTES);
    for (unsigned i = 0; i < IDLE; i++)
        free(own[i]);
}

static void
expect_sound(void)
{
    static char *drawn[DRAWN];

    for (unsigned i = 0; i < DRAWN; i++) {
        drawn[i] = malloc(BUFFER_BYTES);
        memset(drawn[i], (int)i, BUFFER_BYTES);
    }
    for (unsigned i = 0; i < DRAWN; i++) {
        CHECK(drawn[i][0] == (char)i && drawn[i][BUFFER_BYTES - 1] == (char)i,
              "buffer %u was handed out again", i);
        free(drawn[i]);
    }
}

static void
call(long at)
{
    size_t bytes = slow ? OTHER_BYTES : BUFFER_BYTES;
    void *volatile buffer = malloc(BUFFER_BYTES);

    step_begin(at);
    if (in_malloc)
        buffer = malloc(bytes);
    else
        free(slow ? other_buffer : buffer);
    step_end();
}

/* In a process of its own. */
static _Noreturn void
leave_at(long at)
{
    pthread_t thread;

    alarm(CHECK_PATIENCE_SECONDS);
    pthread_barrier_init(&ready, NULL, 2);
    pthread_create(&thread, NULL, other_thread, NULL);
    pthread_barrier_wait(&ready);
    for (unsigned i = 0; i < 5; i++)
        keep_idle();
    if (sigsetjmp(outside, 1) == 0) {
        call(at);
        _exit(NOT_LEFT);
    }
    if (holds) {
        pthread_barrier_wait(&ready);
        pthread_barrier_wait(&ready);
    }

    uint64_t before = count_bypasses();

    expect_sound();
    use_all_sizes();
    CHECK(count_bypasses() == before, "%lu requests bypassed the pools",
          (unsigned long)(count_bypasses() - before));
    exit(0);
}

static int
status_of_leaving(long at)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        leave_at(at);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
    CHECK(WIFEXITED(status), "left at instruction %ld: ended with 0x%x", at,
          status);
    return WEXITSTATUS(status);
}

int
main(int argc, char **argv)
{
    long at = 1;
    int status;

    CHECK(argc == 4,
          "arguments: malloc or free, fast or slow, jump, hold or exit");
    in_malloc = strcmp(argv[1], "malloc") == 0;
    slow = strcmp(argv[2], "slow") == 0;
    holds = strcmp(argv[3], "hold") == 0;
    jumps = holds || strcmp(argv[3], "jump") == 0;
    step_handle_with(handle);
    while (at < STEPS_MAX && (status = status_of_leaving(at)) != NOT_LEFT) {
        CHECK(status == 0, "left at instruction %ld: status %d", at, status);
        at += 1 + at / (holds ? SPARSE : DENSE);
    }
    CHECK(at > 10, "only %ld instructions", at);
    return 0;
}

#else

int
main(void)
{
    check_skip("single steps are not implemented for this processor");
}

#endif
