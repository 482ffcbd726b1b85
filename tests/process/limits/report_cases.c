/*
 * report_cases.c - programs that make life hard for the report at exit.
 *
 *     report_cases CASE [ARGUMENT]
 *
 * Each uses the pools, does something unfriendly and ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

static const char *argument;

static void
close_stderr(void)
{
    close(2);
}

/* The data file gets descriptor 2. */
static void
reuse_stderr(void)
{
    close(2);
    int fd = open(argument, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd == 2, "the file is descriptor %d", fd);
    CHECK(write(fd, "data\n", 5) == 5, "write");
}

/* As reuse_stderr, and dup2 over it without a close in between. */
static void
replace_stderr(void)
{
    int fd = open(argument, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(dup2(fd, 2) == 2, "dup2");
    close(fd);
    CHECK(write(2, "data\n", 5) == 5, "write");
}

static void
close_all(void)
{
    for (int fd = 0; fd < 256; fd++)
        close(fd);
}

/* Every descriptor that there can be is open. */
static void
use_up_descriptors(void)
{
    struct rlimit limit = {64, 64};
    setrlimit(RLIMIT_NOFILE, &limit);
    while (open("/dev/null", O_RDONLY) >= 0)
        ;
    CHECK(errno == EMFILE, "open");
}

static void
no_file_size(void)
{
    struct rlimit limit = {0, 0};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0, "RLIMIT_FSIZE");
}

static void
change_directory(void)
{
    CHECK(chdir("/") == 0, "chdir");
}

/* A daemon: forks, leaves its session, its directory, its descriptors. */
static void
daemonize(void)
{
    CHECK(daemon(0, 0) == 0, "daemon");
    churn_all_sizes(2);
}

static void
change_root(void)
{
    if (chroot(argument) != 0)
        check_skip("chroot: %s", strerror(errno));
    CHECK(chdir("/") == 0, "chdir");
}

static void
run_threads(void)
{
    churn_start(32);
    struct timespec moment = {.tv_nsec = 2 * 1000 * 1000};
    nanosleep(&moment, NULL);
    exit(0); /* while they run */
}

static void
fork_children(void)
{
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            churn_all_sizes(3);
            exit(0);
        }
        check_child(pid, "child");
    }
}

/* An image of its own, in the same process. */
static void
exec_again(void)
{
    execl("/proc/self/exe", "report_cases", "nothing", (char *)NULL);
    check_fail(__FILE__, __LINE__, "exec");
}

static void
end_at_once(void)
{
    _exit(7);
}

static void
end_quickly(void)
{
    quick_exit(3);
}

static void
kill_self(void)
{
    kill(getpid(), SIGKILL);
}

static void
abort_self(void)
{
    abort();
}

static volatile sig_atomic_t caught;

static void
handle(int number)
{
    caught = number;
}

/* The program has a handler before midpool's report is asked for. */
static void
handle_signal(void)
{
    struct sigaction action = {.sa_handler = handle};
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR2);
    CHECK(caught == SIGUSR2, "the program's own handler was not called");
}

/* No handler of its own: the report is all that happens. */
static void
raise_signal(void)
{
    raise(SIGUSR2);
    raise(SIGUSR2);
}

/* A signal that is ignored from the start stays so across an exec. */
static void
raise_ignored_signal(void)
{
    struct sigaction action;
    raise(SIGUSR2);
    sigaction(SIGUSR2, NULL, &action);
    CHECK(action.sa_handler == SIG_IGN, "the signal is handled");
}

/* Says that it is ready and waits for the end of its standard input. */
static void
wait_for_input(void)
{
    CHECK(write(1, "ready\n", 6) == 6, "write");
    char byte;
    while (read(0, &byte, 1) > 0)
        ;
}

/* Which descriptors there are is the program's affair alone. */
static void
list_descriptors(void)
{
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            dprintf(1, "%d\n", fd);
}

/* As many gets as the argument says, of one buffer. */
static void
reuse(void)
{
    for (long left = strtol(argument, NULL, 10); left > 0; left--)
        free(malloc(5000));
}

enum { CPU_US = 100 * 1000, TOUCHED_BYTES = 64 << 20 };

static long
in_us(const struct timeval *time)
{
    return time->tv_sec * 1000000 + time->tv_usec;
}

/* Uses CPU time and memory, and prints how much: user and system us, bytes. */
static void
use_much(void)
{
    struct rusage usage;
    memset(malloc(TOUCHED_BYTES), 1, TOUCHED_BYTES);
    do {
        CHECK(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    } while (in_us(&usage.ru_utime) < CPU_US);
    printf("%ld %ld %d\n", in_us(&usage.ru_utime), in_us(&usage.ru_stime),
           TOUCHED_BYTES);
}

static void
nothing(void)
{
}

/*
 * A server's workers: the log takes the place of descriptor 2 before they are
 * forked, and they give their rights up.
 */
static void
fork_workers(void)
{
    enum { WORKERS = 2, NOBODY = 65534, GETS = 5000 };
    int log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);

    CHECK(dup2(log, 2) == 2 && close(log) == 0, "log");
    for (int i = 0; i < WORKERS; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
                check_skip("setuid: %s", strerror(errno));
            for (int left = GETS; left > 0; left--)
                free(malloc(5000));
            exit(0);
        }
        check_child(pid, "worker");
    }
}

static const struct check_case cases[] = {
    {"close_stderr", close_stderr},
    {"reuse_stderr", reuse_stderr},
    {"replace_stderr", replace_stderr},
    {"close_all", close_all},
    {"use_up_descriptors", use_up_descriptors},
    {"no_file_size", no_file_size},
    {"change_directory", change_directory},
    {"daemonize", daemonize},
    {"change_root", change_root},
    {"run_threads", run_threads},
    {"fork_children", fork_children},
    {"fork_workers", fork_workers},
    {"exec_again", exec_again},
    {"end_at_once", end_at_once},
    {"end_quickly", end_quickly},
    {"kill_self", kill_self},
    {"abort_self", abort_self},
    {"handle_signal", handle_signal},
    {"raise_signal", raise_signal},
    {"raise_ignored_signal", raise_ignored_signal},
    {"wait_for_input", wait_for_input},
    {"list_descriptors", list_descriptors},
    {"reuse", reuse},
    {"use_much", use_much},
    {"nothing", nothing},
};

int
main(int argc, char **argv)
{
    CHECK(argc >= 2, "usage: report_cases CASE [ARGUMENT]");
    argument = argc > 2 ? argv[2] : "";
    churn_all_sizes(1);
    CHECK_RUN_CASE(cases, argv[1]);
    return 0;
}
