/*
 * lines.c - threads that grow lines (see lines.h).
 */
#include "lines.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "check.h"

enum { THREADS_MAX = 8, LINES = 20, LINE_BYTES = 50000 };

static pthread_t thread[THREADS_MAX];
static unsigned threads;
static atomic_bool stopping;
static FILE *lines;

static FILE *
make_lines(void)
{
    int fd = memfd_create("lines", 0);
    FILE *file = fdopen(fd, "w+");
    CHECK(file != NULL, "fdopen");
    for (int line = 0; line < LINES; line++) {
        for (unsigned i = 0; i < LINE_BYTES; i++)
            fputc('a' + line, file);
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

void
lines_start(unsigned count)
{
    CHECK(count <= THREADS_MAX, "%u threads", count);
    lines = make_lines();
    atomic_store(&stopping, false);
    for (threads = 0; threads < count; threads++)
        thread[threads] = check_spawn(grow_lines, NULL);
}

void
lines_stop(void)
{
    atomic_store(&stopping, true);
    while (threads > 0)
        pthread_join(thread[--threads], NULL);
    fclose(lines);
}
