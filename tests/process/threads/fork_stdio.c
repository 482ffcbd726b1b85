/*
 * fork_stdio.c - forking while stdio is busy.
 *
 * glibc's fork takes the lock on the list of streams after the atfork
 * handlers; fflush(NULL) holds that list and getdelim allocates under a
 * stream's lock. An allocator that takes its own locks in a handler
 * deadlocks with either.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"
#include "lines.h"

static atomic_bool stopping;

static void *
flush_all(void *unused)
{
    while (!atomic_load(&stopping)) {
        fflush(NULL);
        FILE *file = fopen("/dev/null", "w");
        CHECK(file != NULL, "fopen");
        fputs("words", file);
        fclose(file);
    }
    return unused;
}

static void
child(unsigned round)
{
    alarm(CHECK_PATIENCE_SECONDS);
    churn_all_sizes(round);
    FILE *file = fopen("/dev/null", "w");
    CHECK(file != NULL, "fopen");
    fprintf(file, "%*d", 30000, 5);
    fflush(NULL);
    fclose(file);
    _exit(0);
}

int
main(void)
{
    enum { EACH = 2 };
    pthread_t thread[EACH];
    lines_start(EACH);
    for (unsigned i = 0; i < EACH; i++)
        thread[i] = check_spawn(flush_all, NULL);
    churn_start(EACH);
    unsigned forks = check_rounds(120, 100000);
    for (unsigned i = 0; check_more(i, forks); i++) {
        alarm(2 * CHECK_PATIENCE_SECONDS);
        pid_t pid = fork();
        if (pid == 0)
            child(i);
        CHECK(pid > 0, "fork %u", i);
        int status = 0;
        CHECK(waitpid(pid, &status, 0) == pid, "waitpid");
        CHECK(status == 0, "child %u ended with 0x%x", i, status);
    }
    alarm(0);
    atomic_store(&stopping, true);
    for (unsigned i = 0; i < EACH; i++)
        pthread_join(thread[i], NULL);
    lines_stop();
    churn_stop();
    return 0;
}
