/*
 * vfork.c - children that share the parent's memory.
 *
 * A vfork child that allocates, that execs, that ends with _exit, and one
 * that calls exit, which is forbidden and done all the same: it must not
 * write or mark the parent's report. posix_spawn, system and popen go the
 * same way inside glibc.
 * Children of _Fork and of the bare system call have memory of their own and
 * run no atfork handlers.
 */
#include <dlfcn.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

extern char **environ;

static char *const true_argv[] = {(char *)"/bin/true", NULL};

static void
wait_for(pid_t pid, const char *what)
{
    int status = 0;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid, "%s", what);
    CHECK(status == 0, "%s: 0x%x", what, status);
}

static void
check_vfork(unsigned round)
{
    pid_t pid = vfork();
    if (pid == 0) {
        churn_all_sizes(round);
        if (round % 2)
            _exit(0);
        execve(true_argv[0], true_argv, environ);
        _exit(1);
    }
    wait_for(pid, "vfork");
    churn_all_sizes(round);
}

/* glibc has _Fork from 2.34 on. */
static pid_t
raw_fork(unsigned round)
{
    pid_t (*function)(void) = dlsym(RTLD_DEFAULT, "_Fork");

    return round % 2 && function != NULL
               ? function()
               : (pid_t)syscall(SYS_clone, SIGCHLD, 0);
}

/* Children for which no atfork handler ran, of a process with one thread. */
static void
check_raw_children(void)
{
    for (unsigned i = 0; i < 20; i++) {
        pid_t pid = raw_fork(i);
        if (pid == 0) {
            churn_all_sizes(i);
            if (i % 4 == 0)
                _exit(0);
            exit(0);
        }
        wait_for(pid, "a child without handlers");
        churn_all_sizes(i);
    }
}

static void
check_spawned(void)
{
    pid_t pid = 0;
    CHECK(posix_spawn(&pid, true_argv[0], NULL, NULL, true_argv, environ) == 0,
          "posix_spawn");
    wait_for(pid, "posix_spawn");
    CHECK(system("exit 3") == 3 << 8, "system");
    FILE *pipe = popen("echo words", "r");
    char line[64] = "";
    CHECK(pipe && fgets(line, sizeof(line), pipe), "popen");
    CHECK(strcmp(line, "words\n") == 0, "popen gave %s", line);
    CHECK(pclose(pipe) == 0, "pclose");
}

int
main(int argc, char **argv)
{
    (void)argv;
    check_raw_children();
    churn_start(4);
    for (unsigned i = 0; i < 60; i++)
        check_vfork(i);
    for (unsigned i = 0; i < 5; i++)
        check_spawned();
    churn_stop();
    if (argc > 1) {
        pid_t pid = vfork();
        if (pid == 0)
            exit(0);
        wait_for(pid, "vfork and exit");
        churn_all_sizes(1);
        char done[] = "parent goes on\n";
        CHECK(write(1, done, sizeof(done) - 1) > 0, "write");
        _exit(0);
    }
    return 0;
}
