/* backend_window.c - see backend_window.h. */
#include "backend_window.h"

uintptr_t backend_window = UINTPTR_MAX;
uintptr_t backend_quick_window = UINTPTR_MAX;
bool backend_frees_watched;

void
backend_set_window(uintptr_t number)
{
    if (!backend_frees_watched)
        __atomic_store_n(&backend_quick_window, number, __ATOMIC_RELEASE);
    __atomic_store_n(&backend_window, number, __ATOMIC_RELEASE);
}

void
backend_watch_frees(void)
{
    backend_frees_watched = true;
    __atomic_store_n(&backend_quick_window, UINTPTR_MAX, __ATOMIC_RELEASE);
}
