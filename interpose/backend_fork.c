/* backend_fork.c - first version */
#include "backend.h"
#include "backend_je.h"

void
backend_fork_prepare(void)
{
    je_jemalloc_prefork();
}

void
backend_fork_parent(void)
{
    je_jemalloc_postfork_parent();
}

void
backend_fork_child(void)
{
    je_jemalloc_postfork_child();
}
