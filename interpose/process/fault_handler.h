/*
 * fault_handler.h - a handler of SIGSEGV in front of the program's.
 *
 * Purpose   Reports a fault in guarded memory to the user. After that, and for
 *           all other faults, the process behaves as without us.
 * Model     Our handler is installed with the mask and the flags of the
 *           program's action, which is kept and called by it. Calls of
 *           sigaction and signal for SIGSEGV in objects that are loaded at the
 *           start are redirected here (imports.h): they read and change the
 *           kept action only. fault_handler_keep detects an action that was
 *           set in another way, by a library that was loaded later.
 *           If the program has no action, the handler returns with the signal
 *           blocked: the fault occurs again, and the kernel ends the process
 *           by it, as without a handler.
 *           If the signal is ignored no handler is installed, because programs
 *           that this one executes inherit that. The kernel then ends a
 *           process that faults.
 */
#ifndef MIDPOOL_INTERPOSE_FAULT_HANDLER_H
#define MIDPOOL_INTERPOSE_FAULT_HANDLER_H

#include <signal.h>
#include <ucontext.h>

/* Told of a fault. Async-signal-safe. */
typedef void fault_listener(const siginfo_t *info, const ucontext_t *context);

/* Installs it. Thread: the constructor's. */
void fault_handler_install(fault_listener *listener);

/* Installs our handler again if another action was set. Keeps errno. */
void fault_handler_keep(void);

#endif
