/* signal_report.c - see signal_report.h. */
#include "signal_report.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "exit_report.h"
#include "process.h"

static struct sigaction previous;

static bool
had_handler(void)
{
    return previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN;
}

static void
call_previous(int number, siginfo_t *info, void *context)
{
    if (!had_handler())
        return;
    if ((previous.sa_flags & SA_SIGINFO) != 0)
        previous.sa_sigaction(number, info, context);
    else
        previous.sa_handler(number);
}

static void
handle(int number, siginfo_t *info, void *context)
{
    int kept = errno;

    /* A vfork child has its parent's handler and memory: it does not report. */
    if (process_is_self())
        exit_report_write(EXIT_REPORT_ON_SIGNAL);
    call_previous(number, info, context);
    errno = kept;
}

const char *
signal_report_install(int number)
{
    struct sigaction action = {.sa_flags = SA_RESTART | SA_ONSTACK};

    if (sigaction(number, NULL, &previous) != 0)
        return "no handler could be installed";
    if (previous.sa_handler == SIG_IGN)
        return "the program was started with the signal ignored";
    if (had_handler())
        action = previous;
    action.sa_flags |= SA_SIGINFO;
    action.sa_sigaction = handle;
    if (sigaction(number, &action, NULL) != 0)
        return "no handler could be installed";
    return NULL;
}
