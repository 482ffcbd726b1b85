/*
 * startup_signal.c - a signal handler allocates during the first malloc.
 *
 * The program starts itself again and again; each start arms a timer of a
 * few microseconds more than the one before, so that the signal hits every
 * point of the first calls. The handler's own blocks are verified.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

static volatile sig_atomic_t caught;

static void
handle(int number)
{
    (void)number;
    struct churn_block band = churn_take(5000, 3);
    struct churn_block other = churn_take(40000, 4);
    churn_drop(&band);
    churn_drop(&other);
    caught = 1;
}

static void
arm(long microseconds)
{
    struct itimerval timer = {.it_value.tv_usec = microseconds};
    struct sigaction action = {.sa_handler = handle};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static int
child(long microseconds)
{
    arm(microseconds);
    struct churn_block block[40];
    unsigned count = 0;
    while (!caught) {
        block[count] = churn_take(2048u << (count % 6), count);
        if (++count == 40)
            while (count > 0)
                churn_drop(&block[--count]);
    }
    while (count > 0)
        churn_drop(&block[--count]);
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 2)
        return child(atol(argv[1]));
    unsigned starts = check_rounds(300, 10000);
    for (unsigned i = 0; check_more(i, starts); i++) {
        pid_t pid = fork();
        if (pid == 0) {
            char delay[24];
            snprintf(delay, sizeof(delay), "%u", 1 + i % 100);
            setenv("MIDPOOL_CONF", "report:none", 1);
            execl("/proc/self/exe", argv[0], delay, (char *)NULL);
            _exit(1);
        }
        check_child(pid, "first malloc under signals");
    }
    return 0;
}
