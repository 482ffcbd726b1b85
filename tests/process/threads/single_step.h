/*
 * single_step.h - a signal handler at one instruction of a call.
 *
 * With the processor's trap flag set a SIGTRAP comes after each instruction;
 * at the wanted one step_reached says so to the handler. One thread steps.
 */
#ifndef MIDPOOL_TESTS_SINGLE_STEP_H
#define MIDPOOL_TESTS_SINGLE_STEP_H

#if defined(__x86_64__)

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

enum { STEP_TRAP_FLAG = 0x100 };

static volatile long step_target, step_count;
static volatile sig_atomic_t stepping;

/* handle is called for every instruction between step_begin and step_end. */
static inline void
step_handle_with(void (*handle)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};

    sigaction(SIGTRAP, &action, NULL);
}

static inline void
step_begin(long at)
{
    step_target = at;
    step_count = 0;
    stepping = 1;
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
}

/* In the handler: is this the instruction? */
static inline bool
step_reached(void)
{
    return stepping && ++step_count == step_target;
}

/* In the handler: no more steps, from now on or once step_end was called. */
static inline void
step_stop(void *context)
{
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~STEP_TRAP_FLAG;
}

static inline void
step_end(void)
{
    stepping = 0;
    __asm__ volatile("nop" ::: "memory");
}

#endif
#endif
