/*
 * fork_storm.c - forking under 16 busy threads, one of which reads lines.
 *
 * The child, whose other threads are gone with whatever they held, sets an
 * environment variable, allocates and frees every size and ends; an alarm
 * tells a deadlock. A child forks again now and then.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"
#include "lines.h"

static void
child(unsigned round)
{
    alarm(CHECK_PATIENCE_SECONDS);
    setenv("MIDPOOL_TEST_ROUND", "a value that is longer than before", 1);
    churn_all_sizes(round);
    if (round % 50 == 0) {
        pid_t pid = fork();
        if (pid == 0) {
            churn_all_sizes(round + 1);
            _exit(0);
        }
        check_child(pid, "grandchild");
    }
    _exit(0);
}

int
main(void)
{
    unsigned forks = check_rounds(250, 100000);
    churn_start(15);
    lines_start(1);
    for (unsigned i = 0; check_more(i, forks); i++) {
        pid_t pid = fork();
        if (pid == 0)
            child(i);
        CHECK(pid > 0, "fork %u", i);
        int status = 0;
        CHECK(waitpid(pid, &status, 0) == pid, "waitpid");
        CHECK(status == 0, "child %u ended with 0x%x", i, status);
    }
    lines_stop();
    churn_stop();
    return 0;
}
