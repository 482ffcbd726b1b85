/*
 * old_kernel.c - preloaded: uname tells of an older kernel than there is.
 *
 * Linux 6.7 has other means to keep memory off huge pages than those before.
 */
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

int
uname(struct utsname *system)
{
    int result = (int)syscall(SYS_uname, system);

    if (result == 0)
        strcpy(system->release, "6.1.0-test");
    return result;
}
