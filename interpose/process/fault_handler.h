/*
 * fault_handler.h - a handler of SIGSEGV in front of the program's.
 *
 * Purpose   Tells a listener of faults, which reports those in guarded memory.
 *           After that, and for all other faults, the process behaves as
 *           without midpool.
 * Model     The library's handler is installed with the mask and the flags of
 *           the program's action, which it keeps and calls. Calls of sigaction
 *           and signal for SIGSEGV in objects that are loaded at the start are
 *           redirected here (imports.h): they read and change the kept action
 *           only. fault_handler_keep detects an action that was set in another
 *           way, by a library that was loaded later.
 *           If the program has no handler, the library's returns with the
 *           signal blocked: the fault occurs again, and the kernel ends the
 *           process by it, as without a handler.
 *           If the signal is ignored, no handler is installed: otherwise
 *           programs that this one executes would not inherit that. A fault
 *           then ends the process without a report.
 */
#ifndef MIDPOOL_INTERPOSE_FAULT_HANDLER_H
#define MIDPOOL_INTERPOSE_FAULT_HANDLER_H

#include <signal.h>
#include <ucontext.h>

/* Is called for each fault. Async-signal-safe. */
typedef void fault_listener(const siginfo_t *info, const ucontext_t *context);

/* Installs the handler, which calls listener. Thread: the constructor's. */
void fault_handler_install(fault_listener *listener);

/* Installs the handler again if another one was set. Keeps errno. */
void fault_handler_keep(void);

#endif
