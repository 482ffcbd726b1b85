/*
 * fault_context.h - the processor's state at a fault, as a handler gets it.
 */
#ifndef MIDPOOL_INTERPOSE_FAULT_CONTEXT_H
#define MIDPOOL_INTERPOSE_FAULT_CONTEXT_H

#include <stdint.h>
#include <ucontext.h>

enum fault_access { FAULT_READ, FAULT_WRITE, FAULT_ACCESS };

/* The instruction that faulted. */
static inline uintptr_t
fault_instruction(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#else
    return (uintptr_t)context->uc_mcontext.pc;
#endif
}

/* Was it a read or a write? FAULT_ACCESS: unknown. */
static inline enum fault_access
fault_access(const ucontext_t *context)
{
#if defined(__x86_64__)
    enum { PAGE_FAULT = 14, WRITES = 2 };

    if (context->uc_mcontext.gregs[REG_TRAPNO] == PAGE_FAULT)
        return context->uc_mcontext.gregs[REG_ERR] & WRITES ? FAULT_WRITE
                                                            : FAULT_READ;
#endif
    (void)context;
    return FAULT_ACCESS;
}

#endif
