/*
 * child_alone.c - with purge_thread:yes a forked child has one thread.
 *
 * A child that makes itself a sandbox by unshare(CLONE_NEWUSER), or joins a
 * namespace by setns, may have one thread only: the kernel answers EINVAL
 * otherwise. Nor is a thread started by what the child allocates, or in its
 * own children.
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { BUFFER_BYTES = 16384, GENERATIONS = 3 };

static unsigned
count_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    unsigned threads = 0;
    struct dirent *entry;

    CHECK(folder != NULL, "no /proc");
    while ((entry = readdir(folder)) != NULL)
        threads += entry->d_name[0] != '.';
    closedir(folder);
    return threads;
}

static void
use_buffers(void)
{
    static void *buffer[200];

    for (unsigned i = 0; i < 200; i++)
        buffer[i] = malloc(BUFFER_BYTES);
    for (unsigned i = 0; i < 200; i++)
        free(buffer[i]);
}

static void
expect_one_thread(int generation)
{
    int status;
    pid_t child = fork();

    CHECK(child >= 0, "fork");
    if (child > 0) {
        CHECK(waitpid(child, &status, 0) == child && status == 0,
              "the child of generation %d ended with 0x%x", generation, status);
        return;
    }
    use_buffers();
    CHECK(count_threads() == 1, "the child has %u threads", count_threads());
    if (generation < GENERATIONS)
        expect_one_thread(generation + 1);
    CHECK(unshare(CLONE_NEWUSER) == 0 || errno != EINVAL,
          "unshare takes the child for one with threads");
    _exit(0);
}

int
main(void)
{
    use_buffers();
    CHECK(count_threads() == 2, "%u threads, no purge thread", count_threads());
    expect_one_thread(1);
    return 0;
}
