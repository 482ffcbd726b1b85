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
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

static atomic_bool stopping;
static FILE *lines;

/* Lines of 50,000 bytes: the buffer of getdelim grows through the band. */
static FILE *
make_lines(void)
{
    int fd = memfd_create("lines", 0);
    FILE *file = fdopen(fd, "w+");
    CHECK(file != NULL, "fdopen");
    for (unsigned line = 0; line < 20; line++) {
        for (unsigned i = 0; i < 50000; i++)
            fputc('a' + (int)line, file);
        fputc('\n', file);
    }
    fflush(file);
    return file;
}

static void *
grow_lines(void *unused)
{
    while (!atomic_load(&stopping)) {
        char *line = NULL;
        size_t room = 0;
        if (getline(&line, &room, lines) <= 0)
            rewind(lines);
        free(line);
    }
    return unused;
}

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
    pthread_t thread[2 * EACH];
    lines = make_lines();
    for (unsigned i = 0; i < EACH; i++) {
        thread[2 * i] = check_spawn(grow_lines, NULL);
        thread[2 * i + 1] = check_spawn(flush_all, NULL);
    }
    churn_start(2);
    unsigned forks = check_rounds(400, 100000);
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
    for (unsigned i = 0; i < 2 * EACH; i++)
        pthread_join(thread[i], NULL);
    churn_stop();
    return 0;
}
