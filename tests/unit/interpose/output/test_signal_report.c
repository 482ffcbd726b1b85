/*
 * test_signal_report.c - a report whenever a signal arrives, and then what
 * would have happened without one.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit_report.h"
#include "pool.h"
#include "process.h"
#include "signal_report.h"

static char directory[] = "/tmp/midpool_test_XXXXXX";
static struct options options;
static int handled;
static int reports_before; /* when the handler was called */

static bool
exists(int number)
{
    char name[20];
    struct stat status;

    snprintf(name, sizeof name, "report.%d", number);
    return stat(name, &status) == 0;
}

static int
reports(void)
{
    int number = 1;

    while (exists(number))
        number++;
    return number - 1;
}

static void
start_in_directory(void)
{
    cr_assert_neq(mkdtemp(directory), NULL);
    cr_assert_eq(chdir(directory), 0);
    options_init(&options);
    options.report = REPORT_JSON;
    strcpy(options.report_file, "report.%n");
    process_identify();
    process_describe(pool_page());
    exit_report_init(&options);
}

static void
remove_directory(void)
{
    char command[200];

    snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(signal_report, .init = start_in_directory, .fini = remove_directory);

static void
handle(int number)
{
    handled += number;
    reports_before = reports();
}

static void
handle_with_info(int number, siginfo_t *info, void *context)
{
    cr_assert_eq(info->si_pid, getpid());
    cr_assert_not_null(context);
    handle(number);
}

static void
install(struct sigaction action)
{
    cr_assert_eq(sigaction(SIGUSR2, &action, NULL), 0);
    cr_assert_null(signal_report_install(SIGUSR2));
}

static void
send(void)
{
    errno = 77;
    cr_assert_eq(kill(getpid(), SIGUSR2), 0);
    cr_assert_eq(errno, 77);
}

Test(signal_report, each_signal_gets_a_report)
{
    cr_assert_null(signal_report_install(SIGUSR2));
    send();
    cr_assert_eq(reports(), 1);
    send();
    cr_assert_eq(reports(), 2);
}

Test(signal_report, a_handler_that_is_there_is_called_after_the_report)
{
    install((struct sigaction){.sa_handler = handle});
    send();
    cr_assert_eq(handled, SIGUSR2);
    cr_assert_eq(reports_before, 1);
    send();
    cr_assert_eq(handled, 2 * SIGUSR2);
    cr_assert_eq(reports_before, 2);
}

Test(signal_report, a_handler_with_more_arguments_gets_them)
{
    install((struct sigaction){.sa_sigaction = handle_with_info,
                               .sa_flags = SA_SIGINFO});
    send();
    cr_assert_eq(handled, SIGUSR2);
}

static void
look_at_mask(int number)
{
    sigset_t blocked;

    handled = number;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    cr_assert(sigismember(&blocked, SIGUSR1));
    cr_assert_not(sigismember(&blocked, SIGUSR2));
}

Test(signal_report, a_handler_that_is_there_has_its_mask_and_flags)
{
    struct sigaction action = {.sa_handler = look_at_mask,
                               .sa_flags = SA_NODEFER | SA_RESETHAND};

    sigaddset(&action.sa_mask, SIGUSR1);
    install(action);
    send();
    cr_assert_eq(handled, SIGUSR2);
    sigaction(SIGUSR2, NULL, &action);
    cr_assert_eq(action.sa_handler, SIG_DFL);
}

/* For programs that this one executes: nohup's are to survive a HUP. */
Test(signal_report, an_ignored_signal_stays_ignored)
{
    struct sigaction action = {.sa_handler = SIG_IGN};

    sigaction(SIGUSR2, &action, NULL);
    cr_assert_not_null(signal_report_install(SIGUSR2));
    sigaction(SIGUSR2, NULL, &action);
    cr_assert_eq(action.sa_handler, SIG_IGN);
    send();
    cr_assert_eq(reports(), 0);
}

Test(signal_report, a_signal_that_has_no_handler_is_refused)
{
    cr_assert_not_null(signal_report_install(SIGKILL));
}
