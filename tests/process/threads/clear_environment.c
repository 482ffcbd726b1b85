/*
 * clear_environment.c - a library whose constructor empties the environment.
 *
 * Preloaded before or after midpool: options must have been read by then or
 * take their defaults, and never be read from memory that was freed.
 */
#include <stdlib.h>
#include <string.h>

extern char **environ;

__attribute__((constructor(101))) static void
begin(void)
{
    for (char **entry = environ; entry && *entry; entry++)
        if (strncmp(*entry, "MIDPOOL_CONF=", 13) == 0)
            memset(*entry, 'x', strlen(*entry));
    clearenv();
    setenv("MIDPOOL_CONF", "report:none", 1);
    setenv("OTHER", "value", 1);
    unsetenv("MIDPOOL_CONF");
    clearenv();
}
