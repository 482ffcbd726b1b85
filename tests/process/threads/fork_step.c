/*
 * fork_step.c - fork from a signal handler at every instruction of a call.
 *
 * The processor's trap flag makes a handler run after each instruction of
 * malloc or free; at one instruction after the other it forks, of long calls
 * at some. The child goes on with the call, or allocates from the handler and
 * ends. It must not hand out a buffer twice: neither the one that the call was
 * about, nor what it finds idle; nor take what the call has at hand for put
 * twice. Another thread makes the child look for that by the state of every
 * slot.
 *
 * Arguments: malloc or free, fast or slow, and within: from the handler.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "single_step.h"

#if defined(__x86_64__)

enum {
    BUFFER_BYTES = 16384,
    OTHERS = 200,     /* buffers that another thread got */
    DRAWN = 160,      /* got by each child */
    DENSE = 32,       /* instructions of which each is tried, then fewer */
    STEPS_MAX = 1500, /* so far into a call */
};

static volatile pid_t pid;
static bool within;

/* In a child: does it get a buffer twice, or one that is held? */
static bool
gets_twice(const void *held)
{
    static void *drawn[DRAWN];

    for (unsigned i = 0; i < DRAWN; i++) {
        drawn[i] = malloc(BUFFER_BYTES);
        if (drawn[i] == held)
            return true;
        for (unsigned j = 0; j < i; j++) {
            if (drawn[j] == drawn[i])
                return true;
        }
    }
    return false;
}

static void
handle(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    if (step_reached())
        pid = fork();
    if (pid == 0 && within)
        _exit(gets_twice(NULL));
    if (!stepping || pid == 0)
        step_stop(context);
}

static void *others[OTHERS];
static pthread_barrier_t ready;

static void *
other_thread(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < OTHERS; i++)
        others[i] = malloc(BUFFER_BYTES);
    pthread_barrier_wait(&ready);
    pause();
    return NULL;
}

/* How many of the thread's own buffers are idle before each call. */
static void
keep_idle(unsigned buffers)
{
    static void *own[64];

    for (unsigned i = 0; i < buffers; i++)
        own[i] = malloc(BUFFER_BYTES);
    for (unsigned i = 0; i < buffers; i++)
        free(own[i]);
}

/* Forks at instruction at of the call. False: the call was shorter. */
static bool
fork_in_free(void *buffer, long at)
{
    pid = -1;
    step_begin(at);
    free(buffer);
    step_end();
    if (pid == 0)
        _exit(gets_twice(NULL));
    return pid > 0;
}

static bool
fork_in_malloc(long at)
{
    void *buffer;

    pid = -1;
    step_begin(at);
    buffer = malloc(BUFFER_BYTES);
    step_end();
    if (pid == 0)
        _exit(gets_twice(buffer));
    free(buffer);
    return pid > 0;
}

/*
 * A fast free is of an own buffer, a slow one of another thread's. A fast
 * malloc finds an idle buffer, a slow one finds its bin's magazine empty.
 */
static bool
fork_at(bool in_malloc, bool slow, unsigned round, long at)
{
    void *held[8];

    if (!in_malloc)
        return fork_in_free(slow ? others[round] : malloc(BUFFER_BYTES), at);
    if (!slow)
        return fork_in_malloc(at);
    for (unsigned i = 0; i < 8; i++)
        held[i] = malloc(BUFFER_BYTES);

    bool forked = fork_in_malloc(at);

    for (unsigned i = 0; i < 8; i++)
        free(held[i]);
    return forked;
}

static void
expect_success(long at)
{
    int status;

    CHECK(waitpid(pid, &status, 0) == pid, "waitpid");
    CHECK(status == 0, "fork at instruction %ld: the child ended with 0x%x", at,
          status);
}

int
main(int argc, char **argv)
{
    CHECK(argc >= 3, "arguments: malloc or free, fast or slow");
    within = argc > 3;

    bool in_malloc = strcmp(argv[1], "malloc") == 0;
    bool slow = strcmp(argv[2], "slow") == 0;
    unsigned round = 0;
    pthread_t thread;

    step_handle_with(handle);
    pthread_barrier_init(&ready, NULL, 2);
    pthread_create(&thread, NULL, other_thread, NULL);
    pthread_barrier_wait(&ready);
    for (unsigned i = 0; i < 5; i++)
        keep_idle(40);
    for (long at = 1; at < STEPS_MAX && fork_at(in_malloc, slow, round, at);
         at += 1 + at / DENSE) {
        expect_success(at);
        round++;
    }
    CHECK(round > 10, "only %u instructions", round);
    return 0;
}

#else

int
main(void)
{
    check_skip("single steps are not implemented for this processor");
}

#endif
