/*
 * launch.c - launch [--repeat N] [--in FILE] [KEY=VALUE...] -- PROGRAM ARGS:
 * starts a program, waits for it and prints what it took.
 *
 * Purpose   Figures of a whole process tree: wall and CPU time, peak RSS of
 *           its largest process, page faults. Processes that lost their
 *           parent count as well: launch becomes it and waits for them.
 * Model     Linked statically and small: a child's peak RSS, as the kernel
 *           counts it, begins with that of the process that started it. The
 *           environment given goes to the program alone, never to launch.
 *           The program's stdout goes to /dev/null; a program that fails
 *           fails launch. SIGTERM is passed on: a server that it ends,
 *           by exit status 0 or by the signal, has not failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t running; /* the program; 0: none */
static volatile sig_atomic_t stopped; /* SIGTERM came */

static void
pass_on(int signal_number)
{
    stopped = 1;
    if (running > 0) {
        kill((pid_t)running, signal_number);
    }
}

static _Noreturn void
fail(const char *what, const char *name)
{
    fprintf(stderr, "launch: %s: %s\n", name, what);
    exit(2);
}

static double
milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double
time_ms(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void
wait_for_orphans(void)
{
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
}

static void
run_once(const posix_spawn_file_actions_t *actions, char **argv)
{
    pid_t pid;
    int status;
    int error = posix_spawnp(&pid, argv[0], actions, NULL, argv, environ);
    if (error != 0) {
        fail(strerror(error), argv[0]);
    }
    running = pid;
    if (stopped) {
        kill(pid, SIGTERM); /* it came before the program was known */
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            fail(strerror(errno), argv[0]);
        }
    }
    running = 0;
    wait_for_orphans();
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM && stopped) {
        return;
    }
    if (WIFSIGNALED(status)) {
        fail(strsignal(WTERMSIG(status)), argv[0]);
    }
    if (WEXITSTATUS(status) != 0) {
        fprintf(stderr, "launch: %s: exit status %d\n", argv[0],
                WEXITSTATUS(status));
        exit(1);
    }
}

static void
print(double wall_ms, unsigned runs)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    double cpu = time_ms(usage.ru_utime) + time_ms(usage.ru_stime);
    printf("wall_ms %.3f\n", wall_ms / runs);
    printf("cpu_ms %.3f\n", cpu / runs);
    printf("system_ms %.3f\n", time_ms(usage.ru_stime) / runs);
    printf("peak_rss_kb %ld\n", usage.ru_maxrss);
    printf("faults %ld\n", usage.ru_minflt / (long)runs);
}

int
main(int argc, char **argv)
{
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = pass_on}, NULL);
    unsigned runs = 1;
    const char *input = "/dev/null";
    int at = 1;
    for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
        if (strcmp(argv[at], "--repeat") == 0 && at + 1 < argc) {
            runs = (unsigned)strtoul(argv[++at], NULL, 10);
        } else if (strcmp(argv[at], "--in") == 0 && at + 1 < argc) {
            input = argv[++at];
        } else if (strchr(argv[at], '=') == NULL || putenv(argv[at]) != 0) {
            fail("not understood", argv[at]);
        }
    }
    if (at + 1 >= argc || runs == 0) {
        fail("usage: [--repeat N] [--in FILE] [KEY=VALUE...] -- PROGRAM ARGS",
             argv[0]);
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    double start = milliseconds();
    for (unsigned i = 0; i < runs && !stopped; i++) {
        run_once(&actions, argv + at + 1);
    }
    print(milliseconds() - start, runs);
    return 0;
}
