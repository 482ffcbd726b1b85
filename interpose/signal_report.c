/* signal_report.c - see signal_report.h. */
#include "signal_report.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "exit_report.h"
#include "process.h"

static struct sigaction previous;

static void
call_previous(int number, siginfo_t *info, void *context)
{
    if ((previous.sa_flags & SA_SIGINFO) != 0) {
        previous.sa_sigaction(number, info, context);
    } else if (previous.sa_handler != SIG_DFL &&
               previous.sa_handler != SIG_IGN) {
        previous.sa_handler(number);
    }
}

static void
handle(int number, siginfo_t *info, void *context)
{
    int kept = errno;

    /* A vfork child still has its parent's handlers, and its memory. */
    if (process_is_self())
        exit_report_write(EXIT_REPORT_ON_SIGNAL);
    call_previous(number, info, context);
    errno = kept;
}

bool
signal_report_install(int number)
{
    struct sigaction action = {.sa_sigaction = handle};

    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &previous) != 0)
        return false;
    return sigaction(number, &action, NULL) == 0;
}
