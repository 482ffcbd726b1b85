/*
 * fault_handler.h - SIGSEGV, seen before the program sees it.
 *
 * Purpose   A fault that is about memory of ours is told to the user; then,
 *           and for all others, happens what would without us.
 * Model     Our handler stands in the kernel, under the mask and the flags of
 *           the program's; the program's action is kept beside, and called.
 *           Calls of sigaction and signal for SIGSEGV in objects that are
 *           loaded at the start lead here (imports.h): they see and change
 *           that kept action only. An action that came past, from a library
 *           that was loaded later, is found by fault_handler_keep.
 *           Without an action of the program the signal is blocked in what
 *           the handler returns to: the fault comes again, and the kernel
 *           ends the process by it, as if nothing had been there.
 *           A signal that is ignored stays so: programs that this one executes
 *           are to inherit that. The kernel ends a process that faults then.
 */
#ifndef MIDPOOL_INTERPOSE_FAULT_HANDLER_H
#define MIDPOOL_INTERPOSE_FAULT_HANDLER_H

#include <signal.h>
#include <ucontext.h>

/* Told of a fault. Async-signal-safe. */
typedef void fault_listener(const siginfo_t *info, const ucontext_t *context);

/* Installs it. Thread: the constructor's. */
void fault_handler_install(fault_listener *listener);

/* Takes the signal back from an action that came past. Keeps errno. */
void fault_handler_keep(void);

#endif
