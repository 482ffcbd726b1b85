/*
 * cancelled.c - calls that are no cancellation points stay none.
 *
 *     cancelled exit|report|signal|fork|free
 *
 * A thread with a request to cancel it pending makes a call in which midpool
 * opens, reads or writes. It has to come back from it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"
#include "midpool.h"

#pragma weak midpool_report

static char finished;
static int null;

static void
call_exit(void)
{
    exit(0);
}

static void
call_report(void)
{
    CHECK(midpool_report(null, "text") == 0, "midpool_report");
}

/* Needs the option signal:USR1. */
static void
call_signal(void)
{
    raise(SIGUSR1);
}

/* The child has work to do only with live:yes. */
static void
call_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(7);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid, "waitpid");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "child: %d", status);
}

/* Needs the option misuse:warn. */
static void
call_free(void)
{
    void *block = (void *)check_opaque((size_t)malloc(5000));
    free(block);
    free((void *)check_opaque((size_t)block));
}

static const struct {
    const char *name;
    void (*call)(void);
} cases[] = {
    {"exit", call_exit}, {"report", call_report}, {"signal", call_signal},
    {"fork", call_fork}, {"free", call_free},
};

static void *
run(void *number)
{
    pthread_cancel(pthread_self());
    errno = 4321;
    cases[(size_t)number].call();
    CHECK(errno == 4321, "errno is %d", errno);
    return &finished;
}

int
main(int argc, char **argv)
{
    CHECK(argc == 2, "usage: cancelled CASE");
    churn_all_sizes(1);
    null = open("/dev/null", O_WRONLY);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        void *result = NULL;
        if (strcmp(argv[1], cases[i].name) != 0)
            continue;
        pthread_join(check_spawn(run, (void *)i), &result);
        CHECK(result == &finished, "the thread was cancelled");
        /* Nor was a lock left behind. */
        CHECK(midpool_report(null, "text") == 0, "midpool_report later");
        return 0;
    }
    check_fail(__FILE__, __LINE__, "no case called %s", argv[1]);
}
